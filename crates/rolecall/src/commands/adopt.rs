//! `rolecall adopt`: an existing role comes under management.

use anyhow::{Context, bail};
use rolecall_core::event::Kind;
use rolecall_core::mark::Mark;
use rolecall_engine::postgres::credential;

use crate::Outcome;
use crate::args::Adopt;
use crate::ledger::Record;
use crate::load;
use crate::scene::places;

/// Marks the role. What it holds beyond the policy is shown by the next plan.
pub async fn run(adopt: &Adopt) -> anyhow::Result<Outcome> {
    let policy = load::policy(&adopt.policy.policy)?;
    let places = places(&policy, &adopt.selection)?;
    if adopt.selection.environment.is_none() && places.len() > 1 {
        bail!("say which environment: --environment NAME");
    }
    let record = Record::open(&adopt.ledger).await?;
    for place in places {
        let mut conn = place.target()?.open(None).await.with_context(|| place.label())?;
        let comment = Mark::environment(place.environment_name).comment();
        let begun = record.tell(Kind::AdoptBegun { place: place.event(), role: adopt.role.clone() }).await?;
        let done = credential::adopt(&mut conn, &adopt.role, &comment).await.with_context(|| place.label());
        let (at, role) = (place.event(), adopt.role.clone());
        let told = match &done {
            Ok(_) => Kind::RoleAdopted { place: at, role },
            Err(error) => Kind::AdoptFailed { place: at, role, error: format!("{error:#}").into() },
        };
        record.tell_outcome(told, begun).await?;
        done?;
        println!(
            "{} is under management on {}. `rolecall plan` shows what the policy will make of it.",
            adopt.role,
            place.label()
        );
    }
    Ok(Outcome::Done)
}
