//! Lists of Requests.

use rolecall_core::request::Request;
use sqlx::Row;

use super::access::parse;
use super::rows::number;
use super::{Reader, StoreError};

impl Reader {
    /// Requests that wait for a decision, and those whose break-glass waits for a review; the newest first.
    pub async fn open_requests(&self) -> Result<Vec<Request>, StoreError> {
        let rows = sqlx::query(
            "SELECT document FROM request WHERE state = 'pending' UNION ALL \
             SELECT document FROM request WHERE state = 'granted' AND json_extract(document, '$.break_glass') \
             AND json_extract(document, '$.review.done') IS NULL",
        )
        .fetch_all(&mut *self.connection().await?)
        .await?;
        let mut list: Vec<Request> =
            rows.iter().map(|row| parse(row.try_get("document")?)).collect::<Result<_, _>>()?;
        list.sort_by_key(|request| std::cmp::Reverse(request.id));
        Ok(list)
    }

    /// At most so many Requests in any state, the newest first, with a number below this one.
    pub async fn requests_below(&self, below: Option<u64>, limit: usize) -> Result<Vec<Request>, StoreError> {
        let (below, limit) = (number(below.unwrap_or(u64::MAX >> 1))?, number(limit as u64)?);
        let rows = sqlx::query(
            "SELECT document FROM request WHERE CAST(id AS INTEGER) < ? ORDER BY CAST(id AS INTEGER) DESC LIMIT ?",
        )
        .bind(below)
        .bind(limit)
        .fetch_all(&mut *self.connection().await?)
        .await?;
        rows.iter().map(|row| parse(row.try_get("document")?)).collect()
    }
}
