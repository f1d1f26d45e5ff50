//! PostgreSQL 14 to 18: connect, read the catalog, write the statements.

pub mod connect;
mod copy;
pub mod error;
pub mod inspect;

pub use connect::{Target, execute};
pub use error::EngineError;
pub use inspect::{Wanted, inspect, inspect_with};
