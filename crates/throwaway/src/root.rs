//! The folder that all servers of a user live in, `rolecall-<uid>` in a temp folder: which one, and that it is ours.

use crate::account::Account;
use crate::error::{At, Error};
use nix::sys::statvfs::statvfs;
use nix::unistd::Uid;
use std::env;
use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Longest path of a socket in bytes: 107 on Linux, 103 on macOS.
const SOCKET_PATH: usize = 103;
/// What follows the root's path in that of a socket: `/` and a server's name, `/.s.PGSQL.` and a port.
const SOCKET_NAME: usize = 9 + 10 + 5;
/// Linux's folder in memory, and how many bytes must be free there. A server takes 30 MB at first.
const MEMORY: (&str, u64) = ("/dev/shm", 1 << 30);

/// Finds or makes the folder: in `$TMPDIR` if that is set, else in memory if there is room, else in `/tmp`.
///
/// In memory because a server is a thousand files: ext4 avoids inodes that were freed in the last minute by looking at
/// each of them again for every new file, and starts that follow each other closely take 250 ms there, 30 ms here.
pub(crate) fn choose(account: &Account) -> Result<PathBuf, Error> {
    let usable = |base: &PathBuf| {
        let length = path(base).as_os_str().len() + SOCKET_NAME;
        base.is_absolute() && length <= SOCKET_PATH && has_room(base) && account.check_reach(base).is_ok()
    };
    let root = path(&bases().into_iter().find(usable).unwrap_or_else(|| PathBuf::from("/tmp")));
    match DirBuilder::new().mode(0o700).create(&root) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error).at("create", &root),
        _ => {}
    }
    if !is_private(&root) {
        return Err(Error::NotPrivate(root));
    }
    if account.drops() {
        // Passable for the server's user, to whom the directories in it belong; whatever our umask.
        fs::set_permissions(&root, Permissions::from_mode(0o711)).at("open up", &root)?;
    }
    Ok(root)
}

/// Every such folder that there is now: another time, another one may have been chosen.
pub(crate) fn all() -> Vec<PathBuf> {
    let mut roots: Vec<_> = bases().iter().map(|base| path(base)).filter(|root| is_private(root)).collect();
    roots.dedup();
    roots
}

fn path(base: &Path) -> PathBuf {
    base.join(format!("rolecall-{}", Uid::effective()))
}

/// Temp folders, best first.
fn bases() -> Vec<PathBuf> {
    let named = env::var_os("TMPDIR").filter(|value| !value.is_empty()).map(PathBuf::from);
    named.into_iter().chain([PathBuf::from(MEMORY.0), PathBuf::from("/tmp")]).collect()
}

/// Asked of the folder in memory only: it is small in containers, and may be missing.
fn has_room(base: &Path) -> bool {
    let (memory, wanted) = MEMORY;
    let free = |base| statvfs(base).map_or(0, |stat| wide(stat.blocks_available()) * wide(stat.fragment_size()));
    base != Path::new(memory) || free(base) >= wanted
}

/// How wide the system's numbers are depends on the system.
fn wide(number: impl Into<u64>) -> u64 {
    number.into()
}

/// A folder in which only we can write: names in temp folders are anybody's to take.
fn is_private(root: &Path) -> bool {
    let ours =
        |meta: fs::Metadata| meta.is_dir() && meta.uid() == Uid::effective().as_raw() && meta.mode() & 0o022 == 0;
    fs::symlink_metadata(root).is_ok_and(ours)
}
