//! A primary and a standby to which its changes stream: the one is changed, the other can only be looked at.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::time::{Duration, Instant};

use rolecall_throwaway::{Options, Server};

use crate::stage::{POLICY, Stage};

/// Some of the orders, and for one person only for some seconds.
fn rows(alice: &str) -> String {
    let roles = "  support:
    parameters: { order: integer }
    grants: [{ database: app, allow: [select], on: shop.orders, rows: { id: $order } }]
people:
";
    let until = format!(", ends: {alice} }}] }} }}");
    let (before, _) = POLICY.split_once("  reader:").unwrap();
    format!(
        "{before}{roles}  alice@acme.test: {{ assign: {{ test: [{{ role: support, with: {{ order: 1 }}{until}
  bob@acme.test: {{ assign: {{ test: [{{ role: support, with: {{ order: 2 }} }}] }} }}\n"
    )
}

struct Pair {
    stage: Stage,
    standby: Server,
}

impl Pair {
    fn new() -> Self {
        let mut stage = Stage::with(&Options::new().replicated());
        stage.sql("app", "INSERT INTO shop.orders VALUES (1), (2), (3)");
        let standby = stage.server.standby().unwrap();
        Self { stage, standby }
    }

    fn url(&self) -> String {
        self.standby.url("postgres", "postgres")
    }

    /// What somebody is told by the standby.
    fn ask(&self, who: &str, sql: &str) -> Result<String, String> {
        self.stage.sql_at(&self.standby.url("app", who), sql)
    }

    /// Waits until the standby has what the primary has written.
    fn in_step(&self) {
        // These servers write when they please; a commit that waits takes along all that came before it.
        self.stage.sql("postgres", "SET synchronous_commit = on; COMMENT ON DATABASE postgres IS 'in step'");
        let written = self.stage.sql("postgres", "SELECT pg_current_wal_flush_lsn()");
        let reached = format!("SELECT pg_last_wal_replay_lsn() >= '{written}'");
        self.until("postgres", &reached, &Ok("t".to_owned()));
    }

    #[track_caller]
    fn until(&self, who: &str, sql: &str, wanted: &Result<String, String>) {
        let begin = Instant::now();
        loop {
            let said = self.ask(who, sql);
            if said == *wanted {
                return;
            }
            assert!(begin.elapsed() < Duration::from_secs(20), "{sql} says {said:?}, not {wanted:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn a_standby_is_looked_at_and_only_its_primary_is_changed() {
    let pair = Pair::new();
    let at = Some(pair.url());
    let standby = |words: &[&str]| pair.stage.run_at(at.as_deref(), words);
    assert_eq!(pair.ask("postgres", "SELECT pg_is_in_recovery()"), Ok("t".to_owned()));
    let streams = "SELECT state FROM pg_stat_replication";
    pair.stage.sql("postgres", streams);
    crate::trouble::until(&pair.stage, streams, "streaming");

    // It can be planned, and says what it is. The plan is that of the primary, by its digest.
    standby(&["plan"]).says(2, &["alice@acme.test, bob@acme.test gain", "this server is a standby"]);
    standby(&["plan", "--json", "--out", "saved.json"]).says(2, &["\"standby\""]);

    // Nothing is tried there, whether anything is to do or not; the ledger has no beginning of it.
    for words in [["apply", "--yes"].as_slice(), &["apply", "--yes", "saved.json"]] {
        let refused = standby(words);
        refused.fails(&["error: test · main\n  this server is a standby", "name the primary"]).never("25006");
        assert_eq!(refused.err.matches("error").count(), 1, "{}", refused.err);
        refused.never("gains");
    }
    pair.stage.run(&["audit", "log", "--json"]).says(0, &[]).never("apply_");
    assert_eq!(pair.stage.sql("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'alice'"), "0");

    // What is applied at the primary streams over.
    pair.stage.run(&["apply", "--yes", "saved.json"]).says(0, &["a second plan is empty"]);
    pair.in_step();
    standby(&["plan"]).says(0, &["Nothing to do", "this server is a standby"]);
    standby(&["verify"]).says(0, &["It agrees with the policy everywhere"]);
    standby(&["apply", "--yes"]).fails(&["this server is a standby"]);
    assert_eq!(pair.ask("alice", "SELECT count(*) FROM shop.orders"), Ok("3".to_owned()));
    let secret = standby(&["credential", "alice@acme.test"]);
    secret.fails(&["primary"]);
    assert_eq!(secret.out, "");
}

#[test]
fn rows_on_a_standby_are_those_of_the_primary_and_end_on_time() {
    let pair = Pair::new();
    let at = Some(pair.url());
    let ends = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(12);
    pair.stage.write("rolecall.yaml", &rows(&ends.to_string()));
    pair.stage.run(&["apply", "--yes"]).says(0, &["a second plan is empty"]);
    pair.in_step();
    let sees = "SELECT coalesce(string_agg(id::text, ',' ORDER BY id), 'nothing') FROM shop.orders";
    assert_eq!(pair.ask("bob", sees), Ok("2".to_owned()));
    assert_eq!(pair.ask("alice", sees), Ok("1".to_owned()));
    pair.stage
        .run_at(at.as_deref(), &["verify"])
        .says(0, &["It agrees with the policy everywhere", "counted rows 2 times"]);

    // Nobody applies anything, and the primary has gone: what was given for a while ends all the same.
    let Pair { mut stage, standby } = pair;
    stage.server.stop();
    let pair = Pair { stage, standby };
    let left = ends.duration_since(jiff::Timestamp::now());
    assert!(left > jiff::SignedDuration::ZERO, "too slow to have seen the rows before their end");
    pair.until("alice", sees, &Ok("nothing".to_owned()));
    assert!(jiff::Timestamp::now() >= ends);
    assert_eq!(pair.ask("bob", sees), Ok("2".to_owned()));

    // Once it is the primary, it is changed as any other: alice has nothing any more.
    pair.ask("postgres", "SELECT pg_promote()").unwrap();
    pair.stage.run_at(at.as_deref(), &["apply", "--yes"]).says(0, &["alice@acme.test loses"]).never("standby");
}
