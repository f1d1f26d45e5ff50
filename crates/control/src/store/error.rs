//! What can go wrong with the store, said once and clearly.

use std::path::PathBuf;

use rolecall_core::event::{EventId, TooLong};
use thiserror::Error;

use crate::ledger::key::KeyError;
use crate::ledger::note::NoteError;

/// Why the store could not be opened, read or written. Whatever was being written was not.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Another process keeps it to itself.
    #[error("the store is locked by another process; nothing was written")]
    Locked,
    /// There is no room.
    #[error("the store's disk is full; nothing was written")]
    Full,
    /// It may not be written.
    #[error("the store may not be written; nothing was")]
    ReadOnly,
    /// It is damaged.
    #[error(
        "the store is damaged ({0}); nothing was written. Restore it from a backup, and see with `rolecall audit verify` \
         that this is whole"
    )]
    Corrupt(String),
    /// The disk failed.
    #[error("the store cannot be read or written: {0}")]
    Io(String),
    /// Another file is in its place, or an older copy of it.
    #[error(
        "the store {0} was moved or replaced while it was used; nothing was written. Stop Rolecall, put the right file \
         there, see with `rolecall audit verify` that it is whole, and start again"
    )]
    Replaced(PathBuf),
    /// It cannot be opened.
    #[error("cannot open the store {path}: {why}")]
    Open {
        /// Its file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// There is none.
    #[error("there is no store at {0}: nothing has been recorded there yet")]
    Missing(PathBuf),
    /// A copy would replace something.
    #[error("{0} is there already: name a file that is not")]
    Taken(PathBuf),
    /// It is a SQLite database of somebody else, or no database.
    #[error("{0} is not a store of Rolecall")]
    Foreign(PathBuf),
    /// It was written by a later version.
    #[error("the store has form {found}, and this Rolecall knows up to {known}: use a newer one")]
    Newer {
        /// What it has.
        found: u32,
        /// What we know.
        known: u32,
    },
    /// Its key is another one.
    #[error("the store's ledger is signed by {expected}, and the key given is {given}")]
    OtherKey {
        /// The name of the key that it was begun with.
        expected: String,
        /// The name of the key given.
        given: String,
    },
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Its last checkpoint does not hold.
    #[error("the ledger does not hold: {0}")]
    Note(#[from] NoteError),
    /// An Event names a cause that is not there.
    #[error("there is no entry {0} to be the cause of another")]
    UnknownCause(EventId),
    /// An Event is too long.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// This very write was made before: the first Event that tells of it.
    #[error("this was asked for with the same key before, and done: see entry {0}")]
    Repeated(EventId),
    /// The key of a write was used for another one.
    #[error("the idempotency key was used before, for something else")]
    KeyReused,
    /// A query is wrong, or a row is not what it should be.
    #[error("the store does not answer as it should: {0}")]
    Query(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => {
                let code: i32 = error.code().and_then(|code| code.parse().ok()).unwrap_or_default();
                let said = error.message().to_owned();
                // The low byte is SQLite's primary code: https://www.sqlite.org/rescode.html
                match code & 0xff {
                    5 | 6 => Self::Locked,
                    8 => Self::ReadOnly,
                    10 => Self::Io(said),
                    11 | 26 => Self::Corrupt(said),
                    13 => Self::Full,
                    14 => Self::Io(said),
                    _ => Self::Query(said),
                }
            }
            sqlx::Error::PoolTimedOut => Self::Locked,
            sqlx::Error::Io(error) => Self::Io(error.to_string()),
            other => Self::Query(other.to_string()),
        }
    }
}
