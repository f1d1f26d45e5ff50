//! Whether the store is still the one that was opened: its file, and a ledger that goes on from what was seen of it.
//!
//! SQLite goes on writing to a file that has been moved away, and everything would be lost with the process. And an older
//! copy put in its place brings back what was taken away since.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::StoreError;
use crate::ledger::tree::Hash;

/// What was opened.
#[derive(Debug)]
pub(super) struct Witness {
    path: PathBuf,
    /// Device and inode.
    file: (u64, u64),
    /// The newest entry that was seen: how many there are with it, and its hash.
    newest: Mutex<Option<(u64, Hash)>>,
}

impl Witness {
    pub fn of(path: &Path) -> Result<Self, StoreError> {
        let missing = |why: std::io::Error| StoreError::Open { path: path.to_owned(), why: why.to_string() };
        let file = place(path).map_err(missing)?;
        Ok(Self { path: path.to_owned(), file, newest: Mutex::default() })
    }

    /// Another file has its name, or none.
    pub fn same_file(&self) -> Result<(), StoreError> {
        match place(&self.path) {
            Ok(file) if file == self.file => Ok(()),
            Ok(_) | Err(_) => Err(self.replaced()),
        }
    }

    /// How many entries the ledger had at least, and the hash of the last of them.
    pub fn newest(&self) -> Option<(u64, Hash)> {
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ledger was seen to have so many entries, and what the hash of the last is. Fewer than before were seen by whoever
    /// was late.
    pub fn saw(&self, entries: u64, last: Hash) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.is_none_or(|(known, _)| known <= entries) {
            *newest = Some((entries, last));
        }
    }

    /// What says that another store has its name.
    pub fn replaced(&self) -> StoreError {
        StoreError::Replaced(self.path.clone())
    }
}

fn place(path: &Path) -> std::io::Result<(u64, u64)> {
    std::fs::metadata(path).map(|file| (file.dev(), file.ino()))
}
