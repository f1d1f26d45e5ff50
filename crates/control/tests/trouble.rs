//! A locked, full, damaged, foreign or read-only store: one clear error, and nothing lost.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use common::{Place, told};
use rolecall_control::ledger::key::{self, KeyError};
use rolecall_control::store::{Done, Filter, Options, Reader, Store, StoreError, Written};
use rolecall_core::event::{Actor, Draft};

async fn write(store: &Store, reason: &str) -> Result<Written<()>, StoreError> {
    let told = Draft::new(told("bob@acme.test")).because(reason);
    store.write(&Actor::system("test"), |tx| async move { Ok(tx.done((), told)) }).await
}

async fn count(store: &Store) -> usize {
    store.read().log(&Filter { limit: u32::MAX, ..Filter::default() }).await.unwrap().len()
}

#[tokio::test]
async fn a_locked_store_is_said_to_be_locked() {
    let place = Place::new();
    let options = Options { patience: Duration::from_millis(200), ..place.options.clone() };
    let (one, two) = (Store::open(&options).await.unwrap(), Store::open(&options).await.unwrap());
    let held = one
        .write(&Actor::system("test"), |tx| async {
            let refused = write(&two, "meanwhile").await;
            assert!(matches!(refused, Err(StoreError::Locked)), "{refused:?}");
            Ok::<Done<()>, StoreError>(tx.done((), told("first")))
        })
        .await;
    assert!(held.is_ok());
    assert!(write(&two, "afterwards").await.is_ok());
    assert_eq!(count(&one).await, 3);
}

/// SQLite does not wait by itself for who turns the write-ahead log on at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_is_made_by_several_at_once() {
    for _ in 0..8 {
        let place = Place::new();
        let openers: Vec<_> = (0..8).map(|_| tokio::spawn(open(place.options.clone()))).collect();
        for opener in openers {
            let opened = opener.await.unwrap();
            assert!(opened.is_ok(), "{:?}", opened.err());
        }
        assert_eq!(count(&place.open().await.unwrap()).await, 1);
    }
}

async fn open(options: Options) -> Result<(), StoreError> {
    Store::open(&options).await.map(drop)
}

#[tokio::test]
async fn a_full_store_keeps_what_it_has() {
    let place = Place::new();
    let options = Options { largest: Some(400 << 10), ..place.options.clone() };
    let store = Store::open(&options).await.unwrap();
    let mut written = 0;
    let error = loop {
        match write(&store, &"x".repeat(1_900)).await {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 1_000, "it never fills up");
    };
    assert!(matches!(error, StoreError::Full), "{error}");
    let again = write(&store, &"x".repeat(1_900)).await;
    assert!(matches!(again, Err(StoreError::Full)), "{again:?}");
    assert_eq!(count(&store).await, written + 1);
    drop(store);
    // With room again it goes on where it was.
    let store = place.open().await.unwrap();
    write(&store, "room").await.unwrap();
    assert_eq!(count(&store).await, written + 2);
}

#[tokio::test]
async fn foreign_newer_and_damaged_files_are_refused_and_left_alone() {
    let place = Place::new();
    std::fs::create_dir_all(place.options.path.parent().unwrap()).unwrap();
    let text = "-- a diary, and no database\n".repeat(100);
    std::fs::write(&place.options.path, &text).unwrap();
    assert!(matches!(place.open().await.map(drop), Err(StoreError::Foreign(_))));
    assert_eq!(std::fs::read_to_string(&place.options.path).unwrap(), text);
    std::fs::remove_file(&place.options.path).unwrap();

    std::fs::write(&place.options.path, "").unwrap();
    common::sql(&place.options.path, "CREATE TABLE somebody_elses (id int)").await;
    assert!(matches!(place.open().await.map(drop), Err(StoreError::Foreign(_))));
    assert!(matches!(Reader::open(&place.options.path).await.map(drop), Err(StoreError::Foreign(_))));
    std::fs::remove_file(&place.options.path).unwrap();

    place.open().await.unwrap().close().await;
    common::sql(&place.options.path, "PRAGMA user_version = 9").await;
    assert!(matches!(place.open().await.map(drop), Err(StoreError::Newer { found: 9, .. })));
    common::sql(&place.options.path, "PRAGMA user_version = 3").await;
    place.open().await.unwrap().close().await;

    let mut bytes = std::fs::read(&place.options.path).unwrap();
    bytes.iter_mut().skip(100).for_each(|byte| *byte = !*byte);
    std::fs::write(&place.options.path, bytes).unwrap();
    let error = place.open().await.map(drop).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
}

#[tokio::test]
async fn without_its_own_key_the_ledger_is_not_written() {
    let (place, other) = (Place::new(), Place::new());
    place.open().await.unwrap().close().await;
    other.open().await.unwrap().close().await;
    std::fs::rename(&place.options.key, place.folder.path().join("away")).unwrap();
    let error = place.open().await.map(drop).unwrap_err();
    assert!(matches!(error, StoreError::Key(KeyError::Missing(_))), "{error}");
    assert!(!place.options.key.exists(), "a new key would only hide the loss");
    std::fs::copy(&other.options.key, &place.options.key).unwrap();
    assert!(matches!(place.open().await.map(drop), Err(StoreError::OtherKey { .. })));
    std::fs::set_permissions(&place.options.key, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(key::read(&place.options.key).map(drop), Err(KeyError::Open(_))));
}

#[tokio::test]
async fn many_tasks_of_one_process_queue_up() {
    let place = Place::new();
    let store = place.open().await.unwrap();
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { write(&store, "many").await.map(drop) })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(count(&store).await, 51);
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let place = Place::new();
    place.open().await.unwrap().close().await;
    let missing = place.folder.path().join("nothing.db");
    assert!(matches!(Reader::open(&missing).await.map(drop), Err(StoreError::Missing(_))));
    assert!(!missing.exists());
}

/// A copy is put back into the open file, as `sqlite3 .restore` and a library's backup do it: the file stays the same.
fn put_back(from: &std::path::Path, into: &std::path::Path) {
    let script = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).backup(sqlite3.connect(sys.argv[2]))";
    let ran = std::process::Command::new("python3").args(["-c", script]).args([from, into]).status().unwrap();
    assert!(ran.success());
}

#[tokio::test]
async fn a_ledger_that_does_not_go_on_from_what_was_seen_is_another_one() {
    // By how many entries the copy has gone on by itself: as long as the one in use, longer, shorter.
    for own in [2, 5, 1] {
        let place = Place::new();
        let store = place.open().await.unwrap();
        write(&store, "both").await.unwrap();
        let copy = place.folder.path().join("copy.db");
        put_back(&place.options.path, &copy);
        let other = Store::open(&Options { path: copy.clone(), ..place.options.clone() }).await.unwrap();
        for _ in 0..own {
            write(&other, "the copy's").await.unwrap();
        }
        other.close().await;
        for _ in 0..2 {
            write(&store, "the store's").await.unwrap();
        }
        put_back(&copy, &place.options.path);
        for _ in 0..2 {
            let refused = write(&store, "afterwards").await;
            assert!(matches!(refused, Err(StoreError::Replaced(_))), "{own}: {refused:?}");
        }
        drop(store);
        let store = place.open().await.unwrap();
        write(&store, "whoever starts again has decided to").await.unwrap();
    }
}

#[tokio::test]
async fn what_other_processes_write_goes_on_from_what_was_seen() {
    let place = Place::new();
    let (one, two) = (place.open().await.unwrap(), place.open().await.unwrap());
    for _ in 0..3 {
        write(&one, "one").await.unwrap();
        write(&two, "two").await.unwrap();
        write(&two, "two").await.unwrap();
    }
    assert_eq!(count(&one).await, 10);
}
