//! What the model makes of an act: all that may come of it.

use std::collections::BTreeSet;

use super::act::Act;
use super::away::Away;
use super::model::{Ask, Model, NEW, State};
use super::rules::{APPROVERS, LONGEST, LONGEST_GLASS, PATIENCE, PLACES, Rules};

/// What may come of an act; nothing: it must be refused. The model as it was among others: it may be refused.
pub fn foresee(model: &Model, act: &Act, now: i64, away: Option<&Away>) -> Vec<Model> {
    let mut next = model.clone();
    let admin = |by: &str| by == "ada";
    let done = match act {
        Act::Ask { by, environment, role, customer, lasts, extends, reason } => {
            let ask = ask(by, environment, role, *customer, *lasts, *extends, now);
            let same = |(_, lease): (&u64, &super::model::Lease)| {
                (&lease.who, &lease.environment, &lease.role, lease.customer) == (by, environment, role, *customer)
                    && lease.except.is_empty()
                    && model.live(lease, now)
            };
            let sound = reason.starts_with("T-") && (1..=LONGEST).contains(lasts) && model.grantable(&ask, now);
            let fine = sound && (extends.is_some() || !model.leases.iter().any(same));
            let at_once = Rules::approvals(role) == 0;
            next.asks.insert(NEW, ask);
            if at_once && fine && model.behind() > 0 {
                return Vec::new();
            }
            if at_once && fine {
                return granted(&next, NEW, now, away);
            }
            fine
        }
        Act::Glass { by, environment, role, customer, lasts, reason } => {
            let ask = ask(by, environment, role, *customer, *lasts, None, now);
            let looks = |who: &&str| *who != by && model.active(who, now);
            let fine = reason.starts_with("T-")
                && (1..=LONGEST_GLASS).contains(lasts)
                && model.grantable(&ask, now)
                && APPROVERS.iter().any(looks)
                && model.behind() == 0;
            next.asks.insert(NEW, ask);
            next.grant(NEW, now, &BTreeSet::new());
            fine
        }
        Act::Approve { by, id } => return approve(model, by, *id, now, away),
        Act::Deny { by, id } => close(&mut next, *id, decides(model, by, *id, now)),
        Act::Withdraw { by, id } => {
            let own = model.waits(*id, now).is_some_and(|ask| ask.who == *by) && model.active(by, now);
            close(&mut next, *id, own)
        }
        Act::End { by, id } => {
            let lease = next.leases.get_mut(id);
            lease.is_some_and(|lease| {
                let theirs = lease.who == *by || admin(by) || APPROVERS.contains(&by.as_str());
                let fine = !lease.over && theirs && model.active(by, now);
                lease.over = true;
                fine
            })
        }
        Act::Suspend { by, who } => {
            for lease in next.leases.values_mut().filter(|lease| lease.who == *who) {
                lease.over = true;
            }
            next.suspended.insert(who.clone());
            admin(by) && model.rules.people.contains_key(who.as_str()) && !model.suspended.contains(who)
        }
        Act::Reinstate { by, who } => next.suspended.remove(who) && admin(by),
        Act::Accept { by } => {
            next.accept();
            model.behind() > 0 && admin(by)
        }
        Act::Apply { .. } | Act::Wait => true,
    };
    if done { vec![next] } else { Vec::new() }
}

/// It becomes a lease, but for servers that could not be seen.
fn granted(model: &Model, id: u64, now: i64, away: Option<&Away>) -> Vec<Model> {
    let environment = model.asks.get(&id).map_or("", |ask| ask.environment.as_str());
    let unseen = away.filter(|away| PLACES[away.place].0 == environment && environment != "staging");
    let without = unseen.map(|away| BTreeSet::from([PLACES[away.place].1.to_owned()]));
    let whole = unseen.is_none_or(|away| !away.surely()).then(BTreeSet::new);
    let possible = [without, whole].into_iter().flatten().map(|except| {
        let mut next = model.clone();
        next.grant(id, now, &except);
        next
    });
    possible.collect()
}

fn ask(
    who: &str,
    environment: &str,
    role: &str,
    customer: Option<i64>,
    lasts: i64,
    extends: Option<u64>,
    now: i64,
) -> Ask {
    let (who, environment, role) = (who.to_owned(), environment.to_owned(), role.to_owned());
    let (agreed, filed, expires) = (BTreeSet::new(), now, now + PATIENCE);
    Ask { who, environment, role, customer, lasts, extends, filed, expires, agreed, state: State::Pending }
}

/// May say yes or no to it.
fn decides(model: &Model, by: &str, id: u64, now: i64) -> bool {
    let waits = model.waits(id, now);
    APPROVERS.contains(&by) && model.active(by, now) && waits.is_some_and(|ask| ask.who != by)
}

fn close(next: &mut Model, id: u64, fine: bool) -> bool {
    if let Some(ask) = next.asks.get_mut(&id) {
        ask.state = State::Closed;
    }
    fine
}

/// Agreement counts, or it is asked again because it would do something else by now, or it can be granted no more.
fn approve(model: &Model, by: &str, id: u64, now: i64, away: Option<&Away>) -> Vec<Model> {
    let (true, Some(ask)) = (decides(model, by, id, now), model.asks.get(&id)) else { return Vec::new() };
    let with = |change: &dyn Fn(&mut Ask)| {
        let mut next = model.clone();
        next.asks.entry(id).and_modify(change);
        next
    };
    if !model.grantable(ask, now) {
        return vec![with(&|ask| ask.state = State::Closed)];
    }
    let again = with(&|ask| ask.agreed.clear());
    if ask.agreed.contains(by) {
        return vec![again, model.clone()];
    }
    let agreed = with(&|ask| _ = ask.agreed.insert(by.to_owned()));
    if agreed.asks.get(&id).is_some_and(|ask| agreed.agreed(ask, now)) {
        if model.behind() > 0 {
            return vec![again, model.clone()];
        }
        return granted(&agreed, id, now, away).into_iter().chain([again]).collect();
    }
    vec![agreed, again]
}
