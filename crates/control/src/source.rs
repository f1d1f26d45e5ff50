//! The policy on disk: read, named by a digest.

use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rolecall_core::policy::{Outcome, Sources, read};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// More than this is not read at all: the reader of the policy says what is wrong with it.
const MOST: u64 = 9 << 20;

/// A policy's files and what came of reading them.
pub struct Loaded {
    /// The files.
    pub sources: Sources,
    /// The policy and its problems.
    pub outcome: Outcome,
    /// `sha256:` and 64 hex digits over the names and texts of the files.
    pub digest: String,
}

/// Why there is no policy to read.
#[derive(Debug, Error)]
pub enum SourceError {
    /// There is nothing at the path.
    #[error("there is no policy at {0}: `rolecall init {0}` writes one, `--policy PATH` names another")]
    Missing(PathBuf),
    /// It cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder without a file of a policy.
    #[error("the folder {0} holds no .yaml file")]
    Empty(PathBuf),
}

/// Reads a file or a folder.
///
/// # Errors
/// It cannot be read. A policy with problems is none: they are in the outcome.
pub fn load(path: &Path, now: Timestamp) -> Result<Loaded, SourceError> {
    let mut sources = Sources::new();
    let mut digest = Sha256::new();
    for file in files_of(path)? {
        let failed = |source| SourceError::Read { path: file.clone(), source };
        let mut bytes = Vec::new();
        std::fs::File::open(&file).map_err(failed)?.take(MOST).read_to_end(&mut bytes).map_err(failed)?;
        let name = file.display().to_string();
        for part in [file.file_name().unwrap_or_default().as_encoded_bytes(), &bytes] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        sources.add_bytes(name, &bytes);
    }
    let outcome = read(&sources, now);
    let hex: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Loaded { sources, outcome, digest: format!("sha256:{hex}") })
}

fn files_of(path: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let about = path.metadata().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => SourceError::Missing(path.to_owned()),
        _ => SourceError::Read { path: path.to_owned(), source: error },
    })?;
    if !about.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let failed = |source| SourceError::Read { path: path.to_owned(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        if matches!(file.extension().and_then(|end| end.to_str()), Some("yaml" | "yml")) && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(SourceError::Empty(path.to_owned()));
    }
    Ok(files)
}
