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
pub(super) use server::started;

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
    let mut state = server(target, &mut conn).await?;
    let started = target.answered(SERVER, started(&mut conn)).await?;
    for name in databases(&state, wanted) {
        let mut session = match open(target, &name, &started).await {
            Err(error) if is_gone(&error) => continue,
            opened => opened?,
        };
        let contents = database(target, &mut session, &mut state, wanted.columns.get(&name)).await?;
        close(session).await;
        state.contents.insert(name, contents);
    }
    close(conn).await;
    Ok(state)
}

/// What is asked of a server outside of its databases.
const SERVER: &str = "read the server";

/// What is server-wide.
pub(super) async fn server(target: &Target, conn: &mut PgConnection) -> Result<ServerState, EngineError> {
    let read = async {
        execute(conn, "begin to read the server", BEGIN).await?;
        let state = server::read(conn).await;
        let ended = execute(conn, "end reading the server", "COMMIT").await;
        let state = state?;
        ended?;
        Ok(state)
    };
    target.answered(SERVER, read).await
}

/// A session in a database of the server that started at an instant.
pub(super) async fn open(target: &Target, name: &str, started: &str) -> Result<PgConnection, EngineError> {
    let mut conn = target.open(Some(name)).await?;
    if target.answered(SERVER, server::started(&mut conn)).await? != started {
        return Err(EngineError::OtherServer { database: name.to_owned() });
    }
    Ok(conn)
}

/// The database was dropped after the list of databases was read.
pub(super) fn is_gone(error: &EngineError) -> bool {
    error.sqlstate() == Some("3D000")
}

/// What is inside the database that `conn` is in.
pub(super) async fn database(
    target: &Target,
    conn: &mut PgConnection,
    state: &mut ServerState,
    columns: Option<&Vec<Pattern>>,
) -> Result<Contents, EngineError> {
    let read = async {
        execute(conn, "begin to read the database", BEGIN).await?;
        let contents = contents::read(conn, state, columns.map_or(&[], Vec::as_slice)).await?;
        execute(conn, "end reading the database", "COMMIT").await?;
        Ok(contents)
    };
    target.answered("read a database", read).await
}

/// The databases to look into: those that are wanted, and those that mention a role of Rolecall's.
pub(super) fn databases(state: &ServerState, wanted: &Wanted) -> Vec<String> {
    let open = state.databases.iter().filter(|database| database.allows_connections);
    let chosen = open.filter(|database| database.mentions_owned || wanted.databases.contains(&database.name));
    chosen.map(|database| database.name.clone()).collect()
}

/// Says goodbye. All has been read by then, so that it does not matter whether the server hears it.
pub(super) async fn close(conn: PgConnection) {
    drop(sqlx::Connection::close(conn).await);
}
