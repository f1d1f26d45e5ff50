//! A server says which ledger knows what holds there beside the policy.

use std::time::{Duration, Instant};

use rolecall_control::ControlError;
use rolecall_control::store::Reach;

use crate::ASSIGNED;
use crate::company::{Company, address};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_puts_the_mark_on_the_server_and_takes_it_off_again() {
    let company = Company::new().await;
    let unmarked = company.mark().await;
    company.running("42").await;
    let mark = company.mark().await;
    assert!(mark.contains(r#""ledger":"rolecall/"#), "{mark}");
    company.running("43").await;
    assert_eq!(company.mark().await, mark);
    company.wait(3_600);
    let settled = company.office().await.settle().await.unwrap();
    assert!(settled.failures.is_empty(), "{:?}", settled.failures);
    assert_eq!(company.mark().await, unmarked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspension_puts_it_there_and_reinstating_takes_it_off() {
    let company = Company::new().await;
    let unmarked = company.mark().await;
    let (office, ada) = (company.office().await, company.person("ada"));
    office.suspend(&ada, "bob@acme.test", "stolen laptop").await.unwrap();
    assert!(office.settle().await.unwrap().failures.is_empty());
    assert!(company.mark().await.contains("ledger"));
    office.reinstate(&ada, "bob@acme.test", "found").await.unwrap();
    assert!(office.settle().await.unwrap().failures.is_empty());
    assert_eq!(company.mark().await, unmarked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_another_ledger_knows_what_holds_nothing_is_given_and_the_own_is_taken_back() {
    let company = Company::new().await;
    let id = company.running("42").await;
    company.admin(r#"COMMENT ON ROLE rolecall IS 'rolecall: {"environment":"production","ledger":"other+1"}'"#).await;
    let (office, lea) = (company.office().await, company.person("lea"));
    let next = company.filed("43").await;
    let (_, shown) = office.shown(&lea, next).await.unwrap();
    office.approve(&lea, next, &shown).await.unwrap();
    let settled = office.settle().await.unwrap();
    assert!(matches!(settled.failures[..], [ControlError::OtherLedger { .. }]), "{:?}", settled.failures);
    assert_eq!(company.rows("bob").await.unwrap(), [42], "what runs, runs; nothing is added");

    company.wait(3_600);
    let settled = office.settle().await.unwrap();
    assert!(company.rows("bob").await.is_err(), "what this ledger gave has an end there, too");
    let ended = settled.leases.iter().find(|kept| kept.lease.id == id).unwrap();
    assert_eq!(ended.reach, Reach::Closed);
    assert!(company.mark().await.contains("other+1"), "the mark is the other one's to take off");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_write_the_mark_gives_nothing_for_a_while_and_shuts_out_all_the_same() {
    let company = Company::new().await;
    company.running("42").await;
    // Nobody without SUPERUSER may comment on a superuser; from 16 on, such an administrator could not end what somebody else gave.
    company
        .admin(r#"COMMENT ON ROLE rolecall IS 'rolecall: {"environment":"production"}'; ALTER ROLE rolecall SUPERUSER"#)
        .await;
    if company.as_administrator_of(&["bob", "support"]).await {
        return;
    }
    let (office, ada) = (company.office().await, company.person("ada"));
    office.suspend(&ada, "bob@acme.test", "stolen laptop").await.unwrap();
    let failures = office.settle().await.unwrap().failures;
    assert!(failures.iter().all(|failure| matches!(failure, ControlError::Unmarked { .. })), "{failures:?}");
    assert!(company.rows("bob").await.is_err());
    office.reinstate(&ada, "bob@acme.test", "found").await.unwrap();
    let id = company.filed("43").await;
    let (_, shown) = office.shown(&company.person("lea"), id).await.unwrap();
    office.approve(&company.person("lea"), id, &shown).await.unwrap();
    let failures = office.settle().await.unwrap().failures;
    assert!(failures.iter().any(|failure| matches!(failure, ControlError::Unmarked { .. })), "{failures:?}");
    assert!(company.rows("bob").await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mark_that_somebody_wiped_off_is_drift_and_put_back() {
    let company = Company::new().await;
    company.running("42").await;
    let mark = company.mark().await;
    let repair = ("production:\n    rules", "production:\n    drift: repair\n    rules");
    let (keeper, _stop) = company.keeper_with(repair.0, repair.1).await;
    let begun = Instant::now();
    while keeper.statuses()[0].looked.is_none() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it was not looked at");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    company.admin(r#"COMMENT ON ROLE rolecall IS 'rolecall: {"environment":"production"}'"#).await;
    while company.mark().await != mark {
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", keeper.statuses());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_this_ledger_suspends_is_shut_out_also_where_another_one_keeps_the_server() {
    let company = Company::new().await;
    company.apply_with(ASSIGNED.0, ASSIGNED.1).await;
    company.admin(r#"COMMENT ON ROLE rolecall IS 'rolecall: {"environment":"production","ledger":"other+1"}'"#).await;
    let office = company.office_with(ASSIGNED.0, ASSIGNED.1).await;
    let (ada, bob) = (company.person("ada"), address("bob"));
    assert_eq!(company.rows("bob").await, Ok(vec![42]));
    office.suspend(&ada, &bob, "stolen laptop").await.unwrap();
    office.settle().await.unwrap();
    assert!(company.rows("bob").await.is_err());
    office.reinstate(&ada, &bob, "found").await.unwrap();
    let failures = office.settle().await.unwrap().failures;
    assert!(matches!(failures[..], [ControlError::OtherLedger { .. }]), "{failures:?}");
    assert!(company.rows("bob").await.is_err(), "the other one may have suspended him, too");
}
