//! Use cases: API tokens are made, listed and revoked.

use jiff::{SignedDuration, Timestamp};
use rolecall_core::admit::{Action, OPERATOR, Scope, Scopes};
use rolecall_core::event::{Actor, Draft, Kind, Text};
use rolecall_core::request::{self, Refusal};
use rolecall_core::secret::Secret;

use super::secret;
use crate::office::{ControlError, Ground, Office};
use crate::request::Nothing;
use crate::store::{StoreError, Token, TokenFilter, Tx, Use};

/// The longest that a token lives, in days.
pub const LONGEST_DAYS: i64 = 366;
/// How long a token lives if nobody says, in days.
pub const USUAL_DAYS: i64 = 90;

/// What somebody wants a token to be.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Whose: the id of a person or service. None: the operator's.
    pub of: Option<String>,
    /// What it is for.
    pub scopes: Scopes,
    /// When it ends; None: in [`USUAL_DAYS`].
    pub ends: Option<Timestamp>,
    /// What it is for, in its maker's words.
    pub note: String,
}

/// A token that was just made. Its secret is nowhere else.
pub struct Made {
    /// The secret.
    pub secret: Secret,
    /// All else.
    pub token: Token,
}

/// Why there is no such token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// It would be for nothing.
    #[error("a token needs a scope")]
    NoScope,
    /// It would be for more than the token that asks for it.
    #[error("your own token has not the scope {0}, so it cannot make one that has")]
    Wider(Scope),
    /// Its end.
    #[error("a token ends in the future, and within {LONGEST_DAYS} days")]
    End,
    /// There is none.
    #[error("there is no token {0} of yours")]
    Unknown(String),
    /// It was revoked.
    #[error("the token {0} was revoked before")]
    Revoked(String),
}

impl TokenRefusal {
    /// The code: stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoScope => "no-scope",
            Self::Wider(_) => "wider-scope",
            Self::End => "token-end",
            Self::Unknown(_) => "no-token",
            Self::Revoked(_) => "token-revoked-before",
        }
    }
}

impl Office {
    /// Makes a token.
    pub async fn make_token(&self, actor: &Actor, new: NewToken) -> Result<Made, ControlError> {
        let written = self.store.write(actor, |mut tx| async move {
            let ground = Ground::read(&mut tx).await?;
            let of = new.of.as_deref().unwrap_or(OPERATOR);
            self.admit(&ground, actor, Action::MakeToken { of })?;
            if new.of.is_some() && request::principal(&self.policy, of).is_none() {
                return Err(Refusal::Unknown(of.to_owned()).into());
            }
            if new.scopes.is_empty() {
                return Err(TokenRefusal::NoScope.into());
            }
            if let Some(wider) = new.scopes.iter().find(|scope| !self.scopes().has(*scope)) {
                return Err(TokenRefusal::Wider(wider).into());
            }
            let days = |days: i64| ground.now.checked_add(SignedDuration::from_hours(24 * days));
            let usual = days(USUAL_DAYS).map_err(|_| TokenRefusal::End)?;
            let ends = new.ends.unwrap_or(usual);
            let latest = days(LONGEST_DAYS).map_err(|_| TokenRefusal::End)?;
            if ends <= ground.now || ends > latest {
                return Err(TokenRefusal::End.into());
            }
            let token = draft(&tx, &ground, NewToken { ends: Some(ends), ..new }, ends);
            let (made, told) = put(&mut tx, token).await?;
            Ok::<_, ControlError>(tx.done(made, told))
        });
        Ok(written.await?.value)
    }

    /// The operator's first token, if there has never been one: for everything, made when Rolecall first serves.
    pub async fn first_token(&self) -> Result<Option<Made>, ControlError> {
        let actor = Actor::system("first start");
        let written = self.store.write(&actor, |mut tx| async move {
            if tx.operator_has_had_a_token().await? {
                return Err(Nothing::ToDo);
            }
            let ground = Ground::read(&mut tx).await?;
            let ends = ground.now.checked_add(SignedDuration::from_hours(24 * USUAL_DAYS)).unwrap_or(Timestamp::MAX);
            let new = NewToken { of: None, scopes: Scopes::all(), ends: None, note: "the first".to_owned() };
            let token = draft(&tx, &ground, new, ends);
            let (made, told) = put(&mut tx, token).await?;
            Ok::<_, Nothing>(tx.done(made, told))
        });
        match written.await {
            Ok(written) => Ok(Some(written.value)),
            Err(Nothing::ToDo) => Ok(None),
            Err(Nothing::Failed(error)) => Err(error.into()),
        }
    }

    /// Tokens, the newest first: those of somebody, or everybody's and the operator's.
    pub async fn tokens(&self, actor: &Actor, mut filter: TokenFilter) -> Result<Vec<Token>, ControlError> {
        let ground = self.ground().await?;
        self.admit(&ground, actor, Action::ViewOverview)?;
        match &filter.of {
            Some(of) => {
                for of in of {
                    self.admit(&ground, actor, Action::ViewTokens { of })?;
                }
            }
            // Who may not see the operator's may see their own and those they answer for.
            None if self.admit(&ground, actor, Action::ViewTokens { of: OPERATOR }).is_err() => {
                let principals = self.policy.principals().map(|(id, _, _)| id);
                let theirs = principals.filter(|of| self.admit(&ground, actor, Action::ViewTokens { of }).is_ok());
                filter.of = Some(theirs.map(str::to_owned).collect());
            }
            None => {}
        }
        Ok(self.store.read().tokens(&filter).await?)
    }

    /// Revokes a token, and with it the sessions that were begun with it.
    pub async fn revoke_token(&self, actor: &Actor, id: &str) -> Result<Token, ControlError> {
        let written = self.store.write(actor, |mut tx| async move {
            let ground = Ground::read(&mut tx).await?;
            let unknown = || TokenRefusal::Unknown(id.to_owned());
            let token = tx.token(id).await?.filter(|token| token.kind == Use::Token).ok_or_else(unknown)?;
            let of = token.of.clone().unwrap_or_else(|| OPERATOR.to_owned());
            // To whom it is not shown it is not there.
            self.admit(&ground, actor, Action::RevokeToken { of: &of }).map_err(|denied| {
                let seen = self.admit(&ground, actor, Action::ViewTokens { of: &of }).is_ok();
                if seen { ControlError::from(denied) } else { unknown().into() }
            })?;
            if token.revoked.is_some() {
                return Err(TokenRefusal::Revoked(id.to_owned()).into());
            }
            tx.revoke_token(id, ground.now).await?;
            let told = Kind::TokenRevoked { token: id.to_owned(), of };
            Ok::<_, ControlError>(tx.done(Token { revoked: Some(ground.now), ..token }, told))
        });
        Ok(written.await?.value)
    }
}

fn draft(tx: &Tx, ground: &Ground, new: NewToken, ends: Timestamp) -> Token {
    let id = format!("t{}", tx.event());
    // A note is shown to others: what looks like a secret is cut out of it, as out of the ledger.
    let note = Text::new(&new.note).as_str().chars().take(200).collect();
    let NewToken { of, scopes, .. } = new;
    Token { id, kind: Use::Token, of, scopes, note, made: ground.now, ends, revoked: None, parent: None }
}

async fn put(tx: &mut Tx, token: Token) -> Result<(Made, Draft), StoreError> {
    let secret = secret::mint(Use::Token);
    // What `mint` makes has a hash; what had none could never be presented.
    let hash = secret::hash(&secret, Use::Token).ok_or_else(|| StoreError::Query("a token has no hash".to_owned()))?;
    tx.put_token(&token, &hash).await?;
    let of = token.of.clone().unwrap_or_else(|| OPERATOR.to_owned());
    let told = Kind::TokenMade { token: token.id.clone(), of, scopes: token.scopes.words(), ends: token.ends };
    let told = if token.note.is_empty() { Draft::new(told) } else { Draft::new(told).because(token.note.as_str()) };
    Ok((Made { secret, token }, told))
}
