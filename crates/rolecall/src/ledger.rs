//! What a command does is told to the ledger: before it touches a server, and after.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use rolecall_control::abandoned;
use rolecall_control::store::{Options, Store, StoreError, default_key, default_path};
use rolecall_core::event::{Actor, Draft, EventId, Kind, Place};
use rolecall_core::plan::Plan;

use crate::args::{Ledger, LedgerPlace};
use crate::scene::Given;
use crate::show::{self, CARE};

impl LedgerPlace {
    /// The store's file.
    pub fn store(&self) -> anyhow::Result<PathBuf> {
        self.store.clone().or_else(default_path).context("no place for the store: give --store FILE, or set HOME")
    }

    /// The signing key's file.
    pub fn key(&self) -> anyhow::Result<PathBuf> {
        self.ledger_key
            .clone()
            .or_else(default_key)
            .context("no place for the key: give --ledger-key FILE, or set HOME")
    }
}

/// The ledger as a command writes to it; or none, if none is wanted.
pub struct Record {
    store: Option<Store>,
    actor: Actor,
}

impl Record {
    /// Opens the ledger. A command that changes something does not start without it.
    pub async fn open(ledger: &Ledger) -> anyhow::Result<Self> {
        let store = match ledger.no_ledger {
            true => None,
            false => Some(store(&ledger.place).await?),
        };
        Ok(Self { store, actor: actor() })
    }

    /// Opens the ledger for a command that changes nothing: without one it says so and goes on.
    pub async fn open_if_possible(ledger: &Ledger) -> Self {
        match Self::open(ledger).await {
            Ok(record) => record,
            Err(error) => {
                warn(&error);
                Self { store: None, actor: actor() }
            }
        }
    }

    /// What acts have given and taken, by the store: without it a suspended person would come back by an apply.
    pub async fn given(&self) -> anyhow::Result<Given> {
        let Some(store) = &self.store else { return Ok(Given::default()) };
        let leases = store.read().leases().await.context("cannot read the leases")?;
        let suspended = store.read().suspended().await.context("cannot read who is suspended")?;
        let leases = leases.into_iter().map(|kept| kept.lease).collect();
        Ok(Given { leases, suspended, ledger: Some(store.ledger()), disregard_others: false })
    }

    /// Tells it. None: there is no ledger.
    pub async fn tell(&self, told: impl Into<Draft>) -> anyhow::Result<Option<EventId>> {
        let Some(store) = &self.store else { return Ok(None) };
        let draft = told.into();
        let written = store.write(&self.actor, |tx| async move { Ok::<_, StoreError>(tx.done((), draft)) }).await;
        let written = written.context("cannot write to the ledger")?;
        Ok(written.events.first().map(|event| event.id))
    }

    /// Tells it if that is possible, for what changed nothing.
    pub async fn note(&self, told: impl Into<Draft>) {
        if let Err(error) = self.tell(told).await {
            warn(&error);
        }
    }

    /// Tells how something ended that was begun.
    pub async fn tell_outcome(&self, told: impl Into<Draft>, begun: Option<EventId>) -> anyhow::Result<()> {
        let mut draft = told.into();
        draft.cause = begun;
        let kind = draft.kind.name();
        self.tell(draft).await.map(drop).with_context(|| {
            format!("the server was changed, and its end ({kind}) is not in the ledger; that it began is")
        })
    }

    /// Tells, under the server's lock, that the last apply there never told its end, if that is so.
    pub async fn abandoned(&self, place: &Place) -> anyhow::Result<()> {
        let Some(store) = &self.store else { return Ok(()) };
        abandoned(store, &self.actor, place).await.context("cannot tell of an apply that was cut short")
    }

    /// Tells that a plan is about to be carried out. On an error nothing was done yet.
    pub async fn begin_apply<'a>(&'a self, place: Place, plan: &'a Plan) -> anyhow::Result<Run<'a>> {
        let (digest, changes) = (plan.digest.clone(), plan.steps.len() as u64);
        let told = Draft::new(Kind::ApplyBegun { place: place.clone(), digest, changes });
        let begun = self.tell(told.with_effects(plan.effects.clone())).await;
        let begun = begun.with_context(|| {
            format!("{} · {}: nothing was changed, because it could not be recorded", place.environment, place.server)
        })?;
        Ok(Run { record: self, place, plan, begun })
    }
}

/// A plan that is being carried out.
pub struct Run<'a> {
    record: &'a Record,
    place: Place,
    plan: &'a Plan,
    begun: Option<EventId>,
}

impl Run<'_> {
    /// It stopped at an error, after so many changes.
    pub async fn failed(self, done: u64, error: &anyhow::Error) -> anyhow::Result<()> {
        let (digest, changes) = (self.plan.digest.clone(), self.plan.steps.len() as u64);
        let error = format!("{error:#}").into();
        let told = Kind::ApplyFailed { place: self.place, digest, done, changes, error };
        self.record.tell_outcome(told, self.begun).await
    }

    /// It was carried out; `proved`: a second plan is empty.
    pub async fn finished(self, proved: bool) -> anyhow::Result<()> {
        let (digest, changes) = (self.plan.digest.clone(), self.plan.steps.len() as u64);
        let told = Kind::ApplyFinished { place: self.place, digest, changes, proved };
        self.record.tell_outcome(told, self.begun).await
    }
}

async fn store(place: &LedgerPlace) -> anyhow::Result<Store> {
    let (path, key) = (place.store()?, place.key()?);
    Store::open(&Options::new(&path, &key)).await.map_err(|error| {
        anyhow!(error).context(format!(
            "cannot open the ledger in {}; --store names another, --no-ledger does without",
            path.display()
        ))
    })
}

fn warn(error: &anyhow::Error) {
    anstream::eprintln!("{CARE}warning:{CARE:#} this run is not recorded");
    show::error(error);
}

/// Who runs this, by what the system says and not by what the environment says.
pub fn actor() -> Actor {
    let id = nix::unistd::geteuid();
    let user = nix::unistd::User::from_uid(id).ok().flatten().map_or_else(|| id.to_string(), |user| user.name);
    let host = nix::unistd::gethostname().unwrap_or_default().to_string_lossy().into_owned();
    Actor::OsUser { user, host }
}
