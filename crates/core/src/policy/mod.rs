//! The policy: its text, its meaning, its problems.

pub mod model;
pub mod pattern;
pub mod problem;
