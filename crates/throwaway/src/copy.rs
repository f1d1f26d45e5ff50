//! Copies a data directory: about a thousand small files, so what counts is few system calls for each.

use crate::account::Account;
use crate::error::{At, Error};
use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::Path;

/// Copies folder `from` to `to`, which must not exist, and hands the copy to `account`. Where the file system can, the
/// copies share their blocks with the originals (the standard library asks for that).
pub(crate) fn tree(from: &Path, to: &Path, account: Option<&Account>) -> Result<(), Error> {
    // PostgreSQL wants its data closed to others.
    DirBuilder::new().mode(0o700).create(to).at("create", to)?;
    for entry in fs::read_dir(from).at("read", from)? {
        let entry = entry.at("read", from)?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().at("read", &source)?;
        if kind.is_dir() {
            tree(&source, &target, account)?;
            continue;
        }
        if kind.is_symlink() {
            // Only where initdb was told to put the WAL elsewhere.
            let link = fs::read_link(&source).at("read", &source)?;
            symlink(link, &target).at("create", &target)?;
            continue;
        }
        fs::copy(&source, &target).at("copy", &source)?;
        own(account, &target)?;
    }
    own(account, to)
}

fn own(account: Option<&Account>, path: &Path) -> Result<(), Error> {
    account.map_or(Ok(()), |account| account.own(path))
}
