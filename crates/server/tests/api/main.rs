//! The API before a real store and a real PostgreSQL server.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail loudly")]

mod clock;
mod company;
mod hostile;
mod life;
mod lists;
mod metrics;
mod table;
mod trouble;
