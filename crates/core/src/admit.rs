//! Who may do what in Rolecall itself: administrator, approver, auditor, member.
//!
//! Whether a Request may be granted is not decided here but in [`crate::request`]; this says who may try.

mod scope;

use std::collections::BTreeSet;

use jiff::Timestamp;

pub use scope::{NoScope, Scope, Scopes};

use crate::desire::{Standing, standing};
use crate::lease::Lease;
use crate::policy::model::Policy;
use crate::request::{self, Request, Terms};

/// What stands for the operator where a principal is named, even where the policy has a service of this name.
pub const OPERATOR: &str = "(operator)";

/// Who is asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller<'a> {
    /// A person or service of the policy.
    Principal(&'a str),
    /// Whoever runs Rolecall: the owner of its store, the holder of the first token. It is nobody in the policy, so it
    /// can agree to nothing and ask for nothing.
    Operator,
    /// Rolecall by itself: what it carries out was decided before.
    System,
    /// Nobody who could be recognised.
    Nobody,
}

impl<'a> Caller<'a> {
    /// A person or service of the policy.
    pub fn principal(id: &'a str) -> Self {
        Self::Principal(id)
    }
}

/// What somebody is in Rolecall itself. They add up; none of them is nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights {
    /// May do everything but decide on their own.
    pub administrator: bool,
    /// Is among those who agree to some requests.
    pub approver: bool,
    /// May read everything. Being an auditor lets nobody change anything.
    pub auditor: bool,
    /// Is in the policy, and active: sees and asks for their own.
    pub member: bool,
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy)]
pub enum Action<'a> {
    /// See environments, servers, and how many things wait.
    ViewOverview,
    /// See what somebody holds, and why.
    ViewAccess {
        /// Whose.
        of: &'a str,
    },
    /// See everybody, roles, and who reads and writes an object.
    ViewDirectory,
    /// See the policy.
    ViewPolicy,
    /// See what Roles there are, to ask for one.
    ViewRoles,
    /// See a Request.
    ViewRequest(&'a Request),
    /// See a Lease.
    ViewLease(&'a Lease),
    /// See plans and drift.
    ViewPlans,
    /// Follow what happens now.
    Watch,
    /// File a Request, or one that extends a Lease.
    FileRequest {
        /// For whom.
        beneficiary: &'a str,
        /// In which environment.
        environment: &'a str,
        /// Which Role.
        role: &'a str,
    },
    /// Break the glass, always for oneself.
    BreakGlass {
        /// In which environment.
        environment: &'a str,
        /// Which Role.
        role: &'a str,
    },
    /// Agree to a Request or refuse it.
    Decide(&'a Request),
    /// Take a Request back.
    Withdraw(&'a Request),
    /// Look at a break-glass afterwards.
    Review(&'a Request),
    /// End a Lease early.
    EndLease(&'a Lease),
    /// Suspend somebody.
    Suspend {
        /// Whom.
        who: &'a str,
    },
    /// Let somebody back in whom an act suspended.
    Reinstate {
        /// Whom.
        who: &'a str,
    },
    /// Make a plan.
    Plan,
    /// Apply a plan.
    Apply,
    /// Bring an existing database role under management.
    Adopt,
    /// Ask a server whether it agrees.
    Verify,
    /// Load another policy.
    LoadPolicy,
    /// Mint a credential, or take it back.
    Credential {
        /// For whose account.
        of: &'a str,
    },
    /// See what API tokens somebody has.
    ViewTokens {
        /// Whose.
        of: &'a str,
    },
    /// Make an API token, with which one acts as its holder.
    MakeToken {
        /// Whose.
        of: &'a str,
    },
    /// Revoke an API token.
    RevokeToken {
        /// Whose.
        of: &'a str,
    },
    /// Read the ledger, and check it.
    ReadLedger,
    /// Take a copy of the ledger out.
    ExportLedger,
    /// Change webhooks and the server's other settings.
    Configure,
    /// Read the numbers that monitoring asks for: how much there is of what, and of nobody in particular.
    ReadMetrics,
    /// Take a copy of the store, or put one back.
    Backup,
    /// Take the machine's clock for right, where it lies behind what was decided for.
    AcceptClock,
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Not recognised, not in the policy, suspended or gone.
    #[error("sign in first")]
    Nobody,
    /// It is their own, and so somebody else's to do.
    #[error("somebody else must do this: it concerns you")]
    Own,
    /// It takes rights that they lack.
    #[error("this takes {0}")]
    Lacks(&'static str),
    /// The token that they use is not for this.
    #[error("this takes a token with the scope {0}")]
    Scope(Scope),
}

/// What a caller is. Who is suspended or gone is nobody, whatever lists name them.
pub fn rights(policy: &Policy, caller: Caller<'_>, suspended: &BTreeSet<String>, now: Timestamp) -> Rights {
    let id = match caller {
        Caller::Principal(id) => id,
        Caller::Operator => return Rights { administrator: true, auditor: true, ..Rights::default() },
        Caller::System | Caller::Nobody => return Rights::default(),
    };
    let Some((_, principal, _)) = request::principal(policy, id) else { return Rights::default() };
    if standing(id, principal, suspended, now) != Standing::Active {
        return Rights::default();
    }
    let among = |names| request::members(policy, names, None).contains(id);
    Rights {
        administrator: among(&policy.access.administrators),
        approver: approves_something(policy, id),
        auditor: among(&policy.access.auditors),
        member: true,
    }
}

fn approves_something(policy: &Policy, id: &str) -> bool {
    let decides = |environment, role| request::decides(policy, environment, role, id);
    policy.environments.keys().any(|environment| policy.roles.keys().any(|role| decides(environment, role)))
}

/// Whether a caller may do something. Every action has its arm: a new one does not compile without an answer.
pub fn admit(
    policy: &Policy,
    caller: Caller<'_>,
    action: Action<'_>,
    suspended: &BTreeSet<String>,
    now: Timestamp,
) -> Result<(), Denied> {
    permits(policy, caller, rights(policy, caller, suspended, now), action)
}

/// The same for whoever asks much at once, by what the caller was found to be at that moment.
pub fn permits(policy: &Policy, caller: Caller<'_>, rights: Rights, action: Action<'_>) -> Result<(), Denied> {
    if rights == Rights::default() && caller != Caller::System {
        return Err(Denied::Nobody);
    }
    let who = Who { policy, caller, rights };
    match action {
        Action::ViewOverview | Action::ViewRoles => Ok(()),
        Action::ViewAccess { of } => who.reads_all_or(who.answers_for(of) || rights.approver),
        Action::ViewDirectory | Action::ViewPolicy | Action::ViewPlans => who.reads_all_or(rights.approver),
        Action::ViewRequest(request) => who.reads_all_or(who.owns(request) || who.may_decide(request)),
        Action::ViewLease(lease) => {
            who.reads_all_or(who.answers_for(&lease.principal) || who.decides(&lease.environment, &lease.role))
        }
        Action::Watch | Action::ReadLedger | Action::ExportLedger => who.reads_all_or(false),
        Action::FileRequest { beneficiary, environment, role } => {
            let others = rights.administrator || who.decides(environment, role);
            who.in_policy()?;
            require(who.answers_for(beneficiary) || others, "an approver's or administrator's rights")
        }
        Action::BreakGlass { environment, role } => {
            who.in_policy()?;
            require(who.breaks_glass(environment, role), "a break-glass rule that names you")
        }
        Action::Decide(request) | Action::Review(request) => {
            who.in_policy()?;
            if who.owns(request) {
                return Err(Denied::Own);
            }
            let orphan = matches!(action, Action::Review(_)) && who.administers() && !who.has_reviewers(request);
            require(who.may_decide(request) || orphan, "an approver's rights")
        }
        Action::Withdraw(request) => require(who.owns(request), "having asked for it"),
        Action::EndLease(lease) => {
            let decides = who.decides(&lease.environment, &lease.role);
            who.administers_or(who.answers_for(&lease.principal) || decides)
        }
        Action::Suspend { who: _ } => who.administers_or(false),
        // An administrator who was suspended is nobody; this keeps another from letting themselves back in by a race.
        Action::Reinstate { who: whom } if who.is(whom) => Err(Denied::Own),
        Action::Reinstate { who: _ } => who.administers_or(false),
        Action::Plan | Action::Verify | Action::ReadMetrics => who.reads_all_or(false),
        Action::Apply
        | Action::Adopt
        | Action::LoadPolicy
        | Action::Configure
        | Action::Backup
        | Action::AcceptClock => who.administers_or(false),
        Action::Credential { of } => require(
            who.answers_for(of) || (who.administers() && !policy.people.contains_key(of)),
            "being the account's holder",
        ),
        Action::ViewTokens { of } => who.reads_all_or(who.answers_for(of) && of != OPERATOR),
        // Who could make a token for an approver could agree in their name, administrators to their own requests too.
        Action::MakeToken { of } => {
            let service = who.administers() && policy.services.contains_key(of);
            require(
                caller == Caller::Operator || ((who.answers_for(of) || service) && of != OPERATOR),
                "being its holder; tokens for other people are made by the operator",
            )
        }
        Action::RevokeToken { of } => who.administers_or(who.answers_for(of) && of != OPERATOR),
    }
}

fn require(condition: bool, what: &'static str) -> Result<(), Denied> {
    if condition { Ok(()) } else { Err(Denied::Lacks(what)) }
}

struct Who<'a> {
    policy: &'a Policy,
    caller: Caller<'a>,
    rights: Rights,
}

impl Who<'_> {
    fn id(&self) -> Option<&str> {
        match self.caller {
            Caller::Principal(id) => Some(id),
            Caller::Operator | Caller::System | Caller::Nobody => None,
        }
    }

    fn is(&self, id: &str) -> bool {
        self.id() == Some(id)
    }

    fn in_policy(&self) -> Result<(), Denied> {
        if self.rights.member { Ok(()) } else { Err(Denied::Lacks("being somebody in the policy")) }
    }

    fn administers(&self) -> bool {
        self.rights.administrator || self.caller == Caller::System
    }

    fn administers_or(&self, own: bool) -> Result<(), Denied> {
        require(self.administers() || own, "an administrator's rights")
    }

    fn reads_all_or(&self, own: bool) -> Result<(), Denied> {
        require(self.administers() || self.rights.auditor || own, "an auditor's rights")
    }

    /// Themselves, and the services they answer for.
    fn answers_for(&self, id: &str) -> bool {
        let owner = self.policy.services.get(id).map(|service| service.owner.value.as_str());
        self.is(id) || owner.is_some_and(|owner| self.is(owner))
    }

    fn owns(&self, request: &Request) -> bool {
        self.id().is_some_and(|id| request::own(self.policy, &request.asks, id))
    }

    fn decides(&self, environment: &str, role: &str) -> bool {
        self.id().is_some_and(|id| request::decides(self.policy, environment, role, id))
    }

    fn may_decide(&self, request: &Request) -> bool {
        self.decides(&request.asks.environment, &request.asks.role)
    }

    /// False when the rule that named those who review has gone: then administrators do.
    fn has_reviewers(&self, request: &Request) -> bool {
        let terms = Terms::of(self.policy, &request.asks.environment, &request.asks.role);
        terms.is_ok_and(|terms| terms.break_glass.is_some())
    }

    fn breaks_glass(&self, environment: &str, role: &str) -> bool {
        let glass = Terms::of(self.policy, environment, role).ok().and_then(|terms| terms.break_glass);
        self.id().is_some_and(|id| glass.is_some_and(|glass| glass.allowed.contains(id)))
    }
}
