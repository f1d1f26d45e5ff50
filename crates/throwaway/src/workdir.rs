//! A server's private directory: its data, its log and its socket, gone with the value.
//!
//! All of a user's lie in one folder (see `root`), each beside a lock file that its process holds. The
//! system lets go of a lock when the process ends, however it ends: that is how leftovers are told from the living.

use crate::error::{At, Error};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

/// A directory in the root, with its lock.
#[derive(Debug)]
pub(crate) struct Workdir {
    path: PathBuf,
    _lock: File,
    kept: bool,
}

impl Workdir {
    /// Makes a directory, still ours. The name of its kind is one letter, for the sake of short socket paths.
    pub fn create(root: &Path, kind: &str) -> Result<Self, Error> {
        // Held back while a sweep is on, which would take a directory without a lock for a leftover.
        let gate = gate(root)?;
        gate.lock_shared().at("lock", root)?;
        let path = tempfile::Builder::new().prefix(kind).rand_bytes(7).tempdir_in(root).at("write in", root)?.keep();
        let file = beside(&path, "lock");
        let lock = File::create(&file).at("create", &file)?;
        lock.lock().at("lock", &file)?;
        Ok(Self { path, _lock: lock, kept: false })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True once it has been told to stay.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Leaves the directory where it is, until a sweep finds no server in it.
    pub fn keep(&mut self) -> Result<(), Error> {
        let file = beside(&self.path, "kept");
        fs::write(&file, "").at("create", &file)?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Workdir {
    fn drop(&mut self) {
        if !self.kept {
            remove(&self.path);
        }
    }
}

/// `<directory>.<what>`: files about a directory are beside it, since the server's user can write in it.
pub(crate) fn beside(path: &Path, what: &str) -> PathBuf {
    path.with_extension(what)
}

/// Removes a directory and the files beside it, the lock last: until then the rest counts as a leftover.
pub(crate) fn remove(path: &Path) {
    // A process on its way out may still write a file into a folder that has just been emptied.
    for _ in 0..50 {
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => sleep(Duration::from_millis(10)),
            _ => break,
        }
    }
    for what in ["kept", "lock"] {
        // What stays behind here is for the next sweep.
        let _ = fs::remove_file(beside(path, what));
    }
}

/// The lock that keeps sweeping and making directories apart.
pub(crate) fn gate(root: &Path) -> Result<File, Error> {
    let file = root.join("sweep");
    File::options().create(true).append(true).open(&file).at("open", &file)
}
