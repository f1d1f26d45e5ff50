//! A server with everything that an apply can meet, as often as it is needed from the same beginning.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rolecall_throwaway::{Options, Server, binaries};

use super::guests::Guests;
use super::policies;
use super::witness::{Sight, Witness};

/// Who runs Rolecall: a superuser, or somebody with CREATEROLE and membership in the owners.
pub const SUPERUSER: &str = "postgres";
pub const ADMINISTRATOR: &str = "admin";

/// The first policy was applied, things were changed by hand, and the second policy waits.
pub struct Saved {
    folder: tempfile::TempDir,
    /// Whose connection Rolecall has.
    pub user: &'static str,
    /// What everybody can do then.
    pub before: Sight,
}

/// What a run of the program said.
#[derive(Debug)]
pub struct Ran {
    /// None: it was killed.
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

/// A server in that state, and a folder with the second policy.
pub struct World {
    server: Mutex<Server>,
    folder: tempfile::TempDir,
    user: &'static str,
}

/// Where a run did not happen by the book, yet on time.
const PATIENCE: Duration = Duration::from_secs(30);

impl Saved {
    pub fn new(user: &'static str) -> Self {
        let world = World { server: Mutex::new(start()), folder: tempfile::tempdir().unwrap(), user };
        let postgres = |sql| world.psql("postgres", sql);
        postgres(policies::SERVER);
        postgres("CREATE DATABASE app OWNER app_owner");
        postgres("CREATE DATABASE books OWNER app_owner");
        world.psql("app", policies::APP);
        world.psql("books", policies::BOOKS);
        world.write("rolecall.yaml", &policies::before());
        world.run(&["apply", "--yes"]).succeeds("a second plan is empty");
        world.psql("postgres", &format!("SET SESSION AUTHORIZATION {user}; {}", policies::SERVER_DRIFT));
        world.psql("app", policies::APP_DRIFT);
        world.psql("books", policies::BOOKS_DRIFT);
        world.write("rolecall.yaml", &policies::after());
        let before = world.witness().look();
        let World { server, folder, .. } = world;
        server.into_inner().unwrap().save(&folder.path().join("data")).unwrap();
        Self { folder, user, before }
    }
}

/// What is committed without waiting for the disk is lost in a crash: such a server shows whether Rolecall waits.
fn start() -> Server {
    let careless = Options::new().setting("synchronous_commit", "off").setting("wal_writer_delay", "10000");
    careless.start(&binaries::find(None).unwrap()).unwrap()
}

impl World {
    pub fn new(saved: &Saved) -> Self {
        let world = Self { server: Mutex::new(start()), folder: tempfile::tempdir().unwrap(), user: saved.user };
        world.reset(saved);
        world
    }

    /// Back to the beginning.
    pub fn reset(&self, saved: &Saved) {
        self.server().load(&saved.folder.path().join("data")).unwrap();
        for file in std::fs::read_dir(&self.folder).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
        for file in std::fs::read_dir(&saved.folder).unwrap().map(Result::unwrap) {
            if file.file_type().unwrap().is_file() {
                std::fs::copy(file.path(), self.folder.path().join(file.file_name())).unwrap();
            }
        }
    }

    pub fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap()
    }

    /// The server's socket.
    pub fn socket(&self) -> std::path::PathBuf {
        self.server().socket_dir().join(".s.PGSQL.5432")
    }

    pub fn witness(&self) -> Witness {
        Witness::new(self.server().socket_dir())
    }

    pub fn guests(&self) -> Guests {
        Guests::new(self.server().socket_dir())
    }

    fn psql(&self, database: &'static str, sql: &str) {
        Witness::of(self.server().socket_dir(), &[database]).sql(database, sql);
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// Starts the program, by way of another folder with a socket if one is given.
    pub fn start(&self, socket: Option<&Path>, words: &[&str]) -> Child {
        let own = self.server().socket_dir().to_owned();
        let folder = socket.unwrap_or(&own).display();
        let url = format!("postgres://{}@localhost/postgres?host={folder}&port=5432&sslmode=disable", self.user);
        let mut command = Command::new(env!("CARGO_BIN_EXE_rolecall"));
        command.args(words).current_dir(&self.folder).env_remove("ROLECALL_POLICY").env("URL", url);
        command.env("ROLECALL_STORE", self.folder.path().join("store.db"));
        command.env("ROLECALL_LEDGER_KEY", self.folder.path().join("ledger.key"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub fn run(&self, words: &[&str]) -> Ran {
        Ran::of(self.start(None, words))
    }

    /// The kinds of the ledger's entries, oldest first, after it was verified.
    pub fn ledger(&self) -> Vec<String> {
        self.run(&["audit", "verify"]).succeeds("Good");
        let export = self.run(&["audit", "export", "--format", "jsonl"]);
        let kind = |line: &str| Some(line.split_once("\"kind\":\"")?.1.split('"').next()?.to_owned());
        export.out.lines().filter_map(kind).collect()
    }

    /// Waits until no session of Rolecall is left.
    pub fn settle(&self, witness: &Witness) {
        until("a session of Rolecall stays", || {
            let theirs = "SELECT pid FROM pg_stat_activity WHERE application_name = 'rolecall'";
            witness.sql("postgres", theirs).is_empty()
        });
    }
}

impl Ran {
    pub fn of(child: Child) -> Self {
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// It ended well, and said this.
    #[track_caller]
    pub fn succeeds(&self, wanted: &str) {
        assert!(self.status == Some(0) && self.out.contains(wanted), "{self:#?}");
    }

    /// It ended with status 1, and one error that says what to do.
    #[track_caller]
    pub fn fails_clearly(&self, at: &str) {
        let errors = self.err.lines().filter(|line| line.starts_with("error")).count();
        let clear = errors == 1 && self.err.contains("help:") && !self.err.contains("panicked");
        assert!(self.status == Some(1) && clear, "{at}: {self:#?}");
    }
}

/// Whether everything is tried, however long it takes.
pub fn nightly() -> bool {
    std::env::var_os("ROLECALL_NIGHTLY").is_some()
}

/// As a superuser; at night also as an administrator without SUPERUSER.
pub fn by_each(test: impl Fn(&Saved)) {
    let users: &[_] = if nightly() { &[SUPERUSER, ADMINISTRATOR] } else { &[SUPERUSER] };
    for user in users {
        test(&Saved::new(user));
    }
}

/// Waits for something that is soon so.
#[track_caller]
pub fn until(what: &str, is: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is() {
        assert!(begin.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
