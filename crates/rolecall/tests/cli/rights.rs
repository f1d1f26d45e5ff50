//! Rolecall as a role without SUPERUSER.

use rolecall_throwaway::{Options, binaries};

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

fn version() -> u32 {
    binaries::find(None).map_or(0, |found| found.version)
}

/// The policy with Alice shut out.
fn suspended() -> String {
    let alice = "alice@acme.test: { ";
    POLICY.replace(alice, &format!("{alice}standing: suspended, "))
}

/// Memberships, with their options where they have some.
const MEMBERSHIPS: &str = "SELECT to_jsonb(edge) - 'oid' #>> '{}' FROM pg_auth_members AS edge
    ORDER BY roleid, member, grantor";

/// From PostgreSQL 16 on it administers what it made, and has no right of it.
#[test]
fn who_made_the_owner_is_told_that_it_may_not_act_for_it() {
    let stage = Stage::empty(&Options::new());
    stage.sql("postgres", "CREATE ROLE admin LOGIN CREATEROLE");
    let url = stage.server.url("postgres", "admin");
    stage.sql_at(&url, "CREATE ROLE app_owner NOLOGIN").unwrap();
    stage.sql("postgres", "CREATE DATABASE app OWNER app_owner");
    let shop = "CREATE SCHEMA shop AUTHORIZATION app_owner; SET ROLE app_owner; CREATE TABLE shop.orders (id int)";
    stage.sql("app", shop);
    stage.write("rolecall.yaml", POLICY);
    let grant = if version() >= 16 {
        r#"GRANT "app_owner" TO "admin" WITH INHERIT TRUE"#
    } else {
        r#"GRANT "app_owner" TO "admin""#
    };
    let said = stage.unchanged(|| stage.run_at(Some(&url), &["apply", "--yes"]));
    said.fails(&["missing-right", r#"may not act for "app_owner""#, grant]);
    stage.sql_at(&url, grant).unwrap();
    stage.run_at(Some(&url), &["apply", "--yes"]).says(0, &["a second plan is empty"]);
}

#[test]
fn a_membership_without_inherit_is_not_enough() {
    let stage = Stage::new();
    stage.sql("postgres", "CREATE ROLE admin LOGIN CREATEROLE NOINHERIT; GRANT app_owner TO admin");
    let url = stage.server.url("postgres", "admin");
    let help = if version() >= 16 {
        r#"GRANT "app_owner" TO "admin" WITH INHERIT TRUE"#
    } else {
        r#"ALTER ROLE "admin" INHERIT"#
    };
    let said = stage.unchanged(|| stage.run_at(Some(&url), &["apply", "--yes"]));
    said.fails(&["missing-right", r#"may not act for "app_owner""#, help]);
    stage.sql("postgres", help);
    stage.run_at(Some(&url), &["apply", "--yes"]).says(0, &["a second plan is empty"]);
}

/// Who shall pass on what a superuser owns needs that privilege, and nothing else of the superuser's.
#[test]
fn membership_in_a_superuser_is_never_advised() {
    if version() < 15 {
        return;
    }
    let stage = Stage::new();
    let url = owner(&stage);
    let parameter = "{ database: app, allow: [set], on: [parameter log_min_duration_statement] }";
    stage.write("rolecall.yaml", &POLICY.replace(r#"on: "shop.*" }"#, &format!(r#"on: "shop.*" }}, {parameter}"#)));
    let grant = r#"GRANT SET ON PARAMETER "log_min_duration_statement" TO "admin" WITH GRANT OPTION"#;
    let said = stage.unchanged(|| stage.run_at(Some(&url), &["apply", "--yes"]));
    said.fails(&["missing-right", grant]).never(r#"GRANT "postgres""#);
    stage.sql("postgres", grant);
    stage.run_at(Some(&url), &["apply", "--yes"]).says(0, &["a second plan is empty"]);
    // What a superuser gave, only a superuser revokes: an option to pass on does not do.
    stage.sql("postgres", "GRANT ALTER SYSTEM ON PARAMETER log_min_duration_statement TO reader");
    stage.sql("postgres", "GRANT ALTER SYSTEM ON PARAMETER log_min_duration_statement TO admin WITH GRANT OPTION");
    let said = stage.unchanged(|| stage.run_at(Some(&url), &["apply", "--yes"]));
    said.fails(&["missing-right", "a superuser must run this apply"]).never(r#"GRANT "postgres""#);
}

#[test]
fn an_administrator_ends_sessions_by_a_right_that_it_gives_back() {
    let stage = Stage::new();
    let url = owner(&stage);
    stage.run_at(Some(&url), &["apply", "--yes"]).says(0, &[]);
    let before = stage.sql("postgres", MEMBERSHIPS);
    let mut session = stage.session_of("app", "alice", "SELECT count(*) FROM shop.orders");
    stage.write("rolecall.yaml", &suspended());
    stage.run_at(Some(&url), &["apply", "--yes"]).says(0, &["a second plan is empty"]);
    assert!(session.try_sql("SELECT 1").is_err());
    let after = stage.sql("postgres", MEMBERSHIPS);
    let more: Vec<_> = after.lines().filter(|line| !before.contains(line)).collect();
    assert!(more.is_empty(), "{more:#?}");
}

/// From PostgreSQL 16 on, a role that others made is nobody's to borrow.
#[test]
fn who_may_not_end_sessions_is_told_so() {
    let stage = Stage::new();
    stage.run(&["apply", "--yes"]).says(0, &[]);
    let url = owner(&stage);
    let mut session = stage.session_of("app", "alice", "SELECT count(*) FROM shop.orders");
    stage.write("rolecall.yaml", &suspended());
    if version() < 16 {
        stage.run_at(Some(&url), &["apply", "--yes"]).says(0, &["a second plan is empty"]);
        assert!(session.try_sql("SELECT 1").is_err());
        return;
    }
    let help = r#"GRANT "pg_signal_backend" TO "admin" WITH INHERIT TRUE"#;
    let said = stage.unchanged(|| stage.run_at(Some(&url), &["apply", "--yes"]));
    said.fails(&["missing-right", r#"may not end the sessions of "alice""#, help]);
    assert!(session.try_sql("SELECT 1").is_ok());
    stage.sql("postgres", help);
    stage.run_at(Some(&url), &["plan"]).never("may not end the sessions");
}

/// The program changes nothing, and says these things.
#[track_caller]
fn told(stage: &Stage, url: &str, wanted: &[&str]) {
    let said = stage.unchanged(|| stage.run_at(Some(url), &["apply", "--yes"]));
    said.fails(&[&["missing-right"], wanted].concat());
}

#[test]
fn attributes_that_a_superuser_takes_away_are_told_beforehand() {
    let stage = Stage::new();
    let url = owner(&stage);
    stage.run_at(Some(&url), &["apply", "--yes"]).says(0, &[]);
    stage.sql("postgres", "ALTER ROLE alice BYPASSRLS CREATEDB; ALTER ROLE bob REPLICATION CREATEROLE");
    // Before PostgreSQL 16 CREATEROLE takes CREATEDB away, and nothing at all from whoever has REPLICATION.
    let (alice, bob) = if version() >= 16 {
        (r#"ALTER ROLE "alice" NOCREATEDB NOBYPASSRLS"#, r#"ALTER ROLE "bob" NOREPLICATION"#)
    } else {
        (r#"ALTER ROLE "alice" NOBYPASSRLS"#, r#"ALTER ROLE "bob" NOCREATEROLE NOREPLICATION"#)
    };
    told(&stage, &url, &[alice, bob]);
    stage.sql("postgres", &format!("{alice}; {bob}"));
    stage.run_at(Some(&url), &["apply", "--yes"]).says(0, &["a second plan is empty"]);
}

#[test]
fn roles_of_another_administrator_are_told_beforehand() {
    let stage = Stage::new();
    stage.run(&["apply", "--yes"]).says(0, &[]);
    let url = owner(&stage);
    let carol = "people:\n  carol@acme.test: { assign: { test: [reader] } }\n";
    stage.write("rolecall.yaml", &POLICY.replace("people:\n", carol));
    if version() >= 16 {
        // Carol is marked, and comes into the Role: it takes ADMIN in both.
        let help = r#"GRANT "reader", "rolecall" TO "admin" WITH ADMIN TRUE, INHERIT FALSE, SET FALSE"#;
        told(&stage, &url, &[r#"does not administer role "reader" and 1 more"#, help]);
        stage.sql("postgres", help);
    }
    stage.run_at(Some(&url), &["apply", "--yes"]).says(0, &["a second plan is empty"]);
    stage.run(&["plan"]).says(0, &["Nothing to do"]);
}

#[test]
fn a_membership_that_a_superuser_gave_is_told_beforehand() {
    let stage = Stage::new();
    let url = owner(&stage);
    stage.run_at(Some(&url), &["apply", "--yes"]).says(0, &[]);
    stage.sql("postgres", "GRANT alice TO bob");
    if version() >= 16 {
        let help = r#"REVOKE "alice" FROM "bob" GRANTED BY "postgres""#;
        told(&stage, &url, &[help]);
        stage.sql("postgres", help);
    }
    stage.run_at(Some(&url), &["apply", "--yes"]).says(0, &[]);
    stage.run_at(Some(&url), &["plan"]).says(0, &["Nothing to do"]);
}

#[test]
fn a_database_given_away_is_told_beforehand() {
    let stage = Stage::new();
    let url = owner(&stage);
    stage.run_at(Some(&url), &["apply", "--yes"]).says(0, &[]);
    stage.sql("postgres", "ALTER DATABASE app OWNER TO alice");
    told(&stage, &url, &[r#"ALTER DATABASE "app" OWNER TO "app_owner""#]);
    stage.sql("postgres", "ALTER ROLE admin CREATEDB");
    stage.run_at(Some(&url), &["apply", "--yes"]).says(0, &["a second plan is empty"]);
}

#[test]
fn who_takes_over_a_table_must_be_allowed_to_have_it() {
    let stage = Stage::new();
    let url = owner(&stage);
    stage.run_at(Some(&url), &["apply", "--yes"]).says(0, &[]);
    stage.sql("app", "CREATE SCHEMA other; CREATE TABLE other.hers (id int); ALTER TABLE other.hers OWNER TO alice");
    let help = r#"GRANT CREATE ON SCHEMA "other" TO "app_owner""#;
    let usage = r#"GRANT USAGE ON SCHEMA "other" TO "admin""#;
    told(&stage, &url, &[r#""app_owner" may not take over table other.hers"#, help, usage]);
    stage.sql("app", &format!("{help}; {usage}"));
    stage.run_at(Some(&url), &["apply", "--yes"]).says(0, &["a second plan is empty"]);
    let owner = "SELECT relowner::regrole FROM pg_class WHERE relname = 'hers'";
    assert_eq!(stage.sql("app", owner), "app_owner");
}

#[test]
fn a_schema_of_its_own_takes_create_on_the_database() {
    let stage = Stage::new();
    let url = owner(&stage);
    stage.sql("postgres", "ALTER DATABASE app OWNER TO postgres");
    stage.write("rolecall.yaml", crate::trouble::ROWS);
    let help = r#"GRANT CREATE ON DATABASE "app" TO "admin""#;
    told(&stage, &url, &[help]);
    // Nor may it let anybody connect.
    stage.sql("postgres", "ALTER DATABASE app OWNER TO app_owner");
    stage.run_at(Some(&url), &["apply", "--yes"]).says(0, &["a second plan is empty"]);
}

#[test]
fn a_schema_of_its_own_that_another_role_made_is_told_beforehand() {
    let stage = Stage::new();
    stage.write("rolecall.yaml", crate::trouble::ROWS);
    stage.run(&["apply", "--yes"]).says(0, &["a second plan is empty"]);
    let url = owner(&stage);
    told(&stage, &url, &[r#"belongs to "postgres""#, r#"ALTER SCHEMA "rolecall" OWNER TO "admin""#]);
    // Whoever else made it is not advised to be trusted, not even to a superuser.
    stage.sql("app", "CREATE ROLE mallory; ALTER TABLE rolecall.scope OWNER TO mallory");
    for url in [url, stage.url()] {
        let said = stage.unchanged(|| stage.run_at(Some(&url), &["apply", "--yes"]));
        said.fails(&["schema-of-another", "rename it"]).never("ALTER SCHEMA \"rolecall\" OWNER");
    }
}
