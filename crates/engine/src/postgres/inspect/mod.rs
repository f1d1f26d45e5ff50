//! Reads a server's roles and rights into a `ServerState`: one file of SQL per question, raw ACLs, one snapshot per database.

mod contents;
mod helper;
mod objects;
mod server;
mod time;

use std::collections::BTreeMap;

use rolecall_core::policy::pattern::Pattern;
use rolecall_core::state::{Contents, ServerState};
use sqlx::postgres::PgConnection;

use super::connect::{Target, execute};
use super::error::EngineError;

/// Everything is read from one snapshot, so that no object is seen without its owner or its schema. A row policy on what
/// should be Rolecall's own tables is an error, rather than code that runs with Rolecall's rights.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL row_security = off";

/// What to look into.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Databases by their names on the server; those that do not exist are skipped.
    pub databases: Vec<String>,
    /// Tables whose columns are needed, by database.
    pub columns: BTreeMap<String, Vec<Pattern>>,
}

/// Reads a server, by sessions of its own.
///
/// # Errors
/// The server or one of the databases cannot be reached or read, or is older than PostgreSQL 14.
pub async fn inspect(target: &Target, wanted: &Wanted) -> Result<ServerState, EngineError> {
    let mut conn = target.open(None).await?;
    let state = inspect_with(&mut conn, target, wanted).await?;
    close(conn).await;
    Ok(state)
}

/// Reads a server: what is server-wide by `conn`, which is in no transaction, and each database by a session of its own.
///
/// # Errors
/// As [`inspect`]. `conn` is then of no further use.
pub async fn inspect_with(
    conn: &mut PgConnection,
    target: &Target,
    wanted: &Wanted,
) -> Result<ServerState, EngineError> {
    execute(conn, "begin to read the server", BEGIN).await?;
    let state = server::read(conn).await;
    let ended = execute(conn, "end reading the server", "COMMIT").await;
    let mut state = state?;
    ended?;
    let started = server::started(conn).await?;
    for name in databases(&state, wanted) {
        let mut conn = match target.open(Some(&name)).await {
            // It was dropped after the list of databases was read.
            Err(error) if error.sqlstate() == Some("3D000") => continue,
            opened => opened?,
        };
        if server::started(&mut conn).await? != started {
            return Err(EngineError::OtherServer { database: name });
        }
        let contents = database(&mut conn, &mut state, wanted.columns.get(&name)).await?;
        close(conn).await;
        state.contents.insert(name, contents);
    }
    Ok(state)
}

/// What is inside the database that `conn` is in.
async fn database(
    conn: &mut PgConnection,
    state: &mut ServerState,
    columns: Option<&Vec<Pattern>>,
) -> Result<Contents, EngineError> {
    execute(conn, "begin to read the database", BEGIN).await?;
    let contents = contents::read(conn, state, columns.map_or(&[], Vec::as_slice)).await?;
    execute(conn, "end reading the database", "COMMIT").await?;
    Ok(contents)
}

/// The databases to look into: those that are wanted, and those that mention a role of Rolecall's.
fn databases(state: &ServerState, wanted: &Wanted) -> Vec<String> {
    let open = state.databases.iter().filter(|database| database.allows_connections);
    let chosen = open.filter(|database| database.mentions_owned || wanted.databases.contains(&database.name));
    chosen.map(|database| database.name.clone()).collect()
}

/// Says goodbye. All has been read by then, so that it does not matter whether the server hears it.
async fn close(conn: PgConnection) {
    drop(sqlx::Connection::close(conn).await);
}
