//! The way of one access: asked for, agreed to, working, ended, proved to be gone.

use std::time::{Duration, Instant};

use anyhow::Context;
use rolecall_control::store::{Filter, Kept, Reach};
use rolecall_core::event::EventId;
use rolecall_core::request::{Request, RequestId};

use crate::figures::Sample;
use crate::stage::{Running, Stage, person};
use crate::visit::api;

/// The longest that an access may take to begin or to end.
const PATIENCE: Duration = Duration::from_mins(2);

/// One who takes the way.
struct Traveller<'a> {
    stage: &'a Stage,
    running: &'a Running,
    account: String,
    customer: usize,
}

impl Traveller<'_> {
    /// Rows of the customer that the person reads by a new connection of their own; None: refused.
    async fn reads(&self) -> Option<i64> {
        let mut conn = self.stage.connect("app", &self.account).await.ok()?;
        sqlx::query_scalar("SELECT count(*) FROM shop.tickets").fetch_one(&mut conn).await.ok()
    }

    /// Asks by the API; says the Request's number and what the approver is shown.
    async fn asks(&self, own: &str, approver: &str) -> anyhow::Result<(u64, String)> {
        let customer = self.customer;
        let body = format!(
            r#"{{"role":"support","environment":"production","with":{{"customer":"{customer}"}},"until":"8h","reason":"T-1"}}"#
        );
        let filed = api(self.running.address, own, "POST /api/v1/requests", &body).await?;
        let id = filed.get("id").and_then(serde_json::Value::as_u64).with_context(|| format!("no number: {filed}"))?;
        let effects = api(self.running.address, approver, &format!("GET /api/v1/requests/{id}/effects"), "").await?;
        let digest = effects.get("digest").and_then(serde_json::Value::as_str).context("no digest")?;
        Ok((id, digest.to_owned()))
    }

    /// From the approval until the person reads the customer's row, and nothing else.
    async fn begins(&self, approver: &str, id: u64, digest: &str) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        let (path, body) = (format!("POST /api/v1/requests/{id}/approve"), format!(r#"{{"digest":"{digest}"}}"#));
        api(self.running.address, approver, &path, &body).await?;
        while self.reads().await != Some(1) {
            anyhow::ensure!(begun.elapsed() < PATIENCE, "access {id} has not begun");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(begun.elapsed())
    }

    /// From the end until the ledger has the proof and the person is refused.
    async fn ends(&self, own: &str, id: u64) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        api(self.running.address, own, &format!("POST /api/v1/leases/{id}/end"), "{}").await?;
        let proof = Filter {
            kinds: vec!["lease_revoked".into()],
            correlation: Some(EventId(id)),
            limit: 1,
            ..Filter::default()
        };
        while self.running.keeper.store().read().log(&proof).await?.is_empty() {
            anyhow::ensure!(begun.elapsed() < PATIENCE, "the end of access {id} is not proved");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        anyhow::ensure!(self.reads().await.is_none(), "access {id} still works after the proof that it does not");
        Ok(begun.elapsed())
    }
}

fn traveller<'a>(stage: &'a Stage, running: &'a Running, number: usize) -> Traveller<'a> {
    let name = person(number);
    let account = name.split('@').next().unwrap_or_default().to_owned();
    Traveller { stage, running, account, customer: 90_000 + number }
}

/// A Lease that was asked for and agreed to, and runs: the others are made after it.
pub async fn template(stage: &Stage, running: &Running) -> anyhow::Result<(Request, Kept)> {
    let (own, approver) = (running.token(&person(0)).await?, running.token("lea@acme.test").await?);
    let traveller = traveller(stage, running, 0);
    let (id, digest) = traveller.asks(&own, &approver).await?;
    traveller.begins(&approver, id, &digest).await?;
    running.settled(1).await?;
    let read = running.keeper.store().read();
    let request = read.request(RequestId(id)).await?.context("no request")?;
    let kept = read.lease(RequestId(id)).await?.filter(|kept| kept.reach == Reach::Open).context("no lease")?;
    Ok((request, kept))
}

/// Begins and ends accesses one after the other, beside all that run.
pub async fn measure(stage: &Stage, running: &Running, times: usize) -> anyhow::Result<(Sample, Sample)> {
    let (mut begins, mut ends) = (Sample::default(), Sample::default());
    let approver = running.token("lea@acme.test").await?;
    for number in 1..=times.max(1) {
        let (own, traveller) = (running.token(&person(number)).await?, traveller(stage, running, number));
        let (id, digest) = traveller.asks(&own, &approver).await?;
        begins.push(traveller.begins(&approver, id, &digest).await?);
        ends.push(traveller.ends(&own, id).await?);
    }
    Ok((begins, ends))
}
