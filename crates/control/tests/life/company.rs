//! A store, a server with a shop, and a clock that tests can move.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rolecall_control::Office;
use rolecall_control::clock::{Clock, SystemClock};
use rolecall_control::keeper::{Keeper, Pace};
use rolecall_control::store::{Filter, Options, Store, StoreError};
use rolecall_core::desire::{Book, NOBODY, Scene};
use rolecall_core::event::{Actor, Event, EventId, Kind};
use rolecall_core::lease::Leases;
use rolecall_core::plan::Plan;
use rolecall_core::policy::model::Policy;
use rolecall_core::policy::{Sources, read};
use rolecall_core::request::{Draft, RequestId, Until};
use rolecall_core::secret::Secret;
use rolecall_engine::postgres::apply::Applier;
use rolecall_engine::postgres::inspect::{Wanted, inspect};
use rolecall_engine::postgres::{EngineError, Target};
use rolecall_throwaway::{Server, binaries};
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};
use tokio_util::sync::{CancellationToken, DropGuard};

const POLICY: &str = "
rolecall: { administrators: [ada@acme.test], approvers: [lea@acme.test] }
environments:
  production:
    rules: { reason_pattern: 'T-[0-9]+', max_duration: 8h, break_glass: { allow: [agents] } }
    servers: { main: { url: '${file:URL}', databases: [app] } }
    known: [postgres]
roles:
  support:
    parameters: { customer: bigint }
    grants: [{ database: app, allow: [select], on: shop.tickets, columns: [id, customer], rows: { customer: $customer } }]
groups:
  agents: { may_request: { production: [support] } }
people:
  ada@acme.test: {}
  bob@acme.test: { groups: [agents] }
  lea@acme.test: {}
";

const SHOP: &str = "CREATE SCHEMA shop; CREATE TABLE shop.tickets (id int, customer bigint, note text); \
                    INSERT INTO shop.tickets VALUES (1, 42, 'a'), (2, 43, 'b')";

/// The machine's clock, after some time, and set to something else.
#[derive(Default)]
pub struct Moved {
    passed: AtomicI64,
    set: AtomicI64,
}

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        let moved = self.passed.load(Ordering::SeqCst) + self.set.load(Ordering::SeqCst);
        Timestamp::now() + SignedDuration::from_secs(moved)
    }

    fn elapsed(&self) -> Duration {
        SystemClock.elapsed() + Duration::from_secs(self.passed.load(Ordering::SeqCst).unsigned_abs())
    }
}

pub struct Company {
    pub server: Server,
    folder: tempfile::TempDir,
    clock: Arc<Moved>,
}

pub fn address(who: &str) -> String {
    format!("{who}@acme.test")
}

impl Company {
    /// The shop, with the policy applied.
    pub async fn new() -> Self {
        let server = Server::start(&binaries::find(None).unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("url"), server.url("postgres", "postgres")).unwrap();
        let company = Self { server, folder, clock: Arc::default() };
        company.open_shop(&company.server).await;
        company
    }

    /// The shop, with the policy applied, on a server.
    async fn open_shop(&self, server: &Server) {
        connect(server, "postgres", "postgres").await.unwrap().execute("CREATE DATABASE app").await.unwrap();
        connect(server, "app", "postgres").await.unwrap().execute(SHOP).await.unwrap();
        self.apply_to(server, &self.policy("", "")).await;
    }

    /// A second server of the environment; and what in the policy is to be replaced by what to name it there.
    pub async fn beside(&self, name: &str) -> (Server, &'static str, String) {
        let server = Server::start(&binaries::find(None).unwrap()).unwrap();
        self.open_shop(&server).await;
        let (old, new) = self.with_server(name, &server.url("postgres", "postgres"));
        (server, old, new)
    }

    /// What in the policy is to be replaced, by what, for another server at this URL.
    pub fn with_server(&self, name: &str, url: &str) -> (&'static str, String) {
        let file = self.file(&format!("url-{name}"), url);
        let old = "servers: { main: {";
        (old, format!("servers: {{ {name}: {{ url: '${{file:{file}}}', databases: [app] }}, main: {{"))
    }

    fn text(&self, old: &str, new: &str) -> String {
        let url = self.folder.path().join("url");
        POLICY.replace("URL", url.to_str().unwrap()).replace(old, new)
    }

    fn policy(&self, old: &str, new: &str) -> Policy {
        let outcome = read(&Sources::one("policy.yaml", self.text(old, new)), Timestamp::now());
        outcome.policy.unwrap_or_else(|| panic!("{:?}", outcome.problems))
    }

    /// Applies the policy with one thing in it changed.
    pub async fn apply_with(&self, old: &str, new: &str) {
        self.apply_to(&self.server, &self.policy(old, new)).await;
    }

    async fn apply_to(&self, server: &Server, policy: &Policy) {
        let environment = &policy.environments["production"];
        let target = Target::parse(&Secret::new(server.url("postgres", "postgres"))).unwrap();
        let patterns = policy.roles["support"].grants[0].on.iter().map(|on| on.value.clone()).collect();
        let wanted = Wanted { databases: vec!["app".into()], columns: [("app".to_owned(), patterns)].into() };
        let state = inspect(&target, &wanted).await.unwrap();
        let scene = Scene {
            policy,
            environment_name: "production",
            environment,
            server_name: "main",
            server: &environment.servers["main"],
            state: &state,
            leases: Leases::none(),
            suspended: &NOBODY,
            book: Book::default(),
            now: Timestamp::now(),
        };
        let (plan, _) = Plan::new(scene, "main");
        let mut applier = Applier::lock(&target).await.unwrap();
        applier.run(&plan.steps, state.identity.version, &mut |_| {}).await.unwrap();
        applier.release().await.unwrap();
    }

    pub async fn office(&self) -> Office {
        self.office_with("", "").await
    }

    /// Of another ledger, for the same servers.
    pub async fn other_office(&self) -> Office {
        Office::new(self.store(&self.folder.path().join("other/store.db")).await, Arc::new(self.policy("", "")))
    }

    /// With one thing in the policy changed.
    pub async fn office_with(&self, old: &str, new: &str) -> Office {
        Office::new(self.store(&self.path()).await, Arc::new(self.policy(old, new)))
    }

    /// Writes the policy, with one thing in it changed, where the Keeper reads it.
    pub fn write_policy(&self, old: &str, new: &str) -> PathBuf {
        let path = self.folder.path().join("policy.yaml");
        std::fs::write(&path, self.text(old, new)).unwrap();
        path
    }

    /// Somebody who keeps the policy, with one thing in it changed, until what is given back is dropped.
    pub async fn keeper_with(&self, old: &str, new: &str) -> (Arc<Keeper>, DropGuard) {
        let pace = Pace { every: Duration::from_millis(200), patience: Duration::from_millis(400), ..Pace::default() };
        let path = self.write_policy(old, new);
        let keeper = Keeper::new(self.store(&self.path()).await, path, pace).await.unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(Arc::clone(&keeper).run(stop.clone()));
        (keeper, stop.drop_guard())
    }

    /// A file with one line; says where it is.
    pub fn file(&self, name: &str, line: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, line).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Nobody knows any more where the server is.
    pub fn lose_the_url(&self) {
        std::fs::rename(self.folder.path().join("url"), self.folder.path().join("lost")).unwrap();
    }

    pub fn find_the_url(&self) {
        std::fs::rename(self.folder.path().join("lost"), self.folder.path().join("url")).unwrap();
    }

    pub async fn office_at(&self, path: &Path) -> Office {
        Office::new(self.store(path).await, Arc::new(self.policy("", "")))
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("state/store.db")
    }

    async fn store(&self, path: &Path) -> Store {
        let options = Options::new(path, self.folder.path().join("key/ledger.key"));
        Store::open(&Options { clock: self.clock.clone(), ..options }).await.unwrap()
    }

    /// A copy of the store as it is.
    pub fn copy_store(&self) -> PathBuf {
        let to = self.folder.path().join("copy");
        std::fs::create_dir(&to).unwrap();
        for entry in std::fs::read_dir(self.folder.path().join("state")).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
        to.join("store.db")
    }

    /// Time passes.
    pub fn wait(&self, seconds: u32) {
        self.clock.passed.fetch_add(seconds.into(), Ordering::SeqCst);
    }

    /// The clock is set to something else.
    pub fn set_clock(&self, seconds: i64) {
        self.clock.set.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn person(&self, who: &str) -> Actor {
        Actor::person(&address(who))
    }

    pub fn draft(&self, who: &str, customer: &str) -> Draft {
        Draft {
            requester: address(who),
            beneficiary: address(who),
            environment: "production".into(),
            role: "support".into(),
            with: [("customer".to_owned(), vec![customer.to_owned()])].into(),
            until: Until::For(3_600),
            reason: "T-9".into(),
        }
    }

    /// Another process tells something, and no more.
    pub async fn tells(&self, kind: Kind) {
        let (store, actor) = (self.store(&self.path()).await, Actor::system("another"));
        store.write(&actor, |tx| async move { Ok::<_, StoreError>(tx.done((), kind)) }).await.unwrap();
    }

    /// Bob's request for a customer.
    pub async fn filed(&self, customer: &str) -> RequestId {
        let office = self.office().await;
        office.request(&self.person("bob"), self.draft("bob", customer), None).await.unwrap().request().id
    }

    /// Bob's lease for a customer, on the server.
    pub async fn running(&self, customer: &str) -> RequestId {
        let id = self.filed(customer).await;
        let (office, lea) = (self.office().await, self.person("lea"));
        let (_, shown) = office.shown(&lea, id).await.unwrap();
        office.approve(&lea, id, &shown).await.unwrap();
        let settled = office.settle().await.unwrap();
        assert!(settled.failures.is_empty(), "{:?}", settled.failures);
        id
    }

    async fn connect(&self, database: &str, user: &str) -> Result<PgConnection, EngineError> {
        connect(&self.server, database, user).await
    }

    pub async fn admin(&self, sql: &'static str) {
        self.connect("app", "postgres").await.unwrap().execute(sql).await.unwrap();
    }

    /// The comment of the marker.
    pub async fn mark(&self) -> String {
        let mut conn = self.connect("app", "postgres").await.unwrap();
        let comment = "SELECT shobj_description('rolecall'::regrole, 'pg_authid')";
        sqlx::query_scalar(comment).fetch_one(&mut conn).await.unwrap()
    }

    /// From now on Rolecall connects as somebody with CREATEROLE, who administers these roles alone where that counts;
    /// says whether it does.
    pub async fn as_administrator_of(&self, roles: &[&str]) -> bool {
        let mut conn = self.connect("app", "postgres").await.unwrap();
        let version: String = sqlx::query_scalar("SHOW server_version_num").fetch_one(&mut conn).await.unwrap();
        let grant = format!("GRANT {} TO admin WITH ADMIN OPTION; GRANT pg_signal_backend TO admin", roles.join(", "));
        conn.execute("CREATE ROLE admin LOGIN CREATEROLE; GRANT ALL ON SCHEMA rolecall TO admin").await.unwrap();
        conn.execute("GRANT ALL ON ALL TABLES IN SCHEMA rolecall TO admin").await.unwrap();
        conn.execute(sqlx::AssertSqlSafe(grant)).await.unwrap();
        std::fs::write(self.folder.path().join("url"), self.server.url("postgres", "admin")).unwrap();
        version.as_str() >= "160000"
    }

    pub async fn session(&self, who: &str) -> Result<PgConnection, EngineError> {
        self.connect("app", who).await
    }

    /// The customers whose tickets somebody sees.
    pub async fn rows(&self, who: &str) -> Result<Vec<i64>, String> {
        self.rows_on(&self.server, who).await
    }

    /// The same on another server.
    pub async fn rows_on(&self, server: &Server, who: &str) -> Result<Vec<i64>, String> {
        let mut conn = connect(server, "app", who).await.map_err(|error| error.to_string())?;
        let rows = sqlx::query_scalar("SELECT customer FROM shop.tickets ORDER BY 1").fetch_all(&mut conn).await;
        drop(conn.close().await);
        rows.map_err(|error| error.to_string())
    }

    /// The kinds of all Events but the first of a store, in order.
    pub async fn kinds(&self) -> Vec<String> {
        let filter = Filter { limit: 1_000, ..Filter::default() };
        let events = self.store(&self.path()).await.read().log(&filter).await.unwrap();
        events.iter().skip(1).map(|event| event.kind.name().to_owned()).collect()
    }

    /// All Events of a store, in order.
    pub async fn events(&self) -> Vec<Event> {
        let filter = Filter { limit: 1_000, ..Filter::default() };
        self.store(&self.path()).await.read().log(&filter).await.unwrap()
    }

    /// The newest Event of a kind.
    pub async fn newest(&self, kind: &str) -> Event {
        let filter = Filter { kinds: vec![kind.to_owned()], newest_first: true, limit: 1, ..Filter::default() };
        self.store(&self.path()).await.read().log(&filter).await.unwrap().remove(0)
    }

    /// The kinds of the Events that belong to a Request.
    pub async fn story(&self, id: RequestId) -> Vec<String> {
        let store = self.store(&self.path()).await;
        let filter = Filter { correlation: Some(EventId(id.0)), limit: 100, ..Filter::default() };
        store.read().log(&filter).await.unwrap().iter().map(|event| event.kind.name().to_owned()).collect()
    }
}

async fn connect(server: &Server, database: &str, user: &str) -> Result<PgConnection, EngineError> {
    Target::parse(&Secret::new(server.url(database, user)))?.open(None).await
}

pub async fn count(conn: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM shop.tickets").fetch_one(conn).await
}
