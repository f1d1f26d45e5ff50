//! The store: SQLite in one file, written through one door. All of its SQL is in this folder, so that another
//! database can take its place behind the same types.

mod access;
mod append;
mod bookmark;
mod copy;
mod count;
mod error;
mod lists;
mod look_back;
mod once;
mod open;
mod read;
mod rows;
mod search;
mod time;
mod tokens;
mod tx;
mod unended;
mod watched;
mod witness;

use std::path::PathBuf;
use std::sync::Arc;

use rolecall_core::event::{Actor, Event};
use sqlx::SqlitePool;
use tokio::sync::broadcast;

pub use access::{Kept, Reach};
pub use copy::copy;
pub use error::StoreError;
pub use lists::{ListFilter, Seen};
pub use look_back::{Found, PATIENCE};
pub use once::Once;
pub use open::{default_key, default_path};
pub use read::{Filter, Reader, Snapshot};
pub use time::Moment;
pub use tokens::{Token, TokenFilter, Use};
pub use tx::{Done, Tx};
pub use watched::{PolicyVersion, Watched};

use crate::clock::Clock;
use crate::ledger::note::{PublicKey, SecretKey};

/// How to open a store.
#[derive(Clone)]
pub struct Options {
    /// Its file; made if there is none.
    pub path: PathBuf,
    /// The file of the key that signs the ledger; made together with the store.
    pub key: PathBuf,
    /// Tells the time of Events.
    pub clock: Arc<dyn Clock>,
    /// The most bytes that its file may take. None: as many as the disk has.
    pub largest: Option<u64>,
    /// How long to wait for another process that writes.
    pub patience: std::time::Duration,
}

/// An open store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    writer: SqlitePool,
    reader: Reader,
    key: SecretKey,
    ledger: Arc<str>,
    time: Arc<time::Time>,
    news: broadcast::Sender<Arc<Event>>,
    once: once::Pending,
}

/// What was written.
#[derive(Debug, Clone)]
pub struct Written<T> {
    /// What the change gave back.
    pub value: T,
    /// The Events as they stand in the ledger.
    pub events: Vec<Event>,
}

impl Store {
    /// The door: changes the store and tells of it, in one transaction. The closure gets the only handle that can write
    /// and must give it back with what was changed and the Events that tell of it. An error undoes all.
    pub async fn write<T, E, F, Fut>(&self, actor: &Actor, change: F) -> Result<Written<T>, E>
    where
        F: FnOnce(Tx) -> Fut,
        Fut: Future<Output = Result<Done<T>, E>>,
        E: From<StoreError>,
    {
        let tx = Tx::begin(self, actor).await?;
        let written = change(tx).await?.commit(&self.key, self.reader.witness()).await?;
        self.written();
        for event in &written.events {
            // Nobody may be listening.
            let _ = self.news.send(Arc::new(event.clone()));
        }
        Ok(written)
    }

    /// Reads; cannot write.
    pub fn read(&self) -> &Reader {
        &self.reader
    }

    /// The Events that this process writes from now on. Those of other processes are found with [`Reader::log`].
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.news.subscribe()
    }

    /// The key that checks the ledger.
    pub fn public_key(&self) -> &PublicKey {
        self.key.public()
    }

    /// Which ledger it is, among all that there are: the key's name, and the hash of the first entry.
    pub fn ledger(&self) -> Arc<str> {
        Arc::clone(&self.ledger)
    }

    /// What the store takes for the time.
    pub fn clock(&self) -> &dyn Clock {
        self.time.clock()
    }

    /// Closes the file, so that it stands alone without its journal.
    pub async fn close(self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}
