//! What acts have given and taken holds against the policy's own commands.

use std::sync::Arc;

use rolecall_control::Office;
use rolecall_control::store::{Options, Store};
use rolecall_core::event::Actor;
use rolecall_core::policy::{Sources, read};

use crate::stage::Stage;

#[test]
fn an_apply_does_not_let_a_suspended_person_back_in() {
    let stage = Stage::new();
    stage.run(&["apply", "--yes"]).says(0, &["Applied"]);
    let login = "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'alice'";
    assert_eq!(stage.sql("postgres", login), "t");
    let policy = read(&Sources::one("rolecall.yaml", stage.read("rolecall.yaml")), jiff::Timestamp::now()).policy;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let options = Options::new(stage.path("store.db"), stage.path("ledger.key"));
        let store = Store::open(&options).await.unwrap();
        let office = Office::new(store.clone(), Arc::new(policy.unwrap()));
        let operator = Actor::OsUser { user: "root".into(), host: "here".into() };
        office.suspend(&operator, "alice@acme.test", "stolen laptop").await.unwrap();
        store.close().await;
    });
    stage.look(&["plan"]).says(2, &["alice@acme.test loses"]);
    stage.run(&["apply", "--yes"]).says(0, &["Applied"]);
    assert_eq!(stage.sql("postgres", login), "f");
    stage.run(&["apply", "--yes"]).says(0, &[]);
    assert_eq!(stage.sql("postgres", login), "f");
}
