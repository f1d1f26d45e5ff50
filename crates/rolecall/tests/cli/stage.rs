//! A folder with a policy, a server to apply it to, and the program.

#![expect(clippy::unwrap_used, reason = "a test's own files, servers and processes")]

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rolecall_core::secret::Secret;
use rolecall_engine::postgres::Target;
use rolecall_engine::postgres::probe::probe;
use rolecall_throwaway::{Options, Server, binaries};
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use crate::terminal::Terminal;

/// Everything that Rolecall might change on a server.
const CATALOG: &str = "
    SELECT 'role', rolname, rolsuper, rolinherit, rolcreaterole, rolcanlogin, rolpassword, rolvaliduntil::text,
        shobj_description(oid, 'pg_authid') FROM pg_authid WHERE rolname !~ '^pg_' ORDER BY rolname;
    SELECT 'member', roleid::regrole, member::regrole, admin_option FROM pg_auth_members ORDER BY 2, 3;
    SELECT 'relation', oid::regclass, relacl, relowner::regrole, relrowsecurity FROM pg_class
        WHERE relkind IN ('r', 'v', 'S') AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'pg_toast', 'information_schema')
        ORDER BY 2;
    SELECT 'schema', nspname, nspacl FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)' ORDER BY 2;
    SELECT 'database', datname, datacl FROM pg_database ORDER BY 2;
    SELECT 'policy', polname, polrelid::regclass FROM pg_policy ORDER BY 2, 3;
    SELECT 'setting', setrole::regrole, setconfig FROM pg_db_role_setting ORDER BY 2;
    SELECT 'default', defaclrole::regrole, defaclacl FROM pg_default_acl ORDER BY 2";

/// What most tests start from.
pub const POLICY: &str = r#"environments:
  test:
    servers:
      main: { engine: postgres, url: "${URL}", databases: [app] }
    known: [app_owner]
    leavers: { reassign_to: app_owner }
roles:
  reader: { grants: [{ database: app, allow: [select], on: "shop.*" }] }
people:
  alice@acme.test: { assign: { test: [reader] } }
  bob@acme.test: { assign: { test: [reader] } }
"#;

/// Where a test takes place.
pub struct Stage {
    pub folder: tempfile::TempDir,
    pub server: Server,
    runtime: tokio::runtime::Runtime,
}

/// What the program said.
pub struct Ran {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Asserts how it ended and what stands somewhere in what it said.
    #[track_caller]
    pub fn says(&self, status: i32, wanted: &[&str]) -> &Self {
        let said = format!("{}{}", self.out, self.err);
        assert_eq!(self.status, status, "{said}");
        for text in wanted {
            assert!(said.contains(text), "expected {text:?} in\n{said}");
        }
        self
    }

    /// Asserts that something stands nowhere in what it said.
    #[track_caller]
    pub fn never(&self, unwanted: &str) -> &Self {
        assert!(!self.out.contains(unwanted) && !self.err.contains(unwanted), "{}{}", self.out, self.err);
        self
    }

    /// Asserts that it ended with one error and no crash.
    #[track_caller]
    pub fn fails(&self, wanted: &[&str]) -> &Self {
        self.says(1, wanted).never("panicked").never("stack backtrace")
    }
}

impl Stage {
    pub fn new() -> Self {
        Self::with(&Options::new())
    }

    /// Nothing on the server, no policy.
    pub fn empty(options: &Options) -> Self {
        let server = options.start(&binaries::find(None).unwrap()).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { folder: tempfile::tempdir().unwrap(), server, runtime }
    }

    pub fn with(options: &Options) -> Self {
        let stage = Self::empty(options);
        stage.sql("postgres", "CREATE ROLE app_owner NOLOGIN");
        stage.sql("postgres", "CREATE DATABASE app OWNER app_owner");
        stage.sql(
            "app",
            "CREATE SCHEMA shop AUTHORIZATION app_owner; SET ROLE app_owner; CREATE TABLE shop.orders (id int)",
        );
        stage.write("rolecall.yaml", POLICY);
        stage
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The superuser's URL.
    pub fn url(&self) -> String {
        self.server.url("postgres", "postgres")
    }

    fn command(&self, url: Option<&str>, words: &[&str]) -> Command {
        self.set_up(bare(words), url)
    }

    fn set_up(&self, mut command: Command, url: Option<&str>) -> Command {
        command.current_dir(self.folder.path());
        command.env("ROLECALL_STORE", self.path("store.db")).env("ROLECALL_LEDGER_KEY", self.path("ledger.key"));
        if let Some(url) = url {
            command.env("URL", url);
        }
        command
    }

    /// On a terminal.
    pub fn terminal(&self, words: &[&str]) -> Terminal {
        self.terminal_for(bare(words))
    }

    /// On a terminal, by way of another program.
    pub fn terminal_for(&self, command: Command) -> Terminal {
        Terminal::open(&self.set_up(command, Some(&self.url())))
    }

    pub fn run(&self, words: &[&str]) -> Ran {
        ran(&mut self.command(Some(&self.url()), words))
    }

    /// A run that must change nothing on the server.
    #[track_caller]
    pub fn look(&self, words: &[&str]) -> Ran {
        self.unchanged(|| self.run(words))
    }

    /// With another URL, or none.
    pub fn run_at(&self, url: Option<&str>, words: &[&str]) -> Ran {
        ran(&mut self.command(url, words))
    }

    /// Without waiting for its end.
    pub fn start(&self, words: &[&str]) -> Child {
        let mut command = self.command(Some(&self.url()), words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// A session that stays open and has run `sql`.
    pub fn session(&self, database: &str, sql: &str) -> Session<'_> {
        self.session_of(database, "postgres", sql)
    }

    /// A session of somebody that stays open and has run `sql`.
    pub fn session_of(&self, database: &str, who: &str, sql: &str) -> Session<'_> {
        let target = Target::parse(&Secret::new(self.server.url(database, who))).unwrap();
        let mut conn = self.runtime.block_on(target.open(None)).unwrap();
        self.runtime.block_on(probe(&mut conn, sql)).unwrap();
        Session { stage: self, conn }
    }

    /// Statements of the superuser.
    #[track_caller]
    pub fn sql(&self, database: &str, sql: &str) -> String {
        self.sql_at(&self.server.url(database, "postgres"), sql).unwrap()
    }

    /// Statements of somebody: cells with ` | ` between them.
    pub fn sql_at(&self, url: &str, sql: &str) -> Result<String, String> {
        let target = Target::parse(&Secret::new(url)).unwrap();
        let answer = self.runtime.block_on(async {
            let mut conn = target.open(None).await?;
            probe(&mut conn, sql).await
        });
        let answer = answer.map_err(|error| error.to_string())?;
        let cell = |cell: &Option<String>| cell.clone().unwrap_or_else(|| "NULL".to_owned());
        let row = |row: &Vec<Option<String>>| row.iter().map(cell).collect::<Vec<_>>().join(" | ");
        Ok(answer.rows.iter().map(row).collect::<Vec<_>>().join("\n"))
    }

    /// A statement on a file of SQLite, as somebody with the file would run it.
    pub fn sqlite(&self, file: &std::path::Path, sql: &'static str) {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        self.runtime.block_on(async {
            let mut conn = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
            sqlx::query(sql).execute(&mut conn).await.unwrap();
            conn.close().await.unwrap();
        });
    }

    /// All that matters of the server.
    pub fn catalog(&self) -> String {
        format!("{}\n{}", self.sql("postgres", CATALOG), self.sql("app", CATALOG))
    }

    /// Runs something that must change nothing.
    #[track_caller]
    pub fn unchanged<T>(&self, what: impl FnOnce() -> T) -> T {
        let before = self.catalog();
        let result = what();
        let after = self.catalog();
        let new: Vec<_> = after.lines().filter(|line| !before.contains(line)).collect();
        assert!(before == after, "the server changed: {new:#?}");
        result
    }
}

/// A session that stays open.
pub struct Session<'a> {
    stage: &'a Stage,
    conn: PgConnection,
}

impl Session<'_> {
    pub fn sql(&mut self, sql: &str) -> String {
        self.try_sql(sql).unwrap()
    }

    /// What may fail, such as because the session is over.
    pub fn try_sql(&mut self, sql: &str) -> Result<String, String> {
        let answer = self.stage.runtime.block_on(probe(&mut self.conn, sql)).map_err(|error| error.to_string())?;
        Ok(answer.rows.iter().flatten().flatten().cloned().collect::<Vec<_>>().join(" "))
    }
}

/// The program outside of any folder.
pub fn bare(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rolecall"));
    command.args(words).stdin(Stdio::null()).env_remove("ROLECALL_POLICY").env_remove("URL").env("COLUMNS", "100");
    command
}

pub fn ran(command: &mut Command) -> Ran {
    finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}

pub fn finished(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    Ran {
        status: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
