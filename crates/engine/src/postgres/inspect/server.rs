//! What is server-wide: who asks, roles and memberships, databases, tablespaces, parameters.

use rolecall_core::state::{DatabaseState, Identity, Membership, RoleState, ServerState};
use sqlx::postgres::PgConnection;

use super::objects::{self, Shared};
use super::time::instant;
use crate::postgres::copy::{Row, copy};
use crate::postgres::error::EngineError;

/// The oldest version whose catalog these questions fit.
const OLDEST: u32 = 140_000;

/// Everything but the contents of the databases.
pub(super) async fn read(conn: &mut PgConnection) -> Result<ServerState, EngineError> {
    let mut state = ServerState::default();
    session(conn, &mut state).await?;
    roles(conn, &mut state).await?;
    settings(conn, &mut state).await?;
    if state.superuser {
        password_seals(conn, &mut state).await?;
    }
    memberships(conn, &mut state).await?;
    databases(conn, &mut state).await?;
    let mut found = Vec::new();
    objects::ask(conn, "read tablespaces", include_str!("sql/tablespaces.sql"), &mut state, &mut found).await?;
    if state.identity.version >= 150_000 {
        objects::ask(conn, "read parameters", include_str!("sql/parameters.sql"), &mut state, &mut found).await?;
    }
    objects::sort(&mut found);
    state.objects = found;
    Ok(state)
}

/// When the server started, to the microsecond: sessions that see different instants are on different servers.
pub(in crate::postgres) async fn started(conn: &mut PgConnection) -> Result<String, EngineError> {
    let mut started = String::new();
    copy(conn, "read when the server started", include_str!("sql/started.sql"), |row| {
        row.text(0)?.clone_into(&mut started);
        Ok(())
    })
    .await?;
    Ok(started)
}

async fn session(conn: &mut PgConnection, state: &mut ServerState) -> Result<(), EngineError> {
    let (what, mut identity, mut known) = ("read the server's identity", Identity::default(), false);
    copy(conn, what, include_str!("sql/session.sql"), |row| {
        state.me = state.names.intern(row.text(0)?);
        state.superuser = row.flag(1);
        identity.version = row.number(2)?;
        identity.version_text = row.text(3)?.to_owned();
        known = row.flag(4);
        identity.standby = row.flag(5);
        Ok(())
    })
    .await?;
    if identity.version < OLDEST {
        let Identity { version, version_text, .. } = identity;
        return Err(EngineError::UnsupportedVersion { version, version_text });
    }
    let sql = if known { include_str!("sql/identity.sql") } else { include_str!("sql/identity_denied.sql") };
    copy(conn, what, sql, |row| {
        identity.system_identifier = row.text(0)?.to_owned();
        Ok(())
    })
    .await?;
    state.identity = identity;
    Ok(())
}

async fn roles(conn: &mut PgConnection, state: &mut ServerState) -> Result<(), EngineError> {
    copy(conn, "read roles", include_str!("sql/roles.sql"), |row| {
        let id = state.names.intern(row.text(1)?);
        state.roles.insert(id, role(row)?);
        Ok(())
    })
    .await
}

fn role(row: &Row<'_>) -> Result<RoleState, EngineError> {
    Ok(RoleState {
        oid: row.number(0)?,
        superuser: row.flag(2),
        inherit: row.flag(3),
        create_role: row.flag(4),
        create_db: row.flag(5),
        login: row.flag(6),
        replication: row.flag(7),
        bypass_rls: row.flag(8),
        connection_limit: row.number(9)?,
        valid_until: row.get(10).map(instant),
        comment: row.get(11).map(str::to_owned),
        sessions: row.number(12)?,
        ..RoleState::default()
    })
}

async fn settings(conn: &mut PgConnection, state: &mut ServerState) -> Result<(), EngineError> {
    copy(conn, "read the settings of roles", include_str!("sql/settings.sql"), |row| {
        let (name, value) = row.text(2)?.split_once('=').ok_or_else(|| row.wrong("a setting without a value"))?;
        let id = state.names.intern(row.text(0)?);
        if let Some(role) = state.roles.get_mut(&id) {
            role.settings.insert((row.get(1).map(str::to_owned), name.to_owned()), value.to_owned());
        }
        Ok(())
    })
    .await
}

async fn password_seals(conn: &mut PgConnection, state: &mut ServerState) -> Result<(), EngineError> {
    copy(conn, "read which passwords are set", include_str!("sql/password_seals.sql"), |row| {
        let id = state.names.intern(row.text(0)?);
        if let Some(role) = state.roles.get_mut(&id) {
            role.password_seal = row.get(1).map(str::to_owned);
        }
        Ok(())
    })
    .await
}

async fn memberships(conn: &mut PgConnection, state: &mut ServerState) -> Result<(), EngineError> {
    let options = state.identity.version >= 160_000;
    let sql = if options { include_str!("sql/memberships.sql") } else { include_str!("sql/memberships_14.sql") };
    copy(conn, "read memberships", sql, |row| {
        let role = state.names.intern(row.text(0)?);
        let member = state.names.intern(row.text(1)?);
        let grantor = state.names.intern(row.text(2)?);
        let (admin, inherit, set) = (row.flag(3), row.flag(4), row.flag(5));
        state.memberships.push(Membership { role, member, grantor, admin, inherit, set });
        Ok(())
    })
    .await?;
    state.memberships.sort();
    Ok(())
}

async fn databases(conn: &mut PgConnection, state: &mut ServerState) -> Result<(), EngineError> {
    let mut found = Vec::new();
    copy(conn, "read databases", include_str!("sql/databases.sql"), |row| {
        let object = objects::object(row, state, &mut Shared::default())?;
        found.push(DatabaseState {
            name: object.name.as_ref().to_owned(),
            allows_connections: row.flag(15),
            template: row.flag(16),
            mentions_owned: row.flag(17),
            object,
        });
        Ok(())
    })
    .await?;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    state.databases = found;
    Ok(())
}
