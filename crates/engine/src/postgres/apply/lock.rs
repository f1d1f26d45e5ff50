//! One applier at a time per server: an advisory lock in a database that every Rolecall finds.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Row};

use crate::postgres::connect::Target;
use crate::postgres::error::EngineError;

/// Advisory locks are numbers; this one spells `rolecall`.
const KEY: i64 = i64::from_be_bytes(*b"rolecall");
/// Locks on the key ($1), in whatever database, that other sessions have.
const HELD: &str = "locktype = 'advisory' AND granted AND objsubid = 1 AND pid <> pg_backend_pid()
    AND classid::bigint = $1 >> 32 AND objid::bigint = $1 & 4294967295";
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

/// Refuses a standby: its locks are not those of the primary, and nothing on it can be changed.
pub async fn refuse_standby(conn: &mut PgConnection) -> Result<(), EngineError> {
    let standby = sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(conn).await;
    let standby: bool = standby.map_err(|error| EngineError::from_query("ask whether this is a standby", error))?;
    if standby { Err(EngineError::Standby) } else { Ok(()) }
}

/// Takes the lock for the session, once no session of an earlier run is left either: one whose process was killed may
/// still carry out what it was sent last.
pub async fn take(conn: &mut PgConnection) -> Result<(), EngineError> {
    let mut taken = false;
    for attempt in 1..=TRIES {
        let take = "SELECT pg_try_advisory_lock($1)";
        taken = taken || ask(conn, take).await?;
        let alone = format!("SELECT NOT EXISTS (SELECT FROM pg_locks WHERE {HELD})");
        if taken && ask(conn, &alone).await? {
            return Ok(());
        }
        if attempt < TRIES {
            tokio::time::sleep(PAUSE).await;
        }
    }
    Err(EngineError::LockHeld { holder: holder(conn).await })
}

/// What every other session of the run holds as long as it lives, in its own database.
pub async fn share(conn: &mut PgConnection) -> Result<(), EngineError> {
    let taken = sqlx::query("SELECT pg_advisory_lock_shared($1)").bind(KEY).execute(conn).await;
    taken.map(drop).map_err(|error| EngineError::from_query("share the lock", error))
}

/// A question about the key.
async fn ask(conn: &mut PgConnection, sql: &str) -> Result<bool, EngineError> {
    let answer = sqlx::query_scalar(AssertSqlSafe(sql)).bind(KEY).fetch_one(conn).await;
    answer.map_err(|error| EngineError::from_query("take the lock", error))
}

/// Who has it: `process 4711, rolecall, since 2026-01-31 12:00:00 UTC`.
async fn holder(conn: &mut PgConnection) -> Option<String> {
    let who = format!(
        "SELECT pid, coalesce(nullif(application_name, ''), 'an unnamed program'),
            to_char(backend_start, 'YYYY-MM-DD HH24:MI:SS') || ' UTC'
        FROM pg_locks LEFT JOIN pg_stat_activity USING (pid) WHERE {HELD} ORDER BY mode, pid LIMIT 1"
    );
    let row = sqlx::query(AssertSqlSafe(who)).bind(KEY).fetch_optional(conn).await.ok()??;
    let (pid, program): (i32, String) = (row.try_get(0).ok()?, row.try_get(1).ok()?);
    // Who has no right to see another's session sees its number only.
    let since: Option<String> = row.try_get(2).ok()?;
    Some(match since {
        Some(since) => format!("process {pid}, {program}, since {since}"),
        None => format!("process {pid}, {program}"),
    })
}
