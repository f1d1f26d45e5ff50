//! Where use cases find what they need: the store and the policy.

use std::sync::Arc;

use jiff::Timestamp;
use rolecall_core::admit::{Action, Caller, Denied, Rights, Scope, Scopes, admit, rights};
use rolecall_core::desire::Book;
use rolecall_core::event::Actor;
use rolecall_core::lease::Leases;
use rolecall_core::policy::model::Policy;
use rolecall_core::request::{Facts, Refusal, RequestId};
use rolecall_engine::postgres::EngineError;
use thiserror::Error;

use crate::identity::TokenRefusal;
use crate::store::{Kept, Moment, Once, Store, StoreError, Tx};

/// The store and the policy that holds now. Cheap to clone; another policy is another Office on the same store.
#[derive(Clone)]
pub struct Office {
    /// The store.
    pub store: Store,
    /// The policy.
    pub policy: Arc<Policy>,
    scopes: Scopes,
}

impl Office {
    /// An Office that lets everybody do what they may.
    pub fn new(store: Store, policy: Arc<Policy>) -> Self {
        Self { store, policy, scopes: Scopes::all() }
    }

    /// The same for a token's holder: beside what they may not, what the token is not for is refused.
    #[must_use]
    pub fn narrowed(&self, scopes: &Scopes) -> Self {
        let scopes = scopes.iter().filter(|scope| self.scopes.has(*scope)).collect();
        Self { scopes, ..self.clone() }
    }

    /// The same, with what is written next remembered under a key; see [`Store::once`].
    #[must_use]
    pub fn once(&self, once: Once) -> Self {
        Self { store: self.store.once(once), ..self.clone() }
    }

    /// Refuses whoever may not try, by what holds now. Whoever changes something asks again where it is changed.
    pub async fn may(&self, actor: &Actor, action: Action<'_>) -> Result<(), ControlError> {
        Ok(self.admit(&self.ground().await?, actor, action)?)
    }

    /// What somebody is in Rolecall itself.
    pub async fn rights(&self, actor: &Actor) -> Result<Rights, ControlError> {
        let ground = self.ground().await?;
        Ok(rights(&self.policy, caller(actor), &ground.suspended, ground.now))
    }

    /// Refuses whoever may not try.
    pub(crate) fn admit(&self, ground: &Ground, actor: &Actor, action: Action<'_>) -> Result<(), Denied> {
        admit(&self.policy, caller(actor), action, &ground.suspended, ground.now)?;
        self.in_scope(action)
    }

    /// Refuses what a token is not for.
    pub(crate) fn in_scope(&self, action: Action<'_>) -> Result<(), Denied> {
        let scope = Scope::of(action);
        if self.scopes.has(scope) { Ok(()) } else { Err(Denied::Scope(scope)) }
    }

    /// What an Office lets its callers do at most.
    pub(crate) fn scopes(&self) -> &Scopes {
        &self.scopes
    }
}

/// Why a use case did not do what it was asked. Nothing was changed then, unless the error says so.
#[derive(Debug, Error)]
pub enum ControlError {
    /// The decision is no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The caller may not try.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such token, or there shall be none.
    #[error(transparent)]
    Token(#[from] TokenRefusal),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such Request.
    #[error("there is no request {0}")]
    NoRequest(RequestId),
    /// There is no such Lease, or it is closed.
    #[error("there is no lease {0} that runs")]
    NoLease(RequestId),
    /// A server.
    #[error("{place}: {error}")]
    Server {
        /// `production · main`
        place: String,
        /// What it says.
        #[source]
        error: Box<EngineError>,
    },
    /// A server's URL is not there.
    #[error("{place}: {why}")]
    NoUrl {
        /// `production · main`
        place: String,
        /// Why, without the URL.
        why: String,
    },
    /// What holds on the server beside the policy is in another ledger than this one.
    #[error(
        "{place}: leases or suspensions hold there that are in another ledger; access is taken back, and none given, until \
         `rolecall apply --disregard-ledger` makes the server this ledger's"
    )]
    OtherLedger {
        /// `production · main`
        place: String,
    },
    /// The marker's comment is needed, and may not be written.
    #[error(
        "{place}: Rolecall may not write the comment of the role rolecall, which would name this ledger; access is taken back, \
         and none given, until `GRANT rolecall TO … WITH ADMIN OPTION` for the role that it connects as"
    )]
    Unmarked {
        /// `production · main`
        place: String,
    },
    /// A Role does not give on the server what the policy says.
    #[error("{place}: the role {role} is not what the policy says; nobody gets it until the policy is applied")]
    NotReady {
        /// `production · main`
        place: String,
        /// The Role's name on the server.
        role: String,
    },
    /// There is no password to be had.
    #[error(transparent)]
    Credential(#[from] crate::credential::CredentialError),
    /// The ledger took an Event and did not say which.
    #[error("the ledger does not say where it put an entry")]
    Untold,
    /// The server or the policy is not any more what it was when the plan was shown.
    #[error("{place}: the server or the policy has moved since the plan was made ({shown} is now {now}): look again")]
    Moved {
        /// `production · main`
        place: String,
        /// What was shown.
        shown: String,
        /// What it is now.
        now: String,
    },
    /// The plan has findings that stop it.
    #[error("{place}: not applied, because {why}")]
    Blocked {
        /// `production · main`
        place: String,
        /// The first of the findings.
        why: String,
    },
    /// The plan would shut out more accounts than the environment's brake allows.
    #[error(
        "{place}: not applied, because {shut} of {total} accounts would be shut out; the environment's brake allows {limit}%"
    )]
    Braked {
        /// `production · main`
        place: String,
        /// How many would be shut out.
        shut: usize,
        /// How many there are.
        total: usize,
        /// Percent.
        limit: u32,
    },
    /// There is no such Server.
    #[error("the policy has no server {server} in {environment}")]
    NoPlace {
        /// The environment.
        environment: String,
        /// The server.
        server: String,
    },
    /// What was carried out is not what the server shows afterwards.
    #[error("{place}: {left} changes are left after all were carried out")]
    NotProved {
        /// `production · main`
        place: String,
        /// How many.
        left: usize,
    },
}

/// What a decision looks at, read inside the transaction that writes it.
pub struct Ground {
    pub leases: Leases,
    pub kept: Vec<Kept>,
    pub suspended: std::collections::BTreeSet<String>,
    pub ledger: Arc<str>,
    /// The time to decide for.
    pub now: Timestamp,
    /// What the machine's clock shows.
    pub clock: Timestamp,
}

impl Ground {
    pub async fn read(tx: &mut Tx) -> Result<Self, StoreError> {
        let Moment { now, clock } = tx.moment().await?;
        let kept = tx.leases().await?;
        let leases = kept.iter().map(|kept| kept.lease.clone()).collect();
        Ok(Self { leases, kept, suspended: tx.suspended().await?, ledger: tx.ledger(), now, clock })
    }

    pub fn facts<'a>(&'a self, policy: &'a Policy) -> Facts<'a> {
        let book = Book { ledger: Some(&self.ledger), disregard_others: false };
        let (now, clock) = (self.now, self.clock);
        Facts { policy, leases: &self.leases, suspended: &self.suspended, book, now, clock }
    }
}

/// Who an actor is to the rules of Rolecall itself. A token acts for whom it belongs to.
pub fn caller(actor: &Actor) -> Caller<'_> {
    match actor {
        Actor::Person { id } | Actor::Service { id } | Actor::Token { of: id, .. } => Caller::Principal(id),
        Actor::Operator { .. } | Actor::OsUser { .. } => Caller::Operator,
        Actor::System { .. } => Caller::System,
        Actor::Nobody { .. } => Caller::Nobody,
    }
}

/// Who decides: somebody of the policy, by what they signed in as, never by what they say.
pub fn signed_in(actor: &Actor) -> Result<String, ControlError> {
    let nobody = match caller(actor) {
        Caller::Operator | Caller::System => Denied::Lacks("being somebody in the policy"),
        Caller::Principal(_) | Caller::Nobody => Denied::Nobody,
    };
    actor.principal().map(str::to_owned).ok_or(ControlError::Denied(nobody))
}
