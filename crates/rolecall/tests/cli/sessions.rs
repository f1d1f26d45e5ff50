//! Sessions that are open while their access goes.

use rolecall_throwaway::binaries;

use crate::stage::Stage;

const POLICY: &str = r#"environments:
  test:
    servers:
      main: { engine: postgres, url: "${URL}", databases: [app] }
    known: [app_owner]
roles:
  reader: { grants: [{ database: app, allow: [select], on: "shop.*" }] }
  writer: { includes: [reader], grants: [{ database: app, allow: [insert], on: "shop.*" }] }
people:
  alice@acme.test: { assign: { test: [writer] } }
"#;

/// Alice holds `reader` through `writer`: a session of hers that acts as it would outlive the end of that.
#[test]
fn a_session_ends_that_may_act_as_a_role_held_through_another() {
    let stage = Stage::new();
    stage.write("rolecall.yaml", POLICY);
    stage.run(&["apply", "--yes"]).says(0, &["read back"]);
    let alice = stage.server.url("app", "alice");
    if binaries::find(None).is_ok_and(|found| found.version >= 16) {
        let refused = stage.sql_at(&alice, "SET ROLE reader").unwrap_err();
        assert!(refused.contains("permission denied to set role"), "{refused}");
        return;
    }
    let mut session = stage.session_of("app", "alice", "SET ROLE reader");
    assert_eq!(session.try_sql("SELECT count(*) FROM shop.orders"), Ok("0".to_owned()));
    stage.write("rolecall.yaml", &POLICY.replace("includes: [reader], ", ""));
    stage.run(&["apply", "--yes"]).says(0, &["alice@acme.test: a session may still act as the role it lost"]);
    assert!(session.try_sql("SELECT count(*) FROM shop.orders").is_err());
}

/// Who was a superuser may have become anybody by then.
#[test]
fn a_session_ends_that_was_a_superusers() {
    let stage = Stage::new();
    stage.write("rolecall.yaml", POLICY);
    stage.run(&["apply", "--yes"]).says(0, &["read back"]);
    stage.sql("postgres", "ALTER ROLE alice SUPERUSER");
    let mut session = stage.session_of("app", "alice", "SET SESSION AUTHORIZATION app_owner");
    assert_eq!(session.try_sql("SELECT session_user"), Ok("app_owner".to_owned()));
    stage.run(&["apply", "--yes"]).says(0, &["alice@acme.test loses: SUPERUSER: everything"]);
    assert!(session.try_sql("SELECT session_user").is_err());
}

/// Rolecall ends no session of a role that it does not own; it says that one may go on.
#[test]
fn a_strangers_session_is_told_of() {
    let stage = Stage::new();
    stage.write("rolecall.yaml", POLICY);
    stage.run(&["apply", "--yes"]).says(0, &["read back"]);
    stage.sql("postgres", "CREATE ROLE eve LOGIN; GRANT writer TO eve");
    let mut session = stage.session_of("app", "eve", "SET ROLE writer");
    stage.run(&["plan"]).says(2, &["[session-remains] eve", "may still act as writer"]);
    stage.run(&["apply", "--yes"]).says(0, &["[session-remains] eve"]);
    assert!(session.try_sql("SELECT 1").is_ok());
}
