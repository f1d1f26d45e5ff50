//! `rolecall adopt`: an existing role comes under management.

use anyhow::{Context, bail};
use rolecall_core::mark::Mark;
use rolecall_engine::postgres::credential;

use crate::Outcome;
use crate::args::Adopt;
use crate::load;
use crate::scene::places;

/// Marks the role. What it holds beyond the policy is shown by the next plan.
pub async fn run(adopt: &Adopt) -> anyhow::Result<Outcome> {
    let policy = load::policy(&adopt.policy.policy)?;
    let places = places(&policy, &adopt.selection)?;
    if adopt.selection.environment.is_none() && places.len() > 1 {
        bail!("say which environment: --environment NAME");
    }
    for place in places {
        let mut conn = place.target()?.open(None).await.with_context(|| place.label())?;
        let comment = Mark::environment(place.environment_name).comment();
        credential::adopt(&mut conn, &adopt.role, &comment).await.with_context(|| place.label())?;
        println!(
            "{} is under management on {}. `rolecall plan` shows what the policy will make of it.",
            adopt.role,
            place.label()
        );
    }
    Ok(Outcome::Done)
}
