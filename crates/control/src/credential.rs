//! Use case: a password of its own for an account, given out once; the server gets its SCRAM verifier.

use jiff::{SignedDuration, Timestamp};
use rolecall_core::admit::Action;
use rolecall_core::event::{Actor, Draft, Kind};
use rolecall_core::mark::{CredentialMark, Mark};
use rolecall_core::policy::model::{self, Principal};
use rolecall_core::request::{self, Refusal};
use rolecall_core::secret::Secret;
use rolecall_engine::postgres::credential::{mint, seal, set, verifier};
use thiserror::Error;

use crate::carry::{tell, words};
use crate::office::{ControlError, Office};
use crate::place::Place;

/// The longest life of a password where the policy names none.
const LONGEST: i64 = 90 * 24 * 60 * 60;

/// A password and where it is good for something. It cannot be asked for again.
pub struct Minted {
    /// The account's name on the server.
    pub account: String,
    /// The password.
    pub password: Secret,
    /// When it dies.
    pub ends: Timestamp,
}

/// Why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CredentialError {
    /// The policy says so.
    #[error("{0}: accounts prove who they are outside the database (`credential: external`)")]
    External(String),
    /// It would live too long, or not at all.
    #[error("{place}: a password here lives at most {longest:#}")]
    Lifetime {
        /// `production · main`
        place: String,
        /// The longest.
        longest: SignedDuration,
    },
}

/// When a password minted now ends: after as many seconds as asked for, or as the environment allows, and no later than
/// the principal itself.
///
/// # Errors
/// Longer than allowed, not positive, or no passwords there at all.
pub fn ends(
    place: Place<'_>,
    principal: &Principal,
    asked: Option<i64>,
    now: Timestamp,
) -> Result<Timestamp, CredentialError> {
    let rules = &place.environment.accounts;
    if rules.credential == model::Credential::External {
        return Err(CredentialError::External(place.label()));
    }
    let longest = rules.credential_max.and_then(|seconds| i64::try_from(seconds).ok()).unwrap_or(LONGEST);
    let asked = asked.unwrap_or(longest);
    let wrong = CredentialError::Lifetime { place: place.label(), longest: SignedDuration::from_secs(longest) };
    if asked <= 0 || asked > longest {
        return Err(wrong);
    }
    let end = Timestamp::from_second(now.as_second() + asked).map_err(|_| wrong)?;
    Ok(principal.ends.map_or(end, |ends| end.min(ends)))
}

impl Office {
    /// Mints one for somebody's account on one server, for so many seconds. None: as long as the environment allows.
    ///
    /// # Errors
    /// Nothing was minted; or it was, and could not be recorded as done: that it was begun is.
    pub async fn credential(
        &self,
        actor: &Actor,
        of: &str,
        environment: &str,
        server: &str,
        seconds: Option<i64>,
    ) -> Result<Minted, ControlError> {
        let ground = self.ground().await?;
        self.admit(&ground, actor, Action::Credential { of })?;
        let known = request::principal(&self.policy, of).ok_or_else(|| Refusal::Unknown(of.to_owned()))?;
        if ground.suspended.contains(of) || known.1.suspended {
            return Err(Refusal::Suspended(of.to_owned()).into());
        }
        ground.facts(&self.policy).clock_is_right()?;
        let place = self.place(environment, server)?;
        let ends = ends(place, known.1, seconds, ground.now)?;
        let account = place.environment.account_name(place.environment_name, of, known.1);
        let password = mint();
        let verifier = verifier(&password);
        let credential = Some(CredentialMark { ends: ends.to_string(), seal: seal(&verifier) });
        let comment = Mark { credential, ..Mark::account(of) }.comment();
        let mut conn = place.target()?.open(None).await.map_err(|error| place.says(error))?;
        let (at, principal) = (place.event(), of.to_owned());
        let begun =
            Kind::CredentialBegun { place: at.clone(), principal: principal.clone(), account: account.clone(), ends };
        let cause = Some(tell(&self.store, actor, begun.into()).await?);
        let done = set(&mut conn, &account, &verifier, ends, &comment).await.map_err(|error| place.says(error));
        let kind = match &done {
            Ok(()) => Kind::CredentialMinted { place: at, principal, account: account.clone(), ends },
            Err(error) => {
                Kind::CredentialFailed { place: at, principal, account: account.clone(), error: words(error) }
            }
        };
        tell(&self.store, actor, Draft { cause, ..kind.into() }).await?;
        done?;
        Ok(Minted { account, password, ends })
    }
}
