//! The machine's clock was ahead by a day and is right again, and somebody says so.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use rolecall_control::clock::Clock;
use rolecall_control::identity::NewToken;
use rolecall_control::store::{Options, Store};
use rolecall_control::{ControlError, Office};
use rolecall_core::admit::Scopes;
use rolecall_core::event::Actor;
use rolecall_core::policy::{Sources, read};

use crate::serve::Serving;
use crate::stage::Stage;

struct Ahead;

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_hours(24)
    }
}

/// Somebody does something by a clock that is ahead.
fn ahead(stage: &Stage) {
    let policy = read(&Sources::one("rolecall.yaml", stage.read("rolecall.yaml")), Timestamp::now()).policy;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let done: Result<(), ControlError> = runtime.block_on(async {
        let options = Options::new(stage.path("store.db"), stage.path("ledger.key"));
        let store = Store::open(&Options { clock: Arc::new(Ahead), ..options }).await?;
        let office = Office::new(store.clone(), Arc::new(policy.unwrap()));
        let actor = Actor::OsUser { user: "root".into(), host: "here".into() };
        let new = NewToken { of: None, scopes: Scopes::all(), ends: None, note: String::new() };
        office.make_token(&actor, new).await?;
        store.close().await;
        Ok(())
    });
    done.unwrap();
}

#[test]
fn a_clock_is_accepted_in_the_local_store_and_through_a_server() {
    let stage = Stage::new();
    let accept = ["clock", "accept", "--reason", "it was a day ahead"];
    stage.run(&accept).fails(&["there is nothing to accept"]);
    ahead(&stage);
    stage.run(&accept).says(0, &["The clock is taken for right", "leases 0, requests 0, tokens and sessions 0"]);
    stage.run(&accept).fails(&["there is nothing to accept"]);
    stage.run(&["audit", "log"]).says(0, &["took the clock for right", "(it was a day ahead)"]);

    // A server that runs says it once, and notices that it is over.
    ahead(&stage);
    let serving = Serving::start(&stage);
    let health = || serving.ask("GET /health HTTP/1.1");
    assert!(health().contains(r#""status":"warn""#), "{}", health());
    stage.write("token", &stage.run(&["token", "make", "--operator", "--scope", "administer"]).out);
    let (server, token) = (format!("http://{}", serving.address), stage.path("token"));
    let remote = ["--server", &server, "--token-file", token.to_str().unwrap()];
    std::thread::sleep(Duration::from_secs(3));
    let accepted = stage.run(&[accept.as_slice(), &remote, &["--json"]].concat());
    accepted.says(0, &[r#""from""#, r#""to""#, r#""leases": 0"#]);
    assert!(health().contains(r#""status":"pass""#), "{}", health());
    stage.run(&[accept.as_slice(), &remote].concat()).fails(&["there is nothing to accept"]);
    // The same in another process.
    ahead(&stage);
    assert!(health().contains(r#""status":"warn""#), "{}", health());
    stage.run(&accept).says(0, &["The clock is taken for right"]);
    let begun = Instant::now();
    while !health().contains(r#""status":"pass""#) {
        assert!(begun.elapsed() < Duration::from_secs(10), "{}", health());
        std::thread::sleep(Duration::from_millis(100));
    }
    let (_, log) = serving.stop();
    assert!((1..=2).contains(&log.matches("the clock is behind").count()), "once each time, not every round: {log}");
    assert!(log.contains("the clock is not behind any more"), "{log}");
}
