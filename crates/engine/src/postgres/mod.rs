//! PostgreSQL 14 to 18: connect, read the catalog, write the statements.

pub mod apply;
pub mod connect;
pub mod credential;
pub mod error;
mod keywords;
pub mod probe;
pub mod quote;
pub mod render;
pub mod verify;

pub use connect::{Target, execute};
pub use error::EngineError;
