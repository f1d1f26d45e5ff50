//! Filing a Request: everything that can be checked is checked before anybody is asked.

use std::collections::BTreeSet;

use super::party::{active, own};
use super::terms::{Terms, may_request, period, values};
use super::{Draft, Facts, Outcome, Refusal, Request, RequestId, State};
use crate::admit::{self, Caller};
use crate::lease::{self, Lease};

/// Files a Request. `effects` is a digest of what it would do. Where the rules say so it is granted at once.
pub fn file(facts: Facts<'_>, id: RequestId, draft: Draft, effects: &str) -> Result<Outcome, Refusal> {
    let (asks, terms) = check(facts, draft, None)?;
    if let Some(same) = same_lease(facts, &asks) {
        return Err(Refusal::AlreadyLeased(same.id));
    }
    conclude(facts, &terms, new(facts, id, asks, &terms, None, effects)?)
}

/// Files a Request that continues a Lease: for the same, until later, decided like any other.
pub fn extend(
    facts: Facts<'_>,
    id: RequestId,
    draft: Draft,
    extends: RequestId,
    effects: &str,
) -> Result<Outcome, Refusal> {
    let (asks, terms) = check(facts, draft, None)?;
    if !terms.extension {
        return Err(Refusal::NoExtension);
    }
    extendable(facts, &asks, extends, terms.max_duration)?;
    conclude(facts, &terms, new(facts, id, asks, &terms, Some(extends), effects)?)
}

/// Refuses an extension of what has ended, of something else, or to no later end.
pub(super) fn extendable(facts: Facts<'_>, asks: &Draft, extends: RequestId, longest: u64) -> Result<(), Refusal> {
    let live = |lease: &&Lease| lease::over(lease, facts.policy, facts.suspended, facts.now).is_none();
    let found = facts.leases.iter().find(|lease| lease.id == extends).filter(live);
    let old = found.ok_or(Refusal::NothingToExtend(extends))?;
    let (_, ends) = period(facts, asks.until, longest)?;
    if !same(old, asks) || ends <= old.ends { Err(Refusal::NotAnExtension) } else { Ok(()) }
}

/// Checks a draft against the policy and everybody's standing; `longest` limits it where something else than the terms does.
pub(super) fn check(facts: Facts<'_>, draft: Draft, longest: Option<u64>) -> Result<(Draft, Terms<'_>), Refusal> {
    active(facts, &draft.requester)?;
    let beneficiary = active(facts, &draft.beneficiary)?;
    let terms = Terms::of(facts.policy, &draft.environment, &draft.role)?;
    if !may_request(facts.policy, beneficiary, &draft.environment, &draft.role) {
        let Draft { beneficiary: principal, role, environment, .. } = draft;
        return Err(Refusal::NotAllowed { principal, role, environment });
    }
    if !may_ask_for(facts, &draft, &terms) {
        let Draft { requester, beneficiary, .. } = draft;
        return Err(Refusal::NotForOthers { requester, beneficiary });
    }
    let with = values(facts.policy, &draft.role, &draft.with)?;
    terms.reason(&draft.reason, longest.is_some())?;
    period(facts, draft.until, longest.unwrap_or(terms.max_duration))?;
    Ok((Draft { with, ..draft }, terms))
}

/// For oneself, for a service one answers for; for others, who would decide on it and administrators.
fn may_ask_for(facts: Facts<'_>, draft: &Draft, terms: &Terms<'_>) -> bool {
    let for_own = draft.requester == draft.beneficiary
        || facts.policy.services.get(&draft.beneficiary).is_some_and(|service| service.owner.value == draft.requester);
    let rights = || admit::rights(facts.policy, Caller::principal(&draft.requester), facts.suspended, facts.now);
    for_own || terms.approvers.contains(draft.requester.as_str()) || rights().administrator
}

fn same_lease<'a>(facts: Facts<'a>, asks: &Draft) -> Option<&'a Lease> {
    let live = |lease: &Lease| lease::over(lease, facts.policy, facts.suspended, facts.now).is_none();
    // Where it does not reach every server, it may be asked for again.
    facts.leases.iter().find(|lease| same(lease, asks) && lease.except.is_empty() && live(lease))
}

fn same(lease: &Lease, asks: &Draft) -> bool {
    lease.principal == asks.beneficiary
        && lease.environment == asks.environment
        && lease.role == asks.role
        && lease.with == asks.with
}

pub(super) fn new(
    facts: Facts<'_>,
    id: RequestId,
    asks: Draft,
    terms: &Terms<'_>,
    extends: Option<RequestId>,
    effects: &str,
) -> Result<Request, Refusal> {
    let wait = i64::try_from(terms.request_expiry).map_err(|_| Refusal::TooLong(terms.request_expiry))?;
    let expires = facts.now.checked_add(jiff::SignedDuration::from_secs(wait));
    Ok(Request {
        id,
        asks,
        filed: facts.now,
        expires: expires.map_err(|_| Refusal::TooLong(terms.request_expiry))?,
        extends,
        break_glass: false,
        effects: effects.to_owned(),
        asked_again: 0,
        approvals: Vec::new(),
        state: State::Pending,
        review: None,
    })
}

/// Grants a Request to which enough have agreed. Only who could agree today counts.
pub(super) fn conclude(facts: Facts<'_>, terms: &Terms<'_>, request: Request) -> Result<Outcome, Refusal> {
    let counts =
        |by: &str| terms.approvers.contains(by) && !own(facts.policy, &request.asks, by) && active(facts, by).is_ok();
    let agreed = request.approvals.iter().filter(|approval| counts(&approval.by)).count();
    if agreed < usize::try_from(terms.approvals).unwrap_or(usize::MAX) {
        return Ok(Outcome::Waiting(request));
    }
    grant(facts, request, terms.max_duration)
}

/// The Lease that a Request becomes.
pub(super) fn grant(facts: Facts<'_>, mut request: Request, longest: u64) -> Result<Outcome, Refusal> {
    let (starts, ends) = period(facts, request.asks.until, longest)?;
    facts.clock_is_right()?;
    let lease = Lease {
        id: request.id,
        principal: request.asks.beneficiary.clone(),
        environment: request.asks.environment.clone(),
        role: request.asks.role.clone(),
        with: request.asks.with.clone(),
        reason: request.asks.reason.clone(),
        starts,
        ends,
        ended: None,
        break_glass: request.break_glass,
        except: BTreeSet::new(),
    };
    request.state = State::Granted { at: facts.now };
    Ok(Outcome::Granted(request, lease))
}
