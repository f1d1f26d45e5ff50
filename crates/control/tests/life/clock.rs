//! The machine's clock was ahead by a day, and is set right.

use jiff::SignedDuration;
use rolecall_control::audit::export::lines;
use rolecall_control::audit::verify::{Verifier, Wrong};
use rolecall_control::identity::{Made, NewToken, Unrecognised};
use rolecall_control::store::{ListFilter, Reach, Use};
use rolecall_control::{Accepted, ControlError, Office};
use rolecall_core::admit::Scopes;
use rolecall_core::event::Kind;
use rolecall_core::lease::Over;
use rolecall_core::request::{Draft, Outcome, Refusal, RequestId, State, Until};
use rolecall_core::secret::Secret;

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

/// Bob's token for twelve hours.
async fn token(company: &Company, office: &Office) -> Made {
    let ends = Some(office.store.moment().await.unwrap().now + SignedDuration::from_hours(12));
    let new = NewToken { of: Some("bob@acme.test".into()), scopes: Scopes::all(), ends, note: String::new() };
    office.make_token(&company.person("bob"), new).await.unwrap()
}

async fn known(office: &Office, secret: &Secret, used: Use) -> Option<Unrecognised> {
    office.recognise(secret, used).await.unwrap().err()
}

async fn verifies(office: &Office) {
    let mut verifier = Verifier::new(office.store.public_key(), None);
    let mut snapshot = office.store.read().snapshot().await.unwrap();
    lines::<Wrong>(&mut snapshot, &mut |line| verifier.line(line).map(|()| true)).await.unwrap();
    verifier.finish().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_accepts_the_clock_and_nothing_comes_back() {
    let company = Company::new().await;
    let (office, ada) = (office(&company).await, company.person("ada"));
    let refused = office.accept_clock(&ada, "T-1").await;
    assert!(matches!(refused, Err(ControlError::Refused(Refusal::ClockRight(_)))), "{refused:?}");
    let (before, long) = (begun(&company, &office, "42").await, token(&company, &office).await);
    let session = office.sign_in(&long.secret).await.unwrap().unwrap_or_else(|why| panic!("{why}"));
    office.settle().await.unwrap();
    // What is over by a clock ahead, and what begins by it.
    company.set_clock(DAY);
    office.settle().await.unwrap();
    let (ahead, short) = (begun(&company, &office, "43").await, token(&company, &office).await);
    let asked = office.request(&company.person("bob"), company.draft("bob", "41"), None).await.unwrap().request().id;
    office.settle().await.unwrap();
    assert_eq!(company.rows("bob").await.unwrap(), [43]);
    company.set_clock(-DAY);
    let process = self::office(&company).await;
    assert!(process.store.moment().await.unwrap().is_behind() && office.store.moment().await.unwrap().is_behind());
    assert!(matches!(office.accept_clock(&company.person("bob"), "").await, Err(ControlError::Denied(_))));

    let entries = company.events().await.len();
    let accepted = process.accept_clock(&ada, "it was a day ahead").await.unwrap();
    let newest = company.newest("clock_accepted").await;
    assert!(rolecall_control::webhook::USUAL.contains(&newest.kind.name()), "nobody is told of it");
    let Accepted { from, to, leases, requests, tokens } = accepted;
    assert_eq!((leases, requests, tokens), (1, 1, 2), "{accepted:?}");
    assert!((86_390..=86_400).contains(&from.duration_since(to).as_secs()), "{accepted:?}");
    let told = company.events().await.split_off(entries);
    assert_eq!((&told[0].kind, told[0].actor.principal()), (&Kind::ClockAccepted { from, to }, Some("ada@acme.test")));
    assert_eq!(told[0].reason.as_ref().map(|reason| reason.as_str()), Some("it was a day ahead"));
    let kinds: Vec<&str> = told[1..].iter().map(|event| event.kind.name()).collect();
    assert_eq!(kinds, ["lease_ended", "request_expired", "token_revoked", "signed_out"]);

    // The other process notices, and all goes on.
    assert_eq!(office.store.read().decided().await.unwrap(), Some(to));
    assert!(!office.store.moment().await.unwrap().is_behind());
    let new = begun(&company, &office, "42").await;
    assert_eq!(office.settle().await.unwrap().failures.len(), 0);
    assert_eq!(company.rows("bob").await.unwrap(), [42]);
    let all = office.store.read().all_leases(&ListFilter { limit: 100, ..ListFilter::default() }).await.unwrap();
    let ended = |id| all.iter().find(|kept| kept.lease.id == id).unwrap().lease.ended.clone().map(|ended| ended.why);
    assert_eq!([before, ahead, new].map(ended), [Some(Over::Expired), Some(Over::ClockBehind), None]);
    let request = office.store.read().request(asked).await.unwrap().unwrap();
    assert_eq!(request.state, State::Expired { at: to });
    assert_eq!(known(&office, &long.secret, Use::Token).await, Some(Unrecognised::Revoked));
    assert_eq!(known(&office, &session.secret, Use::Session).await, Some(Unrecognised::Revoked));
    // It lives for its twelve hours, and not for a day more.
    assert_eq!(known(&office, &short.secret, Use::Token).await, None);
    company.wait(12 * 3_600);
    assert_eq!(known(&office, &short.secret, Use::Token).await, Some(Unrecognised::Ended));
    let entries = company.events().await.len();
    assert!(matches!(office.accept_clock(&ada, "").await, Err(ControlError::Refused(Refusal::ClockRight(_)))));
    assert_eq!(company.events().await.len(), entries, "nothing was written");
    verifies(&office).await;
}
