//! `rolecall backup` and `restore`: the store, whole or not at all, and proved before anybody relies on it.

use std::path::Path;

use anyhow::{Context, bail};
use rolecall_control::ledger::key;
use rolecall_control::store;

use super::audit::verify::whole;
use crate::Outcome;
use crate::args::{Backup, LedgerPlace, Restore};
use crate::show::GOOD;

/// Copies the store to a file, while it is used.
pub async fn backup(arguments: &Backup) -> anyhow::Result<Outcome> {
    let store = arguments.place.store()?;
    store::copy(&store, &arguments.file).await?;
    let entries = proved(&arguments.file, &arguments.place).await.inspect_err(|_| {
        let _ = std::fs::remove_file(&arguments.file);
    })?;
    let (file, key) = (arguments.file.display(), arguments.place.key()?);
    anstream::println!("{GOOD}Backed up:{GOOD:#} {entries} entries, proved, in {file}");
    println!("  The key {} is not in it: keep a copy of that elsewhere.", key.display());
    Ok(Outcome::Done)
}

/// Puts a backup in the place of the store, where none is.
pub async fn restore(arguments: &Restore) -> anyhow::Result<Outcome> {
    let store = arguments.place.store()?;
    for file in [&store, &beside(&store, "-wal"), &beside(&store, "-shm")] {
        if file.exists() {
            bail!("{} is there: stop the server, then move it and what is beside it away", file.display());
        }
    }
    let entries = proved(&arguments.file, &arguments.place).await?;
    if let Some(folder) = store.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    store::copy(&arguments.file, &store).await?;
    anstream::println!("{GOOD}Restored:{GOOD:#} {entries} entries, proved, in {}", store.display());
    println!("  What was decided later is not in it. `rolecall plan` shows what the servers have beyond it.");
    Ok(Outcome::Done)
}

/// How many entries the ledger of a store has, if it holds by the key at its place.
async fn proved(file: &Path, place: &LedgerPlace) -> anyhow::Result<u64> {
    let path = place.key()?;
    let key = key::read(&path).with_context(|| format!("the ledger is checked by the key {}", path.display()))?;
    let report = whole(file, key.public()).await.with_context(|| format!("{} does not hold", file.display()))?;
    Ok(report.entries)
}

fn beside(store: &Path, ending: &str) -> std::path::PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
