//! What the ledger is searched by: columns and rows derived from the entries, and held against them again. Entries are
//! hashed and signed, these are not: whoever changes them hides an entry from a list, though not from an export.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};

use futures_util::TryStreamExt;
use rolecall_core::event::Event;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::StoreError;
use super::read::{Snapshot, parse};
use super::rows::number;

/// The columns of an entry: time in milliseconds, actor, kind, environment, correlation.
#[derive(PartialEq, Eq)]
pub(super) struct Columns {
    pub at: i64,
    pub actor: String,
    pub kind: String,
    pub environment: Option<String>,
    pub correlation: i64,
}

impl Columns {
    pub(super) fn of(event: &Event) -> Result<Self, StoreError> {
        Ok(Self {
            at: event.at.as_millisecond(),
            actor: event.actor.to_string(),
            kind: event.kind.name().to_owned(),
            environment: event.kind.environment().map(str::to_owned),
            correlation: number(event.correlation.0)?,
        })
    }

    fn found(row: &SqliteRow) -> Result<Self, StoreError> {
        Ok(Self {
            at: row.try_get("at")?,
            actor: row.try_get("actor")?,
            kind: row.try_get("kind")?,
            environment: row.try_get("environment")?,
            correlation: row.try_get("correlation")?,
        })
    }
}

/// Whom an entry concerns.
pub(super) fn concerned(event: &Event) -> BTreeSet<&str> {
    let mut concerned: BTreeSet<&str> = event.actor.principal().into_iter().chain(event.kind.subject()).collect();
    concerned.extend(event.effects.iter().flat_map(|effect| effect.who.iter().map(String::as_str)));
    concerned
}

impl Snapshot {
    /// The first entry that a list could leave out, or show where it does not belong. None: lists can be trusted as far
    /// as the entries can.
    pub async fn misfiled(&mut self) -> Result<Option<u64>, StoreError> {
        let filing = Filing::default();
        let mut filed = self.filed(&filing).await?;
        let mut rows = sqlx::query("SELECT * FROM entry ORDER BY id").fetch(&mut *self.inner);
        while let Some(row) = rows.try_next().await? {
            let (id, event) = (row.try_get::<i64, _>("id")?, parse(row.try_get("data")?)?);
            let concerns = concerned(&event).into_iter().map(|principal| filing.mark(id, principal));
            let marks = concerns.fold(0, u64::wrapping_add);
            if filed.remove(&id).unwrap_or_default() != marks || Columns::found(&row)? != Columns::of(&event)? {
                return Ok(Some(id.cast_unsigned()));
            }
        }
        Ok(filed.into_keys().min().map(i64::cast_unsigned))
    }

    /// What is filed under each entry, as a sum: the rows stand in another order than the entries, and there may be
    /// millions of them.
    async fn filed(&mut self, filing: &Filing) -> Result<HashMap<i64, u64>, StoreError> {
        let mut filed: HashMap<i64, u64> = HashMap::new();
        let mut rows = sqlx::query("SELECT entry, principal FROM concern").fetch(&mut *self.inner);
        while let Some(row) = rows.try_next().await? {
            let entry = row.try_get("entry")?;
            let sum = filed.entry(entry).or_default();
            *sum = sum.wrapping_add(filing.mark(entry, row.try_get("principal")?));
        }
        Ok(filed)
    }
}

/// A number for each pair of entry and principal, with a key of this run: nobody can choose names whose sums are equal.
#[derive(Default)]
struct Filing(RandomState);

impl Filing {
    fn mark(&self, entry: i64, principal: &str) -> u64 {
        self.0.hash_one((entry, principal))
    }
}
