//! Three weeks before now: requests that were really made, decided, carried out on the servers and taken back, with a
//! clock that is set to when.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use rolecall_control::Office;
use rolecall_control::clock::Clock;
use rolecall_core::event::Actor;
use rolecall_core::request::{Draft, Outcome, RequestId, Until};

/// The machine's clock, moved.
#[derive(Default)]
pub struct Moved(AtomicI64);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        let moved = SignedDuration::from_secs(self.0.load(Ordering::SeqCst));
        Timestamp::now().checked_add(moved).unwrap_or_else(|_| Timestamp::now())
    }
}

impl Moved {
    /// Sets the clock to some minutes before now.
    pub fn back(&self, minutes: i64) {
        self.0.store(-60 * minutes, Ordering::SeqCst);
    }
}

enum Then {
    Approved { by: &'static str, ended_after: Option<i64> },
    Denied { by: &'static str, because: &'static str },
    Withdrawn,
    BrokeTheGlass { reviewer: &'static str, found: &'static str },
}

/// One request: how many minutes ago, who, for what, and what came of it.
struct Past {
    ago: i64,
    who: &'static str,
    role: &'static str,
    customer: Option<&'static str>,
    hours: u64,
    reason: &'static str,
    then: Then,
}

const DAY: i64 = 24 * 60;

/// When the demo's company took up Rolecall, in minutes before now.
pub const BEGIN: i64 = 22 * DAY;

const PAST: &[Past] = &[
    Past {
        ago: 21 * DAY,
        who: "bob",
        role: "support",
        customer: Some("17"),
        hours: 2,
        reason: "TICKET-811 cannot see her invoices",
        then: Then::Approved { by: "lea", ended_after: None },
    },
    Past {
        ago: 18 * DAY - 200,
        who: "alice",
        role: "app_writer",
        customer: None,
        hours: 1,
        reason: "INC-42 orders stuck in 'open'",
        then: Then::Approved { by: "ada", ended_after: Some(25) },
    },
    Past {
        ago: 14 * DAY - 90,
        who: "dave",
        role: "app_writer",
        customer: None,
        hours: 8,
        reason: "DEV-7 want to try something",
        then: Then::Denied { by: "lea", because: "please try it in staging" },
    },
    Past {
        ago: 11 * DAY,
        who: "bob",
        role: "support",
        customer: Some("230"),
        hours: 1,
        reason: "TICKET-902 wrong plan",
        then: Then::Withdrawn,
    },
    Past {
        ago: 11 * DAY - 12,
        who: "bob",
        role: "support",
        customer: Some("231"),
        hours: 1,
        reason: "TICKET-902 wrong plan",
        then: Then::Approved { by: "lea", ended_after: None },
    },
    Past {
        ago: 6 * DAY - 400,
        who: "alice",
        role: "app_writer",
        customer: None,
        hours: 1,
        reason: "INC-57 checkout is down, nobody is awake",
        then: Then::BrokeTheGlass { reviewer: "lea", found: "the checkout was down, and she fixed it" },
    },
    Past {
        ago: 2 * DAY,
        who: "bob",
        role: "support",
        customer: Some("99"),
        hours: 4,
        reason: "TICKET-955 angry call",
        then: Then::Approved { by: "lea", ended_after: Some(70) },
    },
];

/// Lives through it.
pub async fn live(office: &Office, clock: &Moved) -> anyhow::Result<()> {
    for past in PAST {
        one(office, clock, past).await?;
    }
    clock.back(0);
    Ok(())
}

async fn one(office: &Office, clock: &Moved, past: &Past) -> anyhow::Result<()> {
    clock.back(past.ago);
    let (who, draft) = (person(past.who), draft(past));
    let after = |minutes: i64| clock.back(past.ago - minutes);
    let whole = i64::try_from(past.hours)? * 60;
    match past.then {
        Then::Approved { by, ended_after } => {
            let id = office.request(&who, draft, None).await?.request().id;
            after(4);
            approve(office, by, id).await?;
            settle(office).await?;
            match ended_after {
                Some(minutes) => {
                    after(minutes);
                    office.end(&who, id).await?;
                }
                None => after(whole + 4),
            }
            settle(office).await
        }
        Then::Denied { by, because } => {
            let id = office.request(&who, draft, None).await?.request().id;
            after(9);
            office.deny(&person(by), id, because).await?;
            Ok(())
        }
        Then::Withdrawn => {
            let id = office.request(&who, draft, None).await?.request().id;
            after(2);
            office.withdraw(&who, id).await?;
            Ok(())
        }
        Then::BrokeTheGlass { reviewer, found } => {
            let Outcome::Granted(request, _) = office.break_glass(&who, draft).await? else {
                anyhow::bail!("breaking the glass gave nothing; please report it")
            };
            settle(office).await?;
            after(whole);
            settle(office).await?;
            after(whole + 300);
            office.review(&person(reviewer), request.id, true, found).await?;
            Ok(())
        }
    }
}

async fn approve(office: &Office, by: &str, id: RequestId) -> anyhow::Result<()> {
    let (_, shown) = office.shown(&person(by), id).await?;
    office.approve(&person(by), id, &shown).await?;
    Ok(())
}

async fn settle(office: &Office) -> anyhow::Result<()> {
    match office.settle().await?.failures.into_iter().next() {
        None => Ok(()),
        Some(error) => Err(error.into()),
    }
}

fn draft(past: &Past) -> Draft {
    Draft {
        requester: address(past.who),
        beneficiary: address(past.who),
        environment: "production".to_owned(),
        role: past.role.to_owned(),
        with: past.customer.map(|customer| ("customer".to_owned(), vec![customer.to_owned()])).into_iter().collect(),
        until: Until::For(past.hours * 3_600),
        reason: past.reason.to_owned(),
    }
}

/// The address of somebody at Acme.
pub fn address(who: &str) -> String {
    format!("{who}@acme.test")
}

fn person(who: &str) -> Actor {
    Actor::person(&address(who))
}

/// A clock to share.
pub fn clock() -> Arc<Moved> {
    Arc::new(Moved::default())
}
