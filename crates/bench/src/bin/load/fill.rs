//! Fills a store. Ledger entries are written through the store's own door, many in one transaction. Requests and
//! Leases are copies of one that was really asked for and agreed to: its rows, for other people, put beside those
//! entries by SQL, because asking for a thousand reads the server a thousand times. Nobody's Lease is on the server
//! yet then: bringing it there is Rolecall's work, and is measured.

use rolecall_control::store::{Kept, Store, StoreError};
use rolecall_core::event::{Access, Actor, Draft, Drafts, EventId, Kind};
use rolecall_core::request::{Request, RequestId, State};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

use crate::stage::{Stage, person};

/// Entries of one transaction.
const LOT: usize = 5_000;
/// The first person with a Lease of those; those before take the measured ways.
const FIRST: usize = 100;

/// How much there shall be.
pub struct Fill {
    pub leases: usize,
    pub past: usize,
    pub entries: u64,
}

impl Fill {
    /// Fills the store of a Rolecall that does not run.
    pub async fn run(&self, stage: &Stage, (request, kept): (Request, Kept)) -> anyhow::Result<()> {
        let store = stage.store().await?;
        let access = |number: usize| Access {
            principal: person(FIRST + number),
            role: kept.lease.role.clone(),
            environment: kept.lease.environment.clone(),
            with: [("customer".to_owned(), number.to_string())].into(),
        };
        let filed = |number: usize| {
            let (request, access) = (number.to_string(), access(number));
            let kind = Kind::RequestFiled { request, access, until: None, break_glass: false, digest: None };
            Draft::new(kind).because("TICKET-9: the customer asks where the parcel is")
        };
        let past = write(&store, self.past, filed).await?;
        let open = write(&store, self.leases, filed).await?;
        let mut begun = open.iter().copied();
        write(&store, self.leases, |number| {
            let id = EventId(begun.next().unwrap_or_default());
            let (lease, access, until) = (id.0.to_string(), access(number), kept.lease.ends);
            Draft::new(Kind::LeaseStarted { request: Some(lease.clone()), lease, access, until }).caused_by(id)
        })
        .await?;
        let there = open.last().copied().unwrap_or_default() + self.leases as u64 + 1;
        let missing = usize::try_from(self.entries.saturating_sub(there))?;
        write(&store, missing, |number| filed(number % 9_000)).await?;
        store.close().await;

        let options = SqliteConnectOptions::new().filename(stage.file("store.db"));
        let mut conn = SqliteConnection::connect_with(&options).await?;
        let mut tx = conn.begin().await?;
        for (number, id) in past.into_iter().enumerate() {
            let state = State::Expired { at: request.expires };
            put_request(&mut tx, &copy(&request, id, number % 9_000, state)).await?;
        }
        for (number, id) in open.into_iter().enumerate() {
            put_request(&mut tx, &copy(&request, id, number, request.state.clone())).await?;
            let mut lease = kept.lease.clone();
            (lease.id, lease.principal) = (RequestId(id), person(FIRST + number));
            lease.with.insert("customer".to_owned(), vec![number.to_string()]);
            sqlx::query(
                "INSERT INTO lease (id, state, request, principal, role, environment, ends_at, document, event) \
                 VALUES (?, 'opening', ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(id.to_string())
            .bind(id.to_string())
            .bind(&lease.principal)
            .bind(&lease.role)
            .bind(&lease.environment)
            .bind(lease.ends.as_millisecond())
            .bind(serde_json::to_string(&lease)?)
            .bind(id.cast_signed())
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(conn.close().await?)
    }
}

/// Writes entries through the door; says their places.
async fn write(store: &Store, count: usize, draft: impl FnMut(usize) -> Draft) -> anyhow::Result<Vec<u64>> {
    let (actor, mut places) = (Actor::system("load"), Vec::with_capacity(count));
    let mut all = (0..count).map(draft).peekable();
    while let Some(first) = all.next() {
        let drafts = all.by_ref().take(LOT - 1).fold(Drafts::from(first), Drafts::and);
        let written = store.write(&actor, |tx| async move { Ok::<_, StoreError>(tx.done((), drafts)) }).await?;
        places.extend(written.events.iter().map(|event| event.id.0));
    }
    Ok(places)
}

fn copy(request: &Request, id: u64, number: usize, state: State) -> Request {
    let mut copy = Request { id: RequestId(id), state, ..request.clone() };
    (copy.asks.requester, copy.asks.beneficiary) = (person(FIRST + number), person(FIRST + number));
    copy.asks.with.insert("customer".to_owned(), vec![number.to_string()]);
    copy
}

async fn put_request(conn: &mut SqliteConnection, request: &Request) -> anyhow::Result<()> {
    sqlx::query(
        "INSERT INTO request (id, state, principal, role, environment, filed_at, expires_at, document, event) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(request.id.to_string())
    .bind(request.state.word())
    .bind(&request.asks.beneficiary)
    .bind(&request.asks.role)
    .bind(&request.asks.environment)
    .bind(request.filed.as_millisecond())
    .bind(request.expires.as_millisecond())
    .bind(serde_json::to_string(request)?)
    .bind(request.id.0.cast_signed())
    .execute(conn)
    .await?;
    Ok(())
}
