//! When each server is looked at: a cheap question every few seconds, a whole look when the answer has moved and now and
//! then. However many servers there are, only so many sessions are open at once; those that do not answer have room of
//! their own, so that they do not hold up the others.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use rolecall_core::event::Place;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::line::{Line, Memory};
use super::{Keeper, Ruling};
use crate::place::places;

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

/// How long nobody asks whether somebody is due.
const TICK: Duration = Duration::from_millis(200);

impl Keeper {
    pub(super) async fn keep_servers(self: Arc<Self>, stop: CancellationToken) {
        let (mut rulings, mut line) = (self.ruling.subscribe(), Line::default());
        rulings.mark_changed();
        let mut tasks: JoinSet<(Arc<Place>, Memory)> = JoinSet::new();
        while !stop.is_cancelled() {
            if rulings.has_changed().unwrap_or_default() {
                self.line_up(&rulings.borrow_and_update(), &mut line);
            }
            self.set_out_to_look(&mut line, &mut tasks);
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.curious.notified() => {
                    let wanted = std::mem::take(&mut *self.wanted.lock().unwrap_or_else(PoisonError::into_inner));
                    wanted.iter().for_each(|wanted| line.hurry(wanted.as_ref(), Instant::now()));
                }
                Some(done) = tasks.join_next() => {
                    let Ok((place, mut memory)) = done else { continue };
                    memory.next = Instant::now() + jitter(self.pause(&memory));
                    line.put(place, memory);
                }
                () = tokio::time::sleep(TICK) => {}
            }
        }
        // A repair that was begun is finished.
        while tasks.join_next().await.is_some() {}
    }

    fn line_up(&self, ruling: &Ruling, line: &mut Line) {
        let places: BTreeSet<Place> = places(&ruling.policy, None).iter().map(crate::place::Place::event).collect();
        // A thousand servers are not asked in one moment at the start.
        let spread = self.pace.every.checked_div(places.len().try_into().unwrap_or(u32::MAX)).unwrap_or_default();
        let spread = if places.len() > self.pace.at_once { spread } else { Duration::ZERO };
        line.set(places, Instant::now(), spread);
    }

    fn pause(&self, memory: &Memory) -> Duration {
        if memory.soon {
            return self.pace.every.min(Duration::from_secs(1));
        }
        let doubled = self.pace.every.saturating_mul(1 << memory.failures.min(16));
        if memory.failures == 0 { self.pace.every } else { doubled.min(self.pace.patience) }
    }

    /// Without room whoever is due stays so, and gets a turn when somebody comes back.
    fn set_out_to_look(self: &Arc<Self>, line: &mut Line, tasks: &mut JoinSet<(Arc<Place>, Memory)>) {
        let now = Instant::now();
        for (slow, room) in [(false, &self.room.0), (true, &self.room.1)] {
            while let Ok(permit) = Arc::clone(room).try_acquire_owned() {
                let Some((at, memory)) = line.take(slow, now) else { break };
                let (keeper, ruling) = (Arc::clone(self), self.ruling());
                tasks.spawn(async move {
                    let memory = keeper.look(&at, &ruling, memory).await;
                    drop(permit);
                    (at, memory)
                });
            }
        }
    }
}

/// Somewhere between three quarters and five quarters of it, so that many do not come at once.
pub(super) fn jitter(pause: Duration) -> Duration {
    pause.mul_f64(0.75 + 0.5 * rand::random::<f64>())
}
