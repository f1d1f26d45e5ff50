//! Clears away what killed processes left behind, where not even the watchdog could.

use crate::account::Account;
use crate::error::Error;
use crate::workdir::{beside, gate, remove};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

/// Stops and removes every server in `root` whose owner is dead, except those that were to be kept and still run.
/// Best effort: what cannot be removed stays for the next time.
pub(crate) fn sweep(root: &Path, account: &Account) -> Result<(), Error> {
    let gate = gate(root)?;
    // Somebody is sweeping or making a directory right now; there will be a next time.
    if gate.try_lock().is_err() {
        return Ok(());
    }
    let entries = fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
    // `s1234567` and `s1234567.lock` are about the same directory.
    let directories: BTreeSet<PathBuf> =
        entries.filter(|path| is_ours(path)).map(|path| path.with_extension("")).collect();
    for directory in directories {
        let lock = File::open(beside(&directory, "lock"));
        if lock.is_ok_and(|lock| lock.try_lock().is_err()) {
            continue;
        }
        let running = is_running(&directory);
        if running && beside(&directory, "kept").exists() {
            continue;
        }
        if running {
            stop(&directory, account);
        }
        remove(&directory);
    }
    Ok(())
}

/// Servers' and initdb's directories; not the templates that lie here where there is no home.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    stem.len() == 8 && (stem.starts_with('s') || stem.starts_with('i'))
}

/// True where someone listens on the directory's socket. A number in a pid file may by now be somebody else's.
fn is_running(directory: &Path) -> bool {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    entries
        .into_iter()
        .any(|path| path.extension().is_none_or(|end| end != "lock") && UnixStream::connect(path).is_ok())
}

fn stop(directory: &Path, account: &Account) {
    let pid_file = directory.join("data/postmaster.pid");
    let text = fs::read_to_string(&pid_file).unwrap_or_default();
    let Some(pid) = text.lines().next().filter(|line| line.parse::<u32>().is_ok_and(|pid| pid > 1)) else { return };
    for signal in ["-QUIT", "-KILL"] {
        // As the server's user, who may kill nobody else's processes whatever the file says.
        let _ = account.command("kill").args([signal, pid]).output();
        for _ in 0..100 {
            if !is_running(directory) {
                return;
            }
            sleep(Duration::from_millis(20));
        }
    }
}
