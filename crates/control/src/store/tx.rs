//! One transaction: what is changed, and the Events that tell of it.

use std::sync::Arc;

use jiff::Timestamp;
use rolecall_core::event::{Actor, Drafts, EventId};
use sqlx::{Sqlite, SqliteConnection, Transaction};

use super::append::{self, Stamp};
use super::once::{self, Once};
use super::rows::number;
use super::time::Time;
use super::witness::Witness;
use super::{Store, StoreError, Written};
use crate::ledger::note::SecretKey;
use crate::ledger::tree::{self, Edge, Hash};

/// The handle that can write. Dropped without [`Tx::done`], it has changed nothing.
pub struct Tx {
    inner: Transaction<'static, Sqlite>,
    edge: Edge,
    stamp: Stamp,
    once: Option<Once>,
    ledger: Arc<str>,
    time: Arc<Time>,
}

/// A change together with its Events: the only thing that the door commits.
#[must_use = "the door commits what it is given back"]
pub struct Done<T> {
    tx: Tx,
    value: T,
    drafts: Drafts,
}

impl Tx {
    pub(super) async fn begin(store: &Store, actor: &Actor) -> Result<Self, StoreError> {
        let witness = store.reader.witness();
        witness.same_file()?;
        let mut inner = store.writer.begin_with("BEGIN IMMEDIATE").await?;
        let edge = append::edge(&mut inner, store.public_key()).await?;
        goes_on(&mut inner, witness, edge.size()).await?;
        let at = store.clock().now();
        let once = store.pending();
        if let Some(once) = &once {
            once::check(&mut inner, once, at).await?;
        }
        let (stamp, time) = (Stamp { at, actor: actor.clone() }, Arc::clone(&store.time));
        Ok(Self { inner, edge, stamp, once, ledger: store.ledger(), time })
    }

    pub(super) fn new(inner: Transaction<'static, Sqlite>, edge: Edge, stamp: Stamp, time: Arc<Time>) -> Self {
        Self { inner, edge, stamp, once: None, ledger: "".into(), time }
    }

    /// See [`Store::ledger`].
    pub(crate) fn ledger(&self) -> Arc<str> {
        Arc::clone(&self.ledger)
    }

    /// The place in the ledger of the first Event that this transaction will be told by; rows can refer to it.
    pub fn event(&self) -> EventId {
        EventId(self.edge.size())
    }

    /// The time of this transaction's Events.
    pub fn now(&self) -> Timestamp {
        self.stamp.at
    }

    /// Ends the change: its value, and what tells of it. An Event after the first that names no cause has the first as
    /// its cause.
    pub fn done<T>(self, value: T, told: impl Into<Drafts>) -> Done<T> {
        Done { tx: self, value, drafts: told.into() }
    }

    pub(super) fn time(&self) -> Arc<Time> {
        Arc::clone(&self.time)
    }

    /// For the store's own statements.
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.inner
    }
}

/// What was seen of the ledger last is still in it, where it was: another ledger of that length, or a longer one, has other
/// hashes there.
async fn goes_on(conn: &mut SqliteConnection, witness: &Witness, entries: u64) -> Result<(), StoreError> {
    if let Some((known, hash)) = witness.newest()
        && (known > entries || leaf(conn, known).await? != Some(hash))
    {
        return Err(witness.replaced());
    }
    if let Some(last) = leaf(conn, entries).await? {
        witness.saw(entries, last);
    }
    Ok(())
}

/// The hash of the last of so many entries.
async fn leaf(conn: &mut SqliteConnection, entries: u64) -> Result<Option<Hash>, StoreError> {
    let Some(place) = entries.checked_sub(1) else { return Ok(None) };
    let data: Option<String> =
        sqlx::query_scalar("SELECT data FROM entry WHERE id = ?").bind(number(place)?).fetch_optional(conn).await?;
    Ok(data.map(|data| tree::leaf(data.as_bytes())))
}

impl<T> Done<T> {
    pub(super) async fn commit(self, key: &SecretKey, witness: &Witness) -> Result<Written<T>, StoreError> {
        let Tx { mut inner, edge, stamp, once, .. } = self.tx;
        if let Some(once) = once {
            once::keep(&mut inner, &once, EventId(edge.size()), stamp.at).await?;
        }
        let events = append::append(&mut inner, edge, &stamp, self.drafts, key).await?;
        inner.commit().await?;
        if let Some(last) = events.last() {
            witness.saw(last.id.0 + 1, tree::leaf(&last.bytes()));
        }
        Ok(Written { value: self.value, events })
    }
}
