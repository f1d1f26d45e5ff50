//! What a policy says about requests, and about who may do what in Rolecall itself.

use std::collections::BTreeMap;

use super::super::problem::Span;
use super::{Spanned, UrlSource};

/// An environment's rules.
#[derive(Debug, Clone)]
pub struct Rules {
    /// For requests of every Role.
    pub requests: RequestRules,
    /// For requests of single Roles; what they leave out, `requests` says. With the place of the Role's name.
    pub roles: BTreeMap<String, (Span, RequestRules)>,
    /// A plan that removes or suspends more than this share of the accounts stops, in percent (default 20).
    pub brake: u32,
    /// Grants of one person that PostgreSQL would multiply (rows of one × columns of the other) are allowed.
    pub allow_combination: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { requests: RequestRules::default(), roles: BTreeMap::new(), brake: 20, allow_combination: false }
    }
}

/// What holds for requests. None: nothing is said here; see [`crate::request::Terms`] for what holds then.
#[derive(Debug, Clone, Default)]
pub struct RequestRules {
    /// A request needs a reason.
    pub reason_required: Option<bool>,
    /// A regular expression that must be found in the reason.
    pub reason_pattern: Option<Spanned<String>>,
    /// How many must agree to a request; 0: it is granted at once.
    pub approvals: Option<u32>,
    /// Who may agree: people, groups, and [`ROLE_OWNER`].
    pub approvers: Option<Vec<Spanned<String>>>,
    /// The longest that a lease may last, in seconds.
    pub max_duration: Option<u64>,
    /// After how many seconds a request ends that nobody has decided.
    pub request_expiry: Option<u64>,
    /// A lease may be extended by a new request.
    pub extension: Option<bool>,
    /// Who may take access at once.
    pub break_glass: Option<BreakGlass>,
}

/// The word that stands for a Role's owner among approvers and reviewers.
pub const ROLE_OWNER: &str = "owner";

/// Access at once, without approval, reviewed after.
#[derive(Debug, Clone, Default)]
pub struct BreakGlass {
    /// Who may take it: people and groups. Empty: nobody.
    pub allow: Vec<Spanned<String>>,
    /// Who must look at it afterwards: people, groups and [`ROLE_OWNER`]; None: the approvers.
    pub reviewers: Option<Vec<Spanned<String>>>,
    /// The longest that it lasts, in seconds; None: as other requests.
    pub max_duration: Option<u64>,
    /// Within how many seconds somebody must have looked at it; None: a day.
    pub review_within: Option<u64>,
    /// Where it was written.
    pub span: Span,
}

/// Who may do what in Rolecall itself: people and groups. Everybody in the policy is a member.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Where it was written.
    pub span: Option<Span>,
    /// Who may do everything but decide on what concerns themselves.
    pub administrators: Vec<Spanned<String>>,
    /// Who may read everything.
    pub auditors: Vec<Spanned<String>>,
    /// Who agrees to requests where neither the rules nor a Role's owner say who does.
    pub approvers: Vec<Spanned<String>>,
    /// Where Rolecall tells what happens, by name.
    pub webhooks: BTreeMap<String, Webhook>,
}

/// Where Rolecall tells what happens.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Where its name was written.
    pub span: Span,
    /// Where its address comes from.
    pub url: Spanned<UrlSource>,
    /// Where the secret comes from that its messages are signed with; None: they are not.
    pub secret: Option<Spanned<UrlSource>>,
    /// What a message looks like.
    pub form: WebhookForm,
    /// Kinds of Events that it is told; empty: what somebody should know of or decide.
    pub events: Vec<Spanned<String>>,
}

/// What a webhook's message looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WebhookForm {
    /// The Event as it stands in the ledger, with a link.
    #[default]
    Event,
    /// A line of text as Slack, Mattermost and others take it.
    Slack,
}
