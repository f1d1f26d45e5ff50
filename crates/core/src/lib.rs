//! Rolecall's nouns and every decision: what a policy means, what a server shows, and the difference between the two.
//!
//! Pure by rule: no I/O, no clock, no randomness. Whoever needs the time passes it in.

pub mod admit;
pub mod desire;
pub mod diff;
pub mod event;
pub mod expect;
pub mod finding;
pub mod lease;
mod looks;
pub mod mark;
pub mod plan;
pub mod policy;
pub mod privilege;
pub mod request;
pub mod secret;
pub mod state;
