//! Finds PostgreSQL's server binaries on this machine.

use crate::account::Account;
use crate::cache;
use crate::error::{At, Error};
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The variable that names a folder of binaries, or the folder above it.
pub const VARIABLE: &str = "ROLECALL_POSTGRES";

/// A folder with `postgres` and `initdb`, tried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    /// The folder, absolute and without symbolic links.
    pub bin: PathBuf,
    /// The major version, such as 17.
    pub version: u32,
    /// The whole version as the server says it, such as `15.14 (Debian 15.14-0+deb12u1)`.
    pub version_text: String,
}

impl Binaries {
    /// The binaries in `path` or in `path/bin`.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let bin = folder(path).or_else(|| folder(&path.join("bin"))).ok_or_else(|| Error::NoServerIn(path.into()))?;
        let postgres = bin.join("postgres");
        let output = Command::new(&postgres).arg("--version").output().at("run", &postgres)?;
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        match parse(&said).filter(|_| output.status.success()) {
            Some((version, text)) => Ok(Self { bin, version, version_text: text.to_owned() }),
            None => {
                let said = format!("{said} {}", String::from_utf8_lossy(&output.stderr).trim()).trim().to_owned();
                Err(Error::DoesNotRun { postgres, said })
            }
        }
    }
}

/// The binaries to use: those in `explicit`, else in `$ROLECALL_POSTGRES`, else of `pg_config` or in `PATH`, else where
/// Debian (newest first) or Homebrew put them, else downloaded ones.
pub fn find(explicit: Option<&Path>) -> Result<Binaries, Error> {
    match explicit.map(Path::to_owned).or_else(from_environment) {
        // Who names a folder means that one: a mistake in it must not lead to another server.
        Some(path) => Binaries::open(&path),
        None => candidates().iter().find_map(|path| Binaries::open(path).ok()).ok_or(Error::NotFound),
    }
}

/// All binaries that [`find`] could have chosen, by major version; of several with the same one, the first. Where
/// `$ROLECALL_POSTGRES` names some, only those.
pub fn all() -> Vec<Binaries> {
    let named = from_environment().map(|path| vec![path]);
    let mut found = BTreeMap::new();
    for binaries in named.unwrap_or_else(candidates).iter().filter_map(|path| Binaries::open(path).ok()) {
        found.entry(binaries.version).or_insert(binaries);
    }
    found.into_values().collect()
}

fn from_environment() -> Option<PathBuf> {
    env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// `postgres (PostgreSQL) 15.14 (Debian …)`: the major version, and everything after the product's name.
fn parse(said: &str) -> Option<(u32, &str)> {
    let text = said.strip_prefix("postgres (PostgreSQL) ")?;
    let digits = text.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((digits.parse().ok()?, text))
}

/// Where `folder/postgres` really is, if `initdb` is beside it: a `postgres` in PATH may be a link to another folder.
fn folder(path: &Path) -> Option<PathBuf> {
    let linked = fs::canonicalize(path.join("postgres")).ok()?;
    let real = linked.parent()?;
    [real, &fs::canonicalize(path).ok()?].into_iter().find(|bin| has_both(bin)).map(Path::to_owned)
}

fn has_both(bin: &Path) -> bool {
    ["postgres", "initdb"].iter().all(|name| bin.join(name).is_file())
}

/// Every folder worth a look, best first.
fn candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = pg_config().into_iter().collect();
    folders.extend(env::var_os("PATH").iter().flat_map(env::split_paths));
    folders.extend(newest_first(Path::new("/usr/lib/postgresql"), ""));
    folders.extend(newest_first(Path::new("/opt/homebrew/opt"), "postgresql@"));
    folders.extend(newest_first(Path::new("/usr/local/opt"), "postgresql@"));
    for cache in Account::choose().iter().flat_map(cache::for_binaries) {
        folders.extend(newest_first(&cache, ""));
    }
    let mut folders: Vec<_> =
        folders.iter().filter_map(|path| folder(path).or_else(|| folder(&path.join("bin")))).collect();
    // A script may start postgres as its child, and then never hands on our signals: last resort.
    folders.sort_by_key(|bin| is_script(&bin.join("postgres")));
    folders
}

fn pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok().filter(|output| output.status.success())?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim_end()))
}

/// The folders in `parent` named `prefix` and a version, by falling version.
fn newest_first(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let version = |path: &Path| -> Option<Vec<u32>> {
        let text = path.file_name()?.to_str()?.strip_prefix(prefix)?;
        let numbers: Vec<u32> = text.split(['.', '-']).map_while(|part| part.parse().ok()).collect();
        (!numbers.is_empty()).then_some(numbers)
    };
    let entries = fs::read_dir(parent).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<_> = entries.filter_map(|path| Some((version(&path)?, path))).collect();
    found.sort_by(|(left, _), (right, _)| right.cmp(left));
    found.into_iter().map(|(_, path)| path).collect()
}

fn is_script(path: &Path) -> bool {
    let mut start = [0; 2];
    fs::File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && &start == b"#!"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions() {
        let debian = "15.14 (Debian 15.14-0+deb12u1)";
        assert_eq!(parse(&format!("postgres (PostgreSQL) {debian}")), Some((15, debian)));
        assert_eq!(parse("postgres (PostgreSQL) 18beta1"), Some((18, "18beta1")));
        assert_eq!(parse("postgres (PostgreSQL) 19devel"), Some((19, "19devel")));
        assert_eq!(parse("PostgreSQL 15"), None);
    }

    #[test]
    fn sorts_by_number_and_ignores_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["9.6", "15", "18.4.0-beta.17", "18", "extension"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let found = newest_first(folder.path(), "");
        let names: Vec<_> = found.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        assert_eq!(names, ["18.4.0-beta.17", "18", "15", "9.6"]);
    }
}
