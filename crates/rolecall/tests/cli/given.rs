//! What acts have given and taken holds against the policy's own commands.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;

use rolecall_control::Office;
use rolecall_control::store::{Options, Store};
use rolecall_core::event::Actor;
use rolecall_core::policy::{Sources, read};

use crate::stage::Stage;

const LOGIN: &str = "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'alice'";
const MARK: &str = "SELECT pg_catalog.shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = 'rolecall'";

/// Somebody acts in the stage's store.
fn act(stage: &Stage, acts: impl AsyncFnOnce(&Office, &Actor)) {
    let policy = read(&Sources::one("rolecall.yaml", stage.read("rolecall.yaml")), jiff::Timestamp::now()).policy;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let options = Options::new(stage.path("store.db"), stage.path("ledger.key"));
        let store = Store::open(&options).await.unwrap();
        let office = Office::new(store.clone(), Arc::new(policy.unwrap()));
        acts(&office, &Actor::OsUser { user: "root".into(), host: "here".into() }).await;
        store.close().await;
    });
}

async fn suspend(office: &Office, operator: &Actor) {
    office.suspend(operator, "alice@acme.test", "stolen laptop").await.unwrap();
}

#[test]
fn an_apply_does_not_let_a_suspended_person_back_in() {
    let stage = Stage::new();
    stage.run(&["apply", "--yes"]).says(0, &["Applied"]);
    assert_eq!(stage.sql("postgres", LOGIN), "t");
    act(&stage, suspend);
    stage.look(&["plan"]).says(2, &["alice@acme.test loses"]);
    stage.run(&["apply", "--yes"]).says(0, &["Applied"]);
    assert_eq!(stage.sql("postgres", LOGIN), "f");
    stage.run(&["apply", "--yes"]).says(0, &[]);
    assert_eq!(stage.sql("postgres", LOGIN), "f");
}

#[test]
fn who_does_not_have_the_ledger_does_not_undo_what_stands_in_it() {
    let stage = Stage::new();
    let without: [&[&str]; 2] = [&["--no-ledger"], &["--store", "other.db"]];
    stage.run(&["apply", "--yes"]).says(0, &["Applied"]);
    // Nothing holds but the policy: whoever has that may apply it.
    for other in without {
        stage.run(&[&["plan"], other].concat()).says(0, &["Nothing to do"]);
    }
    assert!(!stage.sql("postgres", MARK).contains("ledger"));
    act(&stage, suspend);
    stage.run(&["apply", "--yes"]).says(0, &["the marker names the ledger"]);
    let mark = stage.sql("postgres", MARK);
    assert!(mark.contains("\"environment\":\"test\",\"ledger\":\"rolecall/"), "{mark}");
    stage.unchanged(|| {
        for other in without {
            let plan = stage.run(&[&["plan"], other].concat());
            plan.says(1, &["error [other-ledger]", "--disregard-ledger"]);
            stage.run(&[&["apply", "--yes"], other].concat()).says(1, &["other-ledger"]);
        }
        stage.run(&["plan"]).says(0, &["Nothing to do"]);
    });
    assert_eq!((stage.sql("postgres", LOGIN), stage.sql("postgres", MARK)), ("f".into(), mark));
    // By hand is drift.
    stage.sql("postgres", "COMMENT ON ROLE rolecall IS 'rolecall: {\"environment\":\"test\"}'");
    stage.run(&["apply", "--yes"]).says(0, &["the marker names the ledger"]);
    act(&stage, async |office, operator| {
        office.reinstate(operator, "alice@acme.test", "found it").await.unwrap();
    });
    stage.run(&["apply", "--yes"]).says(0, &["nothing holds here beside the policy any more"]);
    assert_eq!(stage.sql("postgres", LOGIN), "t");
    for other in without {
        stage.run(&[&["plan"], other].concat()).says(0, &["Nothing to do"]);
    }
}

#[test]
fn a_lost_ledger_is_disregarded_only_where_somebody_says_so() {
    let stage = Stage::new();
    stage.run(&["apply", "--yes"]).says(0, &["Applied"]);
    act(&stage, suspend);
    stage.run(&["apply", "--yes"]).says(0, &["Applied"]);
    let other = ["--store", "other.db", "--disregard-ledger"];
    stage.run(&[&["plan"], other.as_slice()].concat()).says(2, &["alice@acme.test gains", "logging in"]);
    stage.run(&[&["apply", "--yes"], other.as_slice()].concat()).says(0, &["Applied"]);
    assert_eq!(stage.sql("postgres", LOGIN), "t");
    assert!(!stage.sql("postgres", MARK).contains("ledger"));
}
