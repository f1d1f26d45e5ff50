//! Deciding: who may, who counts, and what happens when the world has changed meanwhile.

use rolecall_core::admit::Caller;
use rolecall_core::request::{Draft, Outcome, Refusal, Request, approve, deny, end_early, expire, withdraw};

use crate::company::{address, at, draft, facts, filed, lease, nobody, policy, policy_with, waiting, word};

fn agree(request: &Request, by: &str) -> Result<Outcome, Refusal> {
    approve(facts(&policy(), nobody(), 60), request.clone(), &address(by), "one", "one")
}

#[test]
fn who_may_agree() {
    let own = waiting(&policy());
    let by_lea = filed(&policy(), Draft { requester: address("lea"), ..draft("bob", "support") });
    let by_ada = filed(&policy(), draft("ada", "support"));
    let for_bot = filed(&policy(), draft("bot", "support"));
    let table = [
        (&own, "lea", "granted"),
        (&own, "max", "granted"),
        (&own, "bob", "own-request"),
        // Administrators may not where they are not named; nor may an auditor, or the owner of another role.
        (&own, "ada", "not-an-approver"),
        (&own, "ivan", "not-an-approver"),
        (&own, "olga", "not-an-approver"),
        (&own, "carl", "suspended"),
        (&own, "gina", "gone"),
        (&own, "eve", "unknown-principal"),
        (&own, "bot", "not-an-approver"),
        (&by_lea, "lea", "own-request"),
        (&by_lea, "bob", "own-request"),
        (&by_lea, "max", "granted"),
        (&by_ada, "ada", "own-request"),
        (&by_ada, "lea", "granted"),
        // Lea answers for the bot.
        (&for_bot, "lea", "own-request"),
        (&for_bot, "max", "granted"),
    ];
    for (request, by, expected) in table {
        assert_eq!(word(&agree(request, by)), expected, "{by} on {}", request.asks.requester);
        let denied = deny(facts(&policy(), nobody(), 60), request.clone(), &address(by), "no");
        let expected = if expected == "granted" { "denied" } else { expected };
        assert_eq!(word(&denied), expected, "{by} refuses {}", request.asks.requester);
    }
}

#[test]
fn an_administrator_who_is_an_approver_agrees_to_nothing_of_their_own() {
    let policy = policy_with("approvers: [leads] }", "approvers: [leads, ada@acme.test] }");
    let own = filed(&policy, draft("ada", "support"));
    let facts = facts(&policy, nobody(), 60);
    assert_eq!(word(&approve(facts, own, &address("ada"), "one", "one")), "own-request");
    assert_eq!(word(&approve(facts, waiting(&policy), &address("ada"), "one", "one")), "granted");
}

fn one_of_two(policy: &rolecall_core::policy::model::Policy) -> Request {
    let request = filed(policy, draft("bob", "writer"));
    let outcome = approve(facts(policy, nobody(), 60), request, &address("lea"), "one", "one").unwrap();
    assert_eq!(word(&Ok(outcome.clone())), "waiting 1");
    outcome.request().clone()
}

#[test]
fn two_must_be_two() {
    let policy = policy();
    let request = one_of_two(&policy);
    assert_eq!(word(&agree(&request, "lea")), "agreed-before");
    assert_eq!(word(&agree(&request, "bob")), "own-request");
    assert_eq!(word(&agree(&request, "olga")), "granted");
    assert_eq!(word(&agree(&request, "max")), "granted");
}

#[test]
fn an_approver_who_is_shut_out_counts_no_more() {
    let policy = policy();
    let request = one_of_two(&policy);
    let suspended = [address("lea")].into();
    let second = approve(facts(&policy, &suspended, 90), request.clone(), &address("max"), "one", "one");
    assert_eq!(word(&second), "waiting 2");
    // Nor does one who is not in the group any more.
    let changed = policy_with("lea@acme.test: { groups: [leads] }", "lea@acme.test: {}");
    let second = approve(facts(&changed, nobody(), 90), request, &address("max"), "one", "one");
    assert_eq!(word(&second), "waiting 2");
}

#[test]
fn agreement_covers_what_was_shown() {
    let policy = policy();
    let request = one_of_two(&policy);
    let now = facts(&policy, nobody(), 90);
    assert_eq!(word(&approve(now, request.clone(), &address("max"), "other", "one")), "not-what-was-shown");
    let outcome = approve(now, request, &address("max"), "one", "two").unwrap();
    let Outcome::AskedAgain(request) = outcome else { panic!("{outcome:?}") };
    assert_eq!((request.effects.as_str(), request.asked_again, request.approvals.len()), ("two", 1, 0));
    // Who agreed to the old may agree to the new, and is needed.
    let outcome = approve(now, request, &address("lea"), "two", "two").unwrap();
    assert_eq!(word(&Ok(outcome)), "waiting 1");
}

#[test]
fn a_changed_policy_breaks_what_it_does_not_allow_any_more() {
    let request = waiting(&policy());
    let changes = [
        ("agents: { may_request: { production: [support,", "agents: { may_request: { production: ["),
        ("bob@acme.test: { groups: [agents] }", "bob@acme.test: {}"),
        ("bob@acme.test: { groups: [agents] }", "rob@acme.test: { groups: [agents] }"),
        ("bob@acme.test: { groups", "bob@acme.test: { standing: suspended, groups"),
        ("max_duration: 8h", "max_duration: 30m"),
        ("'T-[0-9]+'", "'INC[0-9]+'"),
        ("parameters: { customer: bigint }", "parameters: { customer: uuid }"),
    ];
    for (old, new) in changes {
        let policy = policy_with(old, new);
        let now = facts(&policy, nobody(), 60);
        assert_eq!(word(&approve(now, request.clone(), &address("max"), "one", "one")), "broken", "{new}");
        assert_eq!(word(&expire(now, &request).ok_or(Refusal::TooLate)), "broken", "{new}");
    }
    assert_eq!(expire(facts(&policy(), nobody(), 60), &request), None);
}

#[test]
fn waiting_ends() {
    let (policy, nobody) = (policy(), nobody());
    let request = waiting(&policy);
    let late = facts(&policy, nobody, 86_400);
    for by in ["max", "bob"] {
        assert_eq!(word(&approve(late, request.clone(), &address(by), "one", "one")), "too-late");
    }
    assert_eq!(word(&withdraw(late, request.clone(), &address("bob"))), "too-late");
    let closed = expire(late, &request).unwrap();
    assert_eq!(closed.request().state.word(), "expired");
    assert_eq!(expire(late, closed.request()), None);
    // A clock that was set back makes it no younger.
    assert_eq!(word(&approve(facts(&policy, nobody, -1), request, &address("max"), "one", "one")), "too-late");
}

#[test]
fn those_who_asked_take_it_back() {
    let (policy, nobody) = (policy(), nobody());
    let now = facts(&policy, nobody, 60);
    let request = filed(&policy, Draft { requester: address("ada"), ..draft("bob", "support") });
    for (by, expected) in
        [("bob", "withdrawn"), ("ada", "withdrawn"), ("lea", "not-theirs"), ("eve", "unknown-principal")]
    {
        assert_eq!(word(&withdraw(now, request.clone(), &address(by))), expected, "{by}");
    }
    let bot = filed(&policy, draft("bot", "support"));
    assert_eq!(word(&withdraw(now, bot, &address("lea"))), "withdrawn");
    // Who is suspended does nothing, as `admit` has it.
    let suspended = [address("bob")].into();
    assert_eq!(word(&withdraw(facts(&policy, &suspended, 60), request, &address("bob"))), "suspended");
}

#[test]
fn what_is_decided_stays_decided() {
    let (policy, nobody) = (policy(), nobody());
    let now = facts(&policy, nobody, 60);
    let request = waiting(&policy);
    let ends = [
        approve(now, request.clone(), &address("lea"), "one", "one"),
        deny(now, request.clone(), &address("lea"), "no"),
        withdraw(now, request.clone(), &address("bob")),
        Ok(expire(facts(&policy, nobody, 90_000), &request).unwrap()),
    ];
    for end in ends {
        let request = end.unwrap().request().clone();
        let word_of = request.state.word();
        assert_eq!(word(&approve(now, request.clone(), &address("max"), "one", "one")), "not-pending", "{word_of}");
        assert_eq!(word(&deny(now, request.clone(), &address("max"), "no")), "not-pending", "{word_of}");
        assert_eq!(word(&withdraw(now, request.clone(), &address("bob"))), "not-pending", "{word_of}");
        assert_eq!(expire(facts(&policy, nobody, 90_000), &request), None, "{word_of}");
    }
}

#[test]
fn who_may_end_a_lease() {
    let (policy, nobody) = (policy(), nobody());
    let now = facts(&policy, nobody, 60);
    let lease = lease(&policy, "bob", "support");
    for (by, expected) in [
        ("bob", None),
        ("lea", None),
        ("ada", None),
        ("ivan", Some("not-theirs")),
        ("olga", Some("not-theirs")),
        ("carl", Some("suspended")),
    ] {
        let by = address(by);
        let ended = end_early(now, &lease, Caller::principal(&by));
        assert_eq!(ended.as_ref().err().map(Refusal::code), expected, "{by}");
        if let Ok(ended) = ended {
            assert_eq!(ended.ended.as_ref().unwrap().at, at(60));
            assert_eq!(end_early(now, &ended, Caller::principal(&by)).unwrap_err().code(), "ended-before");
        }
    }
    // Whoever runs Rolecall is nobody in the policy; to take access away they need not be.
    assert!(end_early(now, &lease, Caller::Operator).unwrap().ended.is_some());
    for caller in [Caller::System, Caller::Nobody] {
        assert_eq!(end_early(now, &lease, caller).unwrap_err().code(), "not-theirs");
    }
}
