//! The Keeper by itself: nobody else calls a use case.

use std::time::{Duration, Instant};

use rolecall_control::ControlError;
use rolecall_core::admit::{Denied, Scope};
use rolecall_core::event::Actor;
use rolecall_core::request::Until;

use super::company::Company;

/// Waits until something holds, and not longer than it may take.
pub async fn soon<F: AsyncFnMut() -> bool>(what: &str, mut holds: F) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what} has not come about");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn told(company: &Company, kind: &str) -> usize {
    company.kinds().await.iter().filter(|told| *told == kind).count()
}

pub fn operator() -> Actor {
    Actor::OsUser { user: "root".into(), host: "here".into() }
}

/// The server says what the policy says, and the Keeper has seen it.
async fn settled(company: &Company, keeper: &rolecall_control::keeper::Keeper) {
    soon("the first look", async || company.kinds().await.iter().any(|kind| kind == "plan_made")).await;
    assert!(keeper.statuses()[0].waiting.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_begins_and_ends_by_itself() {
    let company = Company::new().await;
    let (keeper, _stop) = company.keeper_with("", "").await;
    let (bob, lea) = (company.person("bob"), company.person("lea"));
    let draft = rolecall_core::request::Draft { until: Until::For(4), ..company.draft("bob", "42") };
    let id = keeper.office().request(&bob, draft, None).await.unwrap().request().id;
    let (_, shown) = keeper.office().shown(&lea, id).await.unwrap();
    keeper.office().approve(&lea, id, &shown).await.unwrap();
    keeper.nudge();
    soon("the access", async || company.rows("bob").await == Ok(vec![42])).await;
    soon("the end", async || company.rows("bob").await.is_err()).await;
    soon("the proof", async || company.story(id).await.contains(&"lease_revoked".to_owned())).await;
    assert!(!company.kinds().await.contains(&"drift_found".to_owned()), "a lease is no drift");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspension_reaches_the_server_by_itself() {
    let company = Company::new().await;
    company.running("42").await;
    let (keeper, _stop) = company.keeper_with("", "").await;
    keeper.office().suspend(&company.person("ada"), "bob@acme.test", "left the laptop in a train").await.unwrap();
    soon("the end of access", async || company.rows("bob").await.is_err()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drift_is_told_once_and_goes_away_by_hand() {
    let company = Company::new().await;
    let (keeper, _stop) = company.keeper_with("", "").await;
    settled(&company, &keeper).await;
    company.admin("GRANT SELECT ON shop.tickets TO support").await;
    soon("the finding", async || keeper.statuses()[0].waiting.as_ref().is_some_and(|waiting| waiting.drifted)).await;
    keeper.look_soon();
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(told(&company, "drift_found").await, 1);
    company
        .admin("REVOKE SELECT ON shop.tickets FROM support; GRANT SELECT (id, customer) ON shop.tickets TO support")
        .await;
    soon("its end", async || told(&company, "drift_repaired").await == 1).await;
    assert!(keeper.statuses()[0].waiting.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drift_is_taken_back_where_the_policy_says_so() {
    let company = Company::new().await;
    let (keeper, _stop) = company.keeper_with("known: [postgres]", "known: [postgres]\n    drift: repair").await;
    settled(&company, &keeper).await;
    company.admin("GRANT INSERT ON shop.tickets TO support").await;
    soon("the repair", async || told(&company, "drift_repaired").await == 1).await;
    let kinds = company.kinds().await;
    let tail: Vec<&str> = kinds.iter().map(String::as_str).rev().take(4).collect();
    assert_eq!(tail, ["drift_repaired", "apply_finished", "apply_begun", "drift_found"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drift_is_held_until_an_administrator_agrees() {
    let company = Company::new().await;
    let (keeper, _stop) = company.keeper_with("known: [postgres]", "known: [postgres]\n    drift: hold").await;
    settled(&company, &keeper).await;
    company.admin("GRANT INSERT ON shop.tickets TO support").await;
    soon("the finding", async || told(&company, "drift_held").await == 1).await;
    let waiting = keeper.statuses()[0].waiting.clone().unwrap();
    let apply = async |actor: &Actor, shown: &str| {
        keeper.apply(&keeper.office(), actor, "production", "main", shown).await.map(drop)
    };
    let denied = apply(&company.person("bob"), &waiting.plan.digest).await.unwrap_err().to_string();
    assert!(denied.contains("administrator"), "{denied}");
    let moved = apply(&company.person("ada"), "sha256:0").await.unwrap_err().to_string();
    assert!(moved.contains("look again"), "{moved}");
    let reading = keeper.office().narrowed(&[Scope::Read].into_iter().collect());
    let ada = company.person("ada");
    let narrow = keeper.apply(&reading, &ada, "production", "main", &waiting.plan.digest).await.map(drop);
    assert!(matches!(narrow, Err(ControlError::Denied(Denied::Scope(Scope::Administer)))), "{narrow:?}");
    apply(&ada, &waiting.plan.digest).await.unwrap();
    soon("its end", async || keeper.statuses()[0].waiting.is_none()).await;
    assert_eq!(told(&company, "drift_repaired").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_is_told_once_and_comes_back() {
    let company = Company::new().await;
    let (keeper, _stop) = company.keeper_with("", "").await;
    settled(&company, &keeper).await;
    company.lose_the_url();
    soon("the trouble", async || told(&company, "server_unreachable").await == 1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(told(&company, "server_unreachable").await, 1);
    assert!(keeper.statuses()[0].trouble.is_some());
    company.find_the_url();
    soon("its return", async || told(&company, "server_back").await == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_policy_comes_into_force_and_a_broken_one_does_not() {
    let company = Company::new().await;
    let (keeper, _stop) = company.keeper_with("", "").await;
    settled(&company, &keeper).await;
    let first = keeper.ruling();
    company.write_policy("groups: [agents]", "groups: [agent]");
    soon("the refusal", async || keeper.refused().is_some()).await;
    assert_eq!(keeper.ruling().digest, first.digest);
    company.write_policy("lea@acme.test: {}", "lea@acme.test: { groups: [agents] }\n  new@acme.test: { assign: { production: { role: support, with: { customer: 1 } } } }");
    soon("the policy", async || keeper.ruling().version == first.version + 1).await;
    assert!(keeper.refused().is_none());
    let kinds = company.kinds().await;
    assert!(kinds.ends_with(&["policy_loaded".into(), "principal_added".into(), "group_joined".into()]), "{kinds:?}");
    soon("what waits", async || keeper.statuses()[0].waiting.as_ref().is_some_and(|waiting| !waiting.drifted)).await;
    let waiting = keeper.statuses()[0].waiting.clone().unwrap();
    keeper.apply(&keeper.office(), &operator(), "production", "main", &waiting.plan.digest).await.unwrap();
    soon("nothing to wait for", async || keeper.statuses()[0].waiting.is_none()).await;
}
