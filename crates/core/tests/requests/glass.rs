//! Breaking the glass, and the look at it afterwards.

use rolecall_core::request::{Outcome, Request, RequestId, Until, break_glass, review, review_due};

use crate::company::{address, at, draft, facts, nobody, policy, policy_with, word};

fn taken() -> Request {
    let (policy, nobody) = (policy(), nobody());
    let outcome = break_glass(facts(&policy, nobody, 0), RequestId(3), draft("bob", "writer"), "one").unwrap();
    let Outcome::Granted(request, lease) = outcome else { panic!("{outcome:?}") };
    assert!(request.break_glass && lease.break_glass);
    assert_eq!(lease.ends, at(3_600));
    request
}

#[test]
fn it_gives_access_at_once_to_those_who_may() {
    taken();
    let (policy, nobody) = (policy(), nobody());
    let now = facts(&policy, nobody, 0);
    let glass = |draft| word(&break_glass(now, RequestId(3), draft, "one"));
    assert_eq!(glass(draft("lea", "support")), "no-break-glass");
    assert_eq!(glass(draft("ada", "writer")), "no-break-glass");
    let mut asks = draft("bob", "writer");
    asks.reason = String::new();
    assert_eq!(glass(asks.clone()), "reason-missing");
    asks.reason = "T-9".into();
    asks.until = Until::For(3_601);
    assert_eq!(glass(asks.clone()), "too-long");
    asks.until = Until::For(60);
    asks.requester = address("ada");
    assert_eq!(glass(asks), "no-break-glass");
}

#[test]
fn it_is_for_what_one_may_request() {
    let policy = policy_with("support, reader, writer] }", "support, reader] }");
    let nobody = nobody();
    let now = facts(&policy, nobody, 0);
    assert_eq!(word(&break_glass(now, RequestId(3), draft("bob", "writer"), "one")), "may-not-request");
}

#[test]
fn a_reason_is_needed_whatever_the_rules_say() {
    let policy = policy_with("reason_pattern: 'T-[0-9]+'", "reason: optional");
    let nobody = nobody();
    let mut asks = draft("bob", "writer");
    asks.reason = " \n".into();
    assert_eq!(word(&break_glass(facts(&policy, nobody, 0), RequestId(3), asks, "one")), "reason-missing");
}

#[test]
fn nobody_to_review_means_no() {
    let (policy, suspended) = (policy(), [address("ivan")].into());
    let now = facts(&policy, &suspended, 0);
    assert_eq!(word(&break_glass(now, RequestId(3), draft("bob", "writer"), "one")), "nobody-reviews");
    let policy = policy_with("reviewers: [ivan@acme.test]", "reviewers: [bob@acme.test]");
    let nobody = nobody();
    let now = facts(&policy, nobody, 0);
    assert_eq!(word(&break_glass(now, RequestId(3), draft("bob", "writer"), "one")), "nobody-reviews");
}

#[test]
fn somebody_else_reviews_it_once() {
    let (policy, nobody) = (policy(), nobody());
    let now = facts(&policy, nobody, 60);
    let request = taken();
    for (by, expected) in [("bob", "own-request"), ("lea", "not-an-approver"), ("eve", "unknown-principal")] {
        let refusal = review(now, request.clone(), &address(by), true, "").unwrap_err();
        assert_eq!(refusal.code(), expected, "{by}");
    }
    assert!(!review_due(&request, at(86_399)) && review_due(&request, at(86_400)));
    let reviewed = review(now, request, &address("ivan"), false, "the lead was there to ask").unwrap();
    assert!(!review_due(&reviewed, at(86_400)));
    assert_eq!(review(now, reviewed, &address("ivan"), true, "").unwrap_err().code(), "reviewed-before");
    let plain = crate::company::waiting(&policy);
    assert_eq!(review(now, plain, &address("ivan"), true, "").unwrap_err().code(), "nothing-to-review");
}

#[test]
fn a_rule_that_is_taken_away_does_not_take_the_review_with_it() {
    let rule = "break_glass: { allow: [agents], reviewers: [ivan@acme.test], max_duration: 1h }";
    let policy = policy_with(rule, "brake: 20%");
    let nobody = nobody();
    let now = facts(&policy, nobody, 60);
    assert_eq!(review(now, taken(), &address("ivan"), true, "").unwrap_err().code(), "not-an-approver");
    assert!(review(now, taken(), &address("ada"), true, "").is_ok());
}
