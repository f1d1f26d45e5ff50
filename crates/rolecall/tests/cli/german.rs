//! A server whose messages are German: what goes wrong is known by its code, never by its text.

#![expect(clippy::unwrap_used, reason = "a test's own files and folders")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rolecall_throwaway::{Options, binaries, locale};
use tempfile::TempDir;

use crate::stage::{Stage, finished};
use crate::trouble::{ROWS, WAITING, until};

/// None, and says so, where the server has its messages in English only, as downloads do.
fn german() -> Option<(Stage, TempDir)> {
    let found = binaries::find(None).unwrap();
    let catalog = format!("/usr/share/locale/de/LC_MESSAGES/postgres-{}.mo", found.version);
    if !Path::new(&catalog).exists() || !found.bin.starts_with("/usr/lib/postgresql") {
        println!("skipped: this server speaks English only");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let called = locale::make("de_DE", folder.path()).unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let stage = Stage::with(&Options::new().locales(folder.path()).setting("lc_messages", called));
    assert_eq!(stage.sql("postgres", "SHOW lc_messages"), "de_DE.UTF-8");
    Some((stage, folder))
}

#[test]
fn a_lock_in_german() {
    let Some((stage, _locales)) = german() else { return };
    stage.write("rolecall.yaml", ROWS);
    let mut holder = stage.session("app", "BEGIN; LOCK TABLE shop.orders");
    let pid = holder.sql("SELECT pg_backend_pid()");
    let said = stage.run(&["apply", "--yes"]);
    // The server's own words are in it, which shows that it really spoke German.
    said.fails(&["55P03", "wegen Zeitüberschreitung", &format!("the lock is held by process {pid}"), "again"]);
    holder.sql("ROLLBACK");
    stage.run(&["apply", "--yes"]).says(0, &["a second plan is empty"]);
    stage.run(&["verify"]).says(0, &["agrees"]);
}

#[test]
fn a_race_in_german() {
    let Some((stage, _locales)) = german() else { return };
    let mut other = stage.session("app", "CREATE ROLE somebody; BEGIN; GRANT SELECT ON shop.orders TO somebody");
    let child = stage.start(&["apply", "--yes"]);
    until(&stage, WAITING, "1");
    other.sql("COMMIT");
    finished(child).says(0, &["a second plan is empty"]);
    assert!(stage.server.log().contains("tuple concurrently updated"), "{}", stage.server.log());
    stage.run(&["verify"]).says(0, &["agrees"]);
}

#[test]
fn a_lost_session_and_a_lost_object_in_german() {
    let Some((stage, _locales)) = german() else { return };
    stage.write("rolecall.yaml", ROWS);
    let mut holder = stage.session("app", "BEGIN; LOCK TABLE shop.orders");
    let child = stage.start(&["apply", "--yes"]);
    until(&stage, WAITING, "1");
    stage.sql("app", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
    finished(child).fails(&["the connection was lost", "57P01", "running `rolecall apply` again is safe"]);
    let child = stage.start(&["apply", "--yes"]);
    until(&stage, WAITING, "1");
    holder.sql("DROP TABLE shop.orders; COMMIT");
    finished(child).fails(&["42P01", "help:"]);
}

#[test]
fn missing_rights_in_german() {
    let Some((stage, _locales)) = german() else { return };
    stage.sql("postgres", "CREATE ROLE admin LOGIN CREATEROLE");
    let url = stage.server.url("postgres", "admin");
    stage.unchanged(|| stage.run_at(Some(&url), &["apply", "--yes"])).fails(&["missing-right", "app_owner"]);
}
