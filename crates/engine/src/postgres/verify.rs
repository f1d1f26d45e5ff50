//! PostgreSQL as the judge: what accounts really hold, by its own functions, and how many rows they really see.

use std::collections::{BTreeMap, HashMap};

use rolecall_core::plan::ObjectRef;
use rolecall_core::privilege::{COLUMN_PRIVILEGES, Kind, Privilege, PrivilegeSet};
use sqlx::postgres::PgConnection;
use sqlx::postgres::types::Oid;
use sqlx::{AssertSqlSafe, Connection};

use super::connect::execute;
use super::error::EngineError;
use super::quote::Ident;
use super::render::{RenderError, qualified};

/// Something that a privilege may be held on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What it is.
    pub kind: Kind,
    /// Its number in its catalog; 0 for a parameter.
    pub oid: u32,
    /// A parameter's name; of no account for anything else.
    pub name: String,
    /// A column of it, by number.
    pub column: Option<i16>,
}

/// The function that judges a kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Judge {
    ByOid(&'static str),
    Column,
    Parameter,
    LargeObject,
}

/// What `has_largeobject_privilege` says, before PostgreSQL 18 has it.
const LARGE_OBJECT: &str = "EXISTS (SELECT FROM pg_roles WHERE pg_roles.oid = account AND rolsuper)
    OR EXISTS (SELECT FROM pg_largeobject_metadata AS large, aclexplode(coalesce(lomacl, acldefault('L', lomowner)))
        WHERE large.oid = asked.oid AND privilege_type = $5
            AND (grantee = 0 OR pg_has_role(account, grantee, 'USAGE')))";

/// What each account (by its number) holds on each of `asked` (by its index), and by whatever way: a grant, a role that
/// it is a member of, PUBLIC, ownership, SUPERUSER. Pairs that hold nothing are left out, and so is what is not there
/// any more. Parameters are judged from PostgreSQL 15 on.
///
/// # Errors
/// What the server says.
pub async fn held(
    conn: &mut PgConnection,
    accounts: &[u32],
    asked: &[Asked],
    version: u32,
) -> Result<HashMap<(u32, usize), PrivilegeSet>, EngineError> {
    let mut questions: BTreeMap<(Judge, Privilege), Vec<usize>> = BTreeMap::new();
    for (index, one) in asked.iter().enumerate() {
        let Some(judge) = judge(one, version) else { continue };
        let privileges = one.kind.privileges(version);
        let privileges = if one.column.is_some() { privileges.intersection(COLUMN_PRIVILEGES) } else { privileges };
        for privilege in privileges.iter() {
            questions.entry((judge, privilege)).or_default().push(index);
        }
    }
    let accounts: Vec<Oid> = accounts.iter().map(|oid| Oid(*oid)).collect();
    let mut held: HashMap<(u32, usize), PrivilegeSet> = HashMap::new();
    for ((judge, privilege), indexes) in questions {
        for (account, position) in ask(conn, &accounts, asked, &indexes, judge, privilege).await? {
            let index = usize::try_from(position - 1).ok().and_then(|position| indexes.get(position));
            let Some(index) = index else { continue };
            let set = held.entry((account.0, *index)).or_default();
            *set = set.union(privilege.into());
        }
    }
    Ok(held)
}

/// One privilege on things of one judge: the pairs (account, place in `indexes` from 1 on) that hold it.
async fn ask(
    conn: &mut PgConnection,
    accounts: &[Oid],
    asked: &[Asked],
    indexes: &[usize],
    judge: Judge,
    privilege: Privilege,
) -> Result<Vec<(Oid, i64)>, EngineError> {
    let of = indexes.iter().filter_map(|index| asked.get(*index));
    let function = match judge {
        Judge::ByOid(function) => format!("{function}(account, oid, $5)"),
        // On a column that was dropped, or whose table was, the answer is NULL.
        Judge::Column => "has_column_privilege(account, oid, attnum, $5)".to_owned(),
        Judge::LargeObject => LARGE_OBJECT.to_owned(),
        Judge::Parameter => "has_parameter_privilege(account, name, $5)".to_owned(),
    };
    let sql = format!(
        "SELECT account, place FROM unnest($1::oid[]) AS account, unnest($2::oid[], $3::text[], $4::int2[])
            WITH ORDINALITY AS asked (oid, name, attnum, place) WHERE {function}"
    );
    sqlx::query_as(AssertSqlSafe(sql))
        .bind(accounts)
        .bind(of.clone().map(|one| Oid(one.oid)).collect::<Vec<_>>())
        .bind(of.clone().map(|one| one.name.clone()).collect::<Vec<_>>())
        .bind(of.map(|one| one.column.unwrap_or_default()).collect::<Vec<_>>())
        .bind(privilege.sql())
        .fetch_all(conn)
        .await
        .map_err(|error| EngineError::from_query(&format!("ask who holds {}", privilege.sql()), error))
}

const fn judge(asked: &Asked, version: u32) -> Option<Judge> {
    Some(match asked.kind {
        Kind::Table | Kind::PartitionedTable | Kind::View | Kind::MaterializedView | Kind::ForeignTable => {
            if asked.column.is_some() { Judge::Column } else { Judge::ByOid("has_table_privilege") }
        }
        Kind::Sequence => Judge::ByOid("has_sequence_privilege"),
        Kind::Function | Kind::Procedure => Judge::ByOid("has_function_privilege"),
        Kind::Type | Kind::Domain => Judge::ByOid("has_type_privilege"),
        Kind::Schema => Judge::ByOid("has_schema_privilege"),
        Kind::Database => Judge::ByOid("has_database_privilege"),
        Kind::Language => Judge::ByOid("has_language_privilege"),
        Kind::ForeignDataWrapper => Judge::ByOid("has_foreign_data_wrapper_privilege"),
        Kind::ForeignServer => Judge::ByOid("has_server_privilege"),
        Kind::Tablespace => Judge::ByOid("has_tablespace_privilege"),
        Kind::Parameter if version >= 150_000 => Judge::Parameter,
        Kind::LargeObject if version >= 180_000 => Judge::ByOid("has_largeobject_privilege"),
        Kind::LargeObject => Judge::LargeObject,
        Kind::Parameter => return None,
    })
}

/// Every role that each account holds, directly or through others, by its number and the role's name.
///
/// # Errors
/// What the server says.
pub async fn memberships(conn: &mut PgConnection, accounts: &[u32]) -> Result<Vec<(u32, String)>, EngineError> {
    let sql = "SELECT account, role.rolname::text FROM unnest($1::oid[]) AS account, pg_roles AS role
        WHERE role.oid <> account AND pg_has_role(account, role.oid, 'MEMBER')";
    let rows: Vec<(Oid, String)> = sqlx::query_as(sql)
        .bind(accounts.iter().map(|oid| Oid(*oid)).collect::<Vec<_>>())
        .fetch_all(conn)
        .await
        .map_err(|error| EngineError::from_query("ask who holds which role", error))?;
    Ok(rows.into_iter().map(|(account, role)| (account.0, role)).collect())
}

/// Attributes beside LOGIN that accounts have: by its number and the attribute's SQL word.
///
/// # Errors
/// What the server says.
pub async fn attributes(conn: &mut PgConnection, accounts: &[u32]) -> Result<Vec<(u32, String)>, EngineError> {
    let sql = "SELECT oid, word FROM pg_roles, LATERAL (VALUES (rolsuper, 'SUPERUSER'), (rolcreaterole, 'CREATEROLE'),
            (rolcreatedb, 'CREATEDB'), (rolreplication, 'REPLICATION'), (rolbypassrls, 'BYPASSRLS')) AS has (attribute, word)
        WHERE attribute AND oid = ANY ($1)";
    let rows: Vec<(Oid, String)> = sqlx::query_as(sql)
        .bind(accounts.iter().map(|oid| Oid(*oid)).collect::<Vec<_>>())
        .fetch_all(conn)
        .await
        .map_err(|error| EngineError::from_query("ask who has which attribute", error))?;
    Ok(rows.into_iter().map(|(account, word)| (account.0, word)).collect())
}

/// Keeps a table's row policies as they are until [`release`], and says what they reach beyond PostgreSQL's own and
/// Rolecall's. Where that is anything, rows must not be counted in a superuser's session: a function's owner could make
/// it do whatever a superuser may.
///
/// # Errors
/// What the server says.
pub async fn hold(conn: &mut PgConnection, table: &ObjectRef, oid: u32) -> Result<Vec<String>, EngineError> {
    let what = "look at what a table's row policies reach";
    let name = qualified(table).map_err(|cause| EngineError::Render { what: what.to_owned(), cause })?;
    execute(conn, what, &format!("BEGIN READ ONLY; LOCK TABLE ONLY {name} IN ACCESS SHARE MODE")).await?;
    sqlx::query_scalar(include_str!("inspect/sql/row_policy_code.sql"))
        .bind(Oid(oid))
        .fetch_all(conn)
        .await
        .map_err(|error| EngineError::from_query(what, error))
}

/// Ends [`hold`].
///
/// # Errors
/// What the server says.
pub async fn release(conn: &mut PgConnection) -> Result<(), EngineError> {
    execute(conn, "let go of a table", "ROLLBACK").await
}

/// How many rows of a table an account sees; the inner error is what PostgreSQL tells the account instead.
///
/// Needs a superuser. The table's row policies run in this session, and what runs in it can take the superuser's rights
/// back: only while [`hold`] has found nothing.
///
/// # Errors
/// The session cannot take the account's place, or was lost.
pub async fn visible_rows(
    conn: &mut PgConnection,
    account: &str,
    table: &ObjectRef,
) -> Result<Result<u64, String>, EngineError> {
    let what = format!("count the rows that {account:?} sees");
    let written = |cause| EngineError::Render { what: what.clone(), cause };
    let name = qualified(table).map_err(written)?;
    let account = Ident::role(account).map_err(|error| written(RenderError::from(error)))?;
    let mut transaction = conn.begin().await.map_err(|error| EngineError::from_query(&what, error))?;
    // LOCAL: however this ends, the end of the transaction brings the old rights back.
    let become_account = format!("SET TRANSACTION READ ONLY; SET LOCAL SESSION AUTHORIZATION {account}");
    execute(&mut transaction, &what, &become_account).await?;
    let count = count(&mut transaction, &what, &format!("SELECT count(*) FROM {name}")).await;
    transaction.rollback().await.map_err(|error| EngineError::from_query(&what, error))?;
    match count {
        Ok(count) => Ok(Ok(count)),
        Err(EngineError::Query { message, .. }) => Ok(Err(message)),
        Err(error) => Err(error),
    }
}

/// How many rows of a table meet a condition (all where there is none), as the role that Rolecall is connected as: only
/// while [`hold`] has found nothing.
///
/// # Errors
/// What the server says, also where row security would hide rows from this role.
pub async fn expected_rows(
    conn: &mut PgConnection,
    table: &ObjectRef,
    condition: Option<&str>,
) -> Result<u64, EngineError> {
    let what = "count the rows that should be seen";
    let name = qualified(table).map_err(|cause| EngineError::Render { what: what.to_owned(), cause })?;
    let mut transaction = conn.begin().await.map_err(|error| EngineError::from_query(what, error))?;
    execute(&mut transaction, what, "SET TRANSACTION READ ONLY; SET LOCAL row_security = off").await?;
    let sql = match condition {
        Some(condition) => format!("SELECT count(*) FROM {name} WHERE (\n{condition}\n)"),
        None => format!("SELECT count(*) FROM {name}"),
    };
    let count = count(&mut transaction, what, &sql).await;
    transaction.rollback().await.map_err(|error| EngineError::from_query(what, error))?;
    count
}

async fn count(conn: &mut PgConnection, what: &str, sql: &str) -> Result<u64, EngineError> {
    // By the simple protocol: a prepared statement would outlive the rights that it was planned with.
    use sqlx::{Executor, Row};
    let row = conn.fetch_one(sqlx::raw_sql(AssertSqlSafe(sql))).await;
    let count: i64 = row.and_then(|row| row.try_get(0)).map_err(|error| EngineError::from_query(what, error))?;
    u64::try_from(count).map_err(|_| EngineError::unexpected(what, count))
}
