//! Breaking the glass: access at once, without approval, with a second look afterwards that nobody can leave out.

use jiff::{SignedDuration, Timestamp};

use super::file::{check, grant, new};
use super::party::{active, own};
use super::terms::{Terms, period};
use super::{Draft, Facts, Outcome, Refusal, Request, RequestId, Review, Reviewed};

/// Takes access at once. It is for what one may request anyway: only the approval is left out.
pub fn break_glass(facts: Facts<'_>, id: RequestId, draft: Draft, effects: &str) -> Result<Outcome, Refusal> {
    active(facts, &draft.requester)?;
    let terms = Terms::of(facts.policy, &draft.environment, &draft.role)?;
    let glass = terms.break_glass.ok_or_else(|| Refusal::NoBreakGlass(draft.requester.clone()))?;
    let for_self = draft.requester == draft.beneficiary;
    if !for_self || !glass.allowed.contains(draft.requester.as_str()) {
        return Err(Refusal::NoBreakGlass(draft.requester));
    }
    let (asks, terms) = check(facts, draft, Some(glass.max_duration))?;
    let reviews = |by: &&&str| !own(facts.policy, &asks, by) && active(facts, by).is_ok();
    if glass.reviewers.iter().find(reviews).is_none() {
        return Err(Refusal::NobodyReviews);
    }
    let mut request = new(facts, id, asks, &terms, None, effects)?;
    request.break_glass = true;
    request.review = Some(Review { due: after(facts.now, glass.review_within), done: None });
    period(facts, request.asks.until, glass.max_duration)?;
    grant(facts, request, glass.max_duration)
}

/// Somebody has looked at a break-glass.
pub fn review(facts: Facts<'_>, request: Request, by: &str, justified: bool, note: &str) -> Result<Request, Refusal> {
    let Some(review) = &request.review else { return Err(Refusal::NothingToReview) };
    if review.done.is_some() {
        return Err(Refusal::ReviewedBefore);
    }
    active(facts, by)?;
    if own(facts.policy, &request.asks, by) {
        return Err(Refusal::OwnRequest(by.to_owned()));
    }
    if !reviewers(facts, &request).contains(by) {
        return Err(Refusal::NotAnApprover(by.to_owned()));
    }
    let terms = Terms::of(facts.policy, &request.asks.environment, &request.asks.role);
    terms.map_or(Ok(()), |terms| terms.readable(note))?;
    let done = Some(Reviewed { by: by.to_owned(), at: facts.now, justified, note: note.to_owned() });
    let review = Some(Review { due: review.due, done });
    Ok(Request { review, ..request })
}

/// Who reviews: whom the rules name now. Where they have lost the rule, administrators do, so that the look is not lost with it.
fn reviewers<'a>(facts: Facts<'a>, request: &Request) -> std::collections::BTreeSet<&'a str> {
    let terms = Terms::of(facts.policy, &request.asks.environment, &request.asks.role).ok();
    let glass = terms.and_then(|terms| terms.break_glass);
    let administrators = || super::members(facts.policy, &facts.policy.access.administrators, None);
    glass.map_or_else(administrators, |glass| glass.reviewers)
}

/// True when somebody should have looked at it by now, and nobody has.
pub fn review_due(request: &Request, now: Timestamp) -> bool {
    request.review.as_ref().is_some_and(|review| review.done.is_none() && review.due <= now)
}

fn after(now: Timestamp, seconds: u64) -> Timestamp {
    let wait = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}
