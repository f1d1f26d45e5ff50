//! What goes wrong, and that it says so once, clearly, with exit status 1 and the server as it was.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use rolecall_throwaway::Options;

use crate::stage::{POLICY, Stage, bare, finished, ran};

/// A policy with row security, for which tables have to be locked.
pub const ROWS: &str = r#"environments:
  test:
    servers:
      main: { engine: postgres, url: "${URL}", databases: [app] }
    known: [app_owner]
    leavers: { reassign_to: app_owner }
roles:
  support:
    parameters: { order: integer }
    grants: [{ database: app, allow: [select], on: shop.orders, rows: { id: $order } }]
people:
  alice@acme.test: { assign: { test: [{ role: support, with: { order: 1 } }] } }
"#;

/// Waits until the server answers `sql` with `wanted`.
#[track_caller]
pub fn until(stage: &Stage, sql: &str, wanted: &str) {
    let begin = Instant::now();
    while stage.sql("postgres", sql) != wanted {
        assert!(begin.elapsed() < Duration::from_secs(20), "{sql} never said {wanted}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub const WAITING: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'rolecall' AND wait_event_type = 'Lock'";

#[test]
fn policies_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let deep = format!("people: {}{}", "[".repeat(100_000), "]".repeat(100_000));
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        writeln!(bomb, "a{level}: &a{level} [{before}]").unwrap();
    }
    let twice = POLICY.replace("people:\n", "people:\n  alice@acme.test: {}\n");
    let cases = [
        ("rolecall: [", "yaml"),
        ("%PDF-1.4\n\u{0}\u{1}", "error"),
        ("", "empty"),
        ("# nothing\n", "empty"),
        ("just words", "error"),
        (deep.as_str(), "recursion limit"),
        (bomb.as_str(), "alias"),
        (twice.as_str(), "a second time; the first is on line 10"),
    ];
    for (text, wanted) in cases {
        std::fs::write(folder.path().join("rolecall.yaml"), text).unwrap();
        for words in [["check"].as_slice(), &["plan"], &["apply", "--yes"]] {
            let begin = Instant::now();
            let said = ran(bare(words).current_dir(&folder));
            said.fails(&["error", wanted]);
            assert!(said.err.len() < 4_000, "{} bytes", said.err.len());
            assert!(begin.elapsed() < Duration::from_secs(10));
        }
    }
    std::fs::write(folder.path().join("rolecall.yaml"), [0xff, 0xfe, b'a', 0]).unwrap();
    ran(bare(&["check"]).current_dir(&folder)).fails(&["UTF-8"]);
    std::fs::write(folder.path().join("rolecall.yaml"), "# long\n".repeat(50 << 20 >> 3)).unwrap();
    let large = ran(bare(&["check"]).current_dir(&folder));
    large.fails(&["error[", "generated policies can use groups"]);
    assert!(large.err.len() < 4_000);
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    ran(bare(&["check", "--policy", "empty"]).current_dir(&folder)).fails(&["the folder empty holds no .yaml file"]);
}

#[test]
fn servers_that_cannot_be_reached() {
    let stage = Stage::with(&Options::new().port(0));
    stage.sql("postgres", "CREATE ROLE admin SUPERUSER LOGIN PASSWORD 'right'");
    let port = stage.server.port();
    let url = |rest: &str| format!("postgres://admin:s3cret@127.0.0.1:{rest}");
    let cases = [
        (url("1/postgres"), "nobody listens there"),
        ("postgres://admin:s3cret@localhost/app?host=/no/such".to_owned(), "there is no such socket"),
        (url(&format!("{port}/postgres")), "password authentication failed"),
        (stage.server.url("nowhere", "postgres"), "database \"nowhere\" does not exist"),
        (stage.server.url("postgres", "nobody"), "role \"nobody\" does not exist"),
        ("s3cret".to_owned(), "the connection URL cannot be read"),
        ("mysql://a:s3cret@b/c".to_owned(), "the connection URL cannot be read"),
        ("postgres://a:s3cret@b:port/c".to_owned(), "the connection URL cannot be read"),
        (String::new(), "the connection URL cannot be read"),
    ];
    for (url, wanted) in &cases {
        for words in [["plan"].as_slice(), &["verify"], &["adopt", "alice"], &["credential", "alice@acme.test"]] {
            let said = stage.run_at(Some(url), words);
            said.fails(&["test · main", wanted, "help:"]).never("s3cret");
            assert_eq!(said.err.matches("error").count(), 1, "{}", said.err);
        }
        if !url.contains("nowhere") {
            stage.unchanged(|| stage.run_at(Some(url), &["apply", "--yes"])).fails(&[wanted, "help:"]).never("s3cret");
        }
    }
    stage.run_at(None, &["plan"]).fails(&["test · main: set the environment variable URL"]);
    stage.write("rolecall.yaml", &POLICY.replace("[app]", "[app, gone]"));
    stage.look(&["apply", "--yes"]).fails(&["gone"]);
}

#[test]
fn a_locked_table_names_who_has_it() {
    let stage = Stage::new();
    stage.write("rolecall.yaml", ROWS);
    let mut holder = stage.session("app", "BEGIN; LOCK TABLE shop.orders");
    let pid = holder.sql("SELECT pg_backend_pid()");
    let said = stage.run(&["apply", "--yes"]);
    said.fails(&["55P03", &format!("the lock is held by process {pid}"), "again"]);
    holder.sql("ROLLBACK");
    stage.run(&["apply", "--yes"]).says(0, &["a second plan is empty"]);
    stage.run(&["verify"]).says(0, &["agrees"]);
}

#[test]
fn goes_on_where_a_killed_connection_stopped() {
    let stage = Stage::new();
    stage.write("rolecall.yaml", ROWS);
    let mut holder = stage.session("app", "BEGIN; LOCK TABLE shop.orders");
    let child = stage.start(&["apply", "--yes"]);
    until(&stage, WAITING, "1");
    // What waits is in the database app; the lock's session is in postgres.
    stage.sql("app", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
    finished(child).fails(&["the connection was lost", "57P01", "running `rolecall apply` again is safe"]);
    holder.sql("ROLLBACK");
    stage.run(&["apply", "--yes"]).says(0, &["a second plan is empty"]);
    stage.run(&["plan"]).says(0, &["Nothing to do"]);
    stage.run(&["verify"]).says(0, &["agrees"]);
}

#[test]
fn the_second_applier_says_who_is_first() {
    let stage = Stage::new();
    stage.write("rolecall.yaml", ROWS);
    let mut holder = stage.session("app", "BEGIN; LOCK TABLE shop.orders");
    let first = stage.start(&["apply", "--yes"]);
    until(&stage, WAITING, "1");
    // The first gives up after five seconds; another Rolecall's lock is to stay longer.
    let mut other = stage.session("postgres", "SELECT 1");
    finished(first).fails(&["55P03"]);
    holder.sql("ROLLBACK");
    other.sql("SET application_name = 'rolecall'; SELECT pg_advisory_lock(8245928625453493356)");
    let pid = other.sql("SELECT pg_backend_pid()");
    let said = stage.look(&["apply", "--yes"]);
    said.fails(&[
        "another Rolecall is changing this server",
        &format!("process {pid}, rolecall"),
        "wait until it is done",
    ]);
    // Looking is free.
    stage.run(&["plan"]).says(2, &[]);
    drop(other);
}

#[test]
fn two_appliers_at_once_both_end_well() {
    let stage = Stage::new();
    let (one, other) = (stage.start(&["apply", "--yes"]), stage.start(&["apply", "--yes"]));
    finished(one).says(0, &[]);
    finished(other).says(0, &[]);
    stage.run(&["plan"]).says(0, &["Nothing to do"]);
}

#[test]
fn what_was_planned_for_is_gone() {
    let stage = Stage::new();
    stage.run(&["plan", "--out", "plan.json"]).says(2, &[]);
    stage.sql("app", "DROP TABLE shop.orders");
    stage.look(&["apply", "plan.json", "--yes"]).fails(&["moved since the plan was saved", "plan again"]);
}

/// A trigger that answers every GRANT on tables with a REVOKE: what was applied does not last.
const UNDOING: &str = "
    CREATE FUNCTION public.undo() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
        IF current_setting('undo.runs', true) IS DISTINCT FROM 'yes' THEN
            PERFORM set_config('undo.runs', 'yes', true);
            REVOKE ALL ON shop.orders FROM reader;
            PERFORM set_config('undo.runs', 'no', true);
        END IF;
    END $$;
    CREATE EVENT TRIGGER undo ON ddl_command_end WHEN TAG IN ('GRANT') EXECUTE FUNCTION public.undo()";

#[test]
fn what_does_not_last_is_no_success() {
    let stage = Stage::new();
    stage.sql("app", UNDOING);
    let said = ["Applied, but a second plan is not empty", "GRANT SELECT ON TABLE shop.orders TO reader"];
    stage.run(&["apply", "--yes"]).fails(&said).never("a second plan is empty");
    stage.run(&["audit", "log"]).says(0, &["changes on test · main, not proved"]);
    stage.sql("app", "DROP EVENT TRIGGER undo");
    stage.run(&["apply", "--yes"]).says(0, &["a second plan is empty"]);
}
