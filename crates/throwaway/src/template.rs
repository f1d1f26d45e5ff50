//! Template data directories: initdb takes a second, a copy of what it made takes a twentieth of that.
//!
//! One per version, options and user, made once under a lock that all processes share.

use crate::account::Account;
use crate::binaries::Binaries;
use crate::error::{At, Error};
use crate::options::Options;
use crate::workdir::Workdir;
use crate::{cache, conf, copy};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Templates that nobody used for so long are removed when another is made.
const UNUSED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A finished data directory, which nobody removes while this value lives.
#[derive(Debug)]
pub(crate) struct Template {
    /// The directory.
    pub path: PathBuf,
    _lock: File,
}

/// The template for such a server; made now if there is none yet.
pub(crate) fn get(binaries: &Binaries, options: &Options, root: &Path, account: &Account) -> Result<Template, Error> {
    let folder = folder(root);
    let path = folder.join(name(binaries, options));
    let file = path.with_extension("lock");
    let lock = File::options().create(true).append(true).open(&file).at("open", &file)?;
    lock.lock_shared().at("lock", &file)?;
    if !path.exists() {
        lock.unlock().at("unlock", &file)?;
        lock.lock().at("lock", &file)?;
        // Whoever had the lock before us may have made it.
        if !path.exists() {
            make(binaries, options, root, account, &path)?;
            forget_unused(&folder);
        }
        lock.unlock().at("unlock", &file)?;
        lock.lock_shared().at("lock", &file)?;
    }
    // Says when it was last used; a template is as good without.
    let _ = lock.set_modified(SystemTime::now());
    Ok(Template { path, _lock: lock })
}

/// In the cache, where nobody clears out old files one by one as in a temp folder; there only for want of a home.
fn folder(root: &Path) -> PathBuf {
    let cached = cache::home().map(|home| home.join("templates"));
    let usable = |path: &PathBuf| fs::create_dir_all(path).is_ok() && tempfile::tempfile_in(path).is_ok();
    cached.filter(usable).unwrap_or_else(|| {
        let path = root.join("templates");
        // Should this fail, the next step says so.
        let _ = fs::create_dir_all(&path);
        path
    })
}

/// `15-` and a digest of all that makes one template unlike another.
fn name(binaries: &Binaries, options: &Options) -> String {
    let mut digest = Sha256::new();
    let bin = binaries.bin.to_string_lossy();
    let uid = nix::unistd::Uid::effective().to_string();
    let parts = [&binaries.version_text, &*bin, &uid, env!("CARGO_PKG_VERSION"), &options.superuser];
    for part in parts.into_iter().chain(options.initdb.iter().map(String::as_str)) {
        digest.update(part);
        digest.update([0]);
    }
    let hex: String = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{hex}", binaries.version)
}

/// initdb in a directory of its own, as the server's user; then a copy that belongs to us, moved into place whole.
fn make(binaries: &Binaries, options: &Options, root: &Path, account: &Account, to: &Path) -> Result<(), Error> {
    let work = Workdir::create(root, "i")?;
    account.own(work.path())?;
    let data = work.path().join("data");
    let program = binaries.bin.join("initdb");
    let mut initdb = account.command(&program);
    initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]);
    // Segments of 1 MB instead of 16: less to copy.
    initdb.arg("--wal-segsize=1").arg("--username").arg(&options.superuser).arg("--pgdata").arg(&data);
    let output = initdb.args(&options.initdb).output().at("run", &program)?;
    if !output.status.success() {
        return Err(Error::Initdb(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    conf::include(&data)?;
    let partial = to.with_extension("partial");
    if partial.exists() {
        // From a process that was killed here: we hold the lock.
        fs::remove_dir_all(&partial).at("remove", &partial)?;
    }
    copy::tree(&data, &partial, None)?;
    fs::rename(&partial, to).at("create", to)
}

fn forget_unused(folder: &Path) {
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        let Some(lock) = File::open(&path).ok().filter(|_| path.extension().is_some_and(|end| end == "lock")) else {
            continue;
        };
        let age = lock.metadata().and_then(|meta| meta.modified()).ok().and_then(|used| used.elapsed().ok());
        if age.is_some_and(|age| age > UNUSED) && lock.try_lock().is_ok() {
            // The lock file itself stays: another process may be waiting for it.
            let _ = fs::remove_dir_all(path.with_extension(""));
        }
    }
}
