//! The machine's clock was ahead by a day, and is set right.

use rolecall_control::store::Reach;
use rolecall_control::{ControlError, Office};
use rolecall_core::request::{Draft, Outcome, Refusal, RequestId, Until};

use crate::company::Company;
use crate::granted;

const DAY: i64 = 86_400;

/// Bob may break the glass, and Lea is there to look at it.
async fn office(company: &Company) -> Office {
    company.office_with("allow: [agents]", "allow: [agents], reviewers: [lea@acme.test]").await
}

/// Bob's lease for two hours.
async fn begun(company: &Company, office: &Office, customer: &str) -> RequestId {
    let asks = Draft { until: Until::For(7_200), ..company.draft("bob", customer) };
    let id = office.request(&company.person("bob"), asks, None).await.unwrap().request().id;
    let (_, shown) = office.shown(&company.person("lea"), id).await.unwrap();
    assert_eq!(granted(&office.approve(&company.person("lea"), id, &shown).await.unwrap()), id);
    id
}

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, ControlError>) {
    assert!(matches!(answer, Err(ControlError::Refused(Refusal::ClockBehind { .. }))), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_began_by_a_clock_ahead_ends_when_its_time_has_passed() {
    let company = Company::new().await;
    company.set_clock(DAY);
    let office = office(&company).await;
    begun(&company, &office, "42").await;
    office.settle().await.unwrap();
    assert_eq!(company.rows("bob").await.unwrap(), [42]);
    company.set_clock(-DAY);
    company.wait(7_000);
    assert!(office.settle().await.unwrap().leases.is_empty());
    assert_eq!(company.rows("bob").await.unwrap(), [42], "its time has not passed");
    // A restart loses nothing of what has passed.
    office.store.keep_time().await.unwrap();
    office.store.clone().close().await;
    let office = self::office(&company).await;
    office.settle().await.unwrap();
    company.wait(200);
    assert_eq!(office.settle().await.unwrap().leases[0].reach, Reach::Closed);
    assert!(company.rows("bob").await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_opened_while_the_clock_is_behind() {
    let company = Company::new().await;
    let office = office(&company).await;
    let (bob, lea, ada) = (company.person("bob"), company.person("lea"), company.person("ada"));
    let runs = begun(&company, &office, "42").await;
    office.settle().await.unwrap();
    company.set_clock(-61);
    let asks = |customer| company.draft("bob", customer);
    let waits = office.request(&bob, asks("43"), None).await.unwrap().request().id;
    let (_, shown) = office.shown(&lea, waits).await.unwrap();
    refused(office.approve(&lea, waits, &shown).await);
    refused(office.break_glass(&bob, asks("43")).await);
    refused(
        office.credential(&bob, "bob@acme.test", "production", "main", Some(60)).await.map(|minted| minted.account),
    );
    let at_once = company.office_with("max_duration: 8h", "max_duration: 8h, approvals: 0").await;
    refused(at_once.request(&bob, asks("43"), None).await);
    let longer = Draft { until: Until::For(8 * 3_600), ..asks("42") };
    refused(at_once.request(&bob, longer, Some(runs)).await);
    // What opens nothing goes on.
    let other = office.request(&bob, asks("43"), None).await.unwrap().request().id;
    office.deny(&lea, other, "no").await.unwrap();
    let other = office.request(&bob, asks("43"), None).await.unwrap().request().id;
    office.withdraw(&bob, other).await.unwrap();
    office.end(&bob, runs).await.unwrap();
    office.settle().await.unwrap();
    assert!(company.rows("bob").await.is_err());
    office.suspend(&ada, "bob@acme.test", "T-1").await.unwrap();
    office.reinstate(&ada, "bob@acme.test", "T-1").await.unwrap();
    // Right again, or nearly.
    company.set_clock(30);
    company.wait(1);
    assert!(matches!(office.approve(&lea, waits, &shown).await.unwrap(), Outcome::AskedAgain(_)), "he had 42 then");
    let (_, shown) = office.shown(&lea, waits).await.unwrap();
    granted(&office.approve(&lea, waits, &shown).await.unwrap());
    office.settle().await.unwrap();
    assert_eq!(company.rows("bob").await.unwrap(), [43]);
    office.credential(&bob, "bob@acme.test", "production", "main", Some(60)).await.unwrap();
}
