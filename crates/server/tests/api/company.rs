//! A company with a store, a PostgreSQL server, the API before both, and a token for everybody.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use rolecall_control::clock::Clock;
use rolecall_control::identity::NewToken;
use rolecall_control::keeper::{Keeper, Pace};
use rolecall_control::store::{Options, Store};
use rolecall_core::admit::{Scope, Scopes};
use rolecall_core::event::Actor;
use rolecall_core::secret::Secret;
use rolecall_engine::postgres::Target;
use rolecall_server::{App, Config, router};
use rolecall_throwaway::{Server, binaries};
use serde_json::Value;
use sqlx::{Connection, Executor};
use tower::ServiceExt;

const POLICY: &str = "
rolecall: { administrators: [ada@acme.test], approvers: [lea@acme.test], auditors: [ivan@acme.test] }
environments:
  production:
    rules: { reason_pattern: 'T-[0-9]+', max_duration: 8h, break_glass: { allow: [bob@acme.test] } }
    servers: { main: { url: '${file:URL}', databases: [app] } }
    known: [postgres]
roles:
  support:
    description: One customer's tickets.
    parameters: { customer: bigint }
    grants: [{ database: app, allow: [select], on: shop.tickets, rows: { customer: $customer } }]
groups:
  agents: { may_request: { production: [support] } }
people:
  ada@acme.test: {}
  bob@acme.test: { groups: [agents] }
  cara@acme.test: { groups: [agents] }
  eve@acme.test: { groups: [agents], standing: suspended }
  ivan@acme.test: {}
  lea@acme.test: {}
";
/// Somebody who was in the policy when their token was made.
const ZED: &str = "  zed@acme.test: {}\n";

/// The machine's clock, moved.
pub struct Moved(AtomicI64);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

pub struct Company {
    pub server: Server,
    pub keeper: Arc<Keeper>,
    pub router: Router,
    clock: Arc<Moved>,
    /// By the caller's name.
    tokens: BTreeMap<&'static str, Secret>,
    folder: PathBuf,
    _folder: Option<tempfile::TempDir>,
}

/// An answer.
#[derive(Debug)]
pub struct Said {
    pub status: u16,
    pub headers: axum::http::HeaderMap,
    pub body: Value,
}

impl Said {
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    /// A problem in its own form, with this code.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["status"], status);
        self
    }
}

impl Company {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let company = Self::at(folder.path()).await;
        Self { _folder: Some(folder), ..company }
    }

    /// With its store in a folder.
    pub async fn at(folder: &Path) -> Self {
        let server = Server::start(&binaries::find(None).unwrap()).unwrap();
        let path = |name: &str| folder.join(name);
        std::fs::write(path("url"), server.url("postgres", "postgres")).unwrap();
        for (database, sql) in [
            ("postgres", "CREATE DATABASE app"),
            ("app", "CREATE SCHEMA shop; CREATE TABLE shop.tickets (id int, customer bigint)"),
        ] {
            let target = Target::parse(&Secret::new(server.url(database, "postgres"))).unwrap();
            let mut conn = target.open(None).await.unwrap();
            conn.execute(sql).await.unwrap();
            conn.close().await.unwrap();
        }
        let text = POLICY.replace("URL", path("url").to_str().unwrap());
        std::fs::write(path("policy.yaml"), format!("{text}{ZED}")).unwrap();
        let clock = Arc::new(Moved(AtomicI64::new(0)));
        let options = Options::new(path("store.db"), path("ledger.key"));
        let store = Store::open(&Options { clock: clock.clone(), ..options }).await.unwrap();
        let before = Keeper::new(store.clone(), path("policy.yaml"), Pace::default()).await.unwrap();
        let tokens = tokens(&before, &clock).await;
        std::fs::write(path("policy.yaml"), text).unwrap();
        let keeper = Keeper::new(store, path("policy.yaml"), Pace::default()).await.unwrap();
        let operator = Actor::Operator { token: "t1".into() };
        let plan = keeper.office().plan(&operator, "production", "main").await.unwrap();
        keeper.apply(&keeper.office(), &operator, "production", "main", &plan.digest).await.unwrap();
        Self {
            server,
            router: router(App::new(Config::default(), Arc::clone(&keeper))),
            keeper,
            clock,
            tokens,
            folder: folder.to_owned(),
            _folder: None,
        }
    }

    /// The store's file.
    pub fn store(&self) -> PathBuf {
        self.folder.join("store.db")
    }

    /// How the store is opened once more.
    pub fn options(&self) -> Options {
        Options::new(self.store(), self.folder.join("ledger.key"))
    }

    pub fn wait(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn token(&self, who: &str) -> &str {
        self.tokens.get(who).unwrap_or_else(|| panic!("no token of {who}")).reveal()
    }

    /// What somebody is told.
    pub async fn ask(&self, who: &str, asks: &str, body: &str, headers: &[(&str, &str)]) -> Said {
        let (method, path) = asks.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        if who != "nobody" {
            request = request.header("authorization", format!("Bearer {}", self.token(who)));
        }
        if !body.is_empty() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub async fn send(&self, request: Request<Body>) -> Said {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if status != StatusCode::NO_CONTENT {
            assert_ne!(body, Value::Null, "{status} with {:?}", String::from_utf8_lossy(&bytes));
        }
        Said { status: status.as_u16(), headers, body }
    }

    pub async fn get(&self, who: &str, path: &str) -> Said {
        self.ask(who, &format!("GET {path}"), "", &[]).await
    }

    pub async fn post(&self, who: &str, path: &str, body: &str) -> Said {
        self.ask(who, &format!("POST {path}"), body, &[]).await
    }

    /// Bob asks for a customer: the Request's number.
    pub async fn filed(&self, customer: u32) -> u64 {
        self.filed_by("bob", customer).await
    }

    pub async fn filed_by(&self, who: &str, customer: u32) -> u64 {
        let body = format!(
            r#"{{"role":"support","environment":"production","until":"1h","reason":"T-9","with":{{"customer":"{customer}"}}}}"#
        );
        self.post(who, "/requests", &body).await.is(201).body["id"].as_u64().unwrap()
    }

    /// Lea agrees to what she is shown.
    pub async fn granted(&self, customer: u32) -> u64 {
        let id = self.filed(customer).await;
        let shown = self.get("lea", &format!("/requests/{id}/effects")).await.is(200).body["digest"].clone();
        let body = format!(r#"{{"digest":{shown}}}"#);
        self.post("lea", &format!("/requests/{id}/approve"), &body).await.is(200);
        id
    }
}

async fn tokens(keeper: &Keeper, clock: &Moved) -> BTreeMap<&'static str, Secret> {
    let (office, operator) = (keeper.office(), Actor::Operator { token: "t1".into() });
    let mut tokens = BTreeMap::new();
    let all = [
        ("operator", None, Scopes::all()),
        ("scoped", Some("bob"), [Scope::Decide].into_iter().collect()),
        ("expired", Some("bob"), Scopes::all()),
        ("revoked", Some("bob"), Scopes::all()),
    ];
    let people = ["ada", "bob", "cara", "eve", "ivan", "lea", "zed"].map(|who| (who, Some(who), Scopes::all()));
    for (name, of, scopes) in all.into_iter().chain(people) {
        let ends = (name == "expired").then(|| clock.now() + SignedDuration::from_secs(10));
        let of = of.map(|of| format!("{of}@acme.test"));
        let made = office.make_token(&operator, NewToken { of, scopes, ends, note: name.into() }).await.unwrap();
        if name == "revoked" {
            office.revoke_token(&operator, &made.token.id).await.unwrap();
        }
        tokens.insert(name, made.secret);
    }
    clock.0.store(11, Ordering::SeqCst);
    tokens
}
