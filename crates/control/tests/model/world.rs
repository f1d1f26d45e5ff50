//! A store on disk, servers with a shop, and a clock that stands still until it is moved.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use rolecall_control::clock::Clock;
use rolecall_control::keeper::{Keeper, Pace};
use rolecall_control::store::{Options, Store};
use rolecall_throwaway::{Server, binaries};
use sqlx::Executor;

use super::rules::{PLACES, Rules};

const SHOP: &str = include_str!("shop.sql");

/// A clock that says what it was told: what it shows, and what has really passed.
#[derive(Default)]
pub struct Told {
    pub shows: AtomicI64,
    pub passed: AtomicI64,
}

impl Clock for Told {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.shows.load(Ordering::SeqCst)).unwrap()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(self.passed.load(Ordering::SeqCst).unsigned_abs())
    }
}

/// So far ahead of the servers' clocks it begins: by a clock that is set back below theirs, what they end by themselves
/// would end there before it began.
const AHEAD: i64 = 3 * 24 * 3_600;

/// Where everything is.
pub struct World {
    /// In the order of the places.
    pub servers: Vec<Server>,
    folder: tempfile::TempDir,
    pub clock: Arc<Told>,
    earliest: i64,
}

impl World {
    pub async fn new(rules: &Rules) -> Self {
        let servers = PLACES.map(|_| Server::start(&binaries::find(None).unwrap()).unwrap()).into();
        let folder = tempfile::tempdir().unwrap();
        let (clock, earliest) = (Arc::new(Told::default()), Timestamp::now().as_second());
        clock.shows.store(earliest + AHEAD, Ordering::SeqCst);
        let world = Self { servers, folder, clock, earliest };
        for place in 0..PLACES.len() {
            world.sql(place, "postgres", "CREATE DATABASE app").await;
            world.sql(place, "app", SHOP).await;
            world.lead_home(place);
        }
        world.write(rules);
        world
    }

    async fn sql(&self, place: usize, database: &str, sql: &'static str) {
        use rolecall_core::secret::Secret;
        let target =
            rolecall_engine::postgres::Target::parse(&Secret::new(self.servers[place].url(database, "postgres")));
        target.unwrap().open(None).await.unwrap().execute(sql).await.unwrap();
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn url(&self, place: usize) -> PathBuf {
        self.folder().join(format!("url{place}"))
    }

    /// Rolecall finds a server where it is.
    pub fn lead_home(&self, place: usize) {
        std::fs::write(self.url(place), self.servers[place].url("postgres", "postgres")).unwrap();
    }

    /// Rolecall looks for a server in this folder.
    pub fn lead_to(&self, place: usize, folder: &Path, port: u16) {
        // The proxy knows no answer to who asks for TLS.
        let host = format!("host={}&port={port}&sslmode=disable", folder.display());
        let url = format!("postgres://postgres@localhost/postgres?{host}");
        std::fs::write(self.url(place), url).unwrap();
    }

    /// A server's own socket.
    pub fn socket(&self, place: usize) -> PathBuf {
        let server = &self.servers[place];
        server.socket_dir().join(format!(".s.PGSQL.{}", server.port()))
    }

    fn policy(&self) -> PathBuf {
        self.folder().join("policy.yaml")
    }

    /// Puts another policy where the Keeper reads it when it starts.
    pub fn write(&self, rules: &Rules) {
        std::fs::write(self.policy(), rules.text(|place| self.url(place).to_str().unwrap().to_owned())).unwrap();
    }

    /// What the clock shows.
    pub fn clock(&self) -> i64 {
        self.clock.shows.load(Ordering::SeqCst)
    }

    /// Time passes.
    pub fn pass(&self, seconds: i64) {
        self.clock.passed.fetch_add(seconds, Ordering::SeqCst);
        self.clock.shows.fetch_add(seconds, Ordering::SeqCst);
    }

    /// The clock is set to something else.
    pub fn set(&self, seconds: i64) {
        let shows = (self.clock() + seconds).max(self.earliest);
        self.clock.shows.store(shows, Ordering::SeqCst);
    }

    /// Rolecall as it starts: the store is opened, the policy read.
    pub async fn start(&self) -> Arc<Keeper> {
        start(self.folder(), self.clock.clone()).await
    }
}

/// Rolecall as it starts, in whichever process.
pub async fn start(folder: &Path, clock: Arc<dyn Clock>) -> Arc<Keeper> {
    let now = clock.now();
    let options = Options::new(folder.join("state/store.db"), folder.join("key/ledger.key"));
    let store = Store::open(&Options { clock, ..options }).await.unwrap();
    let path = folder.join("policy.yaml");
    match Keeper::new(store, path.clone(), Pace::default()).await {
        Ok(keeper) => keeper,
        Err(error) => panic!("{error}: {:?}", rolecall_control::source::load(&path, now).unwrap().outcome.problems),
    }
}
