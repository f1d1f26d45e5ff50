//! A copy of the store as it is at one moment, while others write it: for a backup, and to put one back.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::{Connection, SqliteConnection};

use super::StoreError;
use super::open::{connect, opening, recognise};

/// How long to wait for whoever keeps the store to himself.
const PATIENCE: Duration = Duration::from_secs(10);

/// Copies a store to a file that is not there yet. It appears whole, on the disk, and readable by its owner alone; or
/// not at all.
pub async fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    if !from.exists() {
        return Err(StoreError::Missing(from.to_owned()));
    }
    if to.exists() {
        return Err(StoreError::Taken(to.to_owned()));
    }
    let part = Part::make(to)?;
    let options = connect(from, PATIENCE).read_only(true);
    let mut conn = SqliteConnection::connect_with(&options).await.map_err(|error| opening(from, error))?;
    recognise(&mut conn, from).await?;
    let path = part.path.to_str().ok_or_else(|| part.fail("its name is not UTF-8"))?;
    sqlx::query("VACUUM INTO ?").bind(path).execute(&mut conn).await?;
    conn.close().await?;
    part.finish(to)
}

/// The copy while it is not whole. What is left of it goes when this is dropped.
struct Part {
    path: PathBuf,
}

impl Part {
    fn make(to: &Path) -> Result<Self, StoreError> {
        let mut name = to.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let part = Self { path: name.into() };
        // SQLite takes an empty file for none, and keeps its mode.
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part.path).map_err(|why| part.fail(why))?;
        Ok(part)
    }

    fn finish(self, to: &Path) -> Result<(), StoreError> {
        File::open(&self.path).and_then(|file| file.sync_all()).map_err(|why| self.fail(why))?;
        // A link, because a rename would replace what somebody has put there meanwhile.
        std::fs::hard_link(&self.path, to).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => StoreError::Taken(to.to_owned()),
            _ => self.fail(error),
        })?;
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|why| self.fail(why))
    }

    fn fail(&self, why: impl ToString) -> StoreError {
        StoreError::Open { path: self.path.clone(), why: why.to_string() }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
