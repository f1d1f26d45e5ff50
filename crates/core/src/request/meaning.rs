//! What granting a Request would do, as a digest: those who agree, agree to this and to nothing else.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::{Draft, Until};
use crate::desire::{Scene, UNBORN};
use crate::lease::Lease;
use crate::plan::{Direction, Effect, Plan};

/// Who would gain or lose what on one server if the Request were granted now: what a plan with its Lease tells and one
/// without it does not. A server that differs from the policy for other reasons does not change the answer, nor does what
/// others get at the same time.
pub fn meaning(scene: Scene<'_>, server: &str, asks: &Draft) -> Vec<Effect> {
    let leases = scene.leases.with(trial(scene, asks));
    let (with, _) = Plan::new(Scene { leases: &leases, ..scene }, server);
    let (without, _) = Plan::new(scene, server);
    let known: BTreeSet<_> = without.effects.iter().flat_map(each).collect();
    let mut own: Vec<Effect> = Vec::new();
    for effect in with.effects {
        let known = |who: &str| known.contains(&(effect.direction, effect.holders_of.as_deref(), &*effect.access, who));
        // What is about to happen to the holders of a Role happens with the Lease or without it. What its holder has by
        // becoming one of them is told as theirs.
        if effect.holders_of.is_some() && known("") {
            continue;
        }
        let who: Vec<String> = effect.who.iter().filter(|who| !known(who)).cloned().collect();
        if !who.is_empty() {
            own.push(Effect { who, ..effect.clone() });
        }
    }
    own.sort_by(|one, two| told(one).cmp(&told(two)));
    own
}

/// What is said instead of the effects on a server that did not answer: a Lease that is agreed to like that is not for it.
pub fn unseen(server: &str, asks: &Draft) -> Effect {
    let access = format!(
        "what they have on {server}: {server} did not answer, so this gives nothing there; ask again once it does"
    );
    Effect {
        direction: Direction::Keeps,
        who: vec![asks.beneficiary.clone()],
        holders_of: None,
        access: vec![access],
        because: "nobody can see what it would do there".to_owned(),
    }
}

/// `sha256:` and 64 hex digits over effects by server. When and why are not in it: they are in the Request.
pub fn effects_digest(servers: &BTreeMap<String, Vec<Effect>>) -> String {
    let told: BTreeMap<&String, Vec<_>> =
        servers.iter().map(|(server, effects)| (server, effects.iter().map(told).collect())).collect();
    let text = serde_json::to_vec(&told).unwrap_or_default();
    let hex: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// An effect on each of those whom it concerns by itself: others with the same gain are told together with them, and come
/// and go. On nobody in particular, too.
fn each(effect: &Effect) -> impl Iterator<Item = (Direction, Option<&str>, &[String], &str)> {
    let whom = effect.who.iter().map(String::as_str).chain([""]);
    whom.map(|who| (effect.direction, effect.holders_of.as_deref(), &*effect.access, who))
}

type Told<'a> = (Direction, &'a [String], Option<&'a str>, &'a [String]);

fn told(effect: &Effect) -> Told<'_> {
    (effect.direction, &effect.who, effect.holders_of.as_deref(), &effect.access)
}

/// A Lease that begins now, for the sake of the question: with the end that it would have, which is told but is not in
/// the digest.
fn trial(scene: Scene<'_>, asks: &Draft) -> Lease {
    let second = |time: Timestamp| Timestamp::from_second(time.as_second()).unwrap_or(time);
    let ends = match asks.until {
        Until::At(time) => time,
        Until::For(seconds) => {
            let length = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
            scene.now.checked_add(length).unwrap_or(Timestamp::MAX)
        }
    };
    Lease {
        id: UNBORN,
        principal: asks.beneficiary.clone(),
        environment: asks.environment.clone(),
        role: asks.role.clone(),
        with: asks.with.clone(),
        reason: asks.reason.clone(),
        starts: scene.now,
        ends: second(ends),
        ended: None,
        break_glass: false,
        except: BTreeSet::new(),
    }
}
