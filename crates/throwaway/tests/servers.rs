//! Servers on real binaries: they answer, they keep apart, and they are gone when they should be.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test cannot have is its failure")]

use rolecall_throwaway::{Binaries, Error, Options, Server, binaries};
use std::env;
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

fn found() -> Binaries {
    binaries::find(None).unwrap()
}

/// What `psql` prints for a query, or its complaint. None where there is no psql: downloads come without it.
fn ask(url: &str, sql: &str) -> Option<Result<String, String>> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim().to_owned();
    let output = Command::new("psql").args(["-XAtqc", sql, url]).env("PGPASSWORD", "secret").output().ok()?;
    Some(if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) })
}

fn alive(pid: u32) -> bool {
    Command::new("kill").args(["-0", &pid.to_string()]).stderr(Stdio::null()).status().unwrap().success()
}

/// True as soon as `done` is; false if it is not within ten seconds.
fn soon(done: impl Fn() -> bool) -> bool {
    let begin = Instant::now();
    while !done() {
        if begin.elapsed() > Duration::from_secs(10) {
            return false;
        }
        sleep(Duration::from_millis(10));
    }
    true
}

/// Neither process, directory nor lock file is left.
fn gone(pid: u32, folder: &Path) -> bool {
    !alive(pid) && !folder.exists() && !folder.with_extension("lock").exists()
}

#[test]
fn answers_and_is_gone_after_drop() {
    let server = Server::start(&found()).unwrap();
    let (folder, pid) = (server.socket_dir().to_owned(), server.pid().unwrap());
    assert!(alive(pid));
    if let Some(answer) = ask(&server.url("postgres", "postgres"), "SHOW server_version_num") {
        assert_eq!(answer.unwrap().parse::<u32>().unwrap() / 10_000, server.binaries().version);
        let sessions = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'";
        assert_eq!(
            ask(&server.url("postgres", "postgres"), sessions).unwrap().unwrap(),
            "1",
            "our probe is still there"
        );
    }
    assert!(server.log().contains("ready to accept connections"), "{}", server.log());
    drop(server);
    assert!(gone(pid, &folder));
}

#[test]
fn many_at_once_keep_apart() {
    let binaries = found();
    scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| Server::start(&binaries).unwrap())).collect();
        let servers: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        for server in &servers {
            // A role is the whole server's: it would clash if two were one.
            if let Some(answer) = ask(&server.url("postgres", "postgres"), "CREATE ROLE alice") {
                answer.unwrap();
            }
        }
    });
}

#[test]
fn data_outlive_a_restart() {
    let mut server = Server::start(&found()).unwrap();
    let url = server.url("postgres", "postgres");
    let before = ask(&url, "CREATE DATABASE \"a & b\"");
    server.stop();
    assert_eq!(server.pid(), None);
    server.restart().unwrap();
    if before.is_some() {
        assert_eq!(ask(&server.url("a & b", "postgres"), "SELECT current_database()").unwrap().unwrap(), "a & b");
        let command = format!("{} -XAtc 'SELECT 1'", server.psql_command("a & b", "postgres"));
        assert_eq!(Command::new("sh").args(["-c", &command]).output().unwrap().stdout, b"1\n");
    }
}

#[test]
fn takes_options() {
    let options = Options::new().superuser("big boss").port(0).max_connections(17).setting("search_path", "'it''s', b");
    let server = options.initdb("--locale=POSIX").start(&found()).unwrap();
    let url = server.url("postgres", "big boss");
    let Some(answer) = ask(&url, "SELECT current_setting('search_path'), current_setting('max_connections')") else {
        return;
    };
    assert_eq!(answer.unwrap(), "'it''s', b|17");
    ask(&url, "CREATE ROLE alice LOGIN PASSWORD 'secret'; CREATE ROLE bob LOGIN PASSWORD 'other'").unwrap().unwrap();
    // Over TCP, which all users of the machine can reach, nobody gets in without the right password.
    let tcp = |user| ask(&server.tcp_url("postgres", user).unwrap(), "SELECT current_user").unwrap();
    assert_eq!(tcp("alice").unwrap(), "alice");
    assert!(tcp("bob").unwrap_err().contains("password authentication failed"));
}

#[test]
fn starts_where_its_superuser_may_not_log_in() {
    let server = Options::new().hba("local all alice trust\n").start(&found()).unwrap();
    if let Some(answer) = ask(&server.url("postgres", "postgres"), "SELECT 1") {
        assert!(answer.unwrap_err().contains("no pg_hba.conf entry"));
    }
}

#[test]
fn says_why_it_does_not_start() {
    let error = Options::new().setting("work_mem", "lots").start(&found()).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Start { .. }), "{text}");
    assert!(text.contains("invalid value for parameter \"work_mem\""), "{text}");
    let error = Options::new().initdb("--nonsense").start(&found()).unwrap_err().to_string();
    assert!(error.starts_with("initdb failed:\n") && error.contains("nonsense"), "{error}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let error = Options::new().port(taken.local_addr().unwrap().port()).start(&found()).unwrap_err().to_string();
    assert!(error.contains("Address already in use"), "{error}");
}

#[test]
fn says_where_there_are_no_binaries() {
    let empty = tempfile::tempdir().unwrap();
    let error = binaries::find(Some(empty.path())).unwrap_err().to_string();
    assert!(error.contains("holds no PostgreSQL server: `postgres` and `initdb`"), "{error}");
    let prefix = found().bin.parent().unwrap().to_owned();
    assert_eq!(binaries::find(Some(&prefix)).unwrap(), found(), "an install prefix will do");
    assert!(binaries::all().contains(&found()));
}

#[test]
fn kept_ones_stay_until_stopped() {
    let server = Server::start(&found()).unwrap();
    let (folder, pid) = (server.socket_dir().to_owned(), server.pid().unwrap());
    let url = server.url("postgres", "postgres");
    server.keep().unwrap();
    // Another process sweeps at its first start.
    hold().1.wait().unwrap();
    assert!(alive(pid), "swept away");
    if let Some(answer) = ask(&url, "SELECT 1") {
        answer.unwrap();
    }
    Command::new("kill").args(["-INT", &pid.to_string()]).status().unwrap();
    assert!(soon(|| !folder.join("data/postmaster.pid").exists()));
    hold().1.wait().unwrap();
    assert!(soon(|| !folder.exists() && !folder.with_extension("kept").exists()), "not swept away");
}

#[test]
fn dies_with_a_killed_owner() {
    let (held, mut owner) = hold_for("600");
    assert!(alive(held.pid));
    owner.kill().unwrap();
    owner.wait().unwrap();
    assert!(soon(|| gone(held.pid, &held.folder)), "left behind: {}", held.folder.display());
}

#[test]
fn the_next_start_sweeps_what_even_the_watchdog_left() {
    let (held, mut owner) = hold_for("600");
    // The shell is the owner's child and named so; without procps there is no finding it.
    let find = ["-P", &owner.id().to_string(), "-f", "rolecall-watchdog"];
    let Ok(watchdog) = Command::new("pgrep").args(find).output() else { return };
    let watchdog = String::from_utf8(watchdog.stdout).unwrap();
    assert!(Command::new("kill").args(["-KILL", watchdog.trim()]).status().unwrap().success());
    owner.kill().unwrap();
    owner.wait().unwrap();
    assert!(alive(held.pid));
    hold().1.wait().unwrap();
    assert!(soon(|| gone(held.pid, &held.folder)), "left behind: {}", held.folder.display());
}

/// A server of another process.
struct Held {
    pid: u32,
    folder: PathBuf,
    /// Read no further but open still, or the owner could not print its last words.
    _output: Lines<BufReader<ChildStdout>>,
}

/// Starts a server in another process, which ends in good order at once.
fn hold() -> (Held, Child) {
    hold_for("0")
}

/// Starts a server in another process, which is this program again, for some seconds.
fn hold_for(seconds: &str) -> (Held, Child) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "helper", "--ignored", "--nocapture"]).env("HOLD_SECONDS", seconds);
    let mut owner = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(owner.stdout.take().unwrap()).lines();
    let line = output.by_ref().map(Result::unwrap).find(|line| line.starts_with("held ")).unwrap();
    let [_, pid, folder] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
    (Held { pid: pid.parse().unwrap(), folder: PathBuf::from(folder), _output: output }, owner)
}

#[test]
#[ignore = "other tests run it in a process of its own"]
fn helper() {
    let Ok(seconds) = env::var("HOLD_SECONDS") else { return };
    let server = Server::start(&found()).unwrap();
    println!("\nheld {} {}", server.pid().unwrap(), server.socket_dir().display());
    sleep(Duration::from_secs(seconds.parse().unwrap()));
}
