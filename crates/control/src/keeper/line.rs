//! Who is to be looked at next: servers in the order in which they are due, however many there are.
//!
//! Whoever is due for longest comes first, so that no server waits for ever because others come round again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use rolecall_core::event::Place;
use tokio::time::Instant;

/// How long a server may take to let a session in before it has to stand in the line of those that are slow.
pub(super) const QUICK: Duration = Duration::from_secs(1);
/// Of so many tries, one has all the time there is, so that a server which has become slow is not given up.
const PATIENT: u32 = 4;

/// What is remembered of a server between two questions.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    pub next: Instant,
    /// What it answered when it was looked at as a whole.
    pub fingerprint: Option<String>,
    /// When it must be looked at as a whole again.
    pub whole: Instant,
    /// How often in a row it has not answered.
    pub failures: u32,
    /// It took long to answer, or never did, when it was asked last.
    pub slow: bool,
    /// Ask again soon: something was seen that has to be seen twice, or that others are working on.
    pub soon: bool,
    pub running: bool,
    /// Somebody became curious while it was being looked at: what is seen then may be old already.
    pub again: bool,
}

impl Memory {
    fn new(next: Instant) -> Self {
        Self {
            next,
            fingerprint: None,
            whole: next,
            failures: 0,
            slow: false,
            soon: false,
            running: false,
            again: false,
        }
    }

    /// How long the server may take this time to let a session in; None: as long as any session may.
    pub fn quick(&self) -> Option<Duration> {
        let patient = self.slow && self.failures.is_multiple_of(PATIENT);
        (!patient).then_some(QUICK)
    }
}

/// All servers of the policy.
#[derive(Debug, Default)]
pub(super) struct Line {
    known: BTreeMap<Arc<Place>, Memory>,
    /// Those that are not being looked at, by when they are due: the quick ones, and the slow ones.
    waiting: [BTreeSet<(Instant, Arc<Place>)>; 2],
}

impl Line {
    /// The servers of the policy, as it is now. New ones are due one after the other, `spread` apart.
    pub fn set(&mut self, places: BTreeSet<Place>, now: Instant, spread: Duration) {
        let gone = self.known.extract_if(.., |place, _| !places.contains(&**place));
        for (place, memory) in gone {
            if let Some(line) = self.waiting.get_mut(usize::from(memory.slow)) {
                line.remove(&(memory.next, place));
            }
        }
        let fresh: Vec<Place> = places.into_iter().filter(|place| !self.known.contains_key(place)).collect();
        for (number, place) in (0_u32..).zip(fresh) {
            let (place, memory) = (Arc::new(place), Memory::new(now + spread * number));
            self.known.insert(Arc::clone(&place), memory.clone());
            self.put(place, memory);
        }
    }

    /// Takes out whoever is due for longest among the quick or the slow ones.
    pub fn take(&mut self, slow: bool, now: Instant) -> Option<(Arc<Place>, Memory)> {
        let line = self.waiting.get_mut(usize::from(slow))?;
        line.first().filter(|(next, _)| *next <= now)?;
        let (_, place) = line.pop_first()?;
        let memory = self.known.get_mut(&place)?;
        memory.running = true;
        Some((place, memory.clone()))
    }

    /// Puts back whoever was looked at, unless the policy has no such server any more.
    pub fn put(&mut self, place: Arc<Place>, mut memory: Memory) {
        let Some(before) = self.known.get(&place) else { return };
        if before.again {
            memory.hurry(Instant::now());
        }
        // The policy may have dropped it and named it anew while it was looked at: it stands in one line, once.
        for line in &mut self.waiting {
            line.remove(&(before.next, Arc::clone(&place)));
        }
        (memory.running, memory.again) = (false, false);
        if let Some(line) = self.waiting.get_mut(usize::from(memory.slow)) {
            line.insert((memory.next, Arc::clone(&place)));
        }
        self.known.insert(place, memory);
    }

    /// Somebody wants some servers looked at as a whole, soon; None: all.
    pub fn hurry(&mut self, wanted: Option<&Place>, now: Instant) {
        let chosen = |place: &Place| wanted.is_none_or(|wanted| wanted == place);
        for (place, memory) in self.known.iter_mut().filter(|(place, _)| chosen(place)) {
            if memory.running {
                memory.again = true;
                continue;
            }
            if let Some(line) = self.waiting.get_mut(usize::from(memory.slow)) {
                line.remove(&(memory.next, Arc::clone(place)));
                memory.hurry(now);
                line.insert((memory.next, Arc::clone(place)));
            }
        }
    }
}

impl Memory {
    fn hurry(&mut self, now: Instant) {
        (self.next, self.whole) = (self.next.min(now), now);
    }
}
