//! Reading: separate connections that SQLite itself keeps from writing.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rolecall_core::event::{Event, EventId};
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{QueryBuilder, Row, Sqlite, SqlitePool, Transaction};

use super::StoreError;
use super::open::{connect, opening, recognise};
use super::rows::number;
use super::witness::Witness;
use crate::ledger::note::PublicKey;
use crate::ledger::tree::{self, Hash};

/// Reads the store.
#[derive(Clone)]
pub struct Reader {
    pool: SqlitePool,
    witness: Arc<Witness>,
}

/// Which entries to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this actor, as it is shown: an address, or `alice on laptop`. What somebody did by a token of theirs is theirs, too.
    pub actor: Option<String>,
    /// Of these kinds.
    pub kinds: Vec<String>,
    /// That concern this Principal: as actor, as subject, or by an effect.
    pub subject: Option<String>,
    /// About this Environment.
    pub environment: Option<String>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// With this text somewhere, in whatever case (of ASCII letters).
    pub text: Option<String>,
    /// Of this story.
    pub correlation: Option<EventId>,
    /// After this entry.
    pub after: Option<EventId>,
    /// Before this entry.
    pub before: Option<EventId>,
    /// The newest first.
    pub newest_first: bool,
    /// At most so many.
    pub limit: u32,
}

impl Reader {
    /// Opens a store to read it. Needs no key.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, Duration::from_secs(10)).await?.recognised(path).await
    }

    pub(super) async fn open_with(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::Missing(path.to_owned()));
        }
        let options = connect(path, patience).read_only(true).pragma("query_only", "1");
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await;
        let pool = pool.map_err(|error| opening(path, error))?;
        Ok(Self { pool, witness: Arc::new(Witness::of(path)?) })
    }

    async fn recognised(self, path: &Path) -> Result<Self, StoreError> {
        recognise(&mut *self.pool.acquire().await?, path).await?;
        Ok(self)
    }

    /// Whether it still is the store that was opened.
    pub(super) fn witness(&self) -> &Witness {
        &self.witness
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    /// For the store's own questions.
    #[expect(dead_code, reason = "for the use cases beside it")]
    pub(crate) fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// The entries that fit the filter, in order.
    pub async fn log(&self, filter: &Filter) -> Result<Vec<Event>, StoreError> {
        let mut query = question(filter)?;
        let rows = query.build().fetch_all(&mut *self.connection().await?).await?;
        rows.iter().map(|row| parse(row.try_get("data")?)).collect()
    }

    /// One entry.
    pub async fn entry(&self, id: EventId) -> Result<Option<Event>, StoreError> {
        let data: Option<String> = sqlx::query_scalar("SELECT data FROM entry WHERE id = ?")
            .bind(number(id.0)?)
            .fetch_optional(&mut *self.connection().await?)
            .await?;
        data.map(|data| parse(&data)).transpose()
    }

    pub(super) async fn connection(&self) -> Result<sqlx::pool::PoolConnection<Sqlite>, StoreError> {
        self.witness.same_file()?;
        Ok(self.pool.acquire().await?)
    }

    /// One moment of the ledger, whatever is written meanwhile.
    pub async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.witness.same_file()?;
        Ok(Snapshot { inner: self.pool.begin().await? })
    }
}

pub(super) fn parse(data: &str) -> Result<Event, StoreError> {
    serde_json::from_str(data).map_err(|error| StoreError::Corrupt(format!("an entry cannot be read: {error}")))
}

fn question(filter: &Filter) -> Result<QueryBuilder<Sqlite>, StoreError> {
    let mut query = QueryBuilder::new("SELECT data FROM entry WHERE true");
    if let Some(actor) = &filter.actor {
        // As `Actor` is shown: the id of a token has no space in it.
        query.push(" AND (actor = ").push_bind(actor.clone());
        query.push(" OR (actor LIKE 'token %' AND substr(actor, instr(actor, ' of ') + 4) = ").push_bind(actor.clone());
        query.push("))");
    }
    if !filter.kinds.is_empty() {
        query.push(" AND kind IN (");
        let mut list = query.separated(", ");
        for kind in &filter.kinds {
            list.push_bind(kind.clone());
        }
        query.push(")");
    }
    if let Some(subject) = &filter.subject {
        query.push(" AND id IN (SELECT entry FROM concern WHERE principal = ").push_bind(subject.clone()).push(")");
    }
    if let Some(environment) = &filter.environment {
        query.push(" AND environment = ").push_bind(environment.clone());
    }
    if let Some(text) = &filter.text {
        let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        query.push(" AND data LIKE ").push_bind(format!("%{escaped}%")).push(" ESCAPE '\\'");
    }
    let numbers = [
        (" AND at >= ", filter.since.map(Timestamp::as_millisecond)),
        (" AND at < ", filter.until.map(Timestamp::as_millisecond)),
        (" AND correlation = ", filter.correlation.map(|id| number(id.0)).transpose()?),
        (" AND id > ", filter.after.map(|id| number(id.0)).transpose()?),
        (" AND id < ", filter.before.map(|id| number(id.0)).transpose()?),
    ];
    for (condition, value) in numbers {
        if let Some(value) = value {
            query.push(condition).push_bind(value);
        }
    }
    query.push(if filter.newest_first { " ORDER BY id DESC" } else { " ORDER BY id" });
    query.push(" LIMIT ").push_bind(i64::from(filter.limit));
    Ok(query)
}

/// One moment of the ledger.
pub struct Snapshot {
    pub(super) inner: Transaction<'static, Sqlite>,
}

impl Snapshot {
    /// The public key that the ledger was begun with. Whoever verifies takes it from somewhere else.
    pub async fn key(&mut self) -> Result<PublicKey, StoreError> {
        let key: String =
            sqlx::query_scalar("SELECT value FROM meta WHERE name = 'key'").fetch_one(&mut *self.inner).await?;
        Ok(PublicKey::parse(&key)?)
    }

    /// The signed checkpoints that were kept, oldest first; the last one covers the whole ledger.
    pub async fn checkpoints(&mut self) -> Result<Vec<(u64, String)>, StoreError> {
        let rows = sqlx::query("SELECT size, note FROM checkpoint ORDER BY size").fetch_all(&mut *self.inner).await?;
        rows.iter().map(|row| Ok((row.try_get::<i64, _>("size")?.cast_unsigned(), row.try_get("note")?))).collect()
    }

    /// Up to `limit` entries from `from` on: their places and their exact bytes.
    pub async fn entries(&mut self, from: u64, limit: u32) -> Result<Vec<(u64, String)>, StoreError> {
        let rows = sqlx::query("SELECT id, data FROM entry WHERE id >= ? ORDER BY id LIMIT ?")
            .bind(number(from)?)
            .bind(i64::from(limit))
            .fetch_all(&mut *self.inner)
            .await?;
        rows.iter().map(|row| Ok((row.try_get::<i64, _>("id")?.cast_unsigned(), row.try_get("data")?))).collect()
    }

    /// A tile. None: it is not there, or is no tile.
    pub async fn tile(&mut self, level: u32, place: u64) -> Result<Option<Vec<Hash>>, StoreError> {
        let bytes: Option<Vec<u8>> = sqlx::query_scalar("SELECT hashes FROM tile WHERE level = ? AND place = ?")
            .bind(i64::from(level))
            .bind(number(place)?)
            .fetch_optional(&mut *self.inner)
            .await?;
        Ok(bytes.and_then(|bytes| tree::split(&bytes)))
    }
}
