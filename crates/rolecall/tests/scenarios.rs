//! Runs every Markdown file in `tests/scenarios/` against a PostgreSQL server of its own.
//!
//! A scenario is prose with fenced blocks that run in order (see `tests/scenarios/README.md`).

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test's own files and folders")]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};
use rolecall_core::secret::Secret;
use rolecall_engine::postgres::probe::{Answer, probe};
use rolecall_engine::postgres::{EngineError, Target};
use rolecall_throwaway::{Options, Server, binaries, locale};
use sqlx::postgres::PgConnection;

const ENVIRONMENT: &str = r#"environments:
  test:
    servers:
      main: { engine: postgres, url: "${URL}", databases: [app] }
    known: [app_owner]
    rules: { brake: 100 }
    leavers: { reassign_to: app_owner }
"#;

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(4));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let scenario = |path: &PathBuf| path.extension().is_some_and(|end| end == "md") && !path.ends_with("README.md");
    let version = binaries::find(None).map_or(0, |found| found.version);
    let trials = files.into_iter().filter(scenario).flat_map(|path| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let needs = Needs::read(&std::fs::read_to_string(&path).unwrap());
        let path = std::sync::Arc::new(path);
        let trial = |name: String, user: &'static str, german: bool| {
            let path = path.clone();
            let trial = Trial::test(name, move || run(&path, user, german).map_err(Failed::from));
            trial.with_ignored_flag(version < needs.version || (needs.tools && tools(version).is_none()))
        };
        let mut trials = vec![trial(name.clone(), SUPERUSER, false)];
        if needs.superuser.is_none_or(|from| version < from) {
            trials.push(trial(format!("{name}_as_admin"), ADMIN, false));
        }
        if GERMAN.contains(&name.as_str()) && speaks_german(version) {
            trials.push(trial(format!("{name}_in_german"), SUPERUSER, true));
        }
        trials
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

/// As whom Rolecall connects.
const SUPERUSER: &str = "postgres";
/// Nothing but CREATEROLE, and membership in the owner of the database `app`.
const ADMIN: &str = "admin";

/// Scenarios with refusals, races with sessions and much SQL, played on a server whose messages are German too: nothing
/// may depend on what a message says.
const GERMAN: &[&str] =
    &["drift", "event_triggers", "grantors", "leavers", "moves", "refusals", "rows", "sessions", "standby", "trap"];

/// The server has its messages in German: Debian's packages do, downloads do not.
fn speaks_german(version: u32) -> bool {
    Path::new(&format!("/usr/share/locale/de/LC_MESSAGES/postgres-{version}.mo")).exists()
        && binaries::find(None).is_ok_and(|found| found.bin.starts_with("/usr/lib/postgresql"))
}

/// What a scenario asks for, in lines of its prose that begin with `needs: `.
#[derive(Default)]
struct Needs {
    /// The oldest major version that it makes sense on.
    version: u32,
    /// `pg_dump`, `pg_dumpall` and `psql`, not older than the server.
    tools: bool,
    /// From this major version on, an administrator without SUPERUSER cannot play it.
    superuser: Option<u32>,
}

impl Needs {
    fn read(text: &str) -> Self {
        let mut needs = Self::default();
        for line in text.lines().filter_map(|line| line.strip_prefix("needs: ")) {
            if line == "pg_dump" {
                needs.tools = true;
                continue;
            }
            match line.strip_prefix("PostgreSQL ") {
                Some(version) => needs.version = version.trim().parse().expect("`needs: PostgreSQL 15`"),
                None => {
                    let rest = line.strip_prefix("superuser").unwrap_or_default();
                    let (from, reason) = rest.split_once(", because ").expect("`needs: superuser, because …`");
                    assert!(!reason.trim().is_empty(), "{line:?} gives no reason");
                    let from = from.strip_prefix(" from PostgreSQL ").unwrap_or("0");
                    needs.superuser = Some(from.parse().expect("`needs: superuser from PostgreSQL 16, because …`"));
                }
            }
        }
        needs
    }
}

/// The variable that names a folder with `pg_dump`, `pg_dumpall` and `psql`.
const TOOLS: &str = "ROLECALL_POSTGRES_TOOLS";

/// The folder with tools for a version: a server is dumped by a `pg_dump` that is not older than it. Those beside the
/// server come first; downloads of `cargo xtask postgres` have none.
fn tools(version: u32) -> Option<PathBuf> {
    let beside = binaries::find(None).into_iter().map(|found| found.bin);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let named = std::env::var_os(TOOLS).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let fits = |folder: &PathBuf| {
        let said = |program: &str| Command::new(folder.join(program)).arg("--version").output().ok();
        let major = |program: &str| {
            let said = String::from_utf8_lossy(&said(program)?.stdout).into_owned();
            said.split_once(") ")?.1.split(['.', ' ', '\n']).next()?.parse::<u32>().ok()
        };
        ["pg_dump", "pg_dumpall", "psql"]
            .into_iter()
            .all(|program| major(program).is_some_and(|found| found >= version))
    };
    beside.chain(named).chain(std::env::split_paths(&path)).find(fits)
}

/// The statements by which a plan says that a missing right can be given, each with its database.
fn remedies(said: &str) -> Vec<(String, String)> {
    let found = |line: &str| {
        let (_, rest) = line.split_once("as an administrator of that role").or(line.split_once("as a superuser"))?;
        let (place, sql) = rest.split_once(": ")?;
        Some((place.strip_prefix(", in ").unwrap_or("postgres").to_owned(), sql.trim().to_owned()))
    };
    // One line may name statements for several databases.
    let lines = said.replace("; as a superuser", "\nas a superuser");
    let found: std::collections::BTreeSet<_> = lines.lines().filter_map(found).collect();
    found.into_iter().collect()
}

/// One fenced block.
struct Block {
    line: usize,
    words: Vec<String>,
    body: String,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                let words = info.split_whitespace().map(str::to_owned).collect();
                open = Some(Block { line: number + 1, words, body: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.body.push_str(line);
                block.body.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

struct Stage {
    server: Server,
    runtime: tokio::runtime::Runtime,
    policy: tempfile::NamedTempFile,
    ledger: tempfile::TempDir,
    user: &'static str,
    /// The server's messages are German.
    german: bool,
    /// Locales for it.
    _locales: tempfile::TempDir,
    /// Sessions that stay open, by the name that the scenario gives them.
    sessions: BTreeMap<String, PgConnection>,
}

fn run(path: &Path, user: &'static str, german: bool) -> Result<(), String> {
    let binaries = binaries::find(None).map_err(|error| error.to_string())?;
    let locales = tempfile::tempdir().unwrap();
    let mut options = Options::new();
    if german {
        let called = locale::make("de_DE", locales.path()).map_err(|error| error.to_string())?;
        std::fs::set_permissions(locales.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        options = options.locales(locales.path()).setting("lc_messages", called);
    }
    let server = options.start(&binaries).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let policy = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    let ledger = tempfile::tempdir().unwrap();
    let (_locales, sessions) = (locales, BTreeMap::new());
    let mut stage = Stage { server, runtime, policy, ledger, user, german, _locales, sessions };
    if german {
        let said = stage.sql("postgres", "postgres", "SELECT 1 / 0").unwrap_err();
        assert!(said.contains("Division durch Null"), "{said}");
    }
    stage.sql("postgres", "postgres", "CREATE ROLE app_owner NOLOGIN").map_err(|error| error.to_string())?;
    stage.sql("postgres", "postgres", "CREATE DATABASE app OWNER app_owner").map_err(|error| error.to_string())?;
    if user == ADMIN {
        stage.sql("postgres", "postgres", "CREATE ROLE admin LOGIN CREATEROLE; GRANT app_owner TO admin")?;
    }
    let text = std::fs::read_to_string(path).unwrap();
    let blocks = blocks(&text);
    let mut answer: Option<String> = None;
    for block in &blocks {
        let place = format!("{}:{}", path.file_name().unwrap().to_string_lossy(), block.line);
        stage.step(block, &mut answer).map_err(|error| format!("{place}: {error}"))?;
    }
    Ok(())
}

impl Stage {
    fn step(&mut self, block: &Block, answer: &mut Option<String>) -> Result<(), String> {
        let words: Vec<&str> = block.words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["yaml", options @ ..] => {
                let body = repeated(&block.body, options)?;
                let known = body.contains("environments:");
                let text = if known { body } else { format!("{ENVIRONMENT}{body}") };
                std::fs::write(self.policy.path(), text).map_err(|error| error.to_string())
            }
            ["sql", options @ ..] => {
                let option = |name: &str| options.iter().find_map(|word| word.strip_prefix(name));
                let (user, database) = (option("as=").unwrap_or("postgres"), option("db=").unwrap_or("app"));
                let said = match option("session=") {
                    Some(session) => self.session(session, user, database, &block.body),
                    None => self.sql(user, database, &block.body),
                };
                if options.contains(&"fails") != said.is_err() {
                    return Err(format!("{said:?}"));
                }
                *answer = Some(said.unwrap_or_else(|error| error));
                Ok(())
            }
            ["text", ..] => {
                let said = answer.take().ok_or("a `text` block follows an `sql` block")?;
                let (said, wanted) = (said.trim(), block.body.trim());
                if said == wanted
                    || (self.german && said.starts_with("ERROR"))
                    || (said.contains(wanted) && !wanted.is_empty() && said.starts_with("ERROR"))
                {
                    return Ok(());
                }
                Err(format!("expected\n{wanted}\nbut PostgreSQL answered\n{said}"))
            }
            ["plan", "nothing"] => self.rolecall(&["plan"], 0, &block.body),
            ["plan", "fails"] => self.rolecall(&["plan"], 1, &block.body),
            ["plan"] => self.rolecall(&["plan"], 2, &block.body),
            ["apply", "fails"] => self.rolecall(&["apply", "--yes"], 1, &block.body),
            ["apply"] => {
                self.rolecall(&["apply", "--yes"], 0, &block.body)?;
                self.rolecall(&["plan"], 0, "Nothing to do")?;
                self.rolecall(&["verify"], 0, "agrees")
            }
            ["server", how] => self.restart(how, &block.body),
            ["move", what] => self.move_to_another(what),
            ["check", "fails"] => self.rolecall(&["check"], 1, &block.body),
            ["rolecall", command @ ..] => self.rolecall(command, 0, &block.body),
            other => Err(format!("no such block: {other:?}")),
        }
    }

    /// Runs statements as somebody. Rows come back with ` | ` between their cells, a failure as `ERROR …`.
    fn sql(&self, user: &str, database: &str, sql: &str) -> Result<String, String> {
        let target = self.target(user, database)?;
        said(self.runtime.block_on(async { probe(&mut target.open(None).await?, sql).await }))
    }

    /// The same in a session that stays open under a name.
    fn session(&mut self, name: &str, user: &str, database: &str, sql: &str) -> Result<String, String> {
        let target = self.target(user, database)?;
        let sessions = &mut self.sessions;
        said(self.runtime.block_on(async {
            let conn = match sessions.remove(name) {
                Some(conn) => conn,
                None => target.open(None).await?,
            };
            probe(sessions.entry(name.to_owned()).or_insert(conn), sql).await
        }))
    }

    fn target(&self, user: &str, database: &str) -> Result<Target, String> {
        Target::parse(&Secret::new(self.server.url(database, user))).map_err(|error| error.to_string())
    }

    /// Stops the server and starts it again: with `settings`, one a line, and as a standby where `how` says so.
    fn restart(&mut self, how: &str, settings: &str) -> Result<(), String> {
        for setting in settings.lines().filter(|line| !line.trim().is_empty()) {
            self.sql("postgres", "postgres", &format!("ALTER SYSTEM SET {setting}"))?;
        }
        let signal = self.server.data_dir().join("standby.signal");
        match how {
            "restart" => {}
            "standby" => std::fs::write(signal, "").map_err(|error| error.to_string())?,
            other => return Err(format!("no such way to start a server: {other}")),
        }
        self.server.restart().map_err(|error| error.to_string())
    }

    /// Goes on with a new server, into which everything (`all`, roles too) or one database was restored from a dump.
    fn move_to_another(&mut self, what: &str) -> Result<(), String> {
        let binaries = binaries::find(None).map_err(|error| error.to_string())?;
        let tools = tools(binaries.version).ok_or("no tools: the scenario says `needs: pg_dump`")?;
        let server = Options::new().start(&binaries).map_err(|error| error.to_string())?;
        let (program, database) = if what == "all" { ("pg_dumpall", "postgres") } else { ("pg_dump", what) };
        let mut dump = Command::new(tools.join(program));
        if what != "all" {
            dump.arg("--create");
        }
        let dumped = dump.arg("--dbname").arg(self.server.url(database, "postgres")).output();
        let dumped = dumped.map_err(|error| format!("{program}: {error}"))?;
        let mut sql = String::from_utf8(dumped.stdout).map_err(|error| error.to_string())?;
        if binaries.version < 15 {
            // Newer tools write what their own version understands.
            sql = sql.replace(" LOCALE_PROVIDER = libc", "");
        }
        let file = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
        std::fs::write(file.path(), sql).map_err(|error| error.to_string())?;
        let mut restore = Command::new(tools.join("psql"));
        // Without ON_ERROR_STOP: roles that are not there, and the superuser that is there already, are the point.
        restore.args(["--quiet", "--no-psqlrc", "--file"]).arg(file.path()).arg(server.url("postgres", "postgres"));
        let restored = restore.output().map_err(|error| format!("psql: {error}"))?;
        if !dumped.status.success() || !restored.status.success() {
            let texts = [dumped.stderr, restored.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
            return Err(texts.join("\n"));
        }
        self.sessions.clear();
        self.server = server;
        if self.user == ADMIN && what != "all" {
            self.sql(SUPERUSER, "postgres", "CREATE ROLE admin LOGIN CREATEROLE")?;
        }
        Ok(())
    }

    /// Runs the program, whose words are checked. An administrator to whom it says that a right is missing is given
    /// it, by the very statement that it names, and must then get on; where only a superuser may, that one runs it.
    fn rolecall(&self, command: &[&str], status: i32, wanted: &str) -> Result<(), String> {
        let mut given: Vec<(String, String)> = Vec::new();
        // What a superuser did by the statement that it was told is no change of the next plan any more.
        let mut before = String::new();
        loop {
            let (code, said) = self.said(command, self.user)?;
            if self.user == ADMIN && code == Some(1) && said.contains("a superuser must run this apply") {
                let (code, said) = self.said(command, SUPERUSER)?;
                let said = format!("{before}{said}");
                return expected(&command.join(" "), (code, status), &said, wanted);
            }
            if self.user == ADMIN && said.contains("missing-right") && !wanted.contains("missing-right") {
                let missing: Vec<_> = remedies(&said).into_iter().filter(|remedy| !given.contains(remedy)).collect();
                if code != Some(1) || missing.is_empty() {
                    return Err(format!("rolecall {}: {code:?}, after {given:?}\n{said}", command.join(" ")));
                }
                let give = |(database, sql): &(String, String)| self.sql(SUPERUSER, database, sql).map(drop);
                missing.iter().try_for_each(give)?;
                given.extend(missing);
                before.push_str(&said);
                continue;
            }
            // Where statements did all of it, nothing is left to plan.
            let code = if !given.is_empty() && (code, status) == (Some(0), 2) { Some(status) } else { code };
            return expected(&command.join(" "), (code, status), &format!("{before}{said}"), wanted);
        }
    }

    fn said(&self, command: &[&str], user: &str) -> Result<(Option<i32>, String), String> {
        let output = Command::new(env!("CARGO_BIN_EXE_rolecall"))
            .args(command)
            .env("URL", self.server.url("postgres", user))
            .env("ROLECALL_POLICY", self.policy.path())
            .env("ROLECALL_STORE", self.ledger.path().join("store.db"))
            .env("ROLECALL_LEDGER_KEY", self.ledger.path().join("ledger.key"))
            .output()
            .map_err(|error| error.to_string())?;
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Ok((output.status.code(), said))
    }
}

/// Every line of `wanted` must stand somewhere in what was said, and `not: …` nowhere.
fn expected(command: &str, (code, status): (Option<i32>, i32), said: &str, wanted: &str) -> Result<(), String> {
    if code != Some(status) {
        return Err(format!("rolecall {command}: exit {code:?}, expected {status}\n{said}"));
    }
    for line in wanted.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let fits = match line.strip_prefix("not: ") {
            Some(unwanted) => !said.contains(unwanted),
            None => said.contains(line),
        };
        if !fits {
            return Err(format!("rolecall {command}: expected\n{line}\nin\n{said}"));
        }
    }
    Ok(())
}

/// Rows with ` | ` between their cells, a failure as `ERROR …`.
fn said(answer: Result<Answer, EngineError>) -> Result<String, String> {
    let answer = answer.map_err(|error| format!("ERROR {error}"))?;
    let cell = |cell: &Option<String>| cell.clone().unwrap_or_else(|| "NULL".to_owned());
    let row = |row: &Vec<Option<String>>| row.iter().map(cell).collect::<Vec<_>>().join(" | ");
    Ok(answer.rows.iter().map(row).collect::<Vec<_>>().join("\n"))
}

/// `repeat=3000` writes each line that has `{n}` so often, with the numbers from 1.
fn repeated(body: &str, options: &[&str]) -> Result<String, String> {
    let Some(count) = options.iter().find_map(|word| word.strip_prefix("repeat=")) else { return Ok(body.to_owned()) };
    let count: usize = count.parse().map_err(|error| format!("repeat={count}: {error}"))?;
    let times = |line: &str| (1..=count).map(|n| line.replace("{n}", &n.to_string())).collect::<Vec<_>>().join("\n");
    let line = |line: &str| if line.contains("{n}") { times(line) } else { line.to_owned() };
    Ok(body.lines().map(line).collect::<Vec<_>>().join("\n"))
}
