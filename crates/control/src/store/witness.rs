//! Whether the store is still the one that was opened: its file, and a ledger that has not become shorter.
//!
//! SQLite goes on writing to a file that has been moved away, and everything would be lost with the process. And an older
//! copy put in its place brings back what was taken away since.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::StoreError;

/// What was opened.
#[derive(Debug)]
pub(super) struct Witness {
    path: PathBuf,
    /// Device and inode.
    file: (u64, u64),
    /// The most entries that the ledger was seen to have.
    entries: AtomicU64,
}

impl Witness {
    pub fn of(path: &Path) -> Result<Self, StoreError> {
        let missing = |why: std::io::Error| StoreError::Open { path: path.to_owned(), why: why.to_string() };
        let file = place(path).map_err(missing)?;
        Ok(Self { path: path.to_owned(), file, entries: AtomicU64::new(0) })
    }

    /// Another file has its name, or none.
    pub fn same_file(&self) -> Result<(), StoreError> {
        match place(&self.path) {
            Ok(file) if file == self.file => Ok(()),
            Ok(_) | Err(_) => Err(StoreError::Replaced(self.path.clone())),
        }
    }

    /// The ledger has so many entries now.
    pub fn sees(&self, entries: u64) -> Result<(), StoreError> {
        if self.entries.fetch_max(entries, Ordering::SeqCst) > entries {
            return Err(StoreError::Replaced(self.path.clone()));
        }
        Ok(())
    }
}

fn place(path: &Path) -> std::io::Result<(u64, u64)> {
    std::fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_that_has_become_shorter_is_another_one() {
        let file = std::env::current_exe().unwrap();
        let witness = Witness::of(&file).unwrap();
        assert!(witness.same_file().is_ok());
        for (entries, holds) in [(0, true), (5, true), (5, true), (9, true), (8, false), (9, true)] {
            assert_eq!(witness.sees(entries).is_ok(), holds, "{entries}");
        }
    }
}
