//! `rolecall clock`: the machine's clock is behind, and is taken for right; through a server of Rolecall or in the local
//! store as its operator.

use jiff::Timestamp;
use rolecall_control::Accepted;
use serde::Deserialize;
use serde_json::json;

use super::access::print;
use super::token::office;
use crate::Outcome;
use crate::args::{Clock, ClockAccept};
use crate::client::{Client, as_type};
use crate::ledger::actor;

/// What is shown of it.
#[derive(Debug, Deserialize)]
struct Shown {
    from: Timestamp,
    to: Timestamp,
    leases: usize,
    requests: usize,
    tokens: usize,
}

/// Accepts it.
pub async fn run(Clock::Accept(arguments): &Clock) -> anyhow::Result<Outcome> {
    let ClockAccept { reason, place } = arguments;
    let answer = if place.remote.address.server.is_some() {
        Client::new(&place.remote.address)?.post("/clock/accept", &json!({ "reason": reason }))?
    } else {
        let office = office(place).await?;
        let accepted = office.accept_clock(&actor(), reason).await;
        office.store.close().await;
        let Accepted { from, to, leases, requests, tokens } = accepted?;
        json!({ "from": from, "to": to, "leases": leases, "requests": requests, "tokens": tokens })
    };
    if place.remote.json {
        return print(&answer);
    }
    let Shown { from, to, leases, requests, tokens } = as_type(&answer)?;
    eprintln!("The clock is taken for right: decisions were for {from:.0}, and are for {to:.0} now.");
    eprintln!("Ended by that: leases {leases}, requests {requests}, tokens and sessions {tokens}.");
    Ok(Outcome::Done)
}
