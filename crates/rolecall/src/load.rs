//! Reads the policy from disk. Its problems are shown where they are; only a policy without errors comes back.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use jiff::Timestamp;
use rolecall_core::policy::model::Policy;
use rolecall_core::policy::{Outcome, Sources, read};

/// More than this is not read at all: the reader of the policy says what is wrong with it.
const MOST: u64 = 9 << 20;

/// A policy's files and what came of reading them.
pub struct Loaded {
    /// The files.
    pub sources: Sources,
    /// The policy and its problems.
    pub outcome: Outcome,
}

/// Reads a file or a folder.
pub fn load(path: &Path) -> anyhow::Result<Loaded> {
    let mut sources = Sources::new();
    for file in files_of(path)? {
        let mut bytes = Vec::new();
        let opened = std::fs::File::open(&file).with_context(|| format!("cannot read {}", file.display()))?;
        opened.take(MOST).read_to_end(&mut bytes).with_context(|| format!("cannot read {}", file.display()))?;
        sources.add_bytes(file.display().to_string(), &bytes);
    }
    let outcome = read(&sources, Timestamp::now());
    Ok(Loaded { sources, outcome })
}

/// The policy itself, or its problems on standard error and an error.
pub fn policy(path: &Path) -> anyhow::Result<Policy> {
    let Loaded { sources, outcome } = load(path)?;
    let count = outcome.problems.len();
    match outcome.policy {
        Some(policy) => Ok(policy),
        None => {
            crate::show::problems(&sources, &outcome.problems);
            bail!("the policy has {}", crate::show::count(count, "problem"))
        }
    }
}

fn files_of(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let missing = || {
        let path = path.display();
        format!("there is no policy at {path}: `rolecall init {path}` writes one, `--policy PATH` names another")
    };
    if !path.metadata().with_context(missing)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).with_context(|| format!("cannot read the folder {}", path.display()))? {
        let file = entry?.path();
        if matches!(file.extension().and_then(|end| end.to_str()), Some("yaml" | "yml")) && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        bail!("the folder {} holds no .yaml file", path.display());
    }
    Ok(files)
}
