//! Counting, for monitoring: how much there is of what.

use std::collections::BTreeMap;

use rolecall_core::event::EventId;
use sqlx::{QueryBuilder, Row};

use super::rows::number;
use super::{Reader, StoreError};

impl Reader {
    /// How many entries of each kind there are after one entry, up to another and with it.
    pub async fn kinds(&self, after: Option<EventId>, upto: Option<EventId>) -> Result<Vec<(String, u64)>, StoreError> {
        let after = after.map(|id| number(id.0)).transpose()?.unwrap_or(-1);
        let upto = upto.map(|id| number(id.0)).transpose()?.unwrap_or(-1);
        // All of them: by the index on kinds. A few: by their numbers.
        let question = if after < 0 {
            "SELECT kind, count(*) AS n FROM entry INDEXED BY entry_kind WHERE id > ? AND id <= ? GROUP BY kind"
        } else {
            "SELECT kind, count(*) AS n FROM entry NOT INDEXED WHERE id > ? AND id <= ? GROUP BY kind"
        };
        let rows = sqlx::query(question).bind(after).bind(upto).fetch_all(&mut *self.connection().await?).await?;
        rows.iter().map(|row| Ok((row.try_get("kind")?, row.try_get::<i64, _>("n")?.cast_unsigned()))).collect()
    }

    /// How many entries of these kinds there are after one.
    pub async fn count(&self, kinds: &[String], after: EventId) -> Result<u64, StoreError> {
        let mut query = QueryBuilder::new("SELECT count(*) FROM entry WHERE id > ");
        query.push_bind(number(after.0)?).push(" AND kind IN (");
        let mut list = query.separated(", ");
        for kind in kinds {
            list.push_bind(kind.clone());
        }
        query.push(")");
        let count: i64 = query.build_query_scalar().fetch_one(&mut *self.connection().await?).await?;
        Ok(count.cast_unsigned())
    }

    /// How many Requests wait, by environment.
    pub async fn pending_by_environment(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        let question = "SELECT environment, count(*) AS n FROM request WHERE state = 'pending' GROUP BY environment";
        let rows = sqlx::query(question).fetch_all(&mut *self.connection().await?).await?;
        rows.iter().map(|row| Ok((row.try_get("environment")?, row.try_get::<i64, _>("n")?.cast_unsigned()))).collect()
    }

    /// How many break-glass accesses wait for somebody to look at them.
    pub async fn unreviewed(&self) -> Result<u64, StoreError> {
        let question = "SELECT count(*) FROM request WHERE document ->> '$.review' IS NOT NULL \
                        AND document ->> '$.review.done' IS NULL";
        let count: i64 = sqlx::query_scalar(question).fetch_one(&mut *self.connection().await?).await?;
        Ok(count.cast_unsigned())
    }

    /// How many bytes the store has.
    pub async fn bytes(&self) -> Result<u64, StoreError> {
        let mut conn = self.connection().await?;
        let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut *conn).await?;
        let size: i64 = sqlx::query_scalar("PRAGMA page_size").fetch_one(&mut *conn).await?;
        Ok(pages.saturating_mul(size).cast_unsigned())
    }
}
