//! Killed between any two writes: the ledger is whole, verifies, and goes on.

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use common::{Place, told};
use rolecall_control::audit::export::lines;
use rolecall_control::audit::verify::{Verifier, Wrong};
use rolecall_control::store::{Options, Store, StoreError};
use rolecall_core::event::{Actor, Draft, Drafts};

/// Not a test of its own: the process that is killed. It writes as fast as it can and says each id that was committed.
#[tokio::test]
#[ignore = "started by the test below"]
async fn writer() {
    let (path, key) = (std::env::var("CRASH_STORE").unwrap(), std::env::var("CRASH_KEY").unwrap());
    let store = Store::open(&Options::new(path, key)).await.unwrap();
    loop {
        let drafts = (0..40).fold(Drafts::from(Draft::new(told("a"))), |all, _| all.and(Draft::new(told("b"))));
        let actor = Actor::system("writer");
        let written = store.write(&actor, |tx| async move { Ok::<_, StoreError>(tx.done((), drafts)) }).await.unwrap();
        println!("committed {}", written.events.last().unwrap().id);
    }
}

#[tokio::test]
async fn a_process_killed_while_it_writes_loses_nothing_that_it_said_was_written() {
    let place = Place::new();
    let mut least = 0;
    for round in 0..12_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "writer", "--nocapture"])
            .env("CRASH_STORE", &place.options.path)
            .env("CRASH_KEY", &place.options.key)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        // Some rounds are killed at first start, the others at some moment of a later commit.
        if round > 0 {
            for line in said.by_ref().map_while(Result::ok).filter(|line| line.starts_with("committed")).take(2) {
                least = line.rsplit(' ').next().unwrap().parse().unwrap();
            }
        }
        std::thread::sleep(std::time::Duration::from_micros(round * 1_337 % 9_000));
        child.kill().unwrap();
        for line in said.map_while(Result::ok).filter(|line| line.starts_with("committed")) {
            least = line.rsplit(' ').next().unwrap().parse().unwrap();
        }
        child.wait().unwrap();
        let store = place.open().await.unwrap();
        let mut verifier = Verifier::new(store.public_key(), None);
        let mut snapshot = store.read().snapshot().await.unwrap();
        lines::<Wrong>(&mut snapshot, &mut |line| verifier.line(line).map(|()| true)).await.unwrap();
        let report = verifier.finish().unwrap();
        assert!(report.entries > least, "{} entries, and {least} was committed", report.entries);
        assert_eq!((report.entries - 1) % 41, 0, "a change is there whole or not at all");
        drop(snapshot);
        store.close().await;
    }
}
