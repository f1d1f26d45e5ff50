//! Who may do what in Rolecall: one row for each action, one column for each kind of caller.

use rolecall_core::admit::{Action, Caller, Denied, admit, rights};

use rolecall_core::request::{Terms, decides};

use crate::company::{address, at, lease, nobody, policy, waiting};

const WHO: [&str; 11] = ["ada", "lea", "ivan", "bob", "olga", "carl", "gina", "eve", "operator", "system", "nobody"];

/// `+` where it is admitted, in the order of `WHO`.
fn row(action: Action<'_>) -> String {
    let (policy, suspended) = (policy(), nobody());
    let names = WHO.map(address);
    let admitted = WHO.iter().zip(&names).map(|(who, name)| {
        let caller = match *who {
            "operator" => Caller::Operator,
            "system" => Caller::System,
            "nobody" => Caller::Nobody,
            _ => Caller::Principal(name),
        };
        if admit(&policy, caller, action, suspended, at(0)).is_ok() { '+' } else { '-' }
    });
    admitted.collect()
}

#[test]
fn every_action_and_every_caller() {
    let policy = policy();
    let (request, lease) = (&waiting(&policy), &lease(&policy, "bob", "support"));
    let (bob, ada, bot) = (address("bob"), address("ada"), "bot");
    let (environment, role) = ("production", "support");
    //                       administrator approver auditor member owner-of-writer suspended gone stranger operator system nobody
    let table = [
        (Action::ViewOverview, "+++++---++-"),
        (Action::ViewRoles, "+++++---++-"),
        (Action::ViewAccess { of: &bob }, "+++++---++-"),
        (Action::ViewAccess { of: bot }, "+++-+---++-"),
        (Action::ViewDirectory, "+++-+---++-"),
        (Action::ViewPolicy, "+++-+---++-"),
        (Action::ViewRequest(request), "++++----++-"),
        (Action::ViewLease(lease), "++++----++-"),
        (Action::ViewPlans, "+++-+---++-"),
        (Action::Watch, "+-+-----++-"),
        (Action::FileRequest { beneficiary: &bob, environment, role }, "++++-------"),
        (Action::FileRequest { beneficiary: &ada, environment, role }, "+++--------"),
        (Action::FileRequest { beneficiary: bot, environment, role }, "+++--------"),
        (Action::BreakGlass { environment, role }, "---+-------"),
        (Action::Decide(request), "-++--------"),
        (Action::Review(request), "-++--------"),
        (Action::Withdraw(request), "---+-------"),
        (Action::EndLease(lease), "++++----++-"),
        (Action::Suspend { who: &bob }, "+-------++-"),
        (Action::Reinstate { who: &bob }, "+-------++-"),
        (Action::Reinstate { who: &ada }, "--------++-"),
        (Action::Plan, "+-+-----++-"),
        (Action::Verify, "+-+-----++-"),
        (Action::ReadMetrics, "+-+-----++-"),
        (Action::Apply, "+-------++-"),
        (Action::Adopt, "+-------++-"),
        (Action::LoadPolicy, "+-------++-"),
        (Action::Configure, "+-------++-"),
        (Action::Backup, "+-------++-"),
        (Action::AcceptClock, "+-------++-"),
        (Action::Credential { of: &bob }, "---+-------"),
        (Action::Credential { of: bot }, "++------++-"),
        (Action::ViewTokens { of: &bob }, "+-++----++-"),
        (Action::MakeToken { of: &bob }, "---+----+--"),
        (Action::MakeToken { of: bot }, "++------++-"),
        (Action::RevokeToken { of: &bob }, "+--+----++-"),
        (Action::ReadLedger, "+-+-----++-"),
        (Action::ExportLedger, "+-+-----++-"),
    ];
    let wrong: Vec<String> = table
        .iter()
        .filter(|(action, expected)| row(*action) != *expected)
        .map(|(action, expected)| format!("{action:.60?}: {} but {expected}", row(*action)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_act_of_suspension_takes_everything() {
    let (policy, suspended) = (policy(), [address("ada")].into());
    let ada = address("ada");
    assert_eq!(rights(&policy, Caller::principal(&ada), &suspended, at(0)), Default::default());
    assert_eq!(admit(&policy, Caller::principal(&ada), Action::ViewOverview, &suspended, at(0)), Err(Denied::Nobody));
}

#[test]
fn who_decides_is_found_without_listing_everybody_and_is_the_same() {
    let policy = policy();
    let mut some = 0;
    for (environment, role) in
        policy.environments.keys().flat_map(|one| policy.roles.keys().map(move |role| (one, role)))
    {
        let terms = Terms::of(&policy, environment, role).unwrap();
        let glass = terms.break_glass.map(|glass| glass.reviewers).unwrap_or_default();
        for (id, _, _) in policy.principals() {
            let listed = terms.approvers.contains(id) || glass.contains(id);
            assert_eq!(decides(&policy, environment, role, id), listed, "{environment} {role} {id}");
            some += usize::from(listed);
        }
    }
    assert!(some > 3, "{some}");
    assert!(!decides(&policy, "nowhere", "support", &address("lea")));
}
