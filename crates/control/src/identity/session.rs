//! Use cases: somebody signs in with a token, to go on in a browser, and signs out.

use jiff::{SignedDuration, Timestamp};
use rolecall_core::admit::OPERATOR;
use rolecall_core::event::{Actor, Draft, Kind};
use rolecall_core::lease::SLACK;
use rolecall_core::secret::Secret;

use super::{Identity, Unrecognised, secret};
use crate::office::{ControlError, Ground, Office};
use crate::request::{Nothing, all};
use crate::store::{StoreError, Token, Use};

/// How long a session lasts at most.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);
/// How long a session that has ended is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A session that was just begun. Its secret is nowhere else.
pub struct SignedIn {
    /// For the cookie.
    pub secret: Secret,
    /// Who it is.
    pub identity: Identity,
}

/// Whether a clock that shows this time is within a session's time: not before it began, nor longer after that than it may
/// last, however far ahead the clock was meanwhile.
pub(super) fn within(session: &Token, clock: Timestamp) -> bool {
    session.made.checked_sub(SLACK).is_ok_and(|begun| begun <= clock) && clock < over(session)
}

/// When a session is over by the clock by which it began.
pub(super) fn over(session: &Token) -> Timestamp {
    session.made.checked_add(LONGEST).unwrap_or(session.ends).min(session.ends)
}

impl Office {
    /// Begins a session of whoever the token is of, for as much as the token is for and no longer than it lives.
    pub async fn sign_in(&self, token: &Secret) -> Result<Result<SignedIn, Unrecognised>, ControlError> {
        let identity = match self.recognise(token, Use::Token).await? {
            Ok(identity) => identity,
            Err(why) => return Ok(Err(why)),
        };
        let of = identity.actor.principal().map(str::to_owned);
        let written = self.store.write(&identity.actor, |mut tx| async move {
            let ground = Ground::read(&mut tx).await?;
            let secret = secret::mint(Use::Session);
            let hash = secret::hash(&secret, Use::Session);
            let hash = hash.ok_or_else(|| StoreError::Query("a session has no hash".to_owned()))?;
            let session = Token {
                id: format!("s{}", tx.event()),
                kind: Use::Session,
                of: of.clone(),
                scopes: identity.scopes.clone(),
                note: String::new(),
                // By the clock itself: the time to decide for is another one after the clock was set back.
                made: tx.now(),
                ends: ground.now.checked_add(LONGEST).unwrap_or(identity.ends).min(identity.ends),
                revoked: None,
                parent: Some(identity.id.clone()),
            };
            tx.put_token(&session, &hash).await?;
            tx.forget_sessions(ground.now.checked_sub(KEPT).unwrap_or(Timestamp::MIN)).await?;
            let principal = of.unwrap_or_else(|| OPERATOR.to_owned());
            let told = Kind::SignedIn { principal, how: format!("token {}", identity.id) };
            Ok::<_, ControlError>(tx.done((secret, session), told))
        });
        let (secret, session) = written.await?.value;
        Ok(Ok(SignedIn { secret, identity: self.identity(session) }))
    }

    /// Ends the sessions that a clock began which was ahead, and has been set back since: nobody knows how long ago that was,
    /// and at the time at which they seem to begin they would live once more. Says how many.
    pub async fn end_sessions_ahead(&self) -> Result<usize, ControlError> {
        let latest = |now: Timestamp| now.checked_add(SLACK).unwrap_or(Timestamp::MAX);
        if self.store.read().sessions_after(latest(self.store.clock().now())).await?.is_empty() {
            return Ok(0);
        }
        let actor = Actor::system("clock");
        let written = self.store.write(&actor, |mut tx| async move {
            let (now, mut told) = (tx.now(), Vec::new());
            for session in tx.sessions_after(latest(now)).await? {
                tx.revoke_token(&session.id, now).await?;
                let principal = session.of.unwrap_or_else(|| OPERATOR.to_owned());
                told.push(Draft::new(Kind::SignedOut { principal }).because("the clock was set back"));
            }
            Ok::<_, Nothing>(tx.done(told.len(), all(told)?))
        });
        match written.await {
            Ok(written) => Ok(written.value),
            Err(Nothing::ToDo) => Ok(0),
            Err(Nothing::Failed(error)) => Err(error.into()),
        }
    }

    /// Ends a session. Ending one that has ended is no error.
    pub async fn sign_out(&self, session: &Secret) -> Result<(), ControlError> {
        let Ok(identity) = self.recognise(session, Use::Session).await? else { return Ok(()) };
        let Identity { actor, id, .. } = &identity;
        let principal = actor.principal().unwrap_or(OPERATOR).to_owned();
        let written = self.store.write(actor, |mut tx| async move {
            let now = tx.now();
            tx.revoke_token(id, now).await?;
            Ok::<_, ControlError>(tx.done((), Kind::SignedOut { principal }))
        });
        written.await.map(drop)
    }
}
