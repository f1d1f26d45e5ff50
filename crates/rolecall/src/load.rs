//! Reads the policy from disk. Its problems are shown where they are; only a policy without errors comes back.

use std::path::Path;

use anyhow::bail;
use jiff::Timestamp;
use rolecall_control::source::{self, Loaded};
use rolecall_core::policy::model::Policy;

/// Reads a file or a folder.
pub fn load(path: &Path) -> anyhow::Result<Loaded> {
    Ok(source::load(path, Timestamp::now())?)
}

/// The policy itself, or its problems on standard error and an error.
pub fn policy(path: &Path) -> anyhow::Result<Policy> {
    policy_of(load(path)?)
}

/// The policy that was read, or its problems on standard error and an error.
pub fn policy_of(Loaded { sources, outcome, .. }: Loaded) -> anyhow::Result<Policy> {
    let count = outcome.problems.len();
    match outcome.policy {
        Some(policy) => Ok(policy),
        None => {
            crate::show::problems(&sources, &outcome.problems);
            bail!("the policy has {}", crate::show::count(count, "problem"))
        }
    }
}
