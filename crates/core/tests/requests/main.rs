//! Requests, leases, and who may do what in Rolecall: every decision, held against a small company.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail loudly")]

mod admit;
mod clock;
mod company;
mod decide;
mod file;
mod glass;
mod lease;
mod sequences;
