//! Use case: the machine's clock lies behind what was decided for, and somebody says that it is right.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rolecall_core::admit::{Action, OPERATOR};
use rolecall_core::event::{Actor, Draft, Drafts, Kind};
use rolecall_core::lease;
use rolecall_core::request::{self, Facts, Refusal, Request, State};

use crate::office::{ControlError, Ground, Office};
use crate::store::{Reach, Token, Use};
use crate::telling;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// What was decided for before.
    pub from: Timestamp,
    /// What is decided for now: what the clock shows.
    pub to: Timestamp,
    /// How many Leases it ended.
    pub leases: usize,
    /// How many Requests it closed.
    pub requests: usize,
    /// How many tokens and sessions it ended.
    pub tokens: usize,
}

impl Office {
    /// Decides for what the clock shows from now on. What has ended by the time decided for before stays ended, and what
    /// began after the time that the clock shows is over: nobody knows how long ago that was.
    pub async fn accept_clock(&self, actor: &Actor, reason: &str) -> Result<Accepted, ControlError> {
        let written = self.store.write(actor, |mut tx| async move {
            let ground = Ground::read(&mut tx).await?;
            self.admit(&ground, actor, Action::AcceptClock)?;
            let (from, to) = (ground.now, ground.clock);
            if !lease::behind(from, to) {
                return Err(Refusal::ClockRight(to).into());
            }
            let (mut told, mut over) =
                (Drafts::from(Draft::new(Kind::ClockAccepted { from, to }).because(reason)), BTreeMap::new());
            for now in [from, to] {
                for (lease, why) in lease::due(&ground.leases, &self.policy, &ground.suspended, now) {
                    over.entry(lease.id).or_insert_with(|| (lease.clone(), why));
                }
            }
            let leases = over.len();
            for (lease, why) in over.into_values() {
                let ended = lease::ended(lease, to, why.clone());
                tx.put_lease(&ended, Reach::Closing).await?;
                told = told.and(telling::ended(&ended, &why));
            }
            let facts = ground.facts(&self.policy);
            let closed = |request: &Request| {
                [from, to].into_iter().any(|now| request::expire(Facts { now, ..facts }, request).is_some())
            };
            let pending: Vec<Request> = tx.pending().await?.into_iter().filter(closed).collect();
            for request in &pending {
                let request = Request { state: State::Expired { at: to }, ..request.clone() };
                tx.put_request(&request).await?;
                told = told.and(telling::closed(&request));
            }
            let tokens = tx.tokens_over(from, to).await?;
            for token in &tokens {
                tx.revoke_token(&token.id, to).await?;
                told = told.and(over_for_good(token));
            }
            tx.shorten_tokens(from, to).await?;
            tx.accept_clock().await?;
            Ok::<_, ControlError>(
                tx.done(Accepted { from, to, leases, requests: pending.len(), tokens: tokens.len() }, told),
            )
        });
        Ok(written.await?.value)
    }
}

fn over_for_good(token: &Token) -> Draft {
    let of = token.of.clone().unwrap_or_else(|| OPERATOR.to_owned());
    let told = match token.kind {
        Use::Token => Kind::TokenRevoked { token: token.id.clone(), of },
        Use::Session => Kind::SignedOut { principal: of },
    };
    Draft::new(told).because("the clock was set back")
}
