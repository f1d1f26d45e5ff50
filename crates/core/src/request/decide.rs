//! Deciding on a Request: agreeing, refusing, taking back, running out; and ending a Lease early.

use std::collections::BTreeSet;

use super::file::{check, conclude, extendable};
use super::party::{active, own};
use super::terms::Terms;
use super::{Approval, Facts, Outcome, Refusal, Request, State};
use crate::admit::{self, Caller, OPERATOR};
use crate::lease::{self, Lease, Over};

/// Somebody agrees to what they were `shown`. `current` is the digest of what the Request would do now.
///
/// Where that has changed since it was asked, agreements to the old count no more and it is asked again. Where the
/// policy does not allow it any more, it is closed.
pub fn approve(facts: Facts<'_>, request: Request, by: &str, shown: &str, current: &str) -> Result<Outcome, Refusal> {
    pending(facts, &request)?;
    decider(facts, &request, by)?;
    let terms = match recheck(facts, &request) {
        Ok(terms) => terms,
        Err(why) => return Ok(broken(facts, request, &why)),
    };
    if request.effects != current {
        let asked_again = request.asked_again.saturating_add(1);
        return Ok(Outcome::AskedAgain(Request {
            effects: current.to_owned(),
            asked_again,
            approvals: Vec::new(),
            ..request
        }));
    }
    if shown != current {
        return Err(Refusal::NotWhatWasShown);
    }
    if request.approvals.iter().any(|approval| approval.by == by) {
        return Err(Refusal::AgreedBefore(by.to_owned()));
    }
    let mut request = request;
    request.approvals.push(Approval { by: by.to_owned(), at: facts.now });
    conclude(facts, &terms, request)
}

/// Somebody who could agree refuses. One refusal is enough.
pub fn deny(facts: Facts<'_>, request: Request, by: &str, reason: &str) -> Result<Outcome, Refusal> {
    pending(facts, &request)?;
    decider(facts, &request, by)?;
    Terms::of(facts.policy, &request.asks.environment, &request.asks.role)?.readable(reason)?;
    let state = State::Denied { at: facts.now, by: by.to_owned(), reason: reason.to_owned() };
    Ok(Outcome::Closed(Request { state, ..request }))
}

/// Those whose Request it is take it back. Who has been suspended does nothing here, not even that; it can be refused
/// by others, and it cannot be granted while its beneficiary is suspended.
pub fn withdraw(facts: Facts<'_>, request: Request, by: &str) -> Result<Outcome, Refusal> {
    pending(facts, &request)?;
    active(facts, by)?;
    if !own(facts.policy, &request.asks, by) {
        return Err(Refusal::NotTheirs(by.to_owned()));
    }
    let state = State::Withdrawn { at: facts.now, by: by.to_owned() };
    Ok(Outcome::Closed(Request { state, ..request }))
}

/// Closes a Request that has waited too long or cannot be granted any more; None: it goes on waiting.
pub fn expire(facts: Facts<'_>, request: &Request) -> Option<Outcome> {
    if request.state != State::Pending {
        return None;
    }
    if request.expires <= facts.now || ahead(facts, request) {
        let state = State::Expired { at: facts.now };
        return Some(Outcome::Closed(Request { state, ..request.clone() }));
    }
    recheck(facts, request).err().map(|why| broken(facts, request.clone(), &why))
}

/// Ends a Lease before its time: its holder, who answers for the holder, who could have agreed to it, an administrator, the
/// operator: it only takes access away.
pub fn end_early(facts: Facts<'_>, lease: &Lease, caller: Caller<'_>) -> Result<Lease, Refusal> {
    let by = match caller {
        Caller::Principal(id) => {
            active(facts, id)?;
            id
        }
        Caller::Operator => OPERATOR,
        Caller::System | Caller::Nobody => return Err(Refusal::NotTheirs("nobody in particular".to_owned())),
    };
    if lease.ended.is_some() {
        return Err(Refusal::EndedBefore);
    }
    let answers = facts.policy.services.get(&lease.principal).is_some_and(|service| service.owner.value == by);
    // A Role that the policy has lost has no approvers.
    let approvers = Terms::of(facts.policy, &lease.environment, &lease.role).map(|terms| terms.approvers);
    let decides = approvers.unwrap_or_else(|_| BTreeSet::new()).contains(by);
    let rights = || admit::rights(facts.policy, caller, facts.suspended, facts.now);
    if lease.principal != by && !answers && !decides && !rights().administrator {
        return Err(Refusal::NotTheirs(by.to_owned()));
    }
    Ok(lease::ended(lease.clone(), facts.now, Over::Early { by: by.to_owned() }))
}

/// The terms of a Request that could still be granted now, or what is in the way.
pub fn recheck<'a>(facts: Facts<'a>, request: &Request) -> Result<Terms<'a>, Refusal> {
    let (asks, terms) = check(facts, request.asks.clone(), None)?;
    if let Some(extends) = request.extends {
        if !terms.extension {
            return Err(Refusal::NoExtension);
        }
        extendable(facts, &asks, extends, terms.max_duration)?;
    }
    Ok(terms)
}

/// Filed in the future: the clock was set back, and what was known then may not be known now.
fn ahead(facts: Facts<'_>, request: &Request) -> bool {
    facts.now < request.filed
}

fn pending(facts: Facts<'_>, request: &Request) -> Result<(), Refusal> {
    match &request.state {
        State::Pending if request.expires <= facts.now => Err(Refusal::TooLate),
        State::Pending if ahead(facts, request) => Err(Refusal::TooLate),
        State::Pending => Ok(()),
        state => Err(Refusal::NotPending(state.clone())),
    }
}

/// Refuses whoever may not decide on a Request: those whose own it is, whatever else they are, come first.
fn decider(facts: Facts<'_>, request: &Request, by: &str) -> Result<(), Refusal> {
    active(facts, by)?;
    if own(facts.policy, &request.asks, by) {
        return Err(Refusal::OwnRequest(by.to_owned()));
    }
    let terms = Terms::of(facts.policy, &request.asks.environment, &request.asks.role);
    let approvers = terms.map(|terms| terms.approvers).unwrap_or_default();
    if approvers.contains(by) { Ok(()) } else { Err(Refusal::NotAnApprover(by.to_owned())) }
}

fn broken(facts: Facts<'_>, request: Request, why: &Refusal) -> Outcome {
    let state = State::Broken { at: facts.now, why: why.to_string() };
    Outcome::Closed(Request { state, ..request })
}
