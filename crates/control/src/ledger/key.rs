//! The file of the key that signs the checkpoints: made at first start, for its owner's eyes alone.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rand::Rng as _;
use thiserror::Error;

use super::note::{SecretKey, hex};

/// Why there is no key.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The file cannot be read or made.
    #[error("cannot use the ledger's key {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not one of ours.
    #[error("{0} holds no key of a signed note (PRIVATE+KEY+…)")]
    Malformed(PathBuf),
    /// Others could sign in our name.
    #[error("{0} can be read by others than its owner: chmod 600 it, and think about who read it")]
    Open(PathBuf),
    /// There is no such file.
    #[error("the ledger's key {0} is missing; bring it back, or say where it is with --ledger-key")]
    Missing(PathBuf),
}

/// Reads the key.
pub fn read(path: &Path) -> Result<SecretKey, KeyError> {
    let file = |source| KeyError::File { path: path.to_owned(), source };
    let mut opened = File::open(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound => KeyError::Missing(path.to_owned()),
        _ => file(source),
    })?;
    if opened.metadata().map_err(file)?.mode() & 0o077 != 0 {
        return Err(KeyError::Open(path.to_owned()));
    }
    let mut text = String::new();
    (&mut opened).take(10_000).read_to_string(&mut text).map_err(file)?;
    SecretKey::parse(&text).map_err(|_| KeyError::Malformed(path.to_owned()))
}

/// Reads the key, or makes one if there is no file.
pub fn read_or_make(path: &Path) -> Result<SecretKey, KeyError> {
    match read(path) {
        Err(KeyError::Missing(_)) => {}
        read => return read,
    }
    let file = |source| KeyError::File { path: path.to_owned(), source };
    let key = make().ok_or_else(|| KeyError::Malformed(path.to_owned()))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(file)?;
    // Written whole beside its place and then linked there: a crash leaves no half key, and the first of two wins.
    let draft = folder.join(format!(".{}", key.public().name().replace('/', "-")));
    let mut opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(file)?;
    let made = opened
        .write_all((key.reveal() + "\n").as_bytes())
        .and_then(|()| opened.sync_all())
        .and_then(|()| std::fs::hard_link(&draft, path))
        .and_then(|()| File::open(folder)?.sync_all());
    std::fs::remove_file(&draft).map_err(file)?;
    match made {
        Err(source) if source.kind() != ErrorKind::AlreadyExists => Err(file(source)),
        _ => read(path),
    }
}

/// A new key with an origin that no other ledger has.
pub fn make() -> Option<SecretKey> {
    let (mut seed, mut origin) = ([0; 32], [0; 8]);
    let mut random = rand::rng();
    random.fill_bytes(&mut seed);
    random.fill_bytes(&mut origin);
    SecretKey::new(&format!("rolecall/{}", hex(&origin)), &seed).ok()
}
