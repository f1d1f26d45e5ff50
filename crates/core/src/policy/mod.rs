//! The policy: its text, its meaning, its problems.

pub mod model;
pub mod names;
pub mod pattern;
pub mod problem;
