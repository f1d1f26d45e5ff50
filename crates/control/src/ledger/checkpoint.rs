//! Checkpoints (c2sp.org/tlog-checkpoint): how many entries there are, and the root of their tree.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::note::{NoteError, PublicKey, SecretKey};
use super::tree::Hash;

/// What a signed checkpoint says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// How many entries the tree has.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

impl Checkpoint {
    /// The signed note.
    pub fn sign(&self, key: &SecretKey) -> String {
        key.sign(&format!("{}\n{}\n{}\n", key.public().name(), self.size, STANDARD.encode(self.root)))
    }

    /// Reads a note that `key` signed, for the ledger whose origin is the key's name.
    pub fn open(note: &str, key: &PublicKey) -> Result<Self, NoteError> {
        let text = key.open(note)?;
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(NoteError::Malformed);
        };
        let number: u64 = size.parse().map_err(|_| NoteError::Malformed)?;
        let root = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok()).ok_or(NoteError::Malformed)?;
        if origin != key.name() || number.to_string() != size {
            return Err(NoteError::Malformed);
        }
        Ok(Self { size: number, root })
    }
}
