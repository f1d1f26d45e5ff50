//! Filing: what is refused before anybody is asked, and what is granted at once.

use rolecall_core::lease::Leases;
use rolecall_core::request::{Draft, Facts, Outcome, RequestId, Until, extend, file};

use crate::company::{address, at, draft, facts, filed, lease, nobody, policy, policy_with, word};

fn filing(change: impl Fn(&mut Draft)) -> String {
    let mut draft = draft("bob", "support");
    change(&mut draft);
    word(&file(facts(&policy(), nobody(), 0), RequestId(1), draft, "one"))
}

#[test]
fn what_can_be_checked_is_checked_first() {
    type Change = fn(&mut Draft);
    let table: [(Change, &str); 27] = [
        (|_| {}, "waiting 0"),
        (|d| d.role = "nothing".into(), "unknown-role"),
        (|d| d.environment = "nowhere".into(), "unknown-environment"),
        (|d| d.environment = "staging".into(), "may-not-request"),
        (|d| d.requester = "eve@acme.test".into(), "unknown-principal"),
        (|d| d.beneficiary = "eve@acme.test".into(), "unknown-principal"),
        (|d| d.beneficiary = address("ivan"), "may-not-request"),
        (|d| d.beneficiary = address("carl"), "suspended"),
        (|d| d.requester = address("carl"), "suspended"),
        (|d| d.beneficiary = address("gina"), "gone"),
        (|d| d.requester = address("gina"), "gone"),
        // Olga owns the writer, and nothing else.
        (|d| d.requester = address("olga"), "not-for-others"),
        (|d| d.requester = address("ivan"), "not-for-others"),
        (|d| d.requester = address("lea"), "waiting 0"),
        (|d| d.requester = address("ada"), "waiting 0"),
        (|d| d.with.clear(), "missing-value"),
        (|d| drop(d.with.insert("customer".into(), vec![])), "missing-value"),
        (|d| drop(d.with.insert("region".into(), vec!["eu".into()])), "unknown-parameter"),
        (|d| drop(d.with.insert("customer".into(), vec!["42; drop".into()])), "bad-value"),
        (|d| drop(d.with.insert("customer".into(), vec!["9223372036854775808".into()])), "bad-value"),
        (|d| drop(d.with.insert("customer".into(), vec!["1".into(); 1_001])), "too-many-values"),
        (|d| d.reason = "please".into(), "reason-unfit"),
        (|d| d.reason = " ".into(), "reason-missing"),
        (|d| d.reason = "T-9 \u{1b}[2J".into(), "reason-unreadable"),
        (|d| d.until = Until::For(0), "ends-in-the-past"),
        (|d| d.until = Until::At(at(-1)), "ends-in-the-past"),
        (|d| d.until = Until::For(8 * 3_600 + 1), "too-long"),
    ];
    for (place, (change, expected)) in table.into_iter().enumerate() {
        assert_eq!(filing(change), expected, "row {place}");
    }
    assert_eq!(filing(|d| d.until = Until::For(u64::MAX)), "too-long");
    assert_eq!(filing(|d| d.until = Until::At(at(8 * 3_600))), "waiting 0");
    assert_eq!(filing(|d| d.reason = format!("T-9{}", "x".repeat(2_000))), "reason-unreadable");
}

#[test]
fn values_are_brought_into_one_form() {
    let mut asks = draft("bob", "support");
    asks.with.insert("customer".into(), vec!["042".into(), "42".into(), "7".into()]);
    assert_eq!(filed(&policy(), asks).asks.with["customer"], ["42", "7"]);
}

#[test]
fn zero_approvals_grant_at_once() {
    let (policy, nobody) = (policy(), nobody());
    let outcome = file(facts(&policy, nobody, 0), RequestId(1), draft("bob", "reader"), "one").unwrap();
    let Outcome::Granted(request, lease) = outcome else { panic!("{outcome:?}") };
    assert_eq!(request.state.word(), "granted");
    assert_eq!((lease.id, lease.starts, lease.ends), (RequestId(1), at(0), at(3_600)));
}

#[test]
fn a_service_is_asked_for_by_its_owner() {
    let (policy, nobody) = (policy(), nobody());
    let mut asks = draft("bot", "support");
    assert_eq!(word(&file(facts(&policy, nobody, 0), RequestId(1), asks.clone(), "one")), "waiting 0");
    asks.requester = address("bob");
    assert_eq!(word(&file(facts(&policy, nobody, 0), RequestId(1), asks, "one")), "not-for-others");
}

#[test]
fn what_runs_is_extended_and_not_filed_again() {
    let (policy, nobody) = (policy(), nobody());
    let leases = Leases::from(vec![lease(&policy, "bob", "support")]);
    let facts = Facts { leases: &leases, ..facts(&policy, nobody, 60) };
    let asks = draft("bob", "support");
    assert_eq!(word(&file(facts, RequestId(2), asks.clone(), "one")), "already-leased");
    let other = Draft { with: [("customer".to_owned(), vec!["43".to_owned()])].into(), ..asks.clone() };
    assert_eq!(word(&file(facts, RequestId(2), other.clone(), "one")), "waiting 0");
    let extending = |asks: Draft, of| word(&extend(facts, RequestId(2), asks, RequestId(of), "one"));
    assert_eq!(extending(asks.clone(), 17), "waiting 0");
    assert_eq!(extending(asks.clone(), 16), "nothing-to-extend");
    assert_eq!(extending(other, 17), "not-an-extension");
    assert_eq!(extending(Draft { until: Until::At(at(3_600)), ..asks.clone() }, 17), "not-an-extension");
    let late = Facts { now: at(3_600), clock: at(3_600), ..facts };
    assert_eq!(word(&extend(late, RequestId(2), asks.clone(), RequestId(17), "one")), "nothing-to-extend");
    assert_eq!(word(&file(late, RequestId(2), asks, "one")), "waiting 0");
}

#[test]
fn an_extension_can_be_forbidden() {
    let (policy, nobody) = (policy(), nobody());
    let leases = Leases::from(vec![lease(&policy, "bob", "reader")]);
    let facts = Facts { leases: &leases, ..facts(&policy, nobody, 60) };
    assert_eq!(word(&extend(facts, RequestId(2), draft("bob", "reader"), RequestId(17), "one")), "no-extension");
    assert_eq!(word(&file(facts, RequestId(2), draft("bob", "reader"), "one")), "already-leased");
}

#[test]
fn whoever_is_suspended_by_an_act_asks_for_nothing() {
    let policy = policy_with("bob@acme.test: { groups", "bob@acme.test: { name: Bob, groups");
    let suspended = [address("bob")].into();
    assert_eq!(word(&file(facts(&policy, &suspended, 0), RequestId(1), draft("bob", "reader"), "one")), "suspended");
}
