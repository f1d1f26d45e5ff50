//! Opens the store, makes it at first start, and brings an older one up to date.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rolecall_core::event::{Actor, Kind};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection, SqlitePool};
use tokio::sync::broadcast;

use super::append::{self, Stamp};
use super::time::Time;
use super::tx::Tx;
use super::{Options, Reader, Store, StoreError};
use crate::clock::SystemClock;
use crate::ledger::key;
use crate::ledger::note::hex;

/// "Role" in ASCII: tells SQLite files of ours from others.
const APPLICATION: i64 = 0x526f_6c65;
/// The scripts that make the tables, in order. The store's form is how many of them it has had.
const SCRIPTS: &[&str] =
    &[include_str!("schema/0001.sql"), include_str!("schema/0002.sql"), include_str!("schema/0003.sql")];
/// How many Events a slow listener may be behind.
const NEWS: usize = 4_096;

/// Where the store is if nobody says: `/var/lib/rolecall` for root, else `$XDG_STATE_HOME/rolecall`.
pub fn default_path() -> Option<PathBuf> {
    home("XDG_STATE_HOME", ".local/state", "/var/lib").map(|folder| folder.join("rolecall/store.db"))
}

/// Where the key is if nobody says: apart from the store, so that a copy of one is not a copy of the other.
/// `/etc/rolecall` for root, else `$XDG_CONFIG_HOME/rolecall`.
pub fn default_key() -> Option<PathBuf> {
    home("XDG_CONFIG_HOME", ".config", "/etc").map(|folder| folder.join("rolecall/ledger.key"))
}

fn home(variable: &str, below_home: &str, of_root: &str) -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    match absolute(variable) {
        Some(folder) => Some(folder),
        None if nix::unistd::geteuid().is_root() => Some(of_root.into()),
        None => absolute("HOME").map(|home| home.join(below_home)),
    }
}

impl Options {
    /// The store at `path`, signed by the key at `key`, by the machine's clock.
    pub fn new(path: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        let (path, key) = (path.into(), key.into());
        Self { path, key, clock: Arc::new(SystemClock), largest: None, patience: Duration::from_secs(10) }
    }
}

impl Store {
    /// Opens the store; makes it and its key if it is not there. The ledger's end is checked, its whole is not.
    pub async fn open(options: &Options) -> Result<Self, StoreError> {
        let begun = Instant::now();
        loop {
            match Self::open_now(options).await {
                // Who turns the write-ahead log on or makes the tables at the same time is not waited for by SQLite.
                Err(StoreError::Locked) if begun.elapsed() < options.patience => tokio::time::sleep(PAUSE).await,
                opened => return opened,
            }
        }
    }

    async fn open_now(options: &Options) -> Result<Self, StoreError> {
        let fresh = make_file(&options.path)?;
        let connect = connect(&options.path, options.patience).synchronous(SqliteSynchronous::Full);
        let mut connect = connect.journal_mode(SqliteJournalMode::Wal);
        if let Some(largest) = options.largest {
            connect = connect.pragma("max_page_count", (largest / 4_096).max(1).to_string());
        }
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(options.patience.max(WAIT))
            // SQLite ends the transaction itself when the disk is full; sqlx does not notice, and could not begin again.
            .after_release(|conn, _| {
                Box::pin(async move { Ok(conn.ping().await.is_ok() && !conn.is_in_transaction()) })
            });
        let writer = pool.connect_with(connect).await.map_err(|error| opening(&options.path, error))?;
        let known = known_key(&writer, &options.path, fresh).await?;
        // A store that has a ledger needs the key it was begun with; making another would only hide the loss.
        let key = if known.is_some() { key::read(&options.key)? } else { key::read_or_make(&options.key)? };
        let expected = known.filter(|known| *known != key.public().to_string());
        if let Some(expected) = expected {
            return Err(StoreError::OtherKey { expected, given: key.public().to_string() });
        }
        let reader = Reader::open_with(&options.path, options.patience).await?;
        let news = broadcast::Sender::new(NEWS);
        let time = Arc::new(Time::new(Arc::clone(&options.clock)));
        let mut store = Self { writer, reader, key, ledger: "".into(), time, news, once: Arc::default() };
        store.upgrade().await?;
        store.ledger = store.name().await?.into();
        Ok(store)
    }

    /// What tells the ledger from others, those of other stores with the same key among them.
    async fn name(&self) -> Result<String, StoreError> {
        let tile = self.reader.snapshot().await?.tile(0, 0).await?.unwrap_or_default();
        let first = tile.first().ok_or_else(|| StoreError::Corrupt("the ledger's first tile is missing".to_owned()))?;
        Ok(format!("{}#{}", self.key.public().name(), hex(&first[..4])))
    }

    /// Runs the scripts that the store has not had, and tells of it, in one transaction.
    async fn upgrade(&self) -> Result<(), StoreError> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let (_, form) = identity(&mut tx).await?;
        let known = SCRIPTS.len() as u32;
        for script in SCRIPTS.iter().skip(form as usize) {
            sqlx::raw_sql(*script).execute(&mut *tx).await?;
        }
        let edge = append::edge(&mut tx, self.key.public()).await?;
        let told = match form {
            form if form == known => return Ok(()),
            0 => Kind::StoreMade { origin: self.key.public().name().to_owned(), key: self.key.public().to_string() },
            from => Kind::StoreUpgraded { from, to: known },
        };
        if form == 0 {
            sqlx::query("INSERT INTO meta (name, value) VALUES ('key', ?)")
                .bind(self.key.public().to_string())
                .execute(&mut *tx)
                .await?;
        }
        sqlx::query("PRAGMA application_id = 0x526f6c65").execute(&mut *tx).await?;
        // SQLite takes no parameters here; the number is our own.
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("PRAGMA user_version = {known}"))).execute(&mut *tx).await?;
        let stamp = Stamp { at: self.clock().now(), actor: Actor::system("store") };
        Tx::new(tx, edge, stamp, Arc::clone(&self.time))
            .done((), told)
            .commit(&self.key, self.reader.witness())
            .await
            .map(drop)
    }
}

/// Between two tries to open.
const PAUSE: Duration = Duration::from_millis(20);
/// In-process writers queue this long at least.
const WAIT: Duration = Duration::from_secs(30);

/// How reader and writer alike connect.
pub(super) fn connect(path: &Path, patience: Duration) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).create_if_missing(false).foreign_keys(true).busy_timeout(patience)
}

pub(super) fn opening(path: &Path, error: sqlx::Error) -> StoreError {
    match StoreError::from(error) {
        StoreError::Io(why) | StoreError::Query(why) => StoreError::Open { path: path.to_owned(), why },
        StoreError::Corrupt(why) if why.contains("not a database") => StoreError::Foreign(path.to_owned()),
        error => error,
    }
}

/// Makes the file before SQLite does, to be its owner's alone; SQLite gives its journal the same mode.
fn make_file(path: &Path) -> Result<bool, StoreError> {
    let fail = |why: std::io::Error| StoreError::Open { path: path.to_owned(), why: why.to_string() };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fail)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            std::fs::metadata(path).map(|file| file.len() == 0).map_err(fail)
        }
        Err(error) => Err(fail(error)),
    }
}

/// Whose file it is, and its form.
pub(super) async fn identity(conn: &mut SqliteConnection) -> Result<(i64, u32), StoreError> {
    let application: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *conn).await?;
    let form: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *conn).await?;
    Ok((application, u32::try_from(form).unwrap_or(u32::MAX)))
}

/// Refuses what is not a store that this version knows.
pub(super) async fn recognise(conn: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    let (application, found) = identity(conn).await.map_err(|error| match error {
        StoreError::Corrupt(why) if why.contains("not a database") => StoreError::Foreign(path.to_owned()),
        error => error,
    })?;
    let known = SCRIPTS.len() as u32;
    match (application, found) {
        (APPLICATION, found) if found > known => Err(StoreError::Newer { found, known }),
        (APPLICATION, 1..) => Ok(()),
        _ => Err(StoreError::Foreign(path.to_owned())),
    }
}

/// The public key that the store's ledger was begun with. None: it has none yet.
async fn known_key(writer: &SqlitePool, path: &Path, fresh: bool) -> Result<Option<String>, StoreError> {
    let mut conn = writer.acquire().await?;
    if fresh {
        let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *conn).await?;
        // Empty, and nobody else has made it meanwhile.
        if tables == 0 {
            return Ok(None);
        }
    }
    if let Err(error) = recognise(&mut conn, path).await {
        let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *conn).await?;
        // A first start that was cut off leaves a file with a header and nothing in it.
        return if tables == 0 && identity(&mut conn).await? == (0, 0) { Ok(None) } else { Err(error) };
    }
    Ok(Some(sqlx::query_scalar("SELECT value FROM meta WHERE name = 'key'").fetch_one(&mut *conn).await?))
}
