//! PostgreSQL 14 to 18: connect, read the catalog, write the statements.

pub mod apply;
pub mod connect;
mod copy;
pub mod credential;
pub mod error;
pub mod fingerprint;
pub mod inspect;
mod keywords;
pub mod probe;
pub mod quote;
pub mod render;
pub mod verify;

pub use connect::{Target, execute};
pub use error::{ConnectCause, EngineError};
pub use inspect::{Wanted, inspect};
