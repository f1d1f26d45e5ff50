//! What the store knows of the policy in force and of each server that is watched.

use rolecall_core::event::{EventId, Place};
use serde::{Deserialize, Serialize};
use sqlx::{Row, SqliteConnection};

use super::access::{parse, text};
use super::rows::number;
use super::{Reader, StoreError, Tx};

/// What is known of a server from one start to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// The digest of the policy that was last applied to it as a whole, and proved.
    pub applied: Option<String>,
    /// The digest of the drift that was told last; None: there is none.
    pub drift: Option<String>,
    /// It did not answer when it was asked last.
    pub unreachable: bool,
}

/// A policy that was in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Counted from 1.
    pub version: u64,
    /// `sha256:` and 64 hex digits over its files.
    pub digest: String,
    /// Its files: name and text.
    pub files: Vec<(String, String)>,
}

const NEWEST: &str = "SELECT version, digest, text FROM policy_version ORDER BY version DESC LIMIT 1";
const WATCHED: &str = "SELECT document FROM server WHERE environment = ? AND server = ?";

impl Tx {
    /// The policy in force.
    pub(crate) async fn policy(&mut self) -> Result<Option<PolicyVersion>, StoreError> {
        policy(self.connection()).await
    }

    /// Another policy is in force from now on.
    pub(crate) async fn put_policy(&mut self, policy: &PolicyVersion) -> Result<(), StoreError> {
        self.defer().await?;
        let (event, now) = (number(self.event().0)?, self.now().as_millisecond());
        sqlx::query("INSERT INTO policy_version (version, digest, text, loaded_at, event) VALUES (?, ?, ?, ?, ?)")
            .bind(number(policy.version)?)
            .bind(&policy.digest)
            .bind(text(&policy.files)?)
            .bind(now)
            .bind(event)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// What is known of a server.
    pub(crate) async fn watched(&mut self, place: &Place) -> Result<Watched, StoreError> {
        watched(self.connection(), place).await
    }

    /// Writes what is known of a server.
    pub(crate) async fn put_watched(&mut self, place: &Place, watched: &Watched) -> Result<(), StoreError> {
        self.defer().await?;
        let event = number(self.event().0)?;
        sqlx::query(
            "INSERT INTO server (environment, server, document, event) VALUES (?, ?, ?, ?) \
             ON CONFLICT (environment, server) DO UPDATE SET document = excluded.document, event = excluded.event",
        )
        .bind(&place.environment)
        .bind(&place.server)
        .bind(text(watched)?)
        .bind(event)
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

impl Reader {
    /// The policy that was loaded last.
    pub async fn policy(&self) -> Result<Option<PolicyVersion>, StoreError> {
        policy(&mut *self.connection().await?).await
    }

    /// The entry that tells of it.
    pub(crate) async fn policy_event(&self) -> Result<Option<EventId>, StoreError> {
        let event: Option<i64> = sqlx::query_scalar("SELECT event FROM policy_version ORDER BY version DESC LIMIT 1")
            .fetch_optional(&mut *self.connection().await?)
            .await?;
        Ok(event.map(|event| EventId(event.cast_unsigned())))
    }

    /// What is known of a server.
    pub async fn watched(&self, place: &Place) -> Result<Watched, StoreError> {
        watched(&mut *self.connection().await?, place).await
    }
}

async fn policy(conn: &mut SqliteConnection) -> Result<Option<PolicyVersion>, StoreError> {
    let Some(row) = sqlx::query(NEWEST).fetch_optional(conn).await? else { return Ok(None) };
    let version: i64 = row.try_get("version")?;
    let files = parse(row.try_get("text")?)?;
    Ok(Some(PolicyVersion { version: version.cast_unsigned(), digest: row.try_get("digest")?, files }))
}

async fn watched(conn: &mut SqliteConnection, place: &Place) -> Result<Watched, StoreError> {
    let document: Option<String> =
        sqlx::query_scalar(WATCHED).bind(&place.environment).bind(&place.server).fetch_optional(conn).await?;
    document.map_or(Ok(Watched::default()), |document| parse(&document))
}
