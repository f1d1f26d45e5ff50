//! API tokens and browser sessions in the store: SHA-256 of each secret, never the secret.

use jiff::Timestamp;
use rolecall_core::admit::{Scope, Scopes};
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, SqliteConnection};

use super::rows::number;
use super::{Reader, StoreError, Tx};

/// What a secret is presented as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// In a header, by a program.
    Token,
    /// In a cookie, by a browser.
    Session,
}

impl Use {
    const fn word(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Session => "session",
        }
    }
}

/// A token or session without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its public id: `t` or `s` and the number of the entry that tells of its making.
    pub id: String,
    /// What it is presented as.
    pub kind: Use,
    /// Whose it is: the id of a person or service. None: the operator's.
    pub of: Option<String>,
    /// What it is for.
    pub scopes: Scopes,
    /// What its maker noted.
    pub note: String,
    /// When it was made.
    pub made: Timestamp,
    /// When it ends by itself.
    pub ends: Timestamp,
    /// When it was ended early.
    pub revoked: Option<Timestamp>,
    /// Of a session: the token that it was begun with.
    pub parent: Option<String>,
}

/// Which tokens to list.
#[derive(Debug, Clone, Default)]
pub struct TokenFilter {
    /// Of these principals; None: everybody's and the operator's.
    pub of: Option<Vec<String>>,
    /// With a number below this one.
    pub below: Option<u64>,
    /// At most so many.
    pub limit: u32,
}

const COLUMNS: &str = "id, use, principal, scopes, note, made_at, ends_at, revoked_at, parent";

impl Tx {
    /// A new token, whose secret has this hash.
    pub(crate) async fn put_token(&mut self, token: &Token, hash: &[u8; 32]) -> Result<(), StoreError> {
        let event = number(self.event().0)?;
        self.defer().await?;
        sqlx::query(
            "INSERT INTO token (id, hash, use, principal, scopes, note, made_at, ends_at, parent, event) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&token.id)
        .bind(hash.as_slice())
        .bind(token.kind.word())
        .bind(&token.of)
        .bind(token.scopes.words().join(" "))
        .bind(&token.note)
        .bind(token.made.as_millisecond())
        .bind(token.ends.as_millisecond())
        .bind(&token.parent)
        .bind(event)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// One of them.
    pub(crate) async fn token(&mut self, id: &str) -> Result<Option<Token>, StoreError> {
        one(self.connection(), "id", id).await
    }

    /// Ends one early.
    pub(crate) async fn revoke_token(&mut self, id: &str, at: Timestamp) -> Result<(), StoreError> {
        let event = number(self.event().0)?;
        self.defer().await?;
        sqlx::query("UPDATE token SET revoked_at = ?, event = ? WHERE id = ? AND revoked_at IS NULL")
            .bind(at.as_millisecond())
            .bind(event)
            .bind(id)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// True when the operator has had a token.
    pub(crate) async fn operator_has_had_a_token(&mut self) -> Result<bool, StoreError> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM token WHERE use = 'token' AND principal IS NULL")
            .fetch_one(self.connection())
            .await?;
        Ok(count > 0)
    }

    /// Sessions that were begun after a time and not ended since.
    pub(crate) async fn sessions_after(&mut self, time: Timestamp) -> Result<Vec<Token>, StoreError> {
        sessions_after(self.connection(), time).await
    }

    /// Tokens and sessions that had ended when it was `from`, and would live again when it is `to`; and sessions that were
    /// begun after that.
    pub(crate) async fn tokens_over(&mut self, from: Timestamp, to: Timestamp) -> Result<Vec<Token>, StoreError> {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(COLUMNS).push(" FROM token WHERE revoked_at IS NULL AND ((ends_at > ");
        query.push_bind(to.as_millisecond()).push(" AND ends_at <= ").push_bind(from.as_millisecond());
        query
            .push(") OR (use = 'session' AND made_at > ")
            .push_bind(to.as_millisecond())
            .push(")) ORDER BY made_at, id");
        query.build().fetch_all(self.connection()).await?.iter().map(read).collect()
    }

    /// Moves tokens that were made after `to` back by as much as from `from` to there: they live no longer than agreed.
    pub(crate) async fn shorten_tokens(&mut self, from: Timestamp, to: Timestamp) -> Result<(), StoreError> {
        let ahead = from.as_millisecond() - to.as_millisecond();
        sqlx::query(
            "UPDATE token SET made_at = made_at - ?1, ends_at = ends_at - ?1 \
             WHERE use = 'token' AND revoked_at IS NULL AND made_at > ?2",
        )
        .bind(ahead)
        .bind(to.as_millisecond())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Forgets sessions that ended before a time; the ledger still tells of them.
    pub(crate) async fn forget_sessions(&mut self, before: Timestamp) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM token WHERE use = 'session' AND ends_at < ?")
            .bind(before.as_millisecond())
            .execute(self.connection())
            .await?;
        Ok(())
    }
}

impl Reader {
    /// The token or session whose secret has this hash.
    pub async fn token_of_hash(&self, hash: &[u8; 32]) -> Result<Option<Token>, StoreError> {
        one(&mut *self.connection().await?, "hash", hash.as_slice()).await
    }

    /// Sessions that were begun after a time and not ended since.
    pub(crate) async fn sessions_after(&self, time: Timestamp) -> Result<Vec<Token>, StoreError> {
        sessions_after(&mut *self.connection().await?, time).await
    }

    /// The token with this public id.
    pub async fn token(&self, id: &str) -> Result<Option<Token>, StoreError> {
        one(&mut *self.connection().await?, "id", id).await
    }

    /// Tokens, the newest first, and those that have ended too. Sessions are not among them.
    pub async fn tokens(&self, filter: &TokenFilter) -> Result<Vec<Token>, StoreError> {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(COLUMNS).push(" FROM token WHERE use = 'token'");
        if let Some(of) = &filter.of {
            query.push(" AND principal IN (");
            let mut list = query.separated(", ");
            for principal in of {
                list.push_bind(principal.clone());
            }
            query.push(")");
        }
        if let Some(below) = filter.below {
            query.push(" AND CAST(substr(id, 2) AS INTEGER) < ").push_bind(number(below)?);
        }
        query.push(" ORDER BY CAST(substr(id, 2) AS INTEGER) DESC LIMIT ").push_bind(i64::from(filter.limit));
        let rows = query.build().fetch_all(&mut *self.connection().await?).await?;
        rows.iter().map(read).collect()
    }
}

async fn one<'a, K>(conn: &mut SqliteConnection, column: &str, key: K) -> Result<Option<Token>, StoreError>
where
    K: sqlx::Encode<'a, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite> + 'a,
{
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM token WHERE ").push(column).push(" = ").push_bind(key);
    query.build().fetch_optional(conn).await?.as_ref().map(read).transpose()
}

async fn sessions_after(conn: &mut SqliteConnection, time: Timestamp) -> Result<Vec<Token>, StoreError> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM token WHERE use = 'session' AND revoked_at IS NULL AND made_at > ");
    query.push_bind(time.as_millisecond());
    query.build().fetch_all(conn).await?.iter().map(read).collect()
}

fn read(row: &SqliteRow) -> Result<Token, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("a token has {what}"));
    let time = |millisecond: i64| Timestamp::from_millisecond(millisecond).map_err(|_| corrupt("an impossible time"));
    let (kind, scopes): (String, String) = (row.try_get("use")?, row.try_get("scopes")?);
    let scopes = scopes.split_whitespace().map(str::parse::<Scope>).collect::<Result<Scopes, _>>();
    Ok(Token {
        id: row.try_get("id")?,
        kind: match kind.as_str() {
            "token" => Use::Token,
            "session" => Use::Session,
            _ => return Err(corrupt("an unknown use")),
        },
        of: row.try_get("principal")?,
        scopes: scopes.map_err(|_| corrupt("an unknown scope"))?,
        note: row.try_get("note")?,
        made: time(row.try_get("made_at")?)?,
        ends: time(row.try_get("ends_at")?)?,
        revoked: row.try_get::<Option<i64>, _>("revoked_at")?.map(time).transpose()?,
        parent: row.try_get("parent")?,
    })
}
