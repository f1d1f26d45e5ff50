//! One statement as somebody, and what PostgreSQL answered: for the demo, for tests, for anybody who wants to see it.

use futures_util::TryStreamExt;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Column, Either, Row, ValueRef};

use super::EngineError;

/// What PostgreSQL answered, in its text form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Names of the columns, if there were rows.
    pub columns: Vec<String>,
    /// The rows; None is NULL.
    pub rows: Vec<Vec<Option<String>>>,
    /// How many rows were touched.
    pub affected: u64,
}

/// Runs statements by the simple protocol.
///
/// # Errors
/// What PostgreSQL said.
pub async fn probe(conn: &mut PgConnection, sql: &str) -> Result<Answer, EngineError> {
    let mut answer = Answer::default();
    let mut stream = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_many(conn);
    loop {
        match stream.try_next().await.map_err(|error| EngineError::from_query("the statement", error))? {
            None => return Ok(answer),
            Some(Either::Left(done)) => answer.affected += done.rows_affected(),
            Some(Either::Right(row)) => {
                answer.columns = row.columns().iter().map(|column| column.name().to_owned()).collect();
                let value = |place| {
                    let raw = row.try_get_raw(place).ok().filter(|raw| !raw.is_null())?;
                    raw.as_str().ok().map(str::to_owned)
                };
                answer.rows.push((0..row.len()).map(value).collect());
            }
        }
    }
}
