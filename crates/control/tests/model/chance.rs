//! What happens next: acts that mostly make sense, and some that do not.

use super::act::Act;
use super::dice::Dice;
use super::model::{Model, State};
use super::rules::{APPROVERS, CUSTOMERS, EVERYBODY, HOUR};

/// One act of somebody.
pub fn act(dice: &mut Dice, model: &Model) -> Act {
    let who = one(dice, &EVERYBODY);
    let pending: Vec<u64> = ids(model.asks.iter().filter(|(_, ask)| ask.state == State::Pending));
    let running: Vec<u64> = ids(model.leases.iter().filter(|(_, lease)| !lease.over));
    // Now and then somebody else tries.
    let approver = if dice.chance(90) { one(dice, &APPROVERS) } else { who.clone() };
    let admin = if dice.chance(90) { "ada".to_owned() } else { who.clone() };
    if dice.chance(if model.behind() > 0 { 15 } else { 1 }) {
        return Act::Accept { by: admin };
    }
    match dice.below(100) {
        0..30 => new(dice, who),
        30..55 if !pending.is_empty() => Act::Approve { by: approver, id: id(dice, &pending) },
        55..60 if !pending.is_empty() => Act::Deny { by: approver, id: id(dice, &pending) },
        60..64 if !pending.is_empty() => {
            let id = id(dice, &pending);
            Act::Withdraw { by: model.asks.get(&id).map_or(who, |ask| ask.who.clone()), id }
        }
        64..70 if !running.is_empty() => extension(dice, model, &running),
        70..76 if !running.is_empty() => {
            let id = id(dice, &running);
            let holder = model.leases.get(&id).map_or(who.clone(), |lease| lease.who.clone());
            Act::End { by: if dice.chance(60) { holder } else { who }, id }
        }
        76..81 => Act::Suspend { by: admin, who },
        81..87 => {
            let shut: Vec<String> = model.suspended.iter().cloned().collect();
            Act::Reinstate { by: admin, who: dice.pick(&shut).unwrap_or(who) }
        }
        87..93 => {
            let (role, customer) = role(dice);
            let environment = environment(dice);
            Act::Glass {
                by: who,
                environment,
                role,
                customer,
                lasts: HOUR * (1 + dice.below(3) as i64),
                reason: reason(dice),
            }
        }
        _ => Act::Wait,
    }
}

fn new(dice: &mut Dice, by: String) -> Act {
    let (role, customer) = role(dice);
    let lasts = HOUR * (1 + dice.below(8) as i64) + i64::from(dice.chance(4)) * 8 * HOUR;
    let environment = environment(dice);
    Act::Ask { by, environment, role, customer, lasts, extends: None, reason: reason(dice) }
}

fn extension(dice: &mut Dice, model: &Model, running: &[u64]) -> Act {
    let id = id(dice, running);
    let Some(lease) = model.leases.get(&id) else { return Act::Wait };
    let (by, role) = (lease.who.clone(), lease.role.clone());
    // One that is for somebody else's, or for another customer, is none.
    let customer = if dice.chance(90) { lease.customer } else { role_customer(dice, &role) };
    let (environment, lasts) = (lease.environment.clone(), HOUR * (4 + dice.below(5) as i64));
    Act::Ask { by, environment, role, customer, lasts, extends: Some(id), reason: reason(dice) }
}

fn role(dice: &mut Dice) -> (String, Option<i64>) {
    let role = one(dice, &["support", "support", "support", "reader", "lead"]);
    let customer = role_customer(dice, &role);
    (role, customer)
}

fn role_customer(dice: &mut Dice, role: &str) -> Option<i64> {
    if role == "reader" { None } else { dice.pick(&CUSTOMERS) }
}

fn environment(dice: &mut Dice) -> String {
    one(dice, &["production", "production", "staging"])
}

fn reason(dice: &mut Dice) -> String {
    if dice.chance(95) { "T-9".to_owned() } else { "please".to_owned() }
}

/// How time passes: mostly hardly at all.
pub fn pass(dice: &mut Dice) -> i64 {
    match dice.below(100) {
        0..60 => 1,
        60..80 => 60 * (1 + dice.below(59) as i64),
        80..96 => HOUR * (1 + dice.below(7) as i64),
        _ => 24 * HOUR,
    }
}

/// By how much the clock is set to something else, which it mostly is not: ahead, back, or by a little. One that is so far
/// behind is mostly set right soon.
pub fn set(dice: &mut Dice, behind: i64) -> i64 {
    if behind > 0 && dice.chance(10) {
        return behind;
    }
    match dice.below(100) {
        0..88 => 0,
        88..91 => 60 * (1 + dice.below(24 * 60) as i64),
        91..98 => -60 * (1 + dice.below(600) as i64),
        _ => -1 - dice.below(60) as i64,
    }
}

fn one(dice: &mut Dice, from: &[&str]) -> String {
    dice.pick(from).unwrap_or_default().to_owned()
}

fn id(dice: &mut Dice, from: &[u64]) -> u64 {
    dice.pick(from).unwrap_or_default()
}

fn ids<'a, T: 'a>(from: impl Iterator<Item = (&'a u64, &'a T)>) -> Vec<u64> {
    from.map(|(id, _)| *id).collect()
}
