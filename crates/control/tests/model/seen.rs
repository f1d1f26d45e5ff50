//! What the store knows, held against the model.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_control::store::{Kept, ListFilter, Reach, Reader, StoreError};
use rolecall_core::request::{Request, State as Stored};

use super::model::{Ask, Lease, Model, NEW, State};
use super::rules::PLACES;

/// The store at one moment.
pub struct Seen {
    pub suspended: BTreeSet<String>,
    pub asks: BTreeMap<u64, Request>,
    pub leases: BTreeMap<u64, Kept>,
    pub decided: i64,
}

fn name(address: &str) -> String {
    address.trim_end_matches("@acme.test").to_owned()
}

impl Seen {
    pub async fn read(reader: &Reader) -> Result<Self, StoreError> {
        let all = ListFilter { limit: 100_000, ..ListFilter::default() };
        let decided = reader.decided().await?.map_or(i64::MIN, |time| time.as_second());
        let asks = reader.requests(&all).await?.into_iter().map(|request| (request.id.0, request));
        let leases = reader.all_leases(&all).await?.into_iter();
        let leases = leases.map(|kept| (kept.lease.id.0, kept));
        let suspended = reader.suspended().await?.iter().map(|who| name(who)).collect();
        Ok(Self { suspended, asks: asks.collect(), leases: leases.collect(), decided })
    }

    /// The model with what only the store can tell: the number of a new request, and what was found to be over. An error
    /// if the store knows something else than the model.
    pub fn adopt(&self, model: &Model) -> Result<Model, String> {
        let (mut next, now) = (model.clone(), model.now);
        let new = self.asks.keys().find(|id| !model.asks.contains_key(id)).copied();
        if let (Some(ask), Some(id)) = (next.asks.remove(&NEW), new) {
            next.asks.insert(id, ask);
        }
        if let (Some(lease), Some(id)) = (next.leases.remove(&NEW), new) {
            next.leases.insert(id, lease);
        }
        same("suspended", &self.suspended, &model.suspended)?;
        same("requests", &self.asks.keys().collect::<Vec<_>>(), &next.asks.keys().collect())?;
        same("leases", &self.leases.keys().collect::<Vec<_>>(), &next.leases.keys().collect())?;
        if self.decided < model.decided {
            return Err(format!("decided for {} after {}", self.decided, model.decided));
        }
        if self.decided > model.now {
            return Err(format!("decided for {} at {}", self.decided, model.now));
        }
        let before = next.clone();
        for (id, stored) in &self.asks {
            let Some(known) = next.asks.get_mut(id) else { continue };
            let mut ask = ask(stored, known);
            let over = known.expires <= now || !before.grantable(known, now);
            if (ask.state, known.state, over) == (State::Closed, State::Pending, true) {
                known.state = State::Closed;
            }
            // The agreements of what has ended are history.
            if known.state != State::Pending {
                ask.agreed = known.agreed.clone();
            }
            same("request", &ask, known)?;
        }
        for (id, stored) in &self.leases {
            let Some(known) = next.leases.get_mut(id) else { continue };
            let lease = lease(&stored.lease, known.over_by);
            known.over |= lease.over && !before.live(known, now);
            same("lease", &lease, known)?;
        }
        next.decided = self.decided;
        Ok(next)
    }

    /// What is over is noted, and how far each lease has got fits: after it was settled, with no trouble but at one server.
    pub fn settled(&self, model: &Model, now: i64, trouble: Option<usize>) -> Result<(), String> {
        for (id, kept) in &self.leases {
            let live = model.leases.get(id).is_some_and(|lease| model.live(lease, now));
            let own = servers(kept);
            let dead = trouble.map(|place| PLACES[place]).filter(|(environment, server)| {
                *environment == kept.lease.environment && own.contains(server) && !kept.done.contains(*server)
            });
            let wanted = match (live, dead) {
                (true, None) => Reach::Open,
                (true, Some(_)) => Reach::Opening,
                (false, None) => Reach::Closed,
                (false, Some(_)) => Reach::Overdue,
            };
            same(&format!("lease {id}"), &kept.reach, &wanted)?;
            // No server waits for another.
            let missing = own
                .iter()
                .find(|server| !kept.done.contains(**server) && dead.is_none_or(|(_, dead)| dead != **server));
            if let Some(server) = missing {
                return Err(format!("lease {id} waits for {server}: {kept:?}"));
            }
        }
        let late = |(id, ask): &(&u64, &Ask)| {
            ask.state == State::Pending && (model.waits(**id, now).is_none() || !model.grantable(ask, now))
        };
        match model.asks.iter().find(late) {
            Some((id, _)) => Err(format!("request {id} still waits")),
            None => Ok(()),
        }
    }
}

/// The servers that a lease is for.
pub fn servers(kept: &Kept) -> Vec<&'static str> {
    let lease = &kept.lease;
    let own = PLACES
        .iter()
        .filter(|(environment, server)| *environment == lease.environment && !lease.except.contains(*server));
    own.map(|(_, server)| *server).collect()
}

fn same<T: std::fmt::Debug + PartialEq>(what: &str, store: &T, model: &T) -> Result<(), String> {
    if store == model { Ok(()) } else { Err(format!("{what}: the store says {store:?}, the model {model:?}")) }
}

fn customer(with: &BTreeMap<String, Vec<String>>) -> Option<i64> {
    with.get("customer")?.first()?.parse().ok()
}

fn ask(stored: &Request, known: &Ask) -> Ask {
    let state = match stored.state {
        Stored::Pending => State::Pending,
        Stored::Granted { .. } => State::Granted,
        _ => State::Closed,
    };
    Ask {
        who: name(&stored.asks.beneficiary),
        environment: stored.asks.environment.clone(),
        role: stored.asks.role.clone(),
        customer: customer(&stored.asks.with),
        lasts: known.lasts,
        extends: stored.extends.map(|id| id.0),
        filed: stored.filed.as_second(),
        expires: stored.expires.as_second(),
        agreed: stored.approvals.iter().map(|approval| name(&approval.by)).collect(),
        state,
    }
}

fn lease(stored: &rolecall_core::lease::Lease, over_by: i64) -> Lease {
    Lease {
        environment: stored.environment.clone(),
        except: stored.except.clone(),
        who: name(&stored.principal),
        role: stored.role.clone(),
        customer: customer(&stored.with),
        starts: stored.starts.as_second(),
        ends: stored.ends.as_second(),
        over_by,
        over: stored.ended.is_some(),
    }
}
