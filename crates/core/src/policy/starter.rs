//! The policy that `rolecall init` writes: small, commented, and right as it stands.

/// A policy to start from.
pub const STARTER: &str = include_str!("starter.yaml");
