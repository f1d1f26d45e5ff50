//! A server's private directory: its data, its log and its socket, gone with the value.
//!
//! All of a user's lie in one folder, `<temp>/rolecall-<uid>`, each beside a lock file that its process holds. The
//! system lets go of a lock when the process ends, however it ends: that is how leftovers are told from the living.

use crate::account::Account;
use crate::error::{At, Error};
use nix::unistd::Uid;
use std::env;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

/// Longest path of a socket in bytes: 107 on Linux, 103 on macOS.
const SOCKET_PATH: usize = 103;
/// What follows the root's path in that of a socket: `/` and a server's name, `/.s.PGSQL.` and a port.
const SOCKET_NAME: usize = 9 + 11 + 5;

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

/// The folder that all servers of this user live in. Ours alone, since names in a temp folder are anybody's to take.
pub(crate) fn root(account: &Account) -> Result<PathBuf, Error> {
    let name = format!("rolecall-{}", Uid::effective());
    let fits = |base: &PathBuf| {
        let length = base.as_os_str().len() + 1 + name.len() + SOCKET_NAME;
        base.is_absolute() && length <= SOCKET_PATH && account.check_reach(base).is_ok()
    };
    let root = Some(env::temp_dir()).filter(fits).unwrap_or_else(|| PathBuf::from("/tmp")).join(name);
    // Root's must be passable for the server's user, to whom the directories in it belong.
    let mode = if account.drops() { 0o711 } else { 0o700 };
    match DirBuilder::new().mode(mode).create(&root) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error).at("create", &root),
        _ => {}
    }
    let meta = fs::symlink_metadata(&root).at("read", &root)?;
    if !meta.is_dir() || meta.uid() != Uid::effective().as_raw() || meta.mode() & 0o022 != 0 {
        return Err(Error::NotPrivate(root));
    }
    Ok(root)
}
