//! Trials: a random database and random policies, applied one after the other, with PostgreSQL as the judge.
//!
//! See `docs/testing.md` for what is checked and how a seed is run again.

mod admin;
mod compare;
mod dice;
mod drift;
mod extension;
mod large;
mod oracle;
mod own;
mod policy;
mod reference;
mod trial;
mod view;
mod world;
mod write;

pub use trial::{Verdict, run};
