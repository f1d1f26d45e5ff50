//! What inspection sees of a real server, made with SQL of its own.

#[cfg(test)]
mod case;
#[cfg(test)]
mod fingerprint;
#[cfg(test)]
mod helper;
#[cfg(test)]
mod kinds;
#[cfg(test)]
mod names;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod server;
#[cfg(test)]
mod tables;
