//! When each server is looked at: a cheap question every few seconds, a whole look when the answer has moved and now and
//! then. However many servers there are, only so many sessions are open at once; those that do not answer have room of
//! their own, so that they do not hold up the others.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rolecall_core::event::Place;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Keeper;

/// How often servers are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between two questions to a server.
    pub every: Duration,
    /// Between two whole looks, if nothing seems to have moved.
    pub whole: Duration,
    /// The longest pause before a server that does not answer is asked again.
    pub patience: Duration,
    /// How many servers are asked at once.
    pub at_once: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(5),
            whole: Duration::from_mins(10),
            patience: Duration::from_mins(1),
            at_once: 16,
        }
    }
}

/// What is remembered of a server between two questions.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    next: Instant,
    /// What it answered when it was looked at as a whole.
    pub fingerprint: Option<String>,
    /// When it must be looked at as a whole again.
    pub whole: Instant,
    /// How often in a row it has not answered.
    pub failures: u32,
    /// Ask again soon: something was seen that has to be seen twice, or that others are working on.
    pub soon: bool,
    running: bool,
    /// Somebody became curious while it was being looked at: what is seen then may be old already.
    again: bool,
}

const TICK: Duration = Duration::from_millis(200);

impl Keeper {
    pub(super) async fn keep_servers(self: Arc<Self>, stop: CancellationToken) {
        let mut known: BTreeMap<Place, Memory> = BTreeMap::new();
        let mut tasks: JoinSet<(Place, Memory)> = JoinSet::new();
        while !stop.is_cancelled() {
            self.set_out_to_look(&mut known, &mut tasks);
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.curious.notified() => {
                    let now = Instant::now();
                    for memory in known.values_mut() {
                        (memory.next, memory.whole, memory.again) = (now, now, memory.running);
                    }
                }
                Some(done) = tasks.join_next() => {
                    let Ok((place, mut memory)) = done else { continue };
                    let now = Instant::now();
                    (memory.running, memory.next) = (false, now + jitter(self.pause(&memory)));
                    if known.get(&place).is_some_and(|before| before.again) {
                        (memory.next, memory.whole) = (now, now);
                    }
                    known.insert(place, memory);
                }
                () = tokio::time::sleep(TICK) => {}
            }
        }
        // A repair that was begun is finished.
        while tasks.join_next().await.is_some() {}
    }

    fn pause(&self, memory: &Memory) -> Duration {
        if memory.soon {
            return self.pace.every.min(Duration::from_secs(1));
        }
        let doubled = self.pace.every.saturating_mul(1 << memory.failures.min(16));
        if memory.failures == 0 { self.pace.every } else { doubled.min(self.pace.patience) }
    }

    fn set_out_to_look(self: &Arc<Self>, known: &mut BTreeMap<Place, Memory>, tasks: &mut JoinSet<(Place, Memory)>) {
        let (ruling, now) = (self.ruling(), Instant::now());
        let places = crate::place::places(&ruling.policy, None);
        // A thousand servers are not asked in one moment at the start.
        let spread = self.pace.every.checked_div(places.len().try_into().unwrap_or(u32::MAX)).unwrap_or_default();
        for (number, place) in (0_u32..).zip(&places) {
            let first = now + if places.len() > self.pace.at_once { spread * number } else { Duration::ZERO };
            let memory = known.entry(place.event()).or_insert_with(|| Memory {
                next: first,
                fingerprint: None,
                whole: first,
                failures: 0,
                soon: false,
                running: false,
                again: false,
            });
            if memory.running || memory.next > now {
                continue;
            }
            let room = if memory.failures == 0 { &self.room.0 } else { &self.room.1 };
            // Without room it stays due, and gets its turn at the next tick.
            let Ok(permit) = Arc::clone(room).try_acquire_owned() else { continue };
            memory.running = true;
            let (keeper, at, ruling, memory) = (Arc::clone(self), place.event(), ruling.clone(), memory.clone());
            tasks.spawn(async move {
                let memory = keeper.look(&at, &ruling, memory).await;
                drop(permit);
                (at, memory)
            });
        }
        let mut gone = known
            .extract_if(.., |place, memory| !memory.running && !places.iter().any(|known| known.event() == *place));
        gone.by_ref().for_each(drop);
    }
}

/// Somewhere between three quarters and five quarters of it, so that many do not come at once.
pub(super) fn jitter(pause: Duration) -> Duration {
    pause.mul_f64(0.75 + 0.5 * rand::random::<f64>())
}
