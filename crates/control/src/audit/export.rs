//! Exports of the ledger. The JSON Lines one proves itself; the others are for reading by people and machines.
//!
//! A JSON Lines export has one line for each thing, so that any tool can take it apart:
//!
//! - first `{"rolecall_export":1,"checkpoint":…}`: the signed checkpoint that covers it all;
//! - each entry as it was hashed: SHA-256 over a zero byte and the line without its line feed;
//! - after each 256 entries and at the end `{"tile":…,"hashes":…}`: their hashes in base64;
//! - where a checkpoint was kept, `{"checkpoint":…}` after the last entry that it covers.

use std::io;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rolecall_core::event::{Event, canonical};
use thiserror::Error;

use super::{ocsf, table};
use crate::ledger::tree::{self, Hash, WIDTH};
use crate::store::{Snapshot, StoreError};

/// Why an export was not made.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot be written.
    #[error("cannot write the export: {0}")]
    Write(#[from] io::Error),
    /// What is there already is of another ledger, or of a later time.
    #[error("{0} holds another ledger, or more of this one than there is now: give a folder that is new")]
    Another(PathBuf),
}

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON Lines with all that verifying needs.
    Jsonl,
    /// A table.
    Csv,
    /// OCSF events, one per line.
    Ocsf,
}

/// Writes the whole ledger as it is at this moment.
pub async fn export(
    snapshot: &mut Snapshot,
    format: Format,
    out: &mut (dyn io::Write + Send),
) -> Result<u64, ExportError> {
    match format {
        Format::Jsonl => {
            let mut line = |line: &str| out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n"));
            lines(snapshot, &mut |text| line(text).map(|()| true).map_err(ExportError::from)).await
        }
        Format::Csv => {
            out.write_all(table::HEAD.as_bytes())?;
            events(snapshot, &mut |event| Ok(out.write_all(table::row(event).as_bytes())?)).await
        }
        Format::Ocsf => {
            let origin = snapshot.key().await?.name().to_owned();
            events(snapshot, &mut |event| {
                out.write_all(&canonical(&ocsf::event(&origin, event)))?;
                Ok(out.write_all(b"\n")?)
            })
            .await
        }
    }
}

/// The lines of a JSON Lines export, until `take` has enough. How many entries there were.
pub async fn lines<E: From<StoreError>>(
    snapshot: &mut Snapshot,
    take: &mut (dyn FnMut(&str) -> Result<bool, E> + Send),
) -> Result<u64, E> {
    let checkpoints = snapshot.checkpoints().await?;
    let newest = checkpoints.last().map(|(_, note)| note.as_str()).unwrap_or_default();
    if !take(&head(newest))? {
        return Ok(0);
    }
    let mut kept = checkpoints.iter().peekable();
    let (mut from, mut tile) = (0, 0);
    loop {
        let entries = snapshot.entries(from, WIDTH as u32).await?;
        // What is missing shows by the numbers of the entries: nothing is filled in here.
        for (id, data) in &entries {
            if !take(data)? {
                return Ok(from);
            }
            while let Some((_, note)) = kept.next_if(|(size, _)| *size == id + 1) {
                if !take(&object(&[("checkpoint", note.as_str().into())]))? {
                    return Ok(from);
                }
            }
        }
        let Some((last, _)) = entries.last() else { return Ok(from) };
        if let Some(hashes) = snapshot.tile(0, tile).await?
            && !take(&hashes_line(tile, &hashes))?
        {
            return Ok(from);
        }
        from = last + 1;
        tile += 1;
    }
}

/// The first line.
pub(super) fn head(checkpoint: &str) -> String {
    object(&[("checkpoint", checkpoint.into()), ("rolecall_export", 1.into())])
}

/// The line after the entries of a tile.
pub(super) fn hashes_line(tile: u64, hashes: &[Hash]) -> String {
    let hashes = STANDARD.encode(tree::join(hashes));
    object(&[("hashes", hashes.into()), ("tile", tile.into())])
}

fn object(fields: &[(&str, serde_json::Value)]) -> String {
    let fields: serde_json::Map<_, _> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    serde_json::Value::Object(fields).to_string()
}

async fn events(
    snapshot: &mut Snapshot,
    take: &mut (dyn FnMut(&Event) -> Result<(), ExportError> + Send),
) -> Result<u64, ExportError> {
    let mut from = 0;
    loop {
        let entries = snapshot.entries(from, 1_000).await?;
        for (id, data) in &entries {
            let event = serde_json::from_str(data)
                .map_err(|error| StoreError::Corrupt(format!("entry {id} cannot be read: {error}")))?;
            take(&event)?;
        }
        let Some((last, _)) = entries.last() else { return Ok(from) };
        from = last + 1;
    }
}
