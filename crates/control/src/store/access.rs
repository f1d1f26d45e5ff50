//! Requests, Leases and suspensions in the store.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_core::event::EventId;
use rolecall_core::lease::Lease;
use rolecall_core::request::{Request, RequestId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sqlx::{Row, SqliteConnection};

use super::rows::number;
use super::{Reader, StoreError, Tx};

/// How far a Lease has got on the servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Granted, and not on every server yet.
    Opening,
    /// On every server.
    Open,
    /// Over, and not known to be off every server.
    Closing,
    /// As `Closing`, and a server did not come along: told once for each.
    Overdue,
    /// Over, and proved to be off every server.
    Closed,
}

impl Reach {
    pub(super) const ALL: [Self; 5] = [Self::Opening, Self::Open, Self::Closing, Self::Overdue, Self::Closed];

    /// As it is stored.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Overdue => "overdue",
            Self::Closed => "closed",
        }
    }
}

/// A Lease and how far it has got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The Lease.
    pub lease: Lease,
    /// How far it has got.
    pub reach: Reach,
    /// Servers that are done with it: it holds there; or once it is over, it is proved to be off them.
    pub done: BTreeSet<String>,
    /// Servers that should be rid of it and are not, as was told.
    pub late: BTreeSet<String>,
}

/// A Lease as it is stored.
#[derive(Serialize, Deserialize)]
struct Document {
    #[serde(flatten)]
    lease: Lease,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    done: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    late: BTreeSet<String>,
}

impl Kept {
    /// Whether it is for this server, which is not done with it yet.
    pub fn waits_for(&self, environment: &str, server: &str) -> bool {
        self.lease.is_for(environment, server) && !self.done.contains(server)
    }

    /// As it is before any server has come along.
    fn fresh(lease: &Lease, reach: Reach) -> Self {
        Self { lease: lease.clone(), reach, done: BTreeSet::new(), late: BTreeSet::new() }
    }

    /// As it is stored: in which state, with which document.
    pub(super) fn parse(state: &str, document: &str) -> Result<Self, StoreError> {
        let reach = Reach::ALL.into_iter().find(|reach| reach.word() == state);
        let reach = reach.ok_or_else(|| StoreError::Corrupt(format!("a lease is {state:?}")))?;
        let Document { lease, done, late } = parse(document)?;
        Ok(Self { lease, reach, done, late })
    }
}

const LEASES: &str = "SELECT state, document FROM lease WHERE state <> 'closed' ORDER BY ends_at, id";

impl Tx {
    /// Everything written refers to the Events of this transaction, which come last.
    pub(super) async fn defer(&mut self) -> Result<(), StoreError> {
        sqlx::query("PRAGMA defer_foreign_keys = ON").execute(self.connection()).await?;
        Ok(())
    }

    /// A Request.
    pub(crate) async fn request(&mut self, id: RequestId) -> Result<Option<Request>, StoreError> {
        request(self.connection(), id).await
    }

    /// Requests that wait.
    pub(crate) async fn pending(&mut self) -> Result<Vec<Request>, StoreError> {
        pending(self.connection()).await
    }

    /// Leases that are not closed.
    pub(crate) async fn leases(&mut self) -> Result<Vec<Kept>, StoreError> {
        leases(self.connection()).await
    }

    /// Who is suspended by an act.
    pub(crate) async fn suspended(&mut self) -> Result<BTreeSet<String>, StoreError> {
        suspended(self.connection()).await
    }

    /// Writes a Request as it is now.
    pub(crate) async fn put_request(&mut self, request: &Request) -> Result<(), StoreError> {
        self.defer().await?;
        let event = number(self.event().0)?;
        sqlx::query(
            "INSERT INTO request (id, state, principal, role, environment, filed_at, expires_at, document, event) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET \
             state = excluded.state, expires_at = excluded.expires_at, document = excluded.document, event = excluded.event",
        )
        .bind(request.id.to_string())
        .bind(request.state.word())
        .bind(&request.asks.beneficiary)
        .bind(&request.asks.role)
        .bind(&request.asks.environment)
        .bind(request.filed.as_millisecond())
        .bind(request.expires.as_millisecond())
        .bind(text(request)?)
        .bind(event)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Writes a Lease that begins or ends: no server has come along yet.
    pub(crate) async fn put_lease(&mut self, lease: &Lease, reach: Reach) -> Result<(), StoreError> {
        self.put_kept(&Kept::fresh(lease, reach)).await
    }

    /// Writes a Lease as it is now.
    pub(crate) async fn put_kept(&mut self, kept: &Kept) -> Result<(), StoreError> {
        let Kept { lease, reach, done, late } = kept.clone();
        self.defer().await?;
        let event = number(self.event().0)?;
        sqlx::query(
            "INSERT INTO lease (id, state, request, principal, role, environment, ends_at, document, event) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET \
             state = excluded.state, document = excluded.document, event = excluded.event",
        )
        .bind(lease.id.to_string())
        .bind(reach.word())
        .bind(lease.id.to_string())
        .bind(&lease.principal)
        .bind(&lease.role)
        .bind(&lease.environment)
        .bind(lease.ends.as_millisecond())
        .bind(text(&Document { lease, done, late })?)
        .bind(event)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Suspends somebody, or lets them back in.
    pub(crate) async fn put_suspended(&mut self, who: &str, suspended: bool) -> Result<(), StoreError> {
        self.defer().await?;
        let event = number(self.event().0)?;
        sqlx::query(
            "INSERT INTO standing (principal, standing, event) VALUES (?, ?, ?) ON CONFLICT (principal) DO UPDATE SET \
             standing = excluded.standing, event = excluded.event",
        )
        .bind(who)
        .bind(if suspended { "suspended" } else { "active" })
        .bind(event)
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

impl Reader {
    /// A Request.
    pub async fn request(&self, id: RequestId) -> Result<Option<Request>, StoreError> {
        request(&mut *self.connection().await?, id).await
    }

    /// Requests that wait.
    pub(crate) async fn pending(&self) -> Result<Vec<Request>, StoreError> {
        pending(&mut *self.connection().await?).await
    }

    /// Leases that are not closed.
    pub async fn leases(&self) -> Result<Vec<Kept>, StoreError> {
        leases(&mut *self.connection().await?).await
    }

    /// Who is suspended by an act.
    pub async fn suspended(&self) -> Result<BTreeSet<String>, StoreError> {
        suspended(&mut *self.connection().await?).await
    }

    /// Everybody whom an act has shut out or let back in, with the entry that tells of the last such act.
    pub(crate) async fn standings(&self) -> Result<BTreeMap<String, EventId>, StoreError> {
        let rows =
            sqlx::query("SELECT principal, event FROM standing").fetch_all(&mut *self.connection().await?).await?;
        let event = |row: &sqlx::sqlite::SqliteRow| {
            Ok((row.try_get("principal")?, EventId(row.try_get::<i64, _>("event")?.cast_unsigned())))
        };
        rows.iter().map(event).collect()
    }
}

async fn request(conn: &mut SqliteConnection, id: RequestId) -> Result<Option<Request>, StoreError> {
    let found: Option<String> = sqlx::query_scalar("SELECT document FROM request WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(conn)
        .await?;
    found.map(|text| parse(&text)).transpose()
}

async fn pending(conn: &mut SqliteConnection) -> Result<Vec<Request>, StoreError> {
    let rows = sqlx::query_scalar("SELECT document FROM request WHERE state = 'pending' ORDER BY expires_at")
        .fetch_all(conn)
        .await?;
    rows.iter().map(|text: &String| parse(text)).collect()
}

async fn leases(conn: &mut SqliteConnection) -> Result<Vec<Kept>, StoreError> {
    let rows = sqlx::query(LEASES).fetch_all(conn).await?;
    rows.iter().map(Kept::read).collect()
}

async fn suspended(conn: &mut SqliteConnection) -> Result<BTreeSet<String>, StoreError> {
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT principal FROM standing WHERE standing <> 'active'").fetch_all(conn).await?;
    Ok(rows.into_iter().collect())
}

pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(format!("a document cannot be read: {error}")))
}

pub(super) fn text(document: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(document).map_err(|error| StoreError::Query(error.to_string()))
}
