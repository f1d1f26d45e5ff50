//! A backup is made while the store is used, put back where it was lost, and proved both times.

use std::os::unix::fs::PermissionsExt;

use crate::stage::Stage;

fn lose_the_store(stage: &Stage) {
    for file in ["store.db", "store.db-wal", "store.db-shm"] {
        let _ = std::fs::rename(stage.path(file), stage.path(&format!("lost-{file}")));
    }
}

#[test]
fn a_lost_store_is_put_back_and_goes_on() {
    let stage = Stage::new();
    stage.run(&["apply", "--yes"]).says(0, &[]);
    stage.run(&["audit", "verify", "--remember", "seen.note"]).says(0, &["Good: 3 entries"]);
    stage.run(&["backup", "copy.db"]).says(0, &["Backed up: 3 entries, proved", "is not in it"]);
    let mode = std::fs::metadata(stage.path("copy.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    stage.run(&["backup", "copy.db"]).fails(&["copy.db is there already"]);
    stage.run(&["plan"]).says(0, &[]);
    stage.run(&["restore", "copy.db"]).fails(&["store.db is there: stop the server"]);
    lose_the_store(&stage);
    stage.run(&["restore", "copy.db"]).says(0, &["Restored: 3 entries, proved"]);
    stage.run(&["audit", "verify", "--remember", "seen.note"]).says(0, &["Good: 3 entries"]);
    stage.run(&["apply", "--yes"]).says(0, &["Nothing to do"]);
    stage.run(&["audit", "verify", "--remember", "seen.note"]).says(0, &["Good: "]);
}

#[test]
fn a_backup_is_whole_while_others_write() {
    let stage = Stage::new();
    stage.run(&["apply", "--yes"]).says(0, &[]);
    let writers: Vec<_> = (0..4).map(|_| stage.start(&["plan"])).collect();
    let server = stage.start(&["serve", "--listen", "127.0.0.1:0"]);
    for number in 0..4 {
        let name = format!("copy{number}.db");
        stage.run(&["backup", &name]).says(0, &["proved"]);
    }
    for mut process in writers.into_iter().chain([server]) {
        let _ = process.kill();
        process.wait().unwrap();
    }
    let left: Vec<_> =
        std::fs::read_dir(stage.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{left:?}");
}

#[test]
fn what_does_not_hold_is_not_put_back() {
    let stage = Stage::new();
    stage.run(&["backup", "copy.db"]).fails(&["there is no store"]);
    stage.run(&["apply", "--yes"]).says(0, &[]);
    stage.run(&["backup", "copy.db"]).says(0, &[]);
    stage.run(&["backup", "no/such/folder/copy.db"]).fails(&["No such file or directory"]);
    lose_the_store(&stage);

    let good = std::fs::read(stage.path("copy.db")).unwrap();
    let mut bad = good.clone();
    let word = b"apply_finished";
    for place in 0..bad.len() - word.len() {
        if bad.get(place..).unwrap().starts_with(word) {
            bad.splice(place..place + 5, *b"AppLy");
        }
    }
    std::fs::write(stage.path("changed.db"), &bad).unwrap();
    std::fs::write(stage.path("cut.db"), good.get(..good.len() / 2).unwrap()).unwrap();
    std::fs::write(stage.path("other.db"), "this is no database, and long enough to be taken for one by nobody")
        .unwrap();
    for bad in ["changed.db", "cut.db", "other.db", "missing.db"] {
        stage.run(&["restore", bad]).fails(&[bad]);
        assert!(!stage.path("store.db").exists(), "{bad}");
    }
    std::fs::rename(stage.path("ledger.key"), stage.path("key.away")).unwrap();
    stage.run(&["restore", "copy.db"]).fails(&["the ledger is checked by the key"]);
    std::fs::rename(stage.path("key.away"), stage.path("ledger.key")).unwrap();
    stage.run(&["restore", "copy.db"]).says(0, &["Restored"]);
}
