//! Finds out who holds a lock that a transaction waits for, while it waits: afterwards nobody knows.

use std::convert::Infallible;
use std::sync::Mutex;
use std::time::Duration;

use sqlx::Row;
use sqlx::postgres::PgConnection;

use crate::postgres::connect::Target;

/// What is not done after a second may be waiting.
const PATIENCE: Duration = Duration::from_secs(1);

/// What was seen last of the sessions that block another one.
#[derive(Default)]
pub struct Seen(Mutex<Option<String>>);

impl Seen {
    /// The last sight.
    pub fn take(&self) -> Option<String> {
        self.0.lock().ok()?.take()
    }

    /// Watches the session `pid` until dropped. Best effort: it reports no trouble of its own.
    pub async fn watch(&self, target: &Target, pid: i32) -> Infallible {
        tokio::time::sleep(PATIENCE).await;
        if let Ok(mut conn) = target.open(None).await {
            loop {
                let Ok(found) = blockers(&mut conn, pid).await else { break };
                if let (Some(found), Ok(mut seen)) = (found, self.0.lock()) {
                    *seen = Some(found);
                }
                tokio::time::sleep(PATIENCE / 2).await;
            }
        }
        std::future::pending().await
    }
}

/// `process 4711 (psql, idle in transaction, its query is 00:03:12 old)`.
async fn blockers(conn: &mut PgConnection, pid: i32) -> Result<Option<String>, sqlx::Error> {
    let sql = "SELECT string_agg(format('process %s%s', other.pid, CASE WHEN state IS NOT NULL THEN format(
            ' (%s, %s, its query is %s old)', coalesce(nullif(application_name, ''), 'an unnamed program'), state,
            date_trunc('second', clock_timestamp() - query_start))
            WHEN usename IS NOT NULL THEN format(' (of %s; what it does is shown to members of pg_read_all_stats)', usename)
            END), '; ' ORDER BY query_start)
        FROM (SELECT DISTINCT unnest(pg_blocking_pids($1)) AS pid) AS other LEFT JOIN pg_stat_activity USING (pid)";
    sqlx::query(sql).bind(pid).fetch_one(conn).await?.try_get(0)
}
