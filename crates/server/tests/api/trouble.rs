//! Trouble while serving: a clock that goes back, a disk that is full, a store that is locked, damaged or put back. A
//! clear answer, nothing lost, nothing opened.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use jiff::SignedDuration;
use rolecall_control::identity::NewToken;
use rolecall_control::store::{Reach, Store, StoreError};
use rolecall_core::admit::Scopes;
use rolecall_core::event::Actor;
use rolecall_core::secret::Secret;
use rolecall_engine::postgres::Target;
use sqlx::{Connection, Executor, SqliteConnection};

use crate::company::Company;

async fn bob_reads(company: &Company) -> bool {
    let admin = Target::parse(&Secret::new(company.server.url("app", "postgres"))).unwrap();
    let mut admin = admin.open(None).await.unwrap();
    let fill = "INSERT INTO shop.tickets SELECT 1, generate_series(41, 45) WHERE NOT EXISTS (SELECT FROM shop.tickets)";
    admin.execute(fill).await.unwrap();
    admin.close().await.unwrap();
    let target = Target::parse(&Secret::new(company.server.url("app", "bob"))).unwrap();
    let Ok(mut conn) = target.open(None).await else { return false };
    let seen: Result<i64, _> = sqlx::query_scalar("SELECT count(*) FROM shop.tickets").fetch_one(&mut conn).await;
    conn.close().await.unwrap();
    seen.is_ok_and(|seen| seen > 0)
}

const OLD: &str =
    r#"{"role":"support","environment":"production","until":"1h","reason":"T-9","with":{"customer":"7"}}"#;

fn ask(customer: u32, until: &str) -> String {
    format!(
        r#"{{"role":"support","environment":"production","until":"{until}","reason":"T-9","with":{{"customer":"{customer}"}}}}"#
    )
}

async fn digest(company: &Company, id: u64) -> String {
    let shown = company.get("lea", &format!("/requests/{id}/effects")).await.is(200).body["digest"].clone();
    format!(r#"{{"digest":{shown}}}"#)
}

/// The number of everything that the ledger tells of a kind.
async fn told(company: &Company, kind: &str) -> usize {
    let told = company.get("ivan", &format!("/ledger?kind={kind}&limit=200")).await.is(200).body;
    told["items"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn approvals_that_come_again() {
    let company = Company::new().await;
    let keyed = async |path: &str, body: &str| {
        company.ask("lea", &format!("POST {path}"), body, &[("idempotency-key", "again")]).await
    };
    let approve = |id: u64| format!("/requests/{id}/approve");
    // Taken back, refused, run out: what would have been agreed to yesterday is not today.
    let withdrawn = company.filed(41).await;
    let body = digest(&company, withdrawn).await;
    company.post("bob", &format!("/requests/{withdrawn}/withdraw"), "").await.is(200);
    company.post("lea", &approve(withdrawn), &body).await.problem(409, "not-pending");
    keyed(&approve(withdrawn), &body).await.problem(409, "not-pending");
    let denied = company.filed(42).await;
    let body = digest(&company, denied).await;
    company.post("lea", &format!("/requests/{denied}/deny"), r#"{"reason":"no"}"#).await.is(200);
    company.post("lea", &approve(denied), &body).await.problem(409, "not-pending");
    // Agreed to, and over: the answer comes again, the access does not.
    let granted = company.filed(43).await;
    let body = digest(&company, granted).await;
    keyed(&approve(granted), &body).await.is(200);
    company.keeper.office().settle().await.unwrap();
    assert!(bob_reads(&company).await);
    company.post("bob", &format!("/leases/{granted}/end"), "").await.is(200);
    company.keeper.office().settle().await.unwrap();
    assert_eq!(keyed(&approve(granted), &body).await.is(200).body["state"], "granted");
    company.post("lea", &approve(granted), &body).await.problem(409, "not-pending");
    // The same words for another request are no approval of it, with or without the key.
    let other = company.filed(44).await;
    company.post("lea", &approve(other), &body).await.problem(409, "not-what-was-shown");
    keyed(&approve(other), &body).await.problem(422, "key-reused");
    let late = company.filed(45).await;
    let body = digest(&company, late).await;
    company.wait(8 * 86_400);
    company.keeper.office().expire_requests().await.unwrap();
    company.post("lea", &approve(late), &body).await.problem(409, "not-pending");
    keyed(&approve(granted), &body.replace("sha256", "sha512")).await.problem(409, "not-pending");
    company.keeper.office().settle().await.unwrap();
    assert!(!bob_reads(&company).await);
    assert_eq!((told(&company, "lease_started").await, told(&company, "request_approved").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn approvals_of_those_who_may_no_more() {
    let company = Company::new().await;
    let id = company.filed(42).await;
    let (path, body) = (format!("/requests/{id}/approve"), digest(&company, id).await);
    // By another's proof, and by none.
    company.post("cara", &path, &body).await.problem(404, "no-request");
    company.post("ivan", &path, &body).await.problem(403, "forbidden");
    company.post("operator", &path, &body).await.problem(403, "forbidden");
    company.post("scoped", &path, &body).await.problem(403, "own");
    company.post("revoked", &path, &body).await.problem(401, "token-revoked");
    company.post("expired", &path, &body).await.problem(401, "token-ended");
    company.post("nobody", &path, &body).await.problem(401, "sign-in");
    // Suspended between looking and agreeing.
    company.post("ada", "/principals/lea@acme.test/suspend", r#"{"reason":"T-1"}"#).await.is(204);
    company.post("lea", &path, &body).await.problem(404, "no-request");
    company.ask("lea", &format!("POST {path}"), &body, &[("idempotency-key", "k")]).await.problem(404, "no-request");
    company.keeper.office().settle().await.unwrap();
    assert_eq!((told(&company, "lease_started").await, bob_reads(&company).await), (0, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_goes_back_brings_nothing_back() {
    let company = Company::new().await;
    let id = company.granted(42).await;
    company.keeper.office().settle().await.unwrap();
    assert!(bob_reads(&company).await);
    let session = company.keeper.office().sign_in(&Secret::new(company.token("bob"))).await.unwrap();
    let session = session.unwrap_or_else(|why| panic!("{why}"));
    let visit = async || {
        let request = Request::builder().uri("/api/v1/me");
        let request = request.header("cookie", format!("rolecall={}", session.secret.reveal()));
        company.send(request.body(Body::empty()).unwrap()).await
    };
    visit().await.is(200);
    let keyed = || company.ask("bob", "POST /requests", OLD, &[("idempotency-key", "old")]);
    let filed = keyed().await.is(201).body["id"].clone();

    // Two days later all of it is over, and was said to be.
    company.wait(2 * 86_400);
    visit().await.problem(401, "sign-in");
    company.keeper.office().settle().await.unwrap();
    assert!(!bob_reads(&company).await);
    company.wait(-2 * 86_400 + 60);
    visit().await.problem(401, "sign-in");
    company.keeper.office().settle().await.unwrap();
    assert!(!bob_reads(&company).await, "the lease is back");
    assert_eq!(company.get("bob", &format!("/leases/{id}")).await.is(200).body["state"], "closed");
    // What was asked for with a key is not asked for again because the clock says another day.
    assert_eq!(keyed().await.body["id"], filed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_was_refused_is_not_taken_again_when_the_clock_goes_back() {
    let company = Company::new().await;
    let (office, operator) = (company.keeper.office(), Actor::Operator { token: "t1".into() });
    let ends = Some(company.keeper.store().clock().now() + SignedDuration::from_hours(1));
    let new = NewToken { of: Some("bob@acme.test".into()), scopes: Scopes::all(), ends, note: String::new() };
    let made = office.make_token(&operator, new).await.unwrap();
    let visit = async || {
        let request = Request::builder().uri("/api/v1/me");
        let request = request.header("authorization", format!("Bearer {}", made.secret.reveal()));
        company.send(request.body(Body::empty()).unwrap()).await
    };
    visit().await.is(200);
    company.wait(2 * 3_600);
    visit().await.problem(401, "token-ended");
    company.wait(-2 * 3_600);
    visit().await.problem(401, "token-ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_another_process_keeps_to_itself() {
    let company = Company::new().await;
    let id = company.filed(42).await;
    let body = digest(&company, id).await;
    let address = format!("sqlite:{}", company.store().display());
    let mut other = SqliteConnection::connect(&address).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let (asks, request) = (ask(1, "1h"), format!("/requests/{id}"));
    let approve = format!("{request}/approve");
    let (filed, agreed, read) = tokio::join!(
        company.post("cara", "/requests", &asks),
        company.post("lea", &approve, &body),
        company.get("lea", &request),
    );
    filed.problem(503, "store-busy");
    agreed.problem(503, "store-busy");
    assert_eq!(read.is(200).body["state"], "pending");
    other.execute("ROLLBACK").await.unwrap();
    company.keeper.office().settle().await.unwrap();
    assert!(!bob_reads(&company).await, "nothing was agreed to");
    company.post("lea", &format!("/requests/{id}/approve"), &body).await.is(200);
    company.keeper.office().settle().await.unwrap();
    assert!(bob_reads(&company).await);
}

/// A file system of three megabytes; gone when dropped.
struct Small(tempfile::TempDir);

impl Small {
    /// None: this user may not mount.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", "size=3m", "none"]).arg(folder.path()).output();
        mounted.is_ok_and(|mounted| mounted.status.success()).then_some(Self(folder))
    }

    fn fill(&self) {
        // As much as there is room for.
        let ballast = std::fs::write(self.0.path().join("ballast"), vec![0; 3 << 20]);
        assert!(ballast.is_err(), "it is not full");
    }

    fn room(&self) {
        std::fs::remove_file(self.0.path().join("ballast")).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0.path()).output());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full() {
    let Some(small) = Small::mount() else {
        println!("left out: whoever runs this may not mount a small file system");
        return;
    };
    let company = Company::at(small.0.path()).await;
    let id = company.post("bob", "/requests", &ask(42, "6s")).await.is(201).body["id"].as_u64().unwrap();
    let body = digest(&company, id).await;
    company.post("lea", &format!("/requests/{id}/approve"), &body).await.is(200);
    company.keeper.office().settle().await.unwrap();
    assert!(bob_reads(&company).await);
    let waiting = company.filed_by("cara", 43).await;
    let body = digest(&company, waiting).await;

    small.fill();
    let mut tries = 0;
    // What is left of the store's last page and journal may take a few more.
    let refused = loop {
        let filed = company.post("cara", "/requests", &ask(1, "1h")).await;
        if filed.status != 201 {
            break filed;
        }
        tries += 1;
        assert!(tries < 500, "it never fills up");
    };
    refused.problem(507, "store-full");
    company.post("lea", &format!("/requests/{waiting}/approve"), &body).await.problem(507, "store-full");
    assert_eq!(company.get("lea", &format!("/requests/{waiting}")).await.is(200).body["state"], "pending");
    // Rolecall's clock is a little ahead of the server's.
    let begun = Instant::now();
    while bob_reads(&company).await {
        assert!(begun.elapsed() < Duration::from_secs(40), "rows end in the database, whatever the disk says");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(company.keeper.office().settle().await.is_err(), "what cannot be noted is not done");

    small.room();
    let settled = company.keeper.office().settle().await.unwrap();
    assert!(settled.failures.is_empty(), "{:?}", settled.failures);
    assert!(settled.leases.iter().all(|kept| kept.reach == Reach::Closed), "{:?}", settled.leases);
    assert_eq!(told(&company, "lease_revoked").await, 1);
    company.post("lea", &format!("/requests/{waiting}/approve"), &body).await.is(200);
    company.keeper.office().settle().await.unwrap();
    assert_eq!(told(&company, "lease_started").await, 2);
}

fn scribble(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes.iter_mut().skip(100).for_each(|byte| *byte = !*byte);
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_damaged_while_it_is_used() {
    let company = Company::new().await;
    let id = company.filed(42).await;
    let body = digest(&company, id).await;
    // What is in the journal is in the file, and then the file is not what it was.
    let address = format!("sqlite:{}", company.store().display());
    let mut other = SqliteConnection::connect(&address).await.unwrap();
    other.execute("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    other.close().await.unwrap();
    scribble(&company.store());
    let agreed = company.post("lea", &format!("/requests/{id}/approve"), &body).await;
    if agreed.status != 200 {
        agreed.problem(500, "store");
    }
    company.post("cara", "/requests", &ask(1, "1h")).await.problem(500, "store");
    company.get("ivan", "/ledger?limit=200").await.problem(500, "store");
    assert!(company.keeper.office().settle().await.is_err());
    assert!(!bob_reads(&company).await);
    let error = Store::open(&company.options()).await.map(drop).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
    let said = error.to_string();
    assert!(said.contains("backup") && said.contains("rolecall audit verify"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_store_in_its_place_is_noticed() {
    let company = Company::new().await;
    let old = company.store().with_extension("old");
    company.granted(41).await;
    rolecall_control::store::copy(&company.store(), &old).await.unwrap();
    // By the old copy, Bob still has his lease and is nobody whom anybody suspended.
    company.post("ada", "/principals/bob@acme.test/suspend", r#"{"reason":"T-1"}"#).await.is(204);
    company.keeper.office().settle().await.unwrap();
    let id = company.filed_by("cara", 42).await;
    let body = digest(&company, id).await;
    std::fs::rename(&old, company.store()).unwrap();
    company.post("lea", &format!("/requests/{id}/approve"), &body).await.problem(500, "store");
    company.get("bob", "/requests").await.problem(500, "store");
    company.get("ivan", "/ledger?limit=200").await.problem(500, "store");
    let settled = company.keeper.office().settle().await;
    let said = settled.unwrap_err().to_string();
    assert!(said.contains("moved or replaced") && said.contains("rolecall audit verify"), "{said}");
    assert!(!bob_reads(&company).await);
}
