//! Use cases: somebody signs in with a token, to go on in a browser, and signs out.

use jiff::SignedDuration;
use rolecall_core::admit::OPERATOR;
use rolecall_core::event::Kind;
use rolecall_core::secret::Secret;

use super::{Identity, Unrecognised, secret};
use crate::office::{ControlError, Ground, Office};
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
                made: ground.now,
                ends: ground.now.checked_add(LONGEST).unwrap_or(identity.ends).min(identity.ends),
                revoked: None,
                parent: Some(identity.id.clone()),
            };
            tx.put_token(&session, &hash).await?;
            tx.forget_sessions(ground.now.checked_sub(KEPT).unwrap_or(jiff::Timestamp::MIN)).await?;
            let principal = of.unwrap_or_else(|| OPERATOR.to_owned());
            let told = Kind::SignedIn { principal, how: format!("token {}", identity.id) };
            Ok::<_, ControlError>(tx.done((secret, session), told))
        });
        let (secret, session) = written.await?.value;
        Ok(Ok(SignedIn { secret, identity: self.identity(session) }))
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
