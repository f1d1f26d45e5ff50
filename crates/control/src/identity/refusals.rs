//! Refused sign-ins are told to the ledger, but strangers cannot fill it: at most a few a minute, with a count of the
//! rest.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rolecall_core::event::{Actor, Kind};

use super::Unrecognised;
use crate::office::{ControlError, Office};

/// How many are told in a minute.
const TOLD: u32 = 5;

/// Counts refused sign-ins. One for the whole process.
#[derive(Debug, Default)]
pub struct Refusals {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    minute: Option<Timestamp>,
    told: u32,
    silent: u64,
}

impl Refusals {
    /// Counts one; Some: it is to be told, with so many before it that were not.
    fn count(&self, now: Timestamp) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let over = state.minute.is_none_or(|minute| now < minute || now >= minute + SignedDuration::from_mins(1));
        if over {
            state.minute = Some(now);
            state.told = 0;
        }
        if state.told >= TOLD {
            state.silent += 1;
            return None;
        }
        state.told += 1;
        Some(std::mem::take(&mut state.silent))
    }
}

impl Office {
    /// Tells that a secret was refused, unless too many were told lately. `from` is an address of the network; nothing
    /// of what was presented is kept.
    pub async fn refused(
        &self,
        refusals: &Refusals,
        from: &str,
        how: &str,
        why: Unrecognised,
    ) -> Result<(), ControlError> {
        let Some(silent) = refusals.count(self.store.clock().now()) else { return Ok(()) };
        let more = if silent > 0 { format!(" ({silent} more were refused before)") } else { String::new() };
        let why = format!("{why}{more}").as_str().into();
        let told = Kind::SignInRefused { claimed: "unknown".into(), how: how.to_owned(), why };
        let actor = Actor::Nobody { from: from.into() };
        let written = self.store.write(&actor, |mut tx| async move {
            // What has ended by this time stays so, should the clock be set back.
            tx.moment().await?;
            Ok::<_, ControlError>(tx.done((), told))
        });
        written.await.map(drop)
    }
}
