//! Applies are cut short, killed and raced, wherever the server can be left in another state: nobody is ever wider than
//! before and after, nobody else's roles change, and the next run converges.
//!
//! `ROLECALL_NIGHTLY=1` tries every point there is; see `docs/testing.md`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test's own files, servers and processes")]

mod cuts;
mod guests;
mod policies;
mod proxy;
mod races;
mod restarts;
mod sql;
mod undisturbed;
mod witness;
mod world;
