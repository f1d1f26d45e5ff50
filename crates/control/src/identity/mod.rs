//! The one seam for who somebody is: a secret comes in, an [`Identity`] comes out. Other ways to prove who one is, such
//! as OIDC, come behind it.

mod refusals;
mod secret;
mod session;
mod token;

use jiff::Timestamp;
use rolecall_core::admit::Scopes;
use rolecall_core::event::Actor;
use rolecall_core::request;
use rolecall_core::secret::Secret;

pub use refusals::Refusals;
pub use secret::csrf;
pub use session::SignedIn;
pub use token::{LONGEST_DAYS, Made, NewToken, TokenRefusal, USUAL_DAYS};

use crate::office::{ControlError, Office};
use crate::store::{Moment, Token, Use};

/// Somebody who was recognised, and what they may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// As Events name them, and as the rules know them.
    pub actor: Actor,
    /// What the token is for.
    pub scopes: Scopes,
    /// The token's or session's public id.
    pub id: String,
    /// Until when.
    pub ends: Timestamp,
}

/// Why a secret is no proof of anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unrecognised {
    /// There is none like it.
    #[error("the token is not known here")]
    Unknown,
    /// Its time is over, or that of the token that the session was begun with.
    #[error("the token has ended: ask for a new one")]
    Ended,
    /// It was revoked.
    #[error("the token was revoked: ask for a new one")]
    Revoked,
}

impl Unrecognised {
    /// The code: stable, for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "token-unknown",
            Self::Ended => "token-ended",
            Self::Revoked => "token-revoked",
        }
    }
}

impl Office {
    /// Who presents this secret. The standing of whoever it is, and what they may, is for `admit` to say.
    pub async fn recognise(&self, secret: &Secret, used: Use) -> Result<Result<Identity, Unrecognised>, ControlError> {
        let Some(hash) = secret::hash(secret, used) else { return Ok(Err(Unrecognised::Unknown)) };
        let Some(token) = self.store.read().token_of_hash(&hash).await?.filter(|token| token.kind == used) else {
            return Ok(Err(Unrecognised::Unknown));
        };
        let Moment { now, clock } = self.store.moment().await?;
        let parent = match &token.parent {
            Some(parent) => self.store.read().token(parent).await?,
            None => None,
        };
        for token in [Some(&token), parent.as_ref()].into_iter().flatten() {
            if token.revoked.is_some() {
                return Ok(Err(Unrecognised::Revoked));
            }
            let over = token.kind == Use::Session && !session::within(token, clock);
            if over || token.ends <= now {
                return Ok(Err(Unrecognised::Ended));
            }
        }
        Ok(Ok(self.identity(token)))
    }

    fn identity(&self, token: Token) -> Identity {
        let ends = if token.kind == Use::Session { session::over(&token) } else { token.ends };
        let Token { id, of, kind, scopes, .. } = token;
        let actor = match (of, kind) {
            (None, _) => Actor::Operator { token: id.clone() },
            (Some(of), Use::Token) => Actor::Token { id: id.clone(), of },
            (Some(of), Use::Session) => match request::principal(&self.policy, &of) {
                Some((_, _, true)) => Actor::Service { id: of },
                // Somebody whom the policy has lost is nobody by `admit`.
                Some((_, _, false)) | None => Actor::Person { id: of },
            },
        };
        Identity { actor, scopes, id, ends }
    }
}
