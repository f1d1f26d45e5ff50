//! Lists of Requests and Leases by page, the newest first.

use jiff::Timestamp;
use rolecall_core::request::{Request, RequestId};
use sqlx::{QueryBuilder, Row, Sqlite};

use super::access::{Kept, parse};
use super::rows::number;
use super::{Reader, StoreError};

/// Whose Requests and Leases somebody sees.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Those of these principals: who would get or has the access, or who asked for it.
    pub principals: Vec<String>,
    /// Those for these Roles, by environment and Role.
    pub roles: Vec<(String, String)>,
}

/// Which Requests or Leases to list.
#[derive(Debug, Clone, Default)]
pub struct ListFilter {
    /// What the asker sees; None: all.
    pub seen: Option<Seen>,
    /// In one of these states, by their words; empty: in any.
    pub states: Vec<String>,
    /// Whose access it is.
    pub principal: Option<String>,
    /// Who asked for it. Of Leases: nobody's.
    pub requester: Option<String>,
    /// In this environment.
    pub environment: Option<String>,
    /// For this Role.
    pub role: Option<String>,
    /// Break-glass that nobody has reviewed yet.
    pub unreviewed: bool,
    /// With a number below this one.
    pub below: Option<RequestId>,
    /// At most so many.
    pub limit: u32,
}

impl Reader {
    /// The Requests that fit.
    pub async fn requests(&self, filter: &ListFilter) -> Result<Vec<Request>, StoreError> {
        let mut query = QueryBuilder::new("SELECT document FROM request WHERE true");
        narrow(&mut query, filter, true)?;
        let rows = query.build().fetch_all(&mut *self.connection().await?).await?;
        rows.iter().map(|row| parse(row.try_get("document")?)).collect()
    }

    /// The Leases that fit, closed ones too.
    pub async fn all_leases(&self, filter: &ListFilter) -> Result<Vec<Kept>, StoreError> {
        let mut query = QueryBuilder::new("SELECT state, document FROM lease WHERE true");
        narrow(&mut query, filter, false)?;
        let rows = query.build().fetch_all(&mut *self.connection().await?).await?;
        rows.iter().map(Kept::read).collect()
    }

    /// One Lease, closed or not.
    pub async fn lease(&self, id: RequestId) -> Result<Option<Kept>, StoreError> {
        let row = sqlx::query("SELECT state, document FROM lease WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *self.connection().await?)
            .await?;
        row.as_ref().map(Kept::read).transpose()
    }

    /// Leases that run and end by themselves before a time, the first to end first.
    pub async fn ending(&self, before: Timestamp, limit: u32) -> Result<Vec<Kept>, StoreError> {
        let rows = sqlx::query(
            "SELECT state, document FROM lease WHERE state IN ('opening', 'open') AND ends_at < ? ORDER BY ends_at LIMIT ?",
        )
        .bind(before.as_millisecond())
        .bind(i64::from(limit))
        .fetch_all(&mut *self.connection().await?)
        .await?;
        rows.iter().map(Kept::read).collect()
    }
}

fn narrow(query: &mut QueryBuilder<Sqlite>, filter: &ListFilter, requests: bool) -> Result<(), StoreError> {
    for (column, value) in
        [("principal", &filter.principal), ("environment", &filter.environment), ("role", &filter.role)]
    {
        if let Some(value) = value {
            query.push(" AND ").push(column).push(" = ").push_bind(value.clone());
        }
    }
    if let Some(requester) = &filter.requester {
        query.push(if requests { " AND requester = " } else { " AND principal = " }).push_bind(requester.clone());
    }
    if !filter.states.is_empty() {
        query.push(" AND state IN ");
        tuple(query, &filter.states);
    }
    if let Some(seen) = &filter.seen {
        query.push(" AND (principal IN ");
        tuple(query, &seen.principals);
        if requests {
            query.push(" OR requester IN ");
            tuple(query, &seen.principals);
        }
        for (environment, role) in &seen.roles {
            query.push(" OR (environment = ").push_bind(environment.clone());
            query.push(" AND role = ").push_bind(role.clone()).push(")");
        }
        query.push(")");
    }
    if filter.unreviewed && requests {
        query.push(" AND document ->> '$.review' IS NOT NULL AND document ->> '$.review.done' IS NULL");
    }
    if let Some(below) = filter.below {
        query.push(" AND CAST(id AS INTEGER) < ").push_bind(number(below.0)?);
    }
    query.push(" ORDER BY CAST(id AS INTEGER) DESC LIMIT ").push_bind(i64::from(filter.limit));
    Ok(())
}

fn tuple(query: &mut QueryBuilder<Sqlite>, values: &[String]) {
    query.push("(");
    let mut list = query.separated(", ");
    for value in values {
        list.push_bind(value.clone());
    }
    query.push(")");
}

impl Kept {
    pub(super) fn read(row: &sqlx::sqlite::SqliteRow) -> Result<Self, StoreError> {
        let (state, document): (String, String) = (row.try_get("state")?, row.try_get("document")?);
        Self::parse(&state, &document)
    }
}
