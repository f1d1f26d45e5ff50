//! One applier at a time per server: an advisory lock in a database that every Rolecall finds.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{Connection, Row};

use crate::postgres::connect::Target;
use crate::postgres::error::EngineError;

/// Advisory locks are numbers; this one spells `rolecall`.
const KEY: i64 = i64::from_be_bytes(*b"rolecall");
/// Some five seconds in all.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(250);

/// Opens a session where the lock lives. Advisory locks are per database, so all must agree on one: `postgres`, and
/// where that is not there or closed, the oldest that is open.
pub async fn open(target: &Target) -> Result<(String, PgConnection), EngineError> {
    const USUAL: &str = "postgres";
    match target.open(Some(USUAL)).await {
        Ok(conn) => return Ok((USUAL.to_owned(), conn)),
        // Not there, closed to us, or shut out by pg_hba.conf.
        Err(error) if matches!(error.sqlstate(), Some("3D000" | "42501" | "28000" | "55000")) => {}
        Err(error) => return Err(error),
    }
    let what = "find a database for the lock";
    let mut conn = target.open(None).await?;
    let oldest = "SELECT datname::text FROM pg_database
        WHERE datallowconn AND NOT datistemplate AND datname <> 'postgres' AND has_database_privilege(oid, 'CONNECT')
        ORDER BY oid LIMIT 1";
    let name: Option<String> = sqlx::query_scalar(oldest)
        .fetch_optional(&mut conn)
        .await
        .map_err(|error| EngineError::from_query(what, error))?;
    match name {
        Some(name) if name != target.database() => {
            // A failed farewell harms nobody.
            conn.close().await.ok();
            let conn = target.open(Some(&name)).await?;
            Ok((name, conn))
        }
        _ => Ok((target.database(), conn)),
    }
}

/// Takes the lock for the session.
pub async fn take(conn: &mut PgConnection) -> Result<(), EngineError> {
    for attempt in 1..=TRIES {
        let taken: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(KEY)
            .fetch_one(&mut *conn)
            .await
            .map_err(|error| EngineError::from_query("take the lock", error))?;
        if taken {
            return Ok(());
        }
        if attempt < TRIES {
            tokio::time::sleep(PAUSE).await;
        }
    }
    Err(EngineError::LockHeld { holder: holder(conn).await })
}

/// Who has it: `process 4711, rolecall, since 2026-01-31 12:00:00 UTC`.
async fn holder(conn: &mut PgConnection) -> Option<String> {
    let who = "SELECT pid, coalesce(nullif(application_name, ''), 'an unnamed program'),
            to_char(backend_start, 'YYYY-MM-DD HH24:MI:SS') || ' UTC'
        FROM pg_locks LEFT JOIN pg_stat_activity USING (pid)
        WHERE locktype = 'advisory' AND granted AND objsubid = 1
        AND classid::bigint = $1 >> 32 AND objid::bigint = $1 & 4294967295
        AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database()) LIMIT 1";
    let row = sqlx::query(who).bind(KEY).fetch_optional(conn).await.ok()??;
    let (pid, program): (i32, String) = (row.try_get(0).ok()?, row.try_get(1).ok()?);
    // Who has no right to see another's session sees its number only.
    let since: Option<String> = row.try_get(2).ok()?;
    Some(match since {
        Some(since) => format!("process {pid}, {program}, since {since}"),
        None => format!("process {pid}, {program}"),
    })
}
