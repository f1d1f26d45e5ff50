//! Applying changes to real servers, one for each version of PostgreSQL that is installed.

#[cfg(test)]
mod changes;
#[cfg(test)]
mod credential;
#[cfg(test)]
mod failure;
#[cfg(test)]
mod lending;
#[cfg(test)]
mod quoting;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod world;
