//! PostgreSQL as the judge: what every account can do, asked of the server itself.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_core::secret::Secret;
use rolecall_engine::postgres::Target;
use rolecall_throwaway::Server;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor, Row};

use super::model::Access;

/// All accounts, and what no account may have by any role of the policy.
const ACCOUNTS: &str = include_str!("accounts.sql");
/// Everything that was given to an account: what changes here must have its entry in the ledger.
const FACTS: &str = include_str!("facts.sql");
const ROWS: &str = "SELECT DISTINCT customer FROM shop.tickets ORDER BY 1";

/// Who asks the server.
pub struct Judge {
    conn: Option<PgConnection>,
    /// Sessions that were opened while their account had access.
    sessions: BTreeMap<String, PgConnection>,
}

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    pub access: BTreeMap<String, Access>,
    pub facts: BTreeSet<String>,
}

async fn connect(server: &Server, user: &str) -> Result<PgConnection, String> {
    let target = Target::parse(&Secret::new(server.url("app", user))).map_err(|error| error.to_string())?;
    target.open(None).await.map_err(|error| error.to_string())
}

async fn rows(conn: &mut PgConnection) -> Result<BTreeSet<i64>, sqlx::Error> {
    Ok(sqlx::query_scalar(ROWS).fetch_all(conn).await?.into_iter().collect())
}

impl Judge {
    pub fn new() -> Self {
        Self { conn: None, sessions: BTreeMap::new() }
    }

    /// After the server was away.
    pub fn forget(&mut self) {
        self.conn = None;
        self.sessions.clear();
    }

    /// Looks at everything. `wrong` gets what needs no model to be wrong.
    pub async fn look(&mut self, server: &Server, wrong: &mut Vec<String>) -> Found {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => connect(server, "postgres").await.unwrap(),
        };
        let mut found = Found::default();
        let facts: Vec<String> = sqlx::query_scalar(FACTS).fetch_all(&mut conn).await.unwrap();
        found.facts = facts.into_iter().collect();
        for row in conn.fetch_all(ACCOUNTS).await.unwrap() {
            let who: String = row.get("account");
            let mut access = Access {
                login: row.get("login"),
                roles: row.get::<Vec<String>, _>("roles").into_iter().collect(),
                rights: row.get::<Vec<String>, _>("rights").into_iter().collect(),
                rows: BTreeSet::new(),
            };
            access.rows = self.rows(server, &mut conn, &who, access.login, wrong).await;
            found.access.insert(who, access);
        }
        self.conn = Some(conn);
        found
    }

    /// The rows that an account really sees: by a new session of its own, where it can log in, else as whoever had one.
    async fn rows(
        &mut self,
        server: &Server,
        conn: &mut PgConnection,
        who: &str,
        login: bool,
        wrong: &mut Vec<String>,
    ) -> BTreeSet<i64> {
        match connect(server, who).await {
            Ok(mut own) => {
                let seen = rows(&mut own).await.unwrap_or_default();
                if !login {
                    wrong.push(format!("{who} logs in without LOGIN"));
                }
                self.lingering(who, own, &seen, wrong).await;
                seen
            }
            Err(error) => {
                if login {
                    wrong.push(format!("{who} has LOGIN and cannot log in: {error}"));
                }
                conn.execute(AssertSqlSafe(format!("SET SESSION AUTHORIZATION \"{who}\""))).await.unwrap();
                let seen = rows(&mut *conn).await.unwrap_or_default();
                conn.execute("RESET SESSION AUTHORIZATION").await.unwrap();
                self.lingering(who, None, &seen, wrong).await;
                seen
            }
        }
    }

    /// A session from before sees no more than a new one; then the new one is kept in its place.
    async fn lingering(
        &mut self,
        who: &str,
        own: impl Into<Option<PgConnection>>,
        seen: &BTreeSet<i64>,
        wrong: &mut Vec<String>,
    ) {
        if let Some(mut old) = self.sessions.remove(who) {
            if let Ok(more) = rows(&mut old).await
                && !more.is_subset(seen)
            {
                wrong.push(format!("an open session of {who} sees {more:?}, a new one {seen:?}"));
            }
            // Kept as long as it lives: it may have been opened under quite another policy.
            if old.ping().await.is_ok() {
                self.sessions.insert(who.to_owned(), old);
                return;
            }
        }
        if let Some(own) = own.into() {
            self.sessions.insert(who.to_owned(), own);
        }
    }
}
