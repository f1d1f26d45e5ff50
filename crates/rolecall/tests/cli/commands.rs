//! What each command does when all is well, and when it refuses.

#![expect(clippy::unwrap_used, reason = "a test's own output and files")]

use rolecall_throwaway::Options;
use serde_json::Value;

use crate::stage::{POLICY, Stage, bare, finished, ran};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Both people leave.
fn without_people() -> String {
    POLICY
        .lines()
        .filter(|line| !line.contains("acme.test"))
        .map(|line| format!("{line}\n"))
        .collect::<String>()
        .replace("people:\n", "")
}

#[test]
fn help_names_every_command_with_an_example() {
    let help = ran(&mut bare(&["--help"]));
    help.says(0, &["Exit status: 0 nothing to do or done, 1 an error, 2 a plan has changes.", "rolecall demo"]);
    for command in ["init", "check", "schema", "plan", "apply", "adopt", "credential", "verify", "audit", "demo"] {
        help.says(0, &[&format!("\n  {command} ")]);
        ran(&mut bare(&[command, "--help"])).says(0, &["Example", &format!("rolecall {command}")]);
    }
    ran(&mut bare(&["plan", "--no-such"])).says(1, &["unexpected argument '--no-such'"]);
}

#[test]
fn init_writes_a_policy_that_can_be_used_and_overwrites_none() {
    let folder = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| ran(bare(words).current_dir(&folder));
    run(&["plan"]).fails(&["there is no policy at rolecall.yaml: `rolecall init rolecall.yaml` writes one"]);
    run(&["init"]).says(0, &["Wrote rolecall.yaml and rolecall.schema.json"]);
    run(&["check"]).says(0, &["The policy can be used", "0 warnings"]);
    let file = folder.path().join("rolecall.yaml");
    std::fs::write(&file, "mine").unwrap();
    run(&["init"]).fails(&["cannot write rolecall.yaml (an existing file is left alone)"]);
    assert_eq!(std::fs::read_to_string(file).unwrap(), "mine");
    let schema = folder.path().join("rolecall.schema.json");
    run(&["init", "second.yaml"]).says(0, &["rolecall.schema.json (for your editor) is there already"]);
    std::fs::write(&schema, "mine").unwrap();
    run(&["init", "third.yaml"]).says(0, &["rolecall.schema.json exists and is left alone"]);
    assert_eq!(std::fs::read_to_string(schema).unwrap(), "mine");
    run(&["init", "no/such/folder.yaml"]).fails(&["cannot write no/such/folder.yaml"]).never("existing file");
}

#[test]
fn check_shows_every_problem_at_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let text = POLICY
        .replace("allow: [select]", "allow: [selct]")
        .replace("bob@acme.test: { assign: { test: [reader]", "bob@acme.test: { assign: { test: [raeder]");
    std::fs::write(folder.path().join("rolecall.yaml"), text).unwrap();
    let shown = ran(bare(&["check"]).current_dir(&folder));
    insta::assert_snapshot!(shown.err, @r#"
error[bad-privilege]: `selct` is no privilege
 --> rolecall.yaml:8:47
  |
8 |   reader: { grants: [{ database: app, allow: [selct], on: "shop.*" }] }
  |                                               ^^^^^
  |
  = help: did you mean `select`? PostgreSQL has `select`, `insert`, `update`, `delete`, `truncate`, `references`, `trigger`, `maintain`, `usage`, `create`, `connect`, `temporary`, `execute`, `set`, `alter system`

error[unknown-role]: there is no role `raeder`
  --> rolecall.yaml:11:37
   |
11 |   bob@acme.test: { assign: { test: [raeder] } }
   |                                     ^^^^^^
   |
   = help: did you mean `reader`? define it under `roles`

The policy cannot be used: 2 errors, 0 warnings.
"#);
    assert_eq!((shown.status, shown.out.as_str()), (1, ""));
    let told = ran(bare(&["check", "--json"]).current_dir(&folder));
    assert_eq!((told.status, told.err.as_str()), (1, ""));
    let problems = json(&told.out)["problems"].as_array().unwrap().clone();
    let places: Vec<_> =
        problems.iter().map(|problem| (problem["line"].as_u64(), problem["column"].as_u64())).collect();
    assert_eq!(places, [(Some(8), Some(47)), (Some(11), Some(37))]);
}

#[test]
fn schemas_are_json() {
    assert!(json(&ran(&mut bare(&["schema"])).out)["properties"]["environments"].is_object());
    assert!(json(&ran(&mut bare(&["schema", "--plan"])).out)["properties"]["plans"].is_object());
}

/// Who owns a function that a row filter calls could make it do whatever the superuser may who counts rows.
#[test]
fn verify_runs_nobodys_code() {
    let stage = Stage::new();
    stage.sql("app", "CREATE FUNCTION shop.mine(int) RETURNS bool LANGUAGE sql AS 'SELECT true'");
    stage.sql("app", "ALTER FUNCTION shop.mine(int) OWNER TO app_owner; GRANT USAGE ON SCHEMA shop TO PUBLIC");
    let filtered = POLICY.replace("on: \"shop.*\" }", "on: shop.orders, where: \"shop.mine(id)\" }");
    stage.write("rolecall.yaml", &filtered);
    stage.run(&["apply", "--yes"]).says(0, &["read back"]);
    let file = stage.path("owned");
    let sly = format!("COPY (SELECT 1) TO PROGRAM 'touch {}'", file.display());
    stage.sql("app", "INSERT INTO shop.orders VALUES (1)");
    stage.sql(
        "app",
        &format!(
            "SET ROLE app_owner; CREATE OR REPLACE FUNCTION shop.mine(int) RETURNS bool LANGUAGE plpgsql AS $sly$ BEGIN
            EXECUTE 'RESET SESSION AUTHORIZATION';
            IF current_setting('is_superuser')::bool THEN EXECUTE $run$ {sly} $run$; END IF; RETURN true; END $sly$"
        ),
    );
    std::fs::set_permissions(&stage.folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let told = stage.run(&["verify"]);
    told.says(0, &["rows of table shop.orders were not counted: its row policies reach function shop.mine"]);
    assert!(!file.exists(), "a superuser's session ran a stranger's code");
}

/// What plan would repair, verify finds by asking PostgreSQL, without knowing how it came about.
#[test]
fn verify_asks_about_the_whole_server_too() {
    let stage = Stage::new();
    stage.run(&["apply", "--yes"]).says(0, &["read back"]);
    stage.run(&["verify"]).says(0, &["agrees with the policy everywhere"]);
    stage.sql(
        "postgres",
        "GRANT pg_monitor TO alice; ALTER ROLE bob CREATEDB; GRANT CREATE ON DATABASE postgres TO bob",
    );
    stage.sql("postgres", "REVOKE reader FROM bob; REVOKE CONNECT ON DATABASE app FROM PUBLIC, reader");
    let told = stage.run(&["verify"]);
    told.fails(&[
        "alice holds pg_monitor, and should not",
        "bob is CREATEDB, and should not be",
        "bob should hold reader, and does not",
        "bob has CREATE on database postgres, and should not",
        "alice has not CONNECT on database app, and should",
    ]);
    stage.run(&["apply", "--yes"]).says(0, &["read back"]);
    stage.run(&["verify"]).says(0, &["agrees with the policy everywhere"]);
}

#[test]
fn plans_and_applies_a_saved_plan() {
    let stage = Stage::new();
    let gains = "alice@acme.test, bob@acme.test gain: read shop.orders";
    stage.run(&["plan", "--brief"]).says(2, &[gains, "statements in", "Risk"]).never("CREATE ROLE");
    stage.run(&["plan"]).says(2, &[gains, "CREATE ROLE alice"]);
    stage.look(&["plan"]).says(2, &["alice@acme.test, bob@acme.test gain: read shop.orders", "CREATE ROLE alice"]);
    let told = stage.look(&["plan", "--json", "--out", "plan.json"]);
    assert_eq!((told.status, told.err.as_str()), (2, ""));
    assert_eq!(json(&told.out), json(&stage.read("plan.json")));
    assert_eq!(json(&told.out)["plans"][0]["changes"], true);

    stage.look(&["apply", "plan.json"]).fails(&["nobody to ask here: give --yes"]);
    stage.run(&["apply", "plan.json", "--yes"]).says(0, &["read back: a second plan is empty"]);
    stage.look(&["plan"]).says(0, &["Nothing to do"]);
    stage.look(&["plan", "--json"]).says(0, &["\"changes\": false"]);
    stage.look(&["apply", "--yes"]).says(0, &["Nothing to do"]);
    stage.run(&["verify"]).says(0, &["agrees"]);
    // It is over: the server is not what the plan was for.
    stage.look(&["apply", "plan.json", "--yes"]).fails(&["has moved since the plan was saved"]);
}

#[test]
fn applies_with_json_and_without_terminal_only_when_told_to() {
    let stage = Stage::new();
    stage.look(&["apply"]).fails(&["error: test · main\n  nobody to ask here: give --yes"]);
    let told = stage.run(&["apply", "--yes", "--json"]);
    assert_eq!((told.status, told.err.as_str()), (0, ""));
    assert_eq!(json(&told.out)["plans"][0]["changes"], true);
}

#[test]
fn a_stale_plan_is_refused() {
    let stage = Stage::new();
    stage.run(&["plan", "--out", "plan.json"]).says(2, &["Saved as plan.json: `rolecall apply plan.json`"]);
    // The policy moves.
    stage.write("rolecall.yaml", &POLICY.replace("[select]", "[select, delete]"));
    stage.look(&["apply", "plan.json", "--yes"]).fails(&["moved since the plan was saved", "plan again"]);
    stage.write("rolecall.yaml", POLICY);
    // The server moves.
    stage.sql("app", "CREATE TABLE shop.late (id int)");
    stage.look(&["apply", "plan.json", "--yes"]).fails(&["moved since the plan was saved"]);
    // The policy is gone.
    std::fs::remove_file(stage.path("rolecall.yaml")).unwrap();
    stage.look(&["apply", "plan.json", "--yes"]).fails(&["there is no policy at rolecall.yaml"]);
}

#[test]
fn what_is_written_into_a_saved_plan_never_runs() {
    let stage = Stage::new();
    stage.run(&["plan", "--out", "plan.json"]);
    let text = stage.read("plan.json");
    let mut plan = json(&text);
    for statements in plan["plans"][0]["statements"].as_array_mut().unwrap() {
        statements["sql"] = serde_json::json!(["CREATE ROLE evil SUPERUSER LOGIN"]);
    }
    stage.write("plan.json", &plan.to_string());
    stage.run(&["apply", "plan.json", "--yes"]).says(0, &["a second plan is empty"]).never("evil");
    assert_eq!(stage.sql("app", "SELECT count(*) FROM pg_roles WHERE rolname = 'evil'"), "0");

    stage.write("plan.json", &text.replace("\"digest\": \"sha256:", "\"digest\": \"sha256:0"));
    stage.look(&["apply", "plan.json", "--yes"]).fails(&["moved since"]);
    stage.write("plan.json", &text.replace("\"format\": 1", "\"format\": 2"));
    stage.look(&["apply", "plan.json", "--yes"]).fails(&["plan.json", "format 2"]);
    for wrong in ["", "{}", "[1]", "environments: {}"] {
        stage.write("plan.json", wrong);
        stage.look(&["apply", "plan.json", "--yes"]).fails(&["plan.json is not a saved plan"]);
    }
    stage.look(&["apply", "no.json", "--yes"]).fails(&["cannot read the plan no.json"]);
}

#[test]
fn the_brake_holds_until_released() {
    let stage = Stage::new();
    stage.run(&["apply", "--yes"]).says(0, &[]);
    stage.write("rolecall.yaml", &without_people());
    stage.look(&["apply", "--yes"]).fails(&["would lose 2 of 2 accounts", "--release-brake"]);
    stage.run(&["apply", "--yes", "--release-brake"]).says(0, &["alice: no such role any more, in any of"]);
    stage.run(&["plan"]).says(0, &["Nothing to do"]);
}

#[test]
fn a_credential_works_and_is_seen_nowhere() {
    let stage =
        Stage::with(&Options::new().port(0).setting("log_statement", "all").setting("log_min_duration_statement", "0"));
    stage.run(&["apply", "--yes"]).says(0, &[]);
    let minted = stage.run(&["credential", "alice@acme.test", "--for", "8h"]);
    minted.says(0, &["test · main · account alice · until 20", "shown once"]);
    let password = minted.out.trim();
    assert!(password.len() >= 20 && !minted.err.contains(password));

    let url = stage.server.tcp_url("app", "alice").unwrap();
    let with = |password: &str| url.replace("alice@", &format!("alice:{password}@"));
    assert_eq!(stage.sql_at(&with(password), "SELECT count(*) FROM shop.orders").unwrap(), "0");
    stage.sql_at(&with("wrong"), "SELECT 1").unwrap_err();

    let hours = "SELECT round(extract(epoch FROM rolvaliduntil - now()) / 3600) FROM pg_roles WHERE rolname = 'alice'";
    assert_eq!(stage.sql("app", hours), "8");
    let plan = stage.run(&["plan"]);
    plan.says(0, &["Nothing to do"]);
    let verifier = stage.sql("app", "SELECT rolpassword FROM pg_authid WHERE rolname = 'alice'");
    assert!(verifier.starts_with("SCRAM-SHA-256$"));
    let applied = stage.run(&["apply", "--yes"]);
    let log = stage.server.log();
    assert!(log.contains("pg_try_advisory_lock"), "the log holds statements");
    for said in [&log, &plan.out, &plan.err, &applied.out, &applied.err] {
        assert!(!said.contains(password) && !said.contains(&verifier) && !said.contains("SCRAM-SHA-256$"));
    }

    let told = json(&stage.run(&["credential", "bob@acme.test", "--json"]).out);
    assert_eq!(told["account"], "bob");
    stage.unchanged(|| {
        stage
            .run(&["credential", "carol@acme.test"])
            .fails(&["the policy has no person or service \"carol@acme.test\""]);
        stage.run(&["credential", "alice"]).fails(&["\"alice\"; did you mean alice@acme.test?"]);
        stage.run(&["credential", "alcie@acme.test"]).fails(&["did you mean alice@acme.test?"]);
        stage.run(&["credential", "alice@acme.test", "--for", "9999d"]).fails(&["a password here lives at most"]);
        stage.run(&["credential", "alice@acme.test", "--for", "soon"]).fails(&["\"soon\" is no duration"]);
        stage.run(&["credential", "alice@acme.test", "--for", "-8h"]).says(1, &["unexpected argument"]);
    });
}

#[test]
fn a_credential_wants_the_account_to_be_there() {
    let stage = Stage::new();
    let said = stage.look(&["credential", "alice@acme.test"]);
    said.fails(&["\"alice\"", "does not exist", "rolecall apply"]);
}

#[test]
fn adopts_a_role_and_refuses_others() {
    let stage = Stage::new();
    stage.sql("app", "CREATE ROLE alice LOGIN; GRANT UPDATE ON shop.orders TO alice; CREATE ROLE boss SUPERUSER");
    stage.look(&["apply", "--yes"]).fails(&["rolecall adopt alice"]);
    stage.unchanged(|| {
        stage.run(&["adopt", "nobody"]).fails(&["the role \"nobody\" does not exist"]);
        stage.run(&["adopt", "boss"]).fails(&["is a superuser"]);
        stage.run(&["adopt", "postgres"]).fails(&["is the one that Rolecall is connected as"]);
        stage.run(&["adopt", "pg_monitor"]).fails(&["belongs to PostgreSQL"]);
    });
    // Nothing was applied yet: the marker comes with the first role.
    stage.run(&["adopt", "alice"]).says(0, &["alice is under management on test · main"]);
    stage.run(&["apply", "--yes"]).says(0, &["loses", "a second plan is empty"]);
    assert_eq!(stage.sql("app", "SELECT has_table_privilege('alice', 'shop.orders', 'UPDATE')"), "f");
    stage.run(&["plan"]).says(0, &["Nothing to do"]);
}

#[test]
fn selects_environments_and_servers() {
    let stage = Stage::new();
    stage.unchanged(|| {
        stage.run(&["plan", "-e", "production"]).fails(&["the policy has no environment \"production\"; it has test"]);
        stage.run(&["plan", "-s", "other"]).fails(&["no server of the policy fits the selection"]);
        stage.run(&["plan", "-e", "test", "-s", "main"]).says(2, &["test · main"]);
    });
    let child = stage.start(&["plan"]);
    finished(child).says(2, &[]);
}
