//! Verifies an export with the public key alone, and names the first bad entry.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use thiserror::Error;

use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::note::{NoteError, PublicKey, hex};
use crate::ledger::tree::{self, Edge, Hash};
use crate::store::StoreError;

/// What is wrong with a ledger: the first thing found.
#[derive(Debug, Error)]
pub enum Wrong {
    /// Not an export.
    #[error("this is no export of a ledger (`rolecall audit export --format jsonl`)")]
    NoExport,
    /// A checkpoint does not hold.
    #[error("a checkpoint does not hold: {0}")]
    Checkpoint(#[from] NoteError),
    /// An entry is not there.
    #[error("entry {id} is missing: {found} stands in its place")]
    Missing {
        /// Which.
        id: u64,
        /// What stands there.
        found: String,
    },
    /// An entry is not the one that was hashed.
    #[error("entry {0} was changed: it is not the one that was hashed")]
    Changed(u64),
    /// An entry cannot be read.
    #[error("entry {0} is damaged: it cannot be read")]
    Unreadable(u64),
    /// Hashes of entries are missing or no hashes.
    #[error("the hashes of entries {first} to {last} are missing or damaged")]
    Tile {
        /// The first entry.
        first: u64,
        /// The last entry.
        last: u64,
    },
    /// Entries were changed together with their hashes.
    #[error("entries were rewritten together with their hashes: the first bad one is among {first} to {last}")]
    Rewritten {
        /// The first that no earlier checkpoint vouches for.
        first: u64,
        /// The last that the checkpoint covers.
        last: u64,
    },
    /// The end is missing.
    #[error("the end is missing: entry {have} and all after it, up to {last}")]
    Truncated {
        /// How many entries there are, which is the place of the first that is missing.
        have: u64,
        /// The last that there should be.
        last: u64,
    },
    /// There is more than was signed.
    #[error("entry {0} and all after it are not covered by the checkpoint")]
    Surplus(u64),
    /// The ledger is older than one that was seen before.
    #[error("the ledger was rolled back: it has {have} entries, and {seen} were seen before")]
    RolledBack {
        /// How many it has.
        have: u64,
        /// How many there were.
        seen: u64,
    },
    /// The ledger is another one than was seen before.
    #[error("the ledger was forked: its first {0} entries are not those that were seen before")]
    Forked(u64),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was verified.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// The ledger's origin.
    pub origin: String,
    /// How many entries there are, all of them good.
    pub entries: u64,
    /// The root of their tree, in hexadecimal.
    pub root: String,
    /// When the first and the last one happened.
    pub first: Option<Timestamp>,
    /// When the last one happened.
    pub last: Option<Timestamp>,
    /// Entries that are older than the one before them: somebody's clock ran backwards. No sign of tampering.
    pub backwards: Vec<u64>,
}

/// What verifying reads of an entry; entries of kinds that it does not know verify, too.
#[derive(Deserialize)]
struct Head {
    id: u64,
    at: Timestamp,
}

/// Takes an export line by line.
pub struct Verifier {
    key: PublicKey,
    seen: Option<Checkpoint>,
    whole: Option<Checkpoint>,
    note: String,
    edge: Edge,
    /// Hashes of the entries whose tile was not read yet.
    waiting: Vec<Hash>,
    /// Checkpoints, and the roots that the tree had there.
    held: Vec<(Checkpoint, Hash)>,
    /// A checkpoint covered so many entries, and held.
    vouched: u64,
    report: Report,
}

impl Verifier {
    /// With the public key, and the checkpoint of an earlier time if there is one.
    pub fn new(key: &PublicKey, seen: Option<Checkpoint>) -> Self {
        let report = Report {
            origin: key.name().to_owned(),
            entries: 0,
            root: String::new(),
            first: None,
            last: None,
            backwards: Vec::new(),
        };
        let (key, edge) = (key.clone(), Edge::default());
        Self {
            key,
            seen,
            whole: None,
            note: String::new(),
            edge,
            waiting: Vec::new(),
            held: Vec::new(),
            vouched: 0,
            report,
        }
    }

    /// The next line, without its line feed.
    pub fn line(&mut self, line: &str) -> Result<(), Wrong> {
        if self.whole.is_none() {
            return self.head(line);
        }
        // Entries begin with their actor: keys are sorted.
        if line.starts_with("{\"checkpoint\":") {
            return self.checkpoint(line);
        }
        if line.starts_with("{\"hashes\":") {
            return self.tile(line);
        }
        self.entry(line)
    }

    fn head(&mut self, line: &str) -> Result<(), Wrong> {
        #[derive(Deserialize)]
        struct First {
            rolecall_export: u32,
            checkpoint: String,
        }
        let first: First = serde_json::from_str(line).map_err(|_| Wrong::NoExport)?;
        if first.rolecall_export != 1 {
            return Err(Wrong::NoExport);
        }
        let whole = Checkpoint::open(&first.checkpoint, &self.key)?;
        if let Some(seen) = self.seen.filter(|seen| seen.size > whole.size) {
            return Err(Wrong::RolledBack { have: whole.size, seen: seen.size });
        }
        self.whole = Some(whole);
        self.note = first.checkpoint;
        self.remember()
    }

    fn entry(&mut self, line: &str) -> Result<(), Wrong> {
        let id = self.edge.size();
        if self.whole.is_none_or(|whole| id >= whole.size) {
            return Err(Wrong::Surplus(id));
        }
        if self.waiting.len() >= tree::WIDTH {
            return Err(self.bad_tile());
        }
        let head: Head = serde_json::from_str(line).map_err(|_| Wrong::Unreadable(id))?;
        if head.id != id {
            return Err(Wrong::Missing { id, found: format!("entry {}", head.id) });
        }
        if self.report.last.is_some_and(|last| head.at < last) {
            self.report.backwards.push(id);
        }
        self.report.first = self.report.first.or(Some(head.at));
        self.report.last = Some(head.at);
        let hash = tree::leaf(line.as_bytes());
        self.waiting.push(hash);
        self.edge.push(hash, &mut Vec::new());
        self.remember()
    }

    /// Holds what was seen at an earlier time against what is there now.
    fn remember(&self) -> Result<(), Wrong> {
        match self.seen {
            Some(seen) if seen.size == self.edge.size() && seen.root != self.edge.root() => {
                Err(Wrong::Forked(seen.size))
            }
            _ => Ok(()),
        }
    }

    fn bad_tile(&self) -> Wrong {
        let size = self.edge.size();
        Wrong::Tile { first: size.saturating_sub(self.waiting.len() as u64), last: size.saturating_sub(1) }
    }

    fn tile(&mut self, line: &str) -> Result<(), Wrong> {
        #[derive(Deserialize)]
        struct Tile {
            hashes: String,
        }
        let tile: Tile = serde_json::from_str(line).map_err(|_| self.bad_tile())?;
        let hashes = STANDARD.decode(tile.hashes).ok().and_then(|bytes| tree::split(&bytes));
        let hashes = hashes.ok_or_else(|| self.bad_tile())?;
        let first = self.edge.size() - self.waiting.len() as u64;
        for (id, (listed, hash)) in (first..).zip(hashes.iter().zip(&self.waiting)) {
            if listed != hash {
                return Err(Wrong::Changed(id));
            }
        }
        if hashes.len() > self.waiting.len() {
            return Err(Wrong::Missing { id: self.edge.size(), found: "nothing".to_owned() });
        }
        if hashes.len() < self.waiting.len() {
            return Err(self.bad_tile());
        }
        self.waiting.clear();
        self.vouch()
    }

    fn checkpoint(&mut self, line: &str) -> Result<(), Wrong> {
        #[derive(Deserialize)]
        struct Kept {
            checkpoint: String,
        }
        let kept: Kept = serde_json::from_str(line).map_err(|_| NoteError::Malformed)?;
        let checkpoint = Checkpoint::open(&kept.checkpoint, &self.key)?;
        let size = self.edge.size();
        if checkpoint.size > size {
            return Err(Wrong::Missing { id: size, found: "a checkpoint".to_owned() });
        }
        if checkpoint.size < size {
            return Err(Wrong::Checkpoint(NoteError::Malformed));
        }
        // The hashes come first: they can name the very entry.
        self.held.push((checkpoint, self.edge.root()));
        Ok(())
    }

    /// Holds the checkpoints read so far against the tree as it was there.
    fn vouch(&mut self) -> Result<(), Wrong> {
        for (checkpoint, root) in std::mem::take(&mut self.held) {
            if checkpoint.root != root {
                return Err(Wrong::Rewritten { first: self.vouched, last: checkpoint.size.saturating_sub(1) });
            }
            self.vouched = checkpoint.size;
        }
        Ok(())
    }

    /// The signed checkpoint that the export begins with.
    pub fn note(&self) -> &str {
        &self.note
    }

    /// After the last line.
    pub fn finish(mut self) -> Result<Report, Wrong> {
        let whole = self.whole.ok_or(Wrong::NoExport)?;
        if self.edge.size() < whole.size {
            return Err(Wrong::Truncated { have: self.edge.size(), last: whole.size - 1 });
        }
        if !self.waiting.is_empty() {
            return Err(self.bad_tile());
        }
        self.held.push((whole, self.edge.root()));
        self.vouch()?;
        self.report.entries = whole.size;
        self.report.root = hex(&whole.root);
        Ok(self.report)
    }
}
