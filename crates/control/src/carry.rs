//! Carries out steps under a server's lock: told before, told when it failed, and read back afterwards. And what was
//! begun and cut short is told by whoever has the lock next.

use rolecall_core::event::{self, Actor, Draft, EventId, Kind};
use rolecall_core::plan::{Effect, Step};
use rolecall_core::state::ServerState;
use rolecall_engine::postgres::apply::Applier;

use crate::office::ControlError;
use crate::place::Place;
use crate::store::{Store, StoreError};

/// What is to be carried out, and what the ledger says of it.
pub(crate) struct Work<'a> {
    pub steps: &'a [Step],
    pub version: u32,
    pub digest: String,
    pub effects: Vec<Effect>,
    pub cause: Option<EventId>,
}

/// Carries it out and proves it: `left` says how many steps a server as it is then still needs. What tells of the end
/// is given back, for the caller to write together with what it comes to.
pub(crate) async fn carry_out(
    store: &Store,
    actor: &Actor,
    place: Place<'_>,
    applier: &mut Applier,
    work: Work<'_>,
    left: impl Fn(&ServerState) -> Result<usize, ControlError>,
) -> Result<Draft, ControlError> {
    let Work { steps, version, digest, effects, cause } = work;
    let changes = steps.len() as u64;
    let begun = Kind::ApplyBegun { place: place.event(), digest: digest.clone(), changes };
    let told = Draft { cause, ..Draft::new(begun).with_effects(effects) };
    let begun = tell(store, actor, told).await?;
    // Without a story of its own, what follows belongs to the one that it has just begun.
    let cause = cause.or(Some(begun));
    let mut done = 0;
    let ran = applier.run(steps, version, &mut |progress| done = progress.done as u64).await;
    let read = match ran {
        Ok(_) => applier.inspect(&place.wanted()).await,
        Err(error) => Err(error),
    };
    let state = match read {
        Ok(state) => state,
        Err(error) => {
            let error = place.says(error);
            let kind = Kind::ApplyFailed { place: place.event(), digest, done, changes, error: words(&error) };
            tell(store, actor, Draft { cause, ..Draft::new(kind) }).await?;
            return Err(error);
        }
    };
    let left = left(&state)?;
    let proved = left == 0;
    let finished = Kind::ApplyFinished { place: place.event(), digest, changes, proved };
    let told = Draft { cause, ..Draft::new(finished) };
    if !proved {
        tell(store, actor, told).await?;
        return Err(ControlError::NotProved { place: place.label(), left });
    }
    Ok(told)
}

/// Tells that the last apply of a server never told its end, if that is so. To be called under the server's lock: who has
/// it knows that nobody is applying any more.
///
/// # Errors
/// What the store says.
pub async fn abandoned(store: &Store, actor: &Actor, place: &event::Place) -> Result<(), StoreError> {
    let Some(begun) = store.read().unended(place).await? else { return Ok(()) };
    let Kind::ApplyBegun { place, digest, changes } = begun.kind else { return Ok(()) };
    let told = Draft { cause: Some(begun.id), ..Kind::ApplyAbandoned { place, digest, changes }.into() };
    store.write(actor, |tx| async move { Ok::<_, StoreError>(tx.done((), told)) }).await.map(drop)
}

pub(crate) async fn tell(store: &Store, actor: &Actor, told: Draft) -> Result<EventId, ControlError> {
    let written = store.write(actor, |tx| async move { Ok::<_, ControlError>(tx.done((), told)) }).await?;
    written.events.first().map(|event| event.id).ok_or(ControlError::Untold)
}

/// An error in the words of an Event: all of its causes, from which [`Text`](rolecall_core::event::Text) cuts secrets.
pub(crate) fn words(error: &dyn std::error::Error) -> rolecall_core::event::Text {
    use std::fmt::Write;
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let said = next.to_string();
        if !text.contains(&said) {
            let _ = write!(text, ": {said}");
        }
        cause = next.source();
    }
    text.as_str().into()
}
