//! What happened, who did it and why: one entry of the ledger, and the one form in which it is written and hashed.
//!
//! No [`Secret`](crate::secret::Secret) can be in an Event: it has no `Serialize`. What people or servers wrote in
//! their own words comes in only as [`Text`], which cuts connection URLs and passwords out.

mod actor;
mod canonical;
mod kind;
mod meaning;
mod sentence;
mod text;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use actor::Actor;
pub use canonical::canonical;
pub use kind::{Access, Kind, LeaseEnd, Place, Standing};
pub use text::Text;

use crate::plan::Effect;

/// The most bytes of one entry: what a bundle of c2sp.org/tlog-tiles can hold.
pub const LONGEST: usize = 65_535;

/// The version of the form of an entry; readers refuse a newer one.
pub const FORM: u32 = 1;

/// Which entry of the ledger: its place, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub u64);

impl std::fmt::Display for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The form it is written in: [`FORM`].
    pub form: u32,
    /// Its place in the ledger.
    pub id: EventId,
    /// When it happened, by the clock of the machine that wrote it; to the millisecond.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    #[serde(flatten)]
    pub kind: Kind,
    /// Why, in the actor's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// The entry that brought this one about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<EventId>,
    /// The first entry of the story that this one belongs to; its own id if it starts one.
    pub correlation: EventId,
    /// Who gains or loses what by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Effect>,
}

/// An Event that was not written yet: the ledger gives it its place, its time and its actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What happened.
    pub kind: Kind,
    /// Why.
    pub reason: Option<Text>,
    /// The entry that brought it about.
    pub cause: Option<EventId>,
    /// Who gains or loses what by it.
    pub effects: Vec<Effect>,
}

impl Draft {
    /// It happened, with no more to say about it.
    pub fn new(kind: Kind) -> Self {
        Self { kind, reason: None, cause: None, effects: Vec::new() }
    }

    /// Says why.
    #[must_use]
    pub fn because(mut self, reason: impl Into<Text>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Says which entry brought it about; it then belongs to that one's story.
    #[must_use]
    pub fn caused_by(mut self, cause: EventId) -> Self {
        self.cause = Some(cause);
        self
    }

    /// Says who gains or loses what by it.
    #[must_use]
    pub fn with_effects(mut self, effects: Vec<Effect>) -> Self {
        self.effects = effects;
        self
    }
}

impl From<Kind> for Draft {
    fn from(kind: Kind) -> Self {
        Self::new(kind)
    }
}

/// One Draft or more: there is no empty one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drafts {
    drafts: Vec<Draft>,
}

impl Drafts {
    /// Adds one that happened beside the others.
    #[must_use]
    pub fn and(mut self, draft: impl Into<Draft>) -> Self {
        self.drafts.push(draft.into());
        self
    }

    /// In order.
    pub fn into_vec(self) -> Vec<Draft> {
        self.drafts
    }
}

impl<D: Into<Draft>> From<D> for Drafts {
    fn from(draft: D) -> Self {
        Self { drafts: vec![draft.into()] }
    }
}

/// An Event that does not fit into one entry, even without its effects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an entry of the ledger holds at most {LONGEST} bytes; this {kind} has {bytes} without its effects")]
pub struct TooLong {
    /// Its kind.
    pub kind: &'static str,
    /// How long it is.
    pub bytes: usize,
}

impl Event {
    /// The bytes that are stored, hashed and exported.
    pub fn bytes(&self) -> Vec<u8> {
        canonical(self)
    }

    /// Cuts an Event with many effects into entries that fit: the first, and `effects_continued` for the rest. Nothing
    /// is left out.
    pub fn fit(mut self) -> Result<Vec<Self>, TooLong> {
        if self.bytes().len() <= LONGEST {
            return Ok(vec![self]);
        }
        let effects = std::mem::take(&mut self.effects);
        let bare = self.bytes().len();
        // Names of people and objects take what is left; a part that has too little room for them is of no use.
        let room = LONGEST.checked_sub(bare + OVERHEAD).filter(|room| *room >= LEAST_ROOM);
        let Some(room) = room else { return Err(TooLong { kind: self.kind.name(), bytes: bare }) };
        let mut parts = pack(effects, room)?.into_iter();
        self.effects = parts.next().unwrap_or_default();
        let mut whole = vec![self];
        for (part, effects) in (1_u32..).zip(parts) {
            let Some(first) = whole.first() else { break };
            let id = EventId(first.id.0 + u64::from(part));
            whole.push(Self {
                form: FORM,
                id,
                at: first.at,
                actor: first.actor.clone(),
                kind: Kind::EffectsContinued { of: first.id, part },
                reason: None,
                cause: Some(first.id),
                correlation: first.correlation,
                effects,
            });
        }
        Ok(whole)
    }
}

/// What the frame of an entry and its numbers may take beside its effects.
const OVERHEAD: usize = 1_000;
const LEAST_ROOM: usize = 16_000;

/// Effects in lots of at most `room` bytes; one that is longer is told in several.
fn pack(effects: Vec<Effect>, room: usize) -> Result<Vec<Vec<Effect>>, TooLong> {
    let mut lots: Vec<Vec<Effect>> = Vec::new();
    let mut used = room;
    let mut waiting: Vec<Effect> = effects.into_iter().rev().collect();
    while let Some(effect) = waiting.pop() {
        let bytes = canonical(&effect).len() + 1;
        if bytes > room {
            let (first, second) = halve(effect).ok_or(TooLong { kind: "effect", bytes })?;
            waiting.extend([second, first]);
            continue;
        }
        if used + bytes > room {
            lots.push(Vec::new());
            used = 0;
        }
        used += bytes;
        if let Some(lot) = lots.last_mut() {
            lot.push(effect);
        }
    }
    Ok(lots)
}

/// The same effect told of half of the people each, or of half of the access.
fn halve(effect: Effect) -> Option<(Effect, Effect)> {
    let mut first = effect;
    let mut second = first.clone();
    let list = |effect: &mut Effect, who: bool| std::mem::take(if who { &mut effect.who } else { &mut effect.access });
    let by_who = first.who.len() >= first.access.len();
    let mut left = list(&mut first, by_who);
    if left.len() < 2 {
        return None;
    }
    let right = left.split_off(left.len() / 2);
    if by_who {
        (first.who, second.who) = (left, right);
    } else {
        (first.access, second.access) = (left, right);
    }
    Some((first, second))
}

#[cfg(test)]
mod tests;
