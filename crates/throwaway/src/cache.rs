//! Where things are kept between runs: templates of data directories, and downloaded binaries.

use crate::account::Account;
use std::env;
use std::path::PathBuf;

/// Root's own cache is closed to the user who runs the server; this one is not.
const SHARED: &str = "/var/cache/rolecall";

/// This user's cache: `$XDG_CACHE_HOME/rolecall` or `~/.cache/rolecall`. None without a home.
pub(crate) fn home() -> Option<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))?;
    Some(cache.join("rolecall"))
}

/// Folders that may hold downloaded binaries, the one to write to first.
pub(crate) fn for_binaries(account: &Account) -> Vec<PathBuf> {
    let mut folders: Vec<_> = home().filter(|path| account.check_reach(path).is_ok()).into_iter().collect();
    if account.drops() {
        folders.push(PathBuf::from(SHARED));
    }
    folders.into_iter().map(|folder| folder.join("postgres")).collect()
}
