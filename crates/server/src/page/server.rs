//! One server: what would change on it, who gains what by that, and the button that does it.

use axum::extract::Path;
use axum::response::Redirect;
use maud::{Markup, html};
use rolecall_control::keeper::{Status, Waiting};
use rolecall_core::admit::Action;

use super::failure::{Failure, hidden};
use super::gate::{Fields, Submitted, Viewer};
use super::overview::{condition, drift};
use super::parts::{self, ago, csrf, effects, findings, segment};
use super::shell::{Html, Place, page};

/// How many effects and changes are shown.
const MOST: usize = 200;

const DONE: &[(&str, &str)] = &[("applied", "Applied. The server is looked at again in a moment.")];

pub async fn get(
    viewer: Viewer,
    Path((environment, server)): Path<(String, String)>,
    fields: Fields,
) -> Result<Html, Failure> {
    viewer.sight.admit(Action::ViewPlans).map_err(|_| hidden())?;
    let statuses = viewer.app.keeper().statuses();
    let here = |status: &&Status| status.place.environment == environment && status.place.server == server;
    let status = statuses.iter().find(here).ok_or_else(hidden)?;
    let now = viewer.sight.now();
    let body = html! {
        p.crumbs { a href="/" { "Overview" } }
        h1 { (parts::name(&environment)) " · " (parts::name(&server)) " " (condition(status)) }
        (parts::done(&fields, DONE))
        dl.facts {
            dt { "Last answer" } dd { @match status.answered { Some(time) => (ago(time, now)), None => "none yet" } }
            dt { "Looked at as a whole" } dd { @match status.looked { Some(time) => (ago(time, now)), None => "not yet" } }
            dt { "Changes by hand" } dd { (drift(status.drift)) }
        }
        @if let Some(trouble) = &status.trouble {
            div.problem role="alert" { strong { "It cannot be looked at. " } bdi { (trouble) } }
        }
        @match &status.waiting {
            Some(waiting) => (changes(&viewer, status, waiting)),
            None if status.trouble.is_some() => {},
            None => (parts::empty("Nothing would change here.", &html! { "The server says what the policy, leases and suspensions say." })),
        }
    };
    Ok(page(&viewer, Place::Overview, &format!("{environment} · {server}"), &body))
}

fn changes(viewer: &Viewer, status: &Status, waiting: &Waiting) -> Markup {
    let plan = &waiting.plan;
    let why = if waiting.drifted {
        "Somebody has changed this server by hand since the policy was applied to it. Applying takes that back."
    } else {
        "The policy in force has not been applied here yet."
    };
    html! {
        section aria-labelledby="effects" {
            h2 id="effects" { "Who gains and loses what" }
            p { (why) " Known " (ago(waiting.since, viewer.sight.now())) "." }
            @if plan.effects.is_empty() { p.quiet { "Nobody gains or loses anything." } }
            (effects(&plan.effects, MOST))
        }
        @if !plan.findings.is_empty() {
            section aria-labelledby="findings" { h2 id="findings" { "Noticed" } (findings(&plan.findings)) }
        }
        details {
            summary { (parts::count(plan.steps.len(), "change")) " in order" }
            ol.steps { @for step in plan.steps.iter().take(MOST) {
                li { bdi { (step.reason) } @if let Some(database) = &step.database { span.quiet { " in " bdi { (database) } } } }
            } }
        }
        @if let Some(stopped) = &waiting.stopped {
            div.problem { strong { "It cannot be applied as it is. " } bdi { (stopped) } }
        } @else if viewer.sight.may(Action::Apply) {
            form.act method="post" action={ "/environments/" (segment(&status.place.environment)) "/" (segment(&status.place.server)) "/apply" } {
                (csrf(viewer))
                input type="hidden" name="digest" value=(plan.digest);
                button type="submit" { "Apply " (parts::count(plan.steps.len(), "change")) }
                p.quiet { "Exactly this is applied, or nothing: " code.digest { (plan.digest.get(..23).unwrap_or(&plan.digest)) "…" } }
            }
        }
    }
}

pub async fn apply(
    Path((environment, server)): Path<(String, String)>,
    Submitted { viewer, fields }: Submitted,
) -> Result<Redirect, Failure> {
    let (keeper, office) = (viewer.app.keeper(), viewer.sight.office());
    keeper.apply(office, &viewer.identity.actor, &environment, &server, fields.get("digest")).await?;
    Ok(Redirect::to(&format!("/environments/{}/{}?done=applied", segment(&environment), segment(&server))))
}
