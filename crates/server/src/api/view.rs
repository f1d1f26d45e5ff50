//! Requests, Leases and effects as the API shows them: a form of its own, so that what is inside can change.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rolecall_control::store::Kept;
use rolecall_core::plan::{Direction, Effect};
use rolecall_core::request::{Request, State, Until};
use serde::Serialize;
use utoipa::ToSchema;

/// A Request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Request)]
pub struct RequestView {
    /// Its number; its lease's too.
    pub id: u64,
    /// pending, granted, denied, withdrawn, expired or broken.
    pub state: &'static str,
    /// Who asked.
    pub requester: String,
    /// Whose access it is.
    pub principal: String,
    /// The environment.
    pub environment: String,
    /// The role.
    pub role: String,
    /// Values of the role's parameters.
    pub with: BTreeMap<String, Vec<String>>,
    /// How long it is asked for, in seconds from when it is granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub for_seconds: Option<u64>,
    /// Until when it is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// When it was filed.
    #[schema(value_type = String, format = DateTime)]
    pub filed: Timestamp,
    /// When it ends if nobody decides.
    #[schema(value_type = String, format = DateTime)]
    pub expires: Timestamp,
    /// The lease that it is to continue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extends: Option<u64>,
    /// Taken at once, without approval.
    pub break_glass: bool,
    /// The digest of what it would do, as it was last shown to all.
    pub digest: String,
    /// How often what it would do has changed while it waited.
    pub asked_again: u32,
    /// Who has agreed.
    pub approvals: Vec<Act>,
    /// How it came to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided: Option<Act>,
    /// Of a break-glass: the look at it afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewView>,
}

/// Who did something, when and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct Act {
    /// Who; none: Rolecall itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The look at a break-glass.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewState)]
pub struct ReviewView {
    /// By when.
    #[schema(value_type = String, format = DateTime)]
    pub due: Timestamp,
    /// Who looked; none: nobody yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<Act>,
    /// What they found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub justified: Option<bool>,
}

impl From<Request> for RequestView {
    fn from(request: Request) -> Self {
        let (state, asks) = (request.state.word(), request.asks);
        let (for_seconds, until) = match asks.until {
            Until::For(seconds) => (Some(seconds), None),
            Until::At(time) => (None, Some(time)),
        };
        let act = |by: Option<String>, at, reason: Option<String>| Some(Act { by, at, reason });
        let decided = match request.state {
            State::Pending => None,
            State::Granted { at } | State::Expired { at } => act(None, at, None),
            State::Denied { at, by, reason } => act(Some(by), at, Some(reason)),
            State::Withdrawn { at, by } => act(Some(by), at, None),
            State::Broken { at, why } => act(None, at, Some(why)),
        };
        let review = request.review.map(|review| {
            let justified = review.done.as_ref().map(|done| done.justified);
            let done = review.done.and_then(|done| act(Some(done.by), done.at, Some(done.note)));
            ReviewView { due: review.due, done, justified }
        });
        Self {
            id: request.id.0,
            state,
            requester: asks.requester,
            principal: asks.beneficiary,
            environment: asks.environment,
            role: asks.role,
            with: asks.with,
            for_seconds,
            until,
            reason: asks.reason,
            filed: request.filed,
            expires: request.expires,
            extends: request.extends.map(|id| id.0),
            break_glass: request.break_glass,
            digest: request.effects,
            asked_again: request.asked_again,
            approvals: request.approvals.into_iter().filter_map(|one| act(Some(one.by), one.at, None)).collect(),
            decided,
            review,
        }
    }
}

/// A Lease.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Lease)]
pub struct LeaseView {
    /// Its number; its request's too.
    pub id: u64,
    /// opening (granted, not yet on every server), open, closing (over, not yet off every server), overdue (a server did
    /// not answer), closed (proved to be off every server).
    pub state: &'static str,
    /// Whose.
    pub principal: String,
    /// The environment.
    pub environment: String,
    /// The role.
    pub role: String,
    /// Values of the role's parameters.
    pub with: BTreeMap<String, Vec<String>>,
    /// The reason given for it.
    pub reason: String,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub starts: Timestamp,
    /// Until when at the latest.
    #[schema(value_type = String, format = DateTime)]
    pub ends: Timestamp,
    /// When it was over, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Act>,
    /// Taken at once, without approval.
    pub break_glass: bool,
    /// Servers where it has begun; once it is over, those where it was read back as gone.
    pub done: BTreeSet<String>,
    /// Servers on which it never holds: nobody could see what it would do there when it was agreed to.
    pub except: BTreeSet<String>,
    /// Servers that should be rid of it and did not let it be taken back yet.
    pub late: BTreeSet<String>,
}

impl From<Kept> for LeaseView {
    fn from(kept: Kept) -> Self {
        let lease = kept.lease;
        Self {
            id: lease.id.0,
            state: kept.reach.word(),
            principal: lease.principal,
            environment: lease.environment,
            role: lease.role,
            with: lease.with,
            reason: lease.reason,
            starts: lease.starts,
            ends: lease.ends,
            ended: lease.ended.map(|ended| Act { by: None, at: ended.at, reason: Some(ended.why.to_string()) }),
            break_glass: lease.break_glass,
            except: lease.except,
            done: kept.done,
            late: kept.late,
        }
    }
}

/// Who gains or loses what.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Effect)]
pub struct EffectView {
    /// gains, loses, keeps or changes.
    pub direction: &'static str,
    /// Whom it concerns.
    pub who: Vec<String>,
    /// The role whose holders these are, where they are concerned as such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holders_of: Option<String>,
    /// What they may do more or less.
    pub access: Vec<String>,
    /// Why.
    pub because: String,
}

impl From<Effect> for EffectView {
    fn from(effect: Effect) -> Self {
        let direction = match effect.direction {
            Direction::Gains => "gains",
            Direction::Loses => "loses",
            Direction::Keeps => "keeps",
            Direction::Changes => "changes",
        };
        let Effect { who, holders_of, access, because, .. } = effect;
        Self { direction, who, holders_of, access, because }
    }
}
