//! Runs one transaction: few round trips, yet an error names its statement.

use std::time::Duration;

use futures_util::StreamExt;
use sqlx::postgres::{PgConnection, PgDatabaseError, PgErrorPosition};
use sqlx::{AssertSqlSafe, Either, Row};

use super::batch::Batch;
use super::blocker::Seen;
use crate::postgres::connect::{Target, execute};
use crate::postgres::error::EngineError;

/// Statements that go to the server together, in bytes.
const CHUNK: usize = 1 << 18;
/// How often a transaction runs again when somebody else changed the same thing at the same time.
const RETRIES: usize = 3;
/// A wait for a lock holds up everybody behind it; what a role's settings say about statements does not count.
const BEGIN: &str = "BEGIN; SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = 0";

/// A session and its number on the server.
pub struct Session {
    /// The session.
    pub conn: PgConnection,
    pid: i32,
}

/// A statement that failed.
struct Failure {
    statement: String,
    error: EngineError,
}

impl Session {
    /// Learns the session's number, and makes sure that what is told as done outlives a crash of the server.
    pub async fn new(mut conn: PgConnection) -> Result<Self, EngineError> {
        let what = "ask for the session's number";
        let row = sqlx::raw_sql("SELECT pg_backend_pid(), current_setting('synchronous_commit')").fetch_one(&mut conn);
        let (pid, commit) = row
            .await
            .and_then(|row| Ok((row.try_get(0)?, row.try_get::<String, _>(1)?)))
            .map_err(|error| EngineError::from_query(what, error))?;
        if commit == "off" {
            execute(&mut conn, "wait for each commit", "SET synchronous_commit = local").await?;
        }
        Ok(Self { conn, pid })
    }

    /// Runs the batch and returns how often it had to start over.
    pub async fn transaction(&mut self, batch: &Batch<'_>, target: &Target) -> Result<usize, EngineError> {
        let mut retries = 0;
        loop {
            let seen = Seen::default();
            let result = tokio::select! {
                result = attempt(&mut self.conn, &batch.statements) => result,
                never = seen.watch(target, self.pid) => match never {},
            };
            let Err(failure) = result else { return Ok(retries) };
            if failure.error.sqlstate().is_some() {
                execute(&mut self.conn, "roll back", "ROLLBACK").await?;
                if retries < RETRIES && is_race(&failure.error) {
                    retries += 1;
                    tokio::time::sleep(Duration::from_millis(50) * (1 << retries)).await;
                    continue;
                }
            }
            let blocker = if failure.error.sqlstate() == Some("55P03") { seen.take() } else { None };
            let (database, statement) = (batch.database.map(str::to_owned), failure.statement);
            return Err(EngineError::Statement { database, statement, blocker, cause: Box::new(failure.error) });
        }
    }
}

/// The same thing was changed by somebody else in the meantime: the second time it is theirs that stands already.
fn is_race(error: &EngineError) -> bool {
    match error {
        // XX000 is `tuple concurrently updated` or `deleted`, which has no code of its own. Its text is not asked: what else
        // fails so does so again, and nothing of it stands.
        EngineError::Query { sqlstate, .. } => matches!(sqlstate.as_str(), "40001" | "40P01" | "XX000"),
        _ => false,
    }
}

async fn attempt(conn: &mut PgConnection, statements: &[String]) -> Result<(), Failure> {
    send(conn, &[BEGIN]).await?;
    let (mut chunk, mut bytes) = (Vec::new(), 0);
    for statement in statements {
        if bytes + statement.len() > CHUNK && !chunk.is_empty() {
            send(conn, &chunk).await?;
            (chunk, bytes) = (Vec::new(), 0);
        }
        chunk.push(statement.as_str());
        bytes += statement.len();
    }
    chunk.push("COMMIT");
    send(conn, &chunk).await
}

/// Sends statements in one message; the server answers each in turn, so that counting tells which one failed.
async fn send(conn: &mut PgConnection, statements: &[&str]) -> Result<(), Failure> {
    let sql = statements.join(";\n");
    let mut done = 0;
    let mut answers = sqlx::raw_sql(AssertSqlSafe(sql.as_str())).fetch_many(conn);
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(Either::Left(_)) => done += 1,
            Ok(Either::Right(_)) => {}
            Err(error) => {
                let index = position(&error).map_or(done, |position| statement_at(statements, position));
                let statement = statements.get(index).or(statements.last()).copied().unwrap_or_default().to_owned();
                let error = EngineError::from_query(&shortened(&statement), error);
                return Err(Failure { statement, error });
            }
        }
    }
    Ok(())
}

/// The error's place in what was sent, in characters. A syntax error is found before any statement runs.
fn position(error: &sqlx::Error) -> Option<usize> {
    match error.as_database_error()?.try_downcast_ref::<PgDatabaseError>()?.position()? {
        PgErrorPosition::Original(position) => Some(position),
        PgErrorPosition::Internal { .. } => None,
    }
}

fn statement_at(statements: &[&str], position: usize) -> usize {
    let mut end = 0;
    let after = |statement: &&str| {
        end += statement.chars().count() + 2;
        end >= position
    };
    statements.iter().position(after).unwrap_or(statements.len())
}

/// Enough of a statement to know it by, on one line.
fn shortened(statement: &str) -> String {
    let line = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(160) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_statement_at_a_position() {
        let statements = ["ä", "bcd", "e"];
        assert_eq!(statements.join(";\n"), "ä;\nbcd;\ne");
        let found: Vec<_> = [1, 4, 6, 9].map(|position| statement_at(&statements, position)).into();
        assert_eq!(found, [0, 1, 1, 2]);
    }
}
