//! The ledger as the commands write, list, export and verify it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use crate::stage::Stage;

fn kinds(stage: &Stage) -> Vec<String> {
    let ran = stage.run(&["audit", "log", "--json"]);
    let kind =
        |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["kind"].as_str().unwrap().to_owned();
    ran.out.lines().map(kind).collect()
}

#[test]
fn what_commands_do_is_in_the_ledger_with_its_effects_and_its_story() {
    let stage = Stage::new();
    stage.run(&["plan"]).says(2, &[]);
    stage.run(&["apply", "--yes"]).says(0, &[]);
    let minted = stage.run(&["credential", "alice@acme.test", "--for", "8h"]);
    let password = minted.says(0, &[]).out.trim().to_owned();
    stage.run(&["verify"]).says(0, &[]);
    let wanted = [
        "store_made",
        "plan_made",
        "apply_begun",
        "apply_finished",
        "credential_begun",
        "credential_minted",
        "rights_verified",
    ];
    assert_eq!(kinds(&stage), wanted);
    stage
        .run(&["audit", "log", "--story", "2"])
        .says(0, &["apply_begun", "apply_finished", "alice@acme.test, bob@acme.test gain read shop.orders"]);
    stage.run(&["audit", "log", "--kind", "apply_finished"]).says(0, &["apply_finished"]).never("apply_begun");
    stage.run(&["audit", "log", "--subject", "nobody@acme.test"]).never("apply");
    stage.run(&["audit", "log", "--kind", "applied"]).says(1, &["there is no kind of entry \"applied\""]);
    // The password is nowhere: not in the log, not in the store's file nor in its journal.
    assert!(password.len() > 10);
    for file in std::fs::read_dir(stage.path("")).unwrap() {
        let path = file.unwrap().path();
        if path.to_string_lossy().contains("store.db") {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!bytes.windows(password.len()).any(|part| part == password.as_bytes()), "{}", path.display());
        }
    }
}

#[test]
fn an_apply_that_fails_is_told_as_failed() {
    let stage = Stage::new();
    // Granting in the database fails, after roles were made on the server.
    stage.sql(
        "app",
        "CREATE FUNCTION shop.no() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$; \
         CREATE EVENT TRIGGER no ON ddl_command_start WHEN TAG IN ('GRANT') EXECUTE FUNCTION shop.no()",
    );
    stage.run(&["apply", "--yes"]).says(1, &["not today"]);
    assert_eq!(kinds(&stage), ["store_made", "apply_begun", "apply_failed"]);
    stage.run(&["audit", "log", "--story", "1", "--json"]).says(0, &["not today", "\"cause\":1"]);
}

#[test]
fn an_export_is_verified_with_the_public_key_alone() {
    let stage = Stage::new();
    stage.run(&["apply", "--yes"]).says(0, &[]);
    let key = stage.run(&["audit", "key"]).says(0, &["rolecall/"]).out.clone();
    stage.write("ledger.pub", &key);
    stage.run(&["audit", "export", "--out", "ledger.jsonl"]).says(0, &[]);
    stage.run(&["audit", "verify", "ledger.jsonl"]).says(1, &["say with which public key"]);
    let verify = ["audit", "verify", "ledger.jsonl", "--key", "ledger.pub"];
    // Neither store nor key are needed any more.
    for file in ["store.db", "ledger.key"] {
        std::fs::rename(stage.path(file), stage.path(&format!("{file}.away"))).unwrap();
    }
    stage.run(&verify).says(0, &["Good: 3 entries of rolecall/"]);
    let good = stage.read("ledger.jsonl");
    stage.write("ledger.jsonl", &good.replace("apply_finished", "apply_failed"));
    stage.run(&verify).says(1, &["entry 2 was changed"]);
    let dropped: Vec<&str> = good.lines().filter(|line| !line.contains("apply_begun")).collect();
    stage.write("ledger.jsonl", &dropped.join("\n"));
    stage.run(&verify).says(1, &["entry 1 is missing"]);
}

#[test]
fn a_folder_of_tiles_is_verified_and_brought_up_to_date() {
    let stage = Stage::new();
    stage.run(&["plan"]).says(2, &[]);
    let key = stage.run(&["audit", "key"]).out.trim().to_owned();
    stage.run(&["audit", "export", "--format", "tiles"]).says(1, &["--out"]);
    let (export, verify) =
        (["audit", "export", "--format", "tiles", "--out", "t"], ["audit", "verify", "t", "--key", &key]);
    stage.run(&export).says(0, &["2 entries in t"]);
    stage.run(&["plan"]).says(2, &[]);
    stage.run(&export).says(0, &["3 entries in t"]);
    stage.run(&verify).says(0, &["Good: 3 entries of rolecall/"]);
    let bundle = stage.path("t/tile/entries/000.p/3");
    let mut bytes = std::fs::read(&bundle).unwrap();
    let place = bytes.windows(9).position(|text| text == b"plan_made").unwrap();
    bytes[place] = b'P';
    std::fs::write(&bundle, bytes).unwrap();
    stage.run(&verify).says(1, &["entry 1 was changed"]);
    stage.run(&export).says(1, &["t holds another ledger"]);
}

#[test]
fn a_ledger_that_was_rolled_back_is_noticed_by_whoever_remembers() {
    let stage = Stage::new();
    let verify = ["audit", "verify", "--remember", "seen.note"];
    stage.run(&["plan"]).says(2, &[]);
    stage.run(&["audit", "export", "--out", "old.jsonl"]).says(0, &[]);
    stage.run(&verify).says(0, &["Good: 2 entries"]);
    stage.run(&["plan"]).says(2, &[]);
    stage.run(&verify).says(0, &["Good: 3 entries"]);
    let key = stage.run(&["audit", "key"]).out.trim().to_owned();
    let old = ["audit", "verify", "old.jsonl", "--key", &key, "--remember", "seen.note"];
    stage.run(&old).says(1, &["rolled back: it has 2 entries, and 3 were seen before"]);
}

#[test]
fn nothing_is_changed_that_cannot_be_recorded() {
    let stage = Stage::new();
    stage.write("store.db", "this is no database, and long enough to be taken for one by nobody");
    stage.unchanged(|| {
        stage.run(&["apply", "--yes"]).says(1, &["cannot open the ledger", "is not a store of Rolecall"]);
        stage.run(&["adopt", "app_owner"]).says(1, &["cannot open the ledger"]);
    });
    // Planning changes nothing: it says so and goes on.
    let planned = stage.run(&["plan"]);
    assert_eq!(planned.status, 2);
    assert!(planned.err.contains("this run is not recorded"), "{}", planned.err);
    stage.run(&["apply", "--yes", "--no-ledger"]).says(0, &["Applied"]);
    assert!(stage.read("store.db").starts_with("this is no database"));
}

#[test]
fn other_forms_of_export_can_be_read() {
    let stage = Stage::new();
    stage.run(&["apply", "--yes"]).says(0, &[]);
    let csv = stage.run(&["audit", "export", "--format", "csv"]).out.clone();
    assert!(csv.starts_with("id,at,actor,kind"), "{csv}");
    assert_eq!(csv.matches("\r\n").count(), 4);
    let ocsf = stage.run(&["audit", "export", "--format", "ocsf"]).out.clone();
    for line in ocsf.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        for required in ["activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"] {
            assert!(!event[required].is_null(), "{required}: {line}");
        }
        assert_eq!(
            event["type_uid"],
            event["class_uid"].as_u64().unwrap() * 100 + event["activity_id"].as_u64().unwrap()
        );
    }
}

#[test]
fn an_entry_that_was_hidden_from_lists_is_found() {
    let stage = Stage::new();
    stage.run(&["apply", "--yes"]).says(0, &[]);
    let store = stage.path("store.db");
    for (change, undo) in [
        ("UPDATE entry SET kind = 'plan_made' WHERE id = 2", "UPDATE entry SET kind = 'apply_finished' WHERE id = 2"),
        ("UPDATE entry SET at = at + 1 WHERE id = 1", "UPDATE entry SET at = at - 1 WHERE id = 1"),
        (
            "DELETE FROM concern WHERE principal = 'bob@acme.test' AND entry = 1",
            "INSERT INTO concern VALUES ('bob@acme.test', 1)",
        ),
        (
            "INSERT INTO concern VALUES ('carol@acme.test', 1)",
            "DELETE FROM concern WHERE principal = 'carol@acme.test'",
        ),
        ("INSERT INTO concern VALUES ('carol@acme.test', 77)", "DELETE FROM concern WHERE entry = 77"),
    ] {
        stage.run(&["audit", "verify"]).says(0, &["Good: 3 entries"]);
        stage.sqlite(&store, change);
        stage.run(&["audit", "verify"]).fails(&["is filed under what it does not say"]);
        stage.sqlite(&store, undo);
    }
}
