//! `rolecall apply`: lock, inspect again, ask, change in stages, read back.

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use rolecall_core::plan::Plan;
use rolecall_core::policy::model::Policy;
use rolecall_engine::postgres::apply::Applier;

use super::confirm::confirm;
use crate::args::{Apply, Selection};
use crate::ledger::Record;
use crate::scene::{Given, Place, places};
use crate::show::{self, BAD, Detail, Document, FORMAT, GOOD, PlanDocument};
use crate::{Outcome, load};

/// Applies every server of the selection, or of a saved plan.
pub async fn run(arguments: &Apply) -> anyhow::Result<Outcome> {
    let saved = arguments.plan.as_ref().map(|path| -> anyhow::Result<Document> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the plan {}", path.display()))?;
        let saved: Document =
            serde_json::from_str(&text).with_context(|| format!("{} is not a saved plan", path.display()))?;
        if saved.format != FORMAT {
            bail!("{} has format {}, this Rolecall reads format {FORMAT}: plan again", path.display(), saved.format);
        }
        Ok(saved)
    });
    let saved = saved.transpose()?;
    let path = saved.as_ref().map_or(arguments.policy.policy.clone(), |saved| saved.policy.clone().into());
    let policy = load::policy(&path)?;
    let record = Record::open(&arguments.ledger).await?;
    let mut outcome = Outcome::Done;
    let mut done = Vec::new();
    for (place, digest) in chosen(&policy, &arguments.selection, saved.as_ref())? {
        match one(place, digest, arguments, &record).await {
            Ok(Some(plan)) => done.push(plan),
            Ok(None) => outcome = Outcome::Failed,
            Err(error) => {
                show::error(&error);
                outcome = Outcome::Failed;
            }
        }
    }
    if arguments.json {
        let document = Document { format: FORMAT, policy: path.display().to_string(), plans: done };
        println!("{}", serde_json::to_string_pretty(&document)?);
    }
    Ok(outcome)
}

type Chosen<'a> = Vec<(Place<'a>, Option<&'a str>)>;

fn chosen<'a>(policy: &'a Policy, selection: &Selection, saved: Option<&'a Document>) -> anyhow::Result<Chosen<'a>> {
    let all = places(policy, selection)?;
    let Some(saved) = saved else { return Ok(all.into_iter().map(|place| (place, None)).collect()) };
    let mut chosen = Vec::new();
    for plan in &saved.plans {
        let place = all
            .iter()
            .find(|place| place.environment_name == plan.environment && place.server_name == plan.server)
            .with_context(|| format!("the policy has no server {} in {} any more", plan.server, plan.environment))?;
        chosen.push((*place, Some(plan.digest.as_str())));
    }
    Ok(chosen)
}

/// Applies one server. None: it was refused, and why was shown.
async fn one(
    place: Place<'_>,
    digest: Option<&str>,
    arguments: &Apply,
    record: &Record,
) -> anyhow::Result<Option<PlanDocument>> {
    let target = place.target()?;
    let wanted = place.wanted();
    let mut applier = Applier::lock(&target).await.with_context(|| place.label())?;
    record.abandoned(&place.event()).await.with_context(|| place.label())?;
    let state = applier.inspect(&wanted).await.with_context(|| place.label())?;
    let given = Given { disregard_others: arguments.disregard_ledger, ..record.given().await? };
    let (plan, _) = Plan::new(place.scene(&state, given.facts(place.policy)), place.server_name);
    let document = PlanDocument::new(&plan)?;
    drop(state);
    if digest.is_some_and(|digest| digest != plan.digest) {
        bail!(
            "{}: the server or the policy has moved since the plan was saved ({} is now {}): plan again",
            place.label(),
            digest.unwrap_or_default(),
            plan.digest
        );
    }
    if !arguments.json {
        anstream::println!("{}", show::plan(&document, Detail::brief(arguments.brief)));
    }
    if plan.is_blocked() {
        anstream::eprintln!("{BAD}Not applied:{BAD:#} {} has findings that must be settled first.", place.label());
        return Ok(None);
    }
    if plan.is_empty() {
        return Ok(Some(document));
    }
    if let Some(brake) = plan.brake(place.environment.rules.brake).filter(|_| !arguments.release_brake) {
        anstream::eprintln!(
            "{BAD}Not applied:{BAD:#} {} would lose {} of {} accounts ({} removed, {} suspended); the environment's brake \
             allows {}%. If that is meant: --release-brake",
            place.label(),
            brake.accounts.removed + brake.accounts.suspended,
            brake.accounts.total,
            brake.accounts.removed,
            brake.accounts.suspended,
            brake.limit
        );
        return Ok(None);
    }
    if !arguments.yes && !asked(place)? {
        anstream::eprintln!("Not applied.");
        return Ok(None);
    }
    let run = record.begin_apply(place.event(), &plan).await?;
    let bar = bar(plan.steps.len());
    let mut progress = |done: &rolecall_engine::postgres::apply::Progress| bar.set_position(done.done as u64);
    let ran = applier.run(&plan.steps, plan.identity.version, &mut progress).await;
    let made = bar.position();
    bar.finish_and_clear();
    let read = match ran {
        Ok(_) => applier.inspect(&wanted).await,
        Err(error) => Err(error),
    };
    let state = match read {
        Ok(state) => state,
        Err(error) => {
            let error = anyhow::Error::from(error).context(place.label());
            run.failed(made, &error).await?;
            return Err(error);
        }
    };
    let (second, _) = Plan::new(place.scene(&state, given.facts(place.policy)), place.server_name);
    run.finished(second.is_empty()).await?;
    if !second.is_empty() {
        anstream::eprintln!(
            "{BAD}Applied, but a second plan is not empty:{BAD:#}\n{}",
            show::plan(&PlanDocument::new(&second)?, Detail::Full)
        );
        return Ok(None);
    }
    if !arguments.json {
        anstream::println!(
            "  {GOOD}Applied{GOOD:#} {} on {}; read back: a second plan is empty.{}",
            show::count(plan.steps.len(), "change"),
            place.label(),
            proof(&plan, &state)
        );
    }
    Ok(Some(document))
}

/// What the catalog says of those whose access ended.
fn proof(plan: &Plan, state: &rolecall_core::state::ServerState) -> String {
    use rolecall_core::plan::Change;
    let mut lines = String::new();
    for step in &plan.steps {
        let said = match &step.change {
            Change::DropRole { role } if state.names.find(role).is_none_or(|id| !state.roles.contains_key(&id)) => {
                format!("{role}: no such role any more, in any of {} databases", state.databases.len())
            }
            Change::EndSessions { role, .. } => {
                let found = state.names.find(role).and_then(|id| state.roles.get(&id));
                match found {
                    Some(role_state) if role_state.sessions == 0 => format!("{role}: no session is open"),
                    Some(role_state) if !role_state.login => {
                        format!("{role}: {} sessions are open", role_state.sessions)
                    }
                    _ => continue,
                }
            }
            _ => continue,
        };
        lines.push_str("\n    ");
        lines.push_str(&said);
    }
    lines
}

fn asked(place: Place<'_>) -> anyhow::Result<bool> {
    let question = format!("Apply this to {}?", place.label());
    confirm(&question, "give --yes, or apply a saved plan with --yes").with_context(|| place.label())
}

/// On a terminal only; indicatif hides it elsewhere.
fn bar(length: usize) -> ProgressBar {
    let bar = ProgressBar::new(length as u64);
    if let Ok(style) = ProgressStyle::with_template("  {bar:30} {pos}/{len} changes {elapsed}") {
        bar.set_style(style);
    }
    bar
}
