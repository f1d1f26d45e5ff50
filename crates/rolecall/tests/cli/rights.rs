//! Rolecall as a role without SUPERUSER.

use crate::stage::{POLICY, Stage};

/// A role whom the objects' owner lets in.
fn owner(stage: &Stage) -> String {
    stage.sql("postgres", "CREATE ROLE admin LOGIN CREATEROLE; GRANT app_owner TO admin");
    stage.server.url("postgres", "admin")
}

#[test]
fn createrole_alone_is_told_what_is_missing() {
    let stage = Stage::new();
    stage.sql("postgres", "CREATE ROLE admin LOGIN CREATEROLE");
    let url = stage.server.url("postgres", "admin");
    // It is said before anything runs, with the statement that helps.
    let said = stage.unchanged(|| stage.run_at(Some(&url), &["apply", "--yes"]));
    said.fails(&["missing-right", r#"may not act for "app_owner""#, r#"GRANT "app_owner" TO "admin""#]);
    stage.run(&["apply", "--yes"]).says(0, &["a second plan is empty"]);
    stage.run(&["verify"]).says(0, &["agrees"]);
}

#[test]
fn the_administrator_who_made_the_marker_is_nobody_to_remove() {
    let stage = Stage::new();
    let url = owner(&stage);
    stage.run_at(Some(&url), &["apply", "--yes"]).says(0, &[]);
    // Another one looks: from PostgreSQL 16 on, the first is a member of whatever it made.
    stage.run(&["plan"]).never("ROLE admin").never("FROM admin").says(0, &["Nothing to do"]);
}

#[test]
fn no_rights_at_all() {
    let stage = Stage::new();
    stage.sql("postgres", "CREATE ROLE nobody LOGIN");
    let url = stage.server.url("postgres", "nobody");
    let said = stage.unchanged(|| stage.run_at(Some(&url), &["apply", "--yes"]));
    said.fails(&["missing-right", r#"ALTER ROLE "nobody" CREATEROLE"#]);
}

#[test]
fn an_owner_with_createrole_may_do_it_all() {
    let stage = Stage::new();
    let url = owner(&stage);
    let run = |words: &[&str]| stage.run_at(Some(&url), words);
    run(&["apply", "--yes"]).says(0, &["a second plan is empty"]);
    run(&["plan"]).says(0, &["Nothing to do"]);
    run(&["verify"]).says(0, &["agrees"]);
    run(&["credential", "alice@acme.test"]).says(0, &["account alice"]);
    run(&["plan"]).says(0, &["Nothing to do"]);
    // Drift, and somebody who leaves.
    stage.sql("app", "GRANT UPDATE ON shop.orders TO bob; ALTER ROLE bob CREATEROLE");
    stage.sql("app", "CREATE ROLE late LOGIN; SET ROLE app_owner; GRANT DELETE ON shop.orders TO late");
    stage.write("rolecall.yaml", &POLICY.replace("  alice@acme.test: { assign: { test: [reader] } }\n", ""));
    run(&["apply", "--yes"]).says(0, &["a second plan is empty"]);
    run(&["plan"]).says(0, &["Nothing to do"]);
    run(&["verify"]).says(0, &["agrees"]);
}

#[test]
fn an_owner_with_createrole_secures_rows_or_says_what_is_missing() {
    let stage = Stage::new();
    let url = owner(&stage);
    stage.write("rolecall.yaml", crate::trouble::ROWS);
    let run = |words: &[&str]| stage.run_at(Some(&url), words);
    run(&["apply", "--yes"]).says(0, &["a second plan is empty"]);
    run(&["plan"]).says(0, &["Nothing to do"]);
    run(&["verify"]).says(0, &["agrees"]);
}
