//! The SQL of every kind of change.

#[cfg(test)]
mod changes;
