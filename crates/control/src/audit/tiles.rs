//! The ledger as a folder of files that other tools read, and a web server may serve: c2sp.org/tlog-tiles.
//!
//! `checkpoint` is the signed note, `tile/<level>/<number>` has hashes, `tile/entries/<number>` the entries themselves, 256 in
//! each; what is not full yet is in `<number>.p/<width>`. Full ones never change, so a folder is brought up to date by what
//! is new.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::export::{ExportError, hashes_line, head};
use super::verify::Wrong;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::tree::{self, Edge, Tile, WIDTH};
use crate::store::{Snapshot, StoreError};

/// Writes the ledger as it is at this moment into a folder that is new, or holds an earlier state of the same ledger.
pub async fn write(snapshot: &mut Snapshot, folder: &Path) -> Result<u64, ExportError> {
    let key = snapshot.key().await?;
    let note = snapshot.checkpoints().await?.pop().map(|(_, note)| note).unwrap_or_default();
    let damaged = |error| StoreError::Corrupt(format!("the newest checkpoint: {error}"));
    let size = Checkpoint::open(&note, &key).map_err(damaged)?.size;
    let place = folder.join("checkpoint");
    let open = |note: Vec<u8>| Checkpoint::open(std::str::from_utf8(&note).unwrap_or_default(), &key);
    let earlier = read(&place)?.map(open).transpose().map_err(|_| ExportError::Another(folder.to_owned()))?;
    if earlier.is_some_and(|earlier| earlier.size > size) {
        return Err(ExportError::Another(folder.to_owned()));
    }
    let forked = |edge: &Edge| earlier.is_some_and(|seen| seen.size == edge.size() && seen.root != edge.root());
    let (mut edge, mut full) = (Edge::default(), Vec::new());
    for (number, width) in widths(size) {
        let entries = snapshot.entries(number * WIDTH as u64, width as u32).await?;
        let hashes = snapshot.tile(0, number).await?.unwrap_or_default();
        for hash in hashes.iter().take(width) {
            edge.push(*hash, &mut full);
            if forked(&edge) {
                return Err(ExportError::Another(folder.to_owned()));
            }
        }
        keep(folder, "entries", number, width, &bundle(entries.iter().map(|(_, data)| data.as_str()))?)?;
        for tile in full.drain(..) {
            keep_tile(folder, &tile)?;
        }
    }
    for tile in edge.tiles().filter(|tile| !tile.hashes.is_empty()) {
        keep_tile(folder, &tile)?;
    }
    // The last: whoever reads it finds all that it covers.
    replace(&place, note.as_bytes())?;
    Ok(size)
}

/// The lines of an export (see [`super::export`]), read from such a folder. What is missing there is missing here.
pub fn lines(folder: &Path, take: &mut dyn FnMut(&str) -> Result<(), Wrong>) -> Result<(), FolderError> {
    let note = read(&folder.join("checkpoint"))?.ok_or(Wrong::NoExport)?;
    let note = String::from_utf8(note).map_err(|_| Wrong::NoExport)?;
    take(&head(&note))?;
    let size = note.split('\n').nth(1).and_then(|size| size.parse().ok()).unwrap_or(0);
    let (mut edge, mut full) = (Edge::default(), Vec::new());
    for (number, width) in widths(size) {
        let Some(bytes) = read(&path(folder, "entries", number, width))? else { return Ok(()) };
        for entry in unbundle(&bytes) {
            take(std::str::from_utf8(entry).unwrap_or_default())?;
        }
        let hashes = read(&path(folder, "0", number, width))?.and_then(|bytes| tree::split(&bytes)).unwrap_or_default();
        take(&hashes_line(number, &hashes))?;
        for hash in hashes {
            edge.push(hash, &mut full);
        }
        for tile in full.drain(..) {
            same(folder, &tile)?;
        }
    }
    edge.tiles().filter(|tile| !tile.hashes.is_empty()).try_for_each(|tile| same(folder, &tile))
}

/// Why such a folder cannot be verified, or is not good.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// What is found there is wrong.
    #[error(transparent)]
    Wrong(#[from] Wrong),
    /// It cannot be read.
    #[error("cannot read the folder: {0}")]
    Read(#[from] io::Error),
}

/// The numbers of the tiles on level 0, and how many entries each has.
fn widths(size: u64) -> impl Iterator<Item = (u64, usize)> {
    let wide = WIDTH as u64;
    (0..size.div_ceil(wide)).map(move |number| (number, (size - number * wide).min(wide) as usize))
}

/// Entries, each after its length in two bytes.
fn bundle<'a>(entries: impl Iterator<Item = &'a str>) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    for entry in entries {
        let length = u16::try_from(entry.len()).map_err(|_| StoreError::Corrupt("an entry is too long".to_owned()))?;
        bytes.extend(length.to_be_bytes());
        bytes.extend(entry.as_bytes());
    }
    Ok(bytes)
}

/// The opposite. What is cut off, or too much, comes as an entry, too: it will not be the one that was hashed.
fn unbundle(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let taken = rest
            .split_first_chunk()
            .and_then(|(length, data)| data.split_at_checked(usize::from(u16::from_be_bytes(*length))));
        let (entry, further) = taken.unwrap_or((rest, &[]));
        rest = further;
        Some(entry)
    })
}

/// Where a tile or a bundle of entries is: three digits in each folder, those that go on begin with an x.
fn path(folder: &Path, level: &str, number: u64, width: usize) -> PathBuf {
    let mut parts = vec![format!("{:03}", number % 1000)];
    let mut rest = number / 1000;
    while rest > 0 {
        parts.push(format!("x{:03}", rest % 1000));
        rest /= 1000;
    }
    let mut path = folder.join("tile").join(level);
    path.extend(parts.iter().rev());
    if width < WIDTH {
        path.as_mut_os_string().push(".p");
        path.push(width.to_string());
    }
    path
}

fn keep_tile(folder: &Path, tile: &Tile) -> Result<(), ExportError> {
    keep(folder, &tile.level.to_string(), tile.index, tile.hashes.len(), &tree::join(&tile.hashes))
}

/// Writes a tile, unless it is there; then it must be the same.
fn keep(folder: &Path, level: &str, number: u64, width: usize, bytes: &[u8]) -> Result<(), ExportError> {
    let place = path(folder, level, number, width);
    match read(&place)? {
        Some(there) if there == bytes => return Ok(()),
        Some(_) => return Err(ExportError::Another(folder.to_owned())),
        None => {}
    }
    if let Some(parent) = place.parent() {
        fs::create_dir_all(parent)?;
    }
    replace(&place, bytes)?;
    if width == WIDTH {
        // Whoever still wants a part of it finds it in the whole.
        let parts = place.with_extension("p");
        match fs::remove_dir_all(parts) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

/// In one step: nobody finds half a file.
fn replace(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = place.with_extension("new");
    fs::write(&new, bytes)?;
    fs::rename(&new, place)
}

/// A tile above the entries' own follows from those below it.
fn same(folder: &Path, tile: &Tile) -> Result<(), FolderError> {
    let there = read(&path(folder, &tile.level.to_string(), tile.index, tile.hashes.len()))?;
    if there.is_some_and(|there| there == tree::join(&tile.hashes)) {
        return Ok(());
    }
    let wide = (WIDTH as u64).saturating_pow(tile.level as u32);
    let first = tile.index.saturating_mul(WIDTH as u64).saturating_mul(wide);
    let last = first.saturating_add((tile.hashes.len() as u64).saturating_mul(wide)).saturating_sub(1);
    Err(Wrong::Tile { first, last }.into())
}

fn read(place: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(place) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_more_than_three_digits_go_on_in_folders() {
        let at = |number, width| path(Path::new("f"), "entries", number, width).display().to_string();
        assert_eq!(at(5, 256), "f/tile/entries/005");
        assert_eq!(at(999, 7), "f/tile/entries/999.p/7");
        assert_eq!(at(1_234_067, 256), "f/tile/entries/x001/x234/067");
        assert_eq!(at(1_000, 45), "f/tile/entries/x001/000.p/45");
    }
}
