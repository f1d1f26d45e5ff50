//! Leases: when they are over, and what is due.

use rolecall_core::lease::{Leases, Over, due, end, ended, next_due, over};
use rolecall_core::policy::model::Policy;
use rolecall_core::request::RequestId;

use crate::company::{address, at, lease, nobody, policy, policy_with};

fn found(policy: &Policy, seconds: i64) -> Option<Over> {
    over(&lease(&self::policy(), "bob", "support"), policy, nobody(), at(seconds))
}

#[test]
fn it_holds_from_its_beginning_to_its_end() {
    let policy = policy();
    assert_eq!(found(&policy, -1), Some(Over::ClockBehind));
    assert_eq!(found(&policy, 0), None);
    assert_eq!(found(&policy, 3_599), None);
    assert_eq!(found(&policy, 3_600), Some(Over::Expired));
}

#[test]
fn many_reasons_end_it() {
    let table = [
        ("bob@acme.test: { groups", "bob@acme.test: { standing: suspended, groups", Over::Suspended),
        ("bob@acme.test: { groups", "bob@acme.test: { ends: 2026-05-01, groups", Over::Gone),
        ("bob@acme.test: { groups", "rob@acme.test: { groups", Over::Gone),
        ("parameters: { customer: bigint }", "parameters: { customer: uuid }", Over::Meaningless),
        ("production: [support, reader, writer]", "production: [reader, writer]", Over::NotAllowed),
        ("bob@acme.test: { groups: [agents] }", "bob@acme.test: {}", Over::NotAllowed),
    ];
    for (old, new, expected) in table {
        assert_eq!(found(&policy_with(old, new), 60), Some(expected), "{new}");
    }
    let suspended = [address("bob")].into();
    assert_eq!(over(&lease(&policy(), "bob", "support"), &policy(), &suspended, at(60)), Some(Over::Suspended));
}

#[test]
fn what_has_ended_stays_ended_whatever_the_clock_says() {
    let policy = policy();
    let done = ended(lease(&policy, "bob", "support"), at(3_600), Over::Expired);
    for seconds in [-60, 0, 60, 3_600, 7_200] {
        assert_eq!(over(&done, &policy, nobody(), at(seconds)), Some(Over::Expired));
    }
    // The first end is the end.
    let again = ended(done.clone(), at(9_000), Over::Early { by: address("ada") });
    assert_eq!(again, done);
}

#[test]
fn what_is_due() {
    let policy = policy_with("bob@acme.test: { groups", "bob@acme.test: { ends: 2026-06-01T12:30:00Z, groups");
    let first = lease(&policy, "bob", "support");
    let mut second = lease(&policy, "bot", "reader");
    (second.id, second.ends) = (RequestId(18), at(7_200));
    let done = ended(lease(&policy, "bob", "writer"), at(1), Over::Expired);
    assert_eq!(end(&first, &policy), at(1_800));
    let leases = [second.clone(), first.clone(), done];
    assert_eq!(next_due(&leases, &policy), Some(at(1_800)));
    assert_eq!(due(&leases, &policy, nobody(), at(1_799)), []);
    assert_eq!(due(&leases, &policy, nobody(), at(1_800)), [(&first, Over::Gone)]);
    assert_eq!(due(&leases, &policy, nobody(), at(7_200)), [(&second, Over::Expired), (&first, Over::Expired)]);
    assert_eq!(next_due(&leases[2..], &policy), None);
}

#[test]
fn somebody_s_are_found_in_the_order_they_were_given() {
    let policy = policy();
    let mut all = Vec::new();
    for (id, who) in [(1, "bot"), (2, "ada"), (3, "bot"), (4, "bob"), (5, "ada")] {
        let mut lease = lease(&policy, who, "support");
        lease.id = RequestId(id);
        all.push(lease);
    }
    let leases = Leases::from(all.clone());
    let of = |who: &str| leases.of(&address(who)).map(|lease| lease.id.0).collect::<Vec<_>>();
    assert_eq!((of("ada"), of("bob"), of("bot")), (vec![2, 5], vec![4], vec![1, 3]));
    // Before, between and after all who have one.
    assert_eq!((of("aaa"), of("boc"), of("zoe")), (vec![], vec![], vec![]));
    assert_eq!(*leases, all);
    let mut more = lease(&policy, "bob", "support");
    more.id = RequestId(0);
    let found = leases.with(more).of(&address("bob")).map(|lease| lease.id.0).collect::<Vec<_>>();
    assert_eq!(found, [4, 0]);
    assert_eq!(Leases::none().of(&address("bob")).count(), 0);
}
