//! Whether a server may have changed since it was looked at: a cheap question to be asked every few seconds.
//!
//! Equal fingerprints mean that no row of a catalog that Rolecall reads was written in between. Different ones mean only
//! that a look is worth it.

use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::PgConnection;

use super::{EngineError, Target};

/// Asks a server, and each of the databases; one that is not there or lets nobody in counts as such.
///
/// # Errors
/// The server cannot be reached or read.
pub async fn fingerprint(target: &Target, databases: &[String]) -> Result<String, EngineError> {
    // Milliseconds, however large the server is.
    let target = &target.clone().answering_within(LIMIT);
    let mut conn = target.open(None).await?;
    let mut parts = vec![ask(target, &mut conn, include_str!("server.sql")).await?];
    if conn.server_version_num().is_some_and(|version| version >= 150_000) {
        parts.push(ask(target, &mut conn, include_str!("parameters.sql")).await?);
    }
    conn.close().await.ok();
    for name in databases {
        let mut conn = match target.open(Some(name)).await {
            Err(error) if matches!(error.sqlstate(), Some("3D000" | "55000")) => {
                parts.push("-".to_owned());
                continue;
            }
            opened => opened?,
        };
        parts.push(ask(target, &mut conn, include_str!("database.sql")).await?);
        conn.close().await.ok();
    }
    Ok(parts.join("\n"))
}

/// How long one question may take.
const LIMIT: Duration = Duration::from_secs(10);

async fn ask(target: &Target, conn: &mut PgConnection, question: &'static str) -> Result<String, EngineError> {
    const WHAT: &str = "ask whether anything has changed";
    let answer = async {
        let answer = sqlx::query_scalar(question).persistent(false).fetch_one(conn).await;
        answer.map_err(|error| EngineError::from_query(WHAT, error))
    };
    let answer: Option<String> = target.answered(WHAT, answer).await?;
    Ok(answer.unwrap_or_default())
}
