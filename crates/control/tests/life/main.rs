//! The life of a Lease on a real store and a real server: asked, agreed, working, over, proved; and what goes wrong.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail loudly")]

mod clock;
mod company;
mod keeper;
mod many;
mod mark;
mod outage;
mod several;
mod webhook;

use company::{Company, address};
use rolecall_control::store::Reach;
use rolecall_control::{ControlError, Office};
use rolecall_core::event::{Kind, Place};
use rolecall_core::request::{Outcome, Refusal, RequestId};

fn granted(outcome: &Outcome) -> RequestId {
    match outcome {
        Outcome::Granted(request, _) => request.id,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_agreed_working_over_and_proved() {
    let company = Company::new().await;
    let office = company.office().await;
    let (bob, lea) = (company.person("bob"), company.person("lea"));
    let filed = office.request(&bob, company.draft("bob", "42"), None).await.unwrap();
    let id = filed.request().id;
    let (effects, shown) = office.shown(&lea, id).await.unwrap();
    let told = format!("{effects:?}");
    assert!(told.contains("bob@acme.test") && told.contains("customer = 42"), "{told}");
    assert!(company.rows("bob").await.is_err(), "nothing before anybody agreed");
    assert!(matches!(office.approve(&bob, id, &shown).await, Err(ControlError::Denied(_))));
    let refused = office.approve(&lea, id, "sha256:other").await;
    assert!(matches!(refused, Err(ControlError::Refused(Refusal::NotWhatWasShown))), "{refused:?}");
    assert_eq!(granted(&office.approve(&lea, id, &shown).await.unwrap()), id);

    let settled = office.settle().await.unwrap();
    assert!(settled.failures.is_empty(), "{:?}", settled.failures);
    assert_eq!(settled.leases[0].reach, Reach::Open);
    assert_eq!(company.rows("bob").await.unwrap(), [42]);
    let mut session = company.session("bob").await.unwrap();
    assert!(office.settle().await.unwrap().leases.is_empty(), "nothing is left to do");

    company.wait(3_600);
    let settled = office.settle().await.unwrap();
    assert!(settled.failures.is_empty(), "{:?}", settled.failures);
    assert_eq!(settled.leases[0].reach, Reach::Closed);
    assert!(company::count(&mut session).await.is_err(), "the open session is ended");
    assert!(company.rows("bob").await.is_err());
    let story = company.story(id).await;
    let kinds = [
        "request_filed",
        "request_approved",
        "lease_started",
        "apply_begun",
        "apply_finished",
        "lease_ended",
        "apply_begun",
        "apply_finished",
        "lease_revoked",
    ];
    assert_eq!(story, kinds);
    // The clock is set back: nothing comes back.
    company.set_clock(-3_000);
    assert!(office.settle().await.unwrap().leases.is_empty());
    assert!(company.rows("bob").await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_ends_although_the_server_was_down_and_rolecall_was_killed() {
    let mut company = Company::new().await;
    let id = company.running("42").await;
    // Killed: the office is dropped without a word. The server goes down, and the lease runs out meanwhile.
    company.server.stop();
    company.wait(4_000);
    let office = company.office().await;
    let settled = office.settle().await.unwrap();
    assert_eq!((settled.failures.len(), settled.leases[0].reach), (1, Reach::Overdue));
    assert!(office.settle().await.unwrap().leases.is_empty(), "told once");
    company.server.restart().unwrap();
    assert_eq!(company.rows("bob").await.unwrap(), [42], "the scope's own end is an hour away by the server's clock");
    let settled = company.office().await.settle().await.unwrap();
    assert_eq!(settled.leases[0].reach, Reach::Closed);
    assert!(company.rows("bob").await.is_err());
    let story = company.story(id).await;
    assert_eq!(story.iter().filter(|kind| *kind == "lease_overdue").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_the_servers_change_and_the_note_of_it() {
    let company = Company::new().await;
    let office = company.office().await;
    let id = company.filed("42").await;
    let lea = company.person("lea");
    let (_, shown) = office.shown(&lea, id).await.unwrap();
    office.approve(&lea, id, &shown).await.unwrap();
    // Another office carries it out; the note of the first is lost with it, as the store is put back.
    let copy = company.copy_store();
    office.settle().await.unwrap();
    assert_eq!(company.rows("bob").await.unwrap(), [42]);
    let again = company.office_at(&copy).await;
    let settled = again.settle().await.unwrap();
    assert_eq!(settled.leases[0].reach, Reach::Open);
    assert_eq!(company.rows("bob").await.unwrap(), [42]);
    company.wait(3_600);
    assert_eq!(again.settle().await.unwrap().leases[0].reach, Reach::Closed);
    assert!(company.rows("bob").await.is_err());
}

/// Whoever finds a beginning without an end, under the server's lock, tells that nobody carries it on: once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apply_that_was_cut_short_is_told_by_the_next() {
    let company = Company::new().await;
    company.running("42").await;
    let office = company.office().await;
    let place = Place { environment: "production".into(), server: "main".into() };
    let elsewhere = Place { server: "other".into(), ..place.clone() };
    // Two processes began, one of them on another server, and neither lived to tell of an end.
    for place in [&place, &elsewhere] {
        let begun = Kind::ApplyBegun { place: place.clone(), digest: "sha256:00".into(), changes: 3 };
        company.tells(begun).await;
    }
    let begun = company.newest("apply_begun").await.id.0 - 1;
    office.plan(&keeper::operator(), "production", "main").await.unwrap();
    let told = company.newest("apply_abandoned").await;
    assert_eq!(told.cause.map(|id| id.0), Some(begun));
    assert_eq!(told.kind, Kind::ApplyAbandoned { place: place.clone(), digest: "sha256:00".into(), changes: 3 });
    // A lease that ends is an apply, too. Nothing is told twice.
    company.wait(3_600);
    assert_eq!(office.settle().await.unwrap().leases[0].reach, Reach::Closed);
    let kinds = company.kinds().await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "apply_abandoned").count(), 1, "{kinds:?}");
    let again = Kind::ApplyBegun { place, digest: "sha256:01".into(), changes: 1 };
    company.tells(again).await;
    company.running("43").await;
    let kinds = company.kinds().await;
    let tail = kinds.iter().rev().take(3).rev().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(tail, ["apply_abandoned", "apply_begun", "apply_finished"], "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspended_and_let_back_in_and_ended_early() {
    let company = Company::new().await;
    company.running("42").await;
    let office = company.office().await;
    let (ada, bob) = (company.person("ada"), address("bob"));
    let refused = office.suspend(&company.person("lea"), &bob, "no").await;
    assert!(matches!(refused, Err(ControlError::Denied(_))), "{refused:?}");
    office.suspend(&ada, &bob, "T-1").await.unwrap();
    let settled = office.settle().await.unwrap();
    assert_eq!(settled.leases[0].reach, Reach::Closed);
    assert!(company.rows("bob").await.is_err());
    assert!(office.request(&company.person("bob"), company.draft("bob", "42"), None).await.is_err());
    office.reinstate(&ada, &bob, "T-1 is over").await.unwrap();
    office.settle().await.unwrap();
    assert!(company.rows("bob").await.is_err(), "what has ended does not come back");

    let id = company.running("43").await;
    assert_eq!(company.rows("bob").await.unwrap(), [43]);
    office.end(&company.person("bob"), id).await.unwrap();
    office.settle().await.unwrap();
    assert!(company.rows("bob").await.is_err());

    // Whoever runs Rolecall, though nobody in the policy, can take access away.
    let id = company.running("44").await;
    let ended = office.end(&keeper::operator(), id).await.unwrap();
    assert_eq!(ended.ended.unwrap().why.to_string(), "ended by (operator)");
    office.settle().await.unwrap();
    assert!(company.rows("bob").await.is_err());
}

/// Bob has something by the policy.
const ASSIGNED: (&str, &str) = (
    "bob@acme.test: { groups: [agents] }",
    "bob@acme.test: { groups: [agents], assign: { production: { role: support, with: { customer: 42 } } } }",
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_let_back_in_has_again_what_the_policy_gives_and_the_ledger_says_why() {
    let company = Company::new().await;
    company.apply_with(ASSIGNED.0, ASSIGNED.1).await;
    let office = company.office_with(ASSIGNED.0, ASSIGNED.1).await;
    let (ada, bob) = (company.person("ada"), address("bob"));
    office.suspend(&ada, &bob, "T-1").await.unwrap();
    office.settle().await.unwrap();
    assert!(company.rows("bob").await.is_err());
    for kind in ["apply_begun", "apply_finished"] {
        assert_eq!(company.newest(kind).await.cause, Some(company.newest("standing_changed").await.id), "{kind}");
    }
    office.reinstate(&ada, &bob, "T-1 is over").await.unwrap();
    office.settle().await.unwrap();
    assert_eq!(company.rows("bob").await, Ok(vec![42]));
    assert_eq!(company.newest("apply_begun").await.cause, Some(company.newest("standing_changed").await.id));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_leases_each_end_on_their_own() {
    let company = Company::new().await;
    company.running("42").await;
    company.wait(1_800);
    company.running("43").await;
    assert_eq!(company.rows("bob").await.unwrap(), [42, 43]);
    company.wait(1_800);
    company.office().await.settle().await.unwrap();
    assert_eq!(company.rows("bob").await.unwrap(), [43]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_ledgers_do_not_undo_each_other() {
    let company = Company::new().await;
    let other = company.other_office().await;
    let lease = async |office: &Office, customer: &str| {
        let asked = office.request(&company.person("bob"), company.draft("bob", customer), None).await.unwrap();
        let (id, lea) = (asked.request().id, company.person("lea"));
        let (_, shown) = office.shown(&lea, id).await.unwrap();
        office.approve(&lea, id, &shown).await.unwrap();
        office.settle().await.unwrap()
    };
    company.running("42").await;
    // The other one can neither give nor take while this one's lease runs, and says so.
    let settled = lease(&other, "43").await;
    assert!(matches!(settled.failures.as_slice(), [ControlError::OtherLedger { .. }]), "{:?}", settled.failures);
    assert_eq!(company.rows("bob").await.unwrap(), [42]);
    company.office().await.suspend(&company.person("ada"), "bob@acme.test", "gone").await.unwrap();
    company.office().await.settle().await.unwrap();
    assert!(company.rows("bob").await.is_err());
    other.settle().await.unwrap();
    assert!(company.rows("bob").await.is_err(), "whom this ledger has suspended, the other has let in");
    // When nothing of this one is left, the server is free.
    company.office().await.reinstate(&company.person("ada"), "bob@acme.test", "back").await.unwrap();
    company.office().await.settle().await.unwrap();
    assert!(other.settle().await.unwrap().failures.is_empty());
    assert_eq!(company.rows("bob").await.unwrap(), [43]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_it_would_do_changed_so_it_is_asked_again() {
    let company = Company::new().await;
    let office = company.office().await;
    let id = company.filed("42").await;
    let lea = company.person("lea");
    let (_, shown) = office.shown(&lea, id).await.unwrap();
    company.admin("GRANT SELECT (customer) ON shop.tickets TO support").await;
    let wider = company.office_with("columns: [id, customer]", "columns: [id, customer, note]").await;
    let outcome = wider.approve(&lea, id, &shown).await.unwrap();
    assert!(matches!(outcome, Outcome::AskedAgain(_)), "{outcome:?}");
    let (_, shown) = wider.shown(&lea, id).await.unwrap();
    assert!(matches!(wider.approve(&lea, id, &shown).await.unwrap(), Outcome::Granted(..)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_a_role_that_gives_more_than_the_policy_says() {
    let company = Company::new().await;
    let id = company.filed("42").await;
    let (office, lea) = (company.office().await, company.person("lea"));
    let (_, shown) = office.shown(&lea, id).await.unwrap();
    office.approve(&lea, id, &shown).await.unwrap();
    for (drift, mend) in [
        (
            "GRANT SELECT ON shop.tickets TO support",
            "REVOKE SELECT ON shop.tickets FROM support; GRANT SELECT (id, customer) ON shop.tickets TO support",
        ),
        ("ALTER TABLE shop.tickets DISABLE ROW LEVEL SECURITY", "ALTER TABLE shop.tickets ENABLE ROW LEVEL SECURITY"),
    ] {
        company.admin(drift).await;
        let settled = office.settle().await.unwrap();
        assert!(matches!(settled.failures[..], [ControlError::NotReady { .. }]), "{drift}: {:?}", settled.failures);
        assert!(company.rows("bob").await.is_err(), "{drift}");
        company.admin(mend).await;
    }
    let settled = office.settle().await.unwrap();
    assert!(settled.failures.is_empty(), "{:?}", settled.failures);
    assert_eq!(company.rows("bob").await.unwrap(), [42]);
    // What is worse than the policy does not hold up the end.
    company.admin("GRANT SELECT ON shop.tickets TO support").await;
    company.wait(3_600);
    assert_eq!(office.settle().await.unwrap().leases[0].reach, Reach::Closed);
    assert!(company.rows("bob").await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_begin_holds_up_no_end() {
    let company = Company::new().await;
    let (office, bob, lea) = (company.office().await, company.person("bob"), company.person("lea"));
    let first = company.running("42").await;
    company.admin("GRANT SELECT ON shop.tickets TO support").await;
    let second = company.filed("43").await;
    let (_, shown) = office.shown(&lea, second).await.unwrap();
    office.approve(&lea, second, &shown).await.unwrap();
    office.end(&bob, first).await.unwrap();
    let settled = office.settle().await.unwrap();
    assert!(matches!(settled.failures[..], [ControlError::NotReady { .. }]), "{:?}", settled.failures);
    assert_eq!(
        settled.leases.iter().map(|kept| (kept.lease.id, kept.reach)).collect::<Vec<_>>(),
        [(first, Reach::Closed)]
    );
    assert_eq!(company.rows("bob").await, Ok(vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn breaking_the_glass_needs_no_server_and_leaves_a_review() {
    let mut company = Company::new().await;
    company.server.stop();
    let office = company.office().await;
    let bob = company.person("bob");
    let outcome = office.break_glass(&bob, company.draft("bob", "42")).await.unwrap();
    let id = granted(&outcome);
    assert_eq!(office.settle().await.unwrap().failures.len(), 1);
    company.server.restart().unwrap();
    office.settle().await.unwrap();
    assert_eq!(company.rows("bob").await.unwrap(), [42]);
    let reviewed = office.review(&company.person("lea"), id, true, "it burned").await.unwrap();
    assert!(reviewed.review.unwrap().done.unwrap().justified);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_to_others_meanwhile_does_not_ask_again() {
    let company = Company::new().await;
    let office =
        company.office_with("lea@acme.test: {}", "lea@acme.test: {}\n  cara@acme.test: { groups: [agents] }").await;
    let lea = company.person("lea");
    let ask = async |who: &str| {
        let filed = office.request(&company.person(who), company.draft(who, "42"), None).await.unwrap();
        let id = filed.request().id;
        (id, office.shown(&lea, id).await.unwrap().1)
    };
    let (bob, cara) = (ask("bob").await, ask("cara").await);
    // Cara's is granted and on its way to the server, where somebody changes the Role by hand.
    granted(&office.approve(&lea, cara.0, &cara.1).await.unwrap());
    company.admin("REVOKE SELECT (customer) ON shop.tickets FROM support").await;
    assert_eq!(office.shown(&lea, bob.0).await.unwrap().1, bob.1);
    assert_eq!(granted(&office.approve(&lea, bob.0, &bob.1).await.unwrap()), bob.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_proof_says_what_was_seen() {
    let company = Company::new().await;
    let office = company.office().await;
    let proof = async || {
        let told = company.newest("lease_revoked").await;
        match told.kind {
            rolecall_core::event::Kind::LeaseRevoked { proof, .. } => proof.as_str().to_owned(),
            other => panic!("{other:?}"),
        }
    };
    let (first, second) = (company.running("42").await, company.running("43").await);
    let session = company.session("bob").await.unwrap();
    office.end(&company.person("bob"), first).await.unwrap();
    office.settle().await.unwrap();
    assert_eq!(
        proof().await,
        "read back in app; bob holds support by something else; what is left in bob's scope: customer = 43"
    );
    office.end(&company.person("bob"), second).await.unwrap();
    office.settle().await.unwrap();
    assert_eq!(proof().await, "read back in app; no account bob is on the server; no session of bob was left");
    drop(session);
}
