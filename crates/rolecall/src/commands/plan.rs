//! `rolecall plan`: what would change, on every server of the selection.

use anyhow::Context;
use rolecall_core::event::{Draft, Kind};
use rolecall_core::plan::Plan as CorePlan;
use rolecall_core::policy::model::Policy;
use rolecall_engine::postgres::inspect::inspect;

use crate::args::Plan;
use crate::ledger::Record;
use crate::scene::{Given, Place, places};
use crate::show::{Detail, Document, FORMAT, PlanDocument};
use crate::{Outcome, load, show};

/// Plans and shows.
pub async fn run(arguments: &Plan) -> anyhow::Result<Outcome> {
    let policy = load::policy(&arguments.policy.policy)?;
    let record = Record::open_if_possible(&arguments.ledger).await;
    let mut failed = false;
    let document = document(&policy, arguments, &record, &mut failed).await?;
    if let Some(out) = &arguments.out {
        let text = serde_json::to_string_pretty(&document)?;
        std::fs::write(out, text + "\n").with_context(|| format!("cannot write {}", out.display()))?;
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&document)?);
    }
    let blocked = document.plans.iter().any(|plan| plan.blocked);
    let changes = document.plans.iter().any(|plan| plan.changes);
    if let (Some(out), true) = (&arguments.out, changes && !arguments.json) {
        println!("Saved as {}: `rolecall apply {0}` applies just this.", out.display());
    }
    Ok(match (failed || blocked, changes) {
        (true, _) => Outcome::Failed,
        (false, true) => Outcome::Changes,
        (false, false) => Outcome::Done,
    })
}

/// Plans every server. One that cannot be planned does not hold up the others.
async fn document(policy: &Policy, arguments: &Plan, record: &Record, failed: &mut bool) -> anyhow::Result<Document> {
    let mut plans = Vec::new();
    for place in places(policy, &arguments.selection)? {
        match one(place, record, arguments.disregard_ledger).await {
            Ok(plan) => {
                if !arguments.json {
                    anstream::println!("{}", show::plan(&plan, Detail::brief(arguments.brief)));
                }
                plans.push(plan);
            }
            Err(error) => {
                *failed = true;
                show::error(&error);
            }
        }
    }
    Ok(Document { format: FORMAT, policy: arguments.policy.policy.display().to_string(), plans })
}

async fn one(place: Place<'_>, record: &Record, disregard_others: bool) -> anyhow::Result<PlanDocument> {
    let target = place.target()?;
    let state = inspect(&target, &place.wanted()).await.with_context(|| place.label())?;
    let given = Given { disregard_others, ..record.given().await? };
    let (plan, _) = CorePlan::new(place.scene(&state, given.facts(place.policy)), place.server_name);
    let told = Kind::PlanMade {
        place: place.event(),
        digest: plan.digest.clone(),
        changes: plan.steps.len() as u64,
        blocked: plan.is_blocked(),
    };
    record.note(Draft::new(told).with_effects(plan.effects.clone())).await;
    PlanDocument::new(&plan).with_context(|| place.label())
}
