//! What can be done to Rolecall, and the doing of it through its use cases.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rolecall_control::ControlError;
use rolecall_control::keeper::Keeper;
use rolecall_core::event::Actor;
use rolecall_core::request::{Draft, RequestId, Until};
use rolecall_engine::postgres::EngineError;
use serde::{Deserialize, Serialize};

use super::model::Model;
use super::rules::PLACES;

/// One act of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    Ask {
        by: String,
        environment: String,
        role: String,
        customer: Option<i64>,
        lasts: i64,
        extends: Option<u64>,
        reason: String,
    },
    Glass {
        by: String,
        environment: String,
        role: String,
        customer: Option<i64>,
        lasts: i64,
        reason: String,
    },
    Approve {
        by: String,
        id: u64,
    },
    Deny {
        by: String,
        id: u64,
    },
    Withdraw {
        by: String,
        id: u64,
    },
    End {
        by: String,
        id: u64,
    },
    Suspend {
        by: String,
        who: String,
    },
    Reinstate {
        by: String,
        who: String,
    },
    /// The clock is right, though it is behind.
    Accept {
        by: String,
    },
    /// The policy's files are what a server shall say.
    Apply {
        place: usize,
    },
    /// Nothing: what follows every act comes by itself.
    Wait,
}

impl Act {
    /// Cannot be done while a server is away.
    pub fn needs(&self, place: usize, model: &Model) -> bool {
        let alone = |environment: &str| environment == "staging" && PLACES[place].0 == environment;
        match self {
            Self::Ask { environment, .. } => alone(environment),
            Self::Approve { id, .. } => model.asks.get(id).is_some_and(|ask| alone(&ask.environment)),
            Self::Apply { place: wanted } => *wanted == place,
            _ => false,
        }
    }
}

pub fn address(who: &str) -> String {
    format!("{who}@acme.test")
}

fn person(who: &str) -> Actor {
    Actor::person(&address(who))
}

fn draft(by: &str, environment: &str, role: &str, customer: Option<i64>, lasts: i64, reason: &str) -> Draft {
    let with = customer.map(|customer| ("customer".to_owned(), vec![customer.to_string()]));
    Draft {
        requester: address(by),
        beneficiary: address(by),
        environment: environment.into(),
        role: role.into(),
        with: BTreeMap::from_iter(with),
        until: Until::For(lasts.cast_unsigned()),
        reason: reason.into(),
    }
}

/// Does it.
pub async fn act(keeper: &Keeper, act: &Act) -> Result<(), ControlError> {
    let office = keeper.office();
    match act {
        Act::Ask { by, environment, role, customer, lasts, extends, reason } => {
            let draft = draft(by, environment, role, *customer, *lasts, reason);
            office.request(&person(by), draft, extends.map(RequestId)).await.map(drop)
        }
        Act::Glass { by, environment, role, customer, lasts, reason } => {
            let draft = draft(by, environment, role, *customer, *lasts, reason);
            office.break_glass(&person(by), draft).await.map(drop)
        }
        Act::Approve { by, id } => {
            let (_, shown) = office.shown(&person(by), RequestId(*id)).await?;
            office.approve(&person(by), RequestId(*id), &shown).await.map(drop)
        }
        Act::Deny { by, id } => office.deny(&person(by), RequestId(*id), "no").await.map(drop),
        Act::Withdraw { by, id } => office.withdraw(&person(by), RequestId(*id)).await.map(drop),
        Act::End { by, id } => office.end(&person(by), RequestId(*id)).await.map(drop),
        Act::Suspend { by, who } => office.suspend(&person(by), &address(who), "T-1").await,
        Act::Reinstate { by, who } => office.reinstate(&person(by), &address(who), "T-1").await,
        Act::Accept { by } => office.accept_clock(&person(by), "T-1").await.map(drop),
        Act::Apply { place } => {
            let (ada, (environment, server)) = (person("ada"), PLACES[*place]);
            let plan = office.plan(&ada, environment, server).await?;
            keeper.apply(&office, &ada, environment, server, &plan.digest).await.map(drop)
        }
        Act::Wait => Ok(()),
    }
}

/// What follows by itself in a server that runs: what is over is noted, and servers are brought to what is decided.
pub async fn settle(keeper: &Keeper) -> Result<Vec<ControlError>, ControlError> {
    keeper.store().keep_time().await?;
    keeper.office().expire_requests().await?;
    let begun = Instant::now();
    loop {
        let failures = keeper.office().settle().await?.failures;
        // The sessions of who was killed a moment ago may still hold the lock.
        if !failures.iter().any(held) || begun.elapsed() > Duration::from_secs(5) {
            return Ok(failures);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn held(error: &ControlError) -> bool {
    matches!(error, ControlError::Server { error, .. } if matches!(**error, EngineError::LockHeld { .. }))
}
