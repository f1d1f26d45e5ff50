//! A throw-away PostgreSQL, a policy of many people, a store, and Rolecall's server over them.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use rolecall_control::clock::Clock;
use rolecall_control::identity::NewToken;
use rolecall_control::keeper::{Keeper, Pace};
use rolecall_control::source;
use rolecall_control::store::{Options, Reach, Store};
use rolecall_core::admit::Scopes;
use rolecall_core::event::Actor;
use rolecall_server::Config;
use rolecall_throwaway::{Server, binaries};
use sqlx::{Connection, Executor, PgConnection};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Groups that give Roles, and Roles.
const GROUPS: usize = 100;
/// The longest that anything is waited for.
const PATIENCE: Duration = Duration::from_mins(30);

/// The machine's clock, moved.
struct Moved(AtomicI64);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

/// What Rolecall works on.
pub struct Stage {
    server: Server,
    folder: tempfile::TempDir,
    clock: Arc<Moved>,
}

/// The id of one of the people.
pub fn person(number: usize) -> String {
    format!("p{number:05}@acme.test")
}

impl Stage {
    /// Makes the database and writes the policy.
    pub async fn new(people: usize, tables: usize) -> anyhow::Result<Self> {
        let options = rolecall_throwaway::Options::new().setting("max_locks_per_transaction", "1024");
        let server = options.start(&binaries::find(None)?)?;
        let (folder, clock) = (tempfile::tempdir()?, Arc::new(Moved(AtomicI64::new(0))));
        let stage = Self { server, folder, clock };
        std::fs::write(stage.file("url"), stage.server.url("postgres", "postgres"))?;
        std::fs::write(stage.file("policy.yaml"), stage.policy(people))?;
        stage.connect("postgres", "postgres").await?.execute("CREATE DATABASE app").await?;
        let mut sql = "CREATE SCHEMA shop; CREATE TABLE shop.tickets (id int, customer bigint);
            INSERT INTO shop.tickets SELECT n, n FROM generate_series(0, 99999) n;
            CREATE INDEX ON shop.tickets (customer); CREATE SCHEMA analytics;"
            .to_owned();
        for number in 0..tables {
            let _ = write!(sql, "CREATE TABLE analytics.t{number:04} (id bigint, what text);");
        }
        stage.connect("app", "postgres").await?.execute(sqlx::AssertSqlSafe(sql)).await?;
        Ok(stage)
    }

    fn policy(&self, people: usize) -> String {
        let mut yaml = format!(
            "rolecall: {{ administrators: [ada@acme.test], approvers: [lea@acme.test] }}\nenvironments:\n  production:\n    \
             rules: {{ max_duration: 8h }}\n    servers: {{ main: {{ url: '${{file:{}}}', databases: [app] }} }}\n    \
             known: [postgres]\nroles:\n  support:\n    parameters: {{ customer: bigint }}\n    grants: [{{ database: app, \
             allow: [select], on: shop.tickets, rows: {{ customer: $customer }} }}]\n",
            self.file("url").display()
        );
        let mut groups = "groups:\n  agents: { may_request: { production: [support] } }\n".to_owned();
        for number in 0..GROUPS {
            let _ = writeln!(
                yaml,
                "  reader{number:02}:\n    grants: [{{ database: app, allow: [select], on: \"analytics.t*{}\" }}]",
                number % 10
            );
            let _ = writeln!(groups, "  g{number:02}: {{ assign: {{ production: [reader{number:02}] }} }}");
        }
        yaml.push_str(&groups);
        yaml.push_str("people:\n  ada@acme.test: {}\n  lea@acme.test: {}\n");
        for number in 0..people {
            let _ = writeln!(yaml, "  {}: {{ groups: [agents, g{:02}] }}", person(number), number % GROUPS);
        }
        yaml
    }

    /// A file of this stage's own.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Time passes for Rolecall, until some seconds before this moment; the rest is waited for.
    pub async fn until(&self, moment: Timestamp) {
        let left = |now: Timestamp| moment.duration_since(now);
        self.clock.0.fetch_add((left(self.clock.now()) - SignedDuration::from_secs(4)).as_secs(), Ordering::SeqCst);
        tokio::time::sleep(Duration::try_from(left(self.clock.now())).unwrap_or_default()).await;
    }

    /// Connects as somebody.
    pub async fn connect(&self, database: &str, user: &str) -> Result<PgConnection, sqlx::Error> {
        PgConnection::connect(&self.server.url(database, user)).await
    }

    /// The store.
    pub async fn store(&self) -> anyhow::Result<Store> {
        let options = Options::new(self.file("store.db"), self.file("ledger.key"));
        Ok(Store::open(&Options { clock: self.clock.clone(), ..options }).await?)
    }

    /// Starts Rolecall as `rolecall serve` does, and waits until it says that it is ready.
    pub async fn start(&self) -> anyhow::Result<Running> {
        // Its problems are what `rolecall serve` shows first.
        let problems = source::load(&self.file("policy.yaml"), self.clock.now())?.outcome.problems;
        anyhow::ensure!(problems.is_empty(), "the policy has problems: {problems:?}");
        let store = self.store().await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let keeper = Keeper::new(store.clone(), self.file("policy.yaml"), Pace::default()).await?;
        let stop = CancellationToken::new();
        let keeping = tokio::spawn(Arc::clone(&keeper).run(stop.clone()));
        let serving =
            rolecall_server::serve(Config::default(), Arc::clone(&keeper), listener, stop.clone().cancelled_owned());
        let serving = tokio::spawn(async move { Ok(serving.await?) });
        let running = Running { keeper, address, store, stop, keeping, serving };
        let ready = crate::visit::get(address, "/health", None).await?;
        anyhow::ensure!(ready.status == 200, "/health says {}", ready.status);
        Ok(running)
    }
}

/// Rolecall, running.
pub struct Running {
    /// The Keeper.
    pub keeper: Arc<Keeper>,
    /// Where it listens.
    pub address: SocketAddr,
    store: Store,
    stop: CancellationToken,
    keeping: JoinHandle<()>,
    serving: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    /// Applies the plan that waits.
    pub async fn apply(&self) -> anyhow::Result<()> {
        let (office, actor) = (self.keeper.office(), Actor::person("ada@acme.test"));
        let plan = office.plan(&actor, "production", "main").await?;
        self.keeper.apply(&office, &actor, "production", "main", &plan.digest).await?;
        Ok(())
    }

    /// Waits until so many Leases run, and nothing is on its way.
    pub async fn settled(&self, open: usize) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let kept = self.store.read().leases().await?;
            if kept.len() == open && kept.iter().all(|kept| kept.reach == Reach::Open) {
                return Ok(());
            }
            anyhow::ensure!(begun.elapsed() < PATIENCE, "{} leases are not settled", kept.len());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A token of somebody's.
    pub async fn token(&self, who: &str) -> anyhow::Result<String> {
        let (operator, ends) =
            (Actor::Operator { token: "t0".into() }, Timestamp::now() + SignedDuration::from_hours(48));
        let new = NewToken { of: Some(who.to_owned()), scopes: Scopes::all(), ends: Some(ends), note: "load".into() };
        Ok(self.keeper.office().make_token(&operator, new).await?.secret.reveal().to_owned())
    }

    /// Stops in order.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.keeping.await?;
        self.serving.await.context("the server ended badly")??;
        drop(self.keeper);
        self.store.close().await;
        Ok(())
    }
}
