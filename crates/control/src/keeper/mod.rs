//! Keeps everything as it was decided, by itself: Leases end on time, servers are watched, drift is found, the policy is
//! read again when its files change.
//!
//! All of it can be stopped at any moment and started again: what is to be done is in the store, in the policy and on
//! the servers, never here.

mod directory;
mod leases;
mod line;
mod look;
mod servers;
mod status;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rolecall_core::event::{Actor, Place};
use rolecall_core::plan::Plan;
use rolecall_core::policy::model::Policy;
use thiserror::Error;
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;

pub use servers::Pace;
pub use status::{Status, Waiting};

use crate::measure::Counted;
use crate::office::{ControlError, Office};
use crate::settle::AT_ONCE;
use crate::source::SourceError;
use crate::store::{Store, StoreError};
use crate::webhook::Tally;

/// The policy in force.
#[derive(Clone)]
pub struct Ruling {
    /// The policy.
    pub policy: Arc<Policy>,
    /// `sha256:` and 64 hex digits over its files.
    pub digest: String,
    /// Counted from 1, over all starts.
    pub version: u64,
}

/// Why there is nothing to keep.
#[derive(Debug, Error)]
pub enum KeeperError {
    /// The policy's files.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The policy has problems; `rolecall check` shows them.
    #[error("the policy has problems ({0}): `rolecall check` shows them")]
    Policy(usize),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The one who keeps. Shared by the tasks that it runs and by whoever asks it.
pub struct Keeper {
    store: Store,
    source: PathBuf,
    ruling: watch::Sender<Ruling>,
    /// Why the policy's files, as they are now, are not in force.
    refused: RwLock<Option<String>>,
    /// A decision was made, perhaps.
    decided: Notify,
    /// Somebody wants servers looked at.
    curious: Notify,
    /// Which; None among them: every one.
    wanted: Mutex<BTreeSet<Option<Place>>>,
    seen: RwLock<BTreeMap<Place, Status>>,
    /// Servers whose accounts are being brought up to a decision.
    settling: Mutex<BTreeSet<Place>>,
    pace: Pace,
    /// Sessions for looking at servers that answer at once, and at those that take long or for ever.
    room: (Arc<Semaphore>, Arc<Semaphore>),
    /// Sessions for bringing accounts up to a decision, and for trying that again.
    settle: (Arc<Semaphore>, Arc<Semaphore>),
    told: Tally,
    counted: Counted,
}

impl Keeper {
    /// Reads the policy, and notes in the ledger if it is another one than the last. No server is asked yet.
    ///
    /// # Errors
    /// There is no policy, or it has problems.
    pub async fn new(store: Store, source: PathBuf, pace: Pace) -> Result<Arc<Self>, KeeperError> {
        let ruling = directory::enact(&store, &source).await?;
        let room = (Arc::new(Semaphore::new(pace.at_once)), Arc::new(Semaphore::new(pace.at_once.div_ceil(2))));
        let settle = (Arc::new(Semaphore::new(4 * AT_ONCE)), Arc::new(Semaphore::new(AT_ONCE)));
        let keeper = Self {
            store,
            source,
            ruling: watch::Sender::new(ruling),
            refused: RwLock::default(),
            decided: Notify::new(),
            curious: Notify::new(),
            wanted: Mutex::default(),
            seen: RwLock::default(),
            settling: Mutex::default(),
            pace,
            room,
            settle,
            told: Tally::default(),
            counted: Counted::default(),
        };
        Ok(Arc::new(keeper))
    }

    /// The store.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The policy in force now.
    pub fn ruling(&self) -> Ruling {
        self.ruling.borrow().clone()
    }

    /// Why the policy's files, as they are now, are not in force; None: they are.
    pub fn refused(&self) -> Option<String> {
        self.refused.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The use cases, by the policy in force now.
    pub fn office(&self) -> Office {
        Office::new(self.store.clone(), self.ruling().policy)
    }

    /// How the messages of webhooks fare.
    pub const fn told(&self) -> &Tally {
        &self.told
    }

    /// What was counted in the ledger so far.
    pub(crate) const fn counted(&self) -> &Counted {
        &self.counted
    }

    /// Says that a decision was made: it is carried out at once instead of a few seconds later.
    pub fn nudge(&self) {
        self.decided.notify_one();
    }

    /// Has every server looked at soon.
    pub fn look_soon(&self) {
        self.want(None);
    }

    fn want(&self, place: Option<Place>) {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).insert(place);
        self.curious.notify_one();
    }

    /// What is known of every server of the policy.
    pub fn statuses(&self) -> Vec<Status> {
        let ruling = self.ruling();
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        let places = crate::place::places(&ruling.policy, None).into_iter();
        places.map(|place| seen.get(&place.event()).cloned().unwrap_or_else(|| Status::unseen(place))).collect()
    }

    /// Applies to a server the plan with this digest, if it still is the plan, by the policy in force now. `asker` is the
    /// Office that was asked: what its token is not for is refused here, too.
    ///
    /// # Errors
    /// As [`Office::apply`]. Nothing was changed, unless it says so.
    pub async fn apply(
        &self,
        asker: &Office,
        actor: &Actor,
        environment: &str,
        server: &str,
        shown: &str,
    ) -> Result<Plan, ControlError> {
        let ruling = self.ruling();
        let office = Office::new(self.store.clone(), Arc::clone(&ruling.policy)).narrowed(asker.scopes());
        let applied = office.apply(actor, environment, server, shown, &ruling.digest).await;
        self.want(Some(Place { environment: environment.to_owned(), server: server.to_owned() }));
        applied
    }

    /// Keeps, until told to stop. What was begun then is finished.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let policy = Arc::clone(&self).keep_policy(stop.clone());
        let leases = Arc::clone(&self).keep_leases(stop.clone());
        let servers = self.keep_servers(stop);
        tokio::join!(policy, leases, servers);
    }
}
