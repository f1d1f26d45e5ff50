//! A whole Rolecall: a server with a shop, a keeper, and pages that are served on a real port.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use rolecall_control::identity::NewToken;
use rolecall_control::keeper::{Keeper, Pace};
use rolecall_control::store::{Options, Store};
use rolecall_core::admit::Scopes;
use rolecall_core::event::Actor;
use rolecall_core::secret::Secret;
use rolecall_engine::postgres::Target;
use rolecall_server::{Config, Guest};
use rolecall_throwaway::{Server, binaries};
use sqlx::Executor;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::visitor::Visitor;

/// Names that would do harm if a page took them for anything else than text.
pub const HOSTILE: &str = "eve\"'><script>alert(1)</script>@acme.test";
pub const LONG: &str = "a_role_whose_name_is_as_long_as_postgresql_lets_a_name_be_63_by";

const POLICY: &str = r#"
rolecall: { administrators: [ada@acme.test], approvers: [leads], auditors: [olaf@acme.test] }
environments:
  production:
    rules:
      reason_pattern: 'T-[0-9]+'
      max_duration: 8h
      break_glass: { allow: [agents], reviewers: [ada@acme.test] }
    drift: hold
    servers: { main: { url: '${file:URL}', databases: [app] } }
    known: [postgres]
  staging:
    servers: { main: { url: '${file:URL-of-nothing}', databases: [app] } }
roles:
  analytics_reader:
    description: Reads the figures, and no customer.
    grants: [{ database: app, allow: [select], on: "analytics.*" }]
  app_writer:
    description: Reads and writes the shop.
    includes: [analytics_reader]
    grants: [{ database: app, allow: [select, insert, update, delete], on: "shop.*" }]
  support:
    description: Sees one customer's tickets.
    parameters: { customer: bigint }
    grants: [{ database: app, allow: [select], on: shop.tickets, columns: [id, customer], rows: { customer: $customer } }]
  LONG:
    description: "<img src=x onerror=alert(2)> \u202eright to left"
    grants: []
groups:
  agents: { may_request: { production: [support] } }
  developers:
    assign: { production: [analytics_reader], staging: [app_writer] }
    may_request: { production: [app_writer, LONG] }
  leads: {}
people:
  ada@acme.test: { name: Ada Lovelace }
  alice@acme.test: { name: Alice Liddell, groups: [developers] }
  bob@acme.test: { name: Bob Cratchit, groups: [agents] }
  lea@acme.test: { name: Lea Thompson, groups: [leads] }
  olaf@acme.test: { name: Olaf Palme }
  HOSTILE: { name: "<b onmouseover=alert(3)>\u202eEve", account: eve, groups: [developers] }
services:
  nightly-report: { owner: alice@acme.test, assign: { production: [analytics_reader] } }
"#;

const SHOP: &[&str] = &[
    "CREATE SCHEMA shop; CREATE SCHEMA analytics",
    "CREATE TABLE shop.tickets (id int, customer bigint, note text); INSERT INTO shop.tickets VALUES (1, 42, 'a'), (2, 43, 'b')",
    "CREATE TABLE shop.orders (id int); CREATE TABLE analytics.daily (day date, revenue numeric)",
];

pub struct Company {
    pub server: Server,
    pub keeper: Arc<Keeper>,
    pub address: SocketAddr,
    folder: tempfile::TempDir,
    _stop: DropGuard,
}

impl Company {
    /// Everything runs, and the policy is applied.
    pub async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub async fn with(mut config: Config) -> Self {
        let server = Server::start(&binaries::find(None).unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("url"), server.url("postgres", "postgres")).unwrap();
        run(&server, "postgres", &["CREATE DATABASE app"]).await;
        run(&server, "app", SHOP).await;
        let quoted = format!("'{}'", HOSTILE.replace('\'', "''"));
        let url = folder.path().join("url");
        let text = POLICY.replace("URL", url.to_str().unwrap()).replace("LONG", LONG).replace("HOSTILE", &quoted);
        std::fs::write(folder.path().join("policy.yaml"), text).unwrap();
        let options = Options::new(folder.path().join("state/store.db"), folder.path().join("key/ledger.key"));
        let store = Store::open(&options).await.unwrap();
        let pace = Pace { every: Duration::from_millis(300), ..Pace::default() };
        let keeper = Keeper::new(store, folder.path().join("policy.yaml"), pace).await;
        let keeper = keeper.unwrap_or_else(|error| panic!("{error}"));
        let stop = CancellationToken::new();
        tokio::spawn(Arc::clone(&keeper).run(stop.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        for guest in &mut config.guests {
            let made = make(&keeper, &guest.label).await;
            *guest = Guest { token: made, label: guest.label.clone() };
        }
        let serving = rolecall_server::serve(config, Arc::clone(&keeper), listener, stop.clone().cancelled_owned());
        tokio::spawn(serving);
        let company = Self { server, keeper, address, folder, _stop: stop.drop_guard() };
        company.apply().await;
        company
    }

    async fn apply(&self) {
        let plan = self.until("a plan", |company| {
            let statuses = company.keeper.statuses();
            let main = statuses.iter().find(|status| status.place.environment == "production")?;
            Some(main.waiting.as_ref()?.plan.digest.clone())
        });
        let (digest, actor) = (plan.await, Actor::person("ada@acme.test"));
        self.keeper
            .apply(&self.keeper.office(), &actor, "production", "main", &digest)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        self.until("nothing to wait for", |company| {
            let statuses = company.keeper.statuses();
            let main = statuses.iter().find(|status| status.place.environment == "production")?;
            main.waiting.is_none().then_some(())
        })
        .await;
    }

    /// Waits for something, for as long as a busy machine may take.
    pub async fn until<T>(&self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A token of somebody's.
    pub async fn token(&self, who: &str) -> String {
        make(&self.keeper, who).await.reveal().to_owned()
    }

    /// Somebody who has just signed in.
    pub async fn visit(&self, who: &str) -> Visitor {
        let mut visitor = Visitor::new(self.address);
        let token = self.token(who).await;
        let answer = visitor.post("/sign-in", &[("token", &token), ("return", "/")]).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        visitor
    }

    /// Somebody changes the database by hand.
    pub async fn by_hand(&self, sql: &'static str) {
        run(&self.server, "app", &[sql]).await;
    }

    /// The policy's file says something else.
    pub fn edit_policy(&self, old: &str, new: &str) {
        let path = self.folder.path().join("policy.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(old));
        std::fs::write(path, text.replace(old, new)).unwrap();
    }
}

async fn make(keeper: &Keeper, who: &str) -> Secret {
    let (of, operator) = ((who != "operator").then(|| who.to_owned()), Actor::Operator { token: "t0".into() });
    let ends = Some(Timestamp::now() + SignedDuration::from_hours(24));
    let new = NewToken { of, scopes: Scopes::all(), ends, note: "for a test".into() };
    keeper.office().make_token(&operator, new).await.unwrap_or_else(|error| panic!("{error}")).secret
}

async fn run(server: &Server, database: &str, statements: &[&'static str]) {
    let target = Target::parse(&Secret::new(server.url(database, "postgres"))).unwrap();
    let mut conn = target.open(None).await.unwrap();
    for sql in statements {
        conn.execute(*sql).await.unwrap();
    }
}
