//! The first page: what waits for the viewer, how the servers are, what ends soon.

use maud::{Markup, html};
use rolecall_control::keeper::Status;
use rolecall_core::admit::Action;
use rolecall_core::policy::model::Drift;
use rolecall_core::request::{Request, State, Terms};

use super::failure::Failure;
use super::gate::Viewer;
use super::parts::{self, ago, badge, effects, left};
use super::requests::waiting;
use super::servers::address;
use super::shell::{Html, Place, page};

/// How many Leases are shown.
const SOON: usize = 10;
/// How many servers have a card.
const SERVERS: usize = 24;

pub async fn get(viewer: Viewer) -> Result<Html, Failure> {
    viewer.sight.admit(Action::ViewOverview)?;
    let open = waiting(&viewer).await?;
    let decide: Vec<&Request> = open.iter().filter(|request| decides(&viewer, request)).collect();
    let review: Vec<&Request> = open.iter().filter(|request| reviews(&viewer, request)).collect();
    let own: Vec<&Request> = open.iter().filter(|request| asks(&viewer, request)).collect();
    let body = html! {
        h1 { "Overview" }
        (trouble(&viewer))
        div.columns {
            div {
                (waits(&viewer, &decide, &review))
                @if viewer.id().is_some() { (mine(&viewer, &own)) }
                (ends_soon(&viewer))
            }
            div { (servers(&viewer)) }
        }
    };
    Ok(page(&viewer, Place::Overview, "Overview", &body))
}

/// Whether a Request waits for this viewer. Who reviews what was taken at once does not thereby decide.
pub fn decides(viewer: &Viewer, request: &Request) -> bool {
    let terms = Terms::of(viewer.sight.policy(), &request.asks.environment, &request.asks.role);
    let among = viewer.id().is_some_and(|id| terms.is_ok_and(|terms| terms.approvers.contains(id)));
    let agreed = request.approvals.iter().any(|approval| viewer.is(&approval.by));
    request.state == State::Pending && among && !agreed && viewer.sight.may(Action::Decide(request))
}

pub fn reviews(viewer: &Viewer, request: &Request) -> bool {
    request.review.as_ref().is_some_and(|review| review.done.is_none()) && viewer.sight.may(Action::Review(request))
}

fn asks(viewer: &Viewer, request: &Request) -> bool {
    let pending = request.state == State::Pending;
    pending && (viewer.is(&request.asks.requester) || viewer.is(&request.asks.beneficiary))
}

/// A policy that cannot be put in force is everybody's concern who may see it.
fn trouble(viewer: &Viewer) -> Markup {
    let why = viewer.app.keeper().refused().filter(|_| viewer.sight.may(Action::ViewPolicy));
    html! {
        @if let Some(why) = why {
            div.problem role="alert" {
                h2 { "The policy's files are not in force" }
                p { (why) }
                p { "The last good policy still decides. Correct the files: they are read again when they change." }
            }
        }
    }
}

fn waits(viewer: &Viewer, decide: &[&Request], review: &[&Request]) -> Markup {
    let now = viewer.sight.now();
    html! {
        section aria-labelledby="waits" {
            h2 id="waits" { "Waits for you" }
            @if decide.is_empty() && review.is_empty() {
                p.quiet { "Nothing waits for you." }
            } @else {
                ul.cards {
                    @for request in review {
                        li.card.urgent {
                            p { (badge("bad", "break-glass")) " " (parts::person(viewer, &request.asks.beneficiary)) " took "
                                (parts::asked(viewer, &request.asks.role, &request.asks.environment, &request.asks.with)) }
                            @if !request.asks.reason.is_empty() { blockquote { bdi { (request.asks.reason) } } }
                            p.foot {
                                a.button href={ "/requests/" (request.id) } { "Review request " (request.id) }
                                @if let Some(review) = &request.review { span.quiet { "due " (left(review.due, now)) } }
                            }
                        }
                    }
                    @for request in decide {
                        li.card {
                            p { (parts::person(viewer, &request.asks.beneficiary)) " asks for "
                                (parts::asked(viewer, &request.asks.role, &request.asks.environment, &request.asks.with)) }
                            @if !request.asks.reason.is_empty() { blockquote { bdi { (request.asks.reason) } } }
                            p.foot {
                                a.button href={ "/requests/" (request.id) } { "Look at request " (request.id) }
                                span.quiet { "asked " (ago(request.filed, now)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn mine(viewer: &Viewer, own: &[&Request]) -> Markup {
    html! {
        section aria-labelledby="mine" {
            div.head { h2 id="mine" { "Your requests" } a.button.secondary href="/requests/new" { "Ask for access" } }
            @if own.is_empty() {
                p.quiet { "None of yours waits." }
            } @else {
                ul.cards { @for request in own { li.card {
                    p { (parts::asked(viewer, &request.asks.role, &request.asks.environment, &request.asks.with)) " "
                        (parts::state(&request.state)) }
                    p.foot { a href={ "/requests/" (request.id) } { "Request " (request.id) }
                        span.quiet { "ends undecided " (left(request.expires, viewer.sight.now())) } }
                } } }
            }
        }
    }
}

fn ends_soon(viewer: &Viewer) -> Markup {
    let leases: Vec<_> = viewer.sight.leases().collect();
    html! {
        section aria-labelledby="soon" {
            h2 id="soon" { "Ends soon" }
            @if leases.is_empty() {
                p.quiet { "Nobody whom you may see holds anything for a while." }
            } @else {
                (parts::leases(viewer, "Leases, those that end first first", leases.iter().take(SOON).copied(), true))
                @if leases.len() > SOON { p.quiet { "… and " (leases.len() - SOON) " more, on their holders' pages." } }
            }
        }
    }
}

fn servers(viewer: &Viewer) -> Markup {
    let statuses = viewer.app.keeper().statuses();
    let mut shown: Vec<&Status> = statuses.iter().collect();
    // Those that need somebody keep their place, whatever their names are; the others are on a page of their own.
    shown.sort_by_key(|status| urgency(status));
    shown.truncate(SERVERS);
    shown.sort_by(|one, two| one.place.cmp(&two.place));
    html! {
        section aria-labelledby="servers" {
            h2 id="servers" { "Environments" }
            @if statuses.is_empty() { p.quiet { "The policy names no servers yet." } }
            @if shown.len() < statuses.len() { (summary(&statuses)) }
            @for here in shown.chunk_by(|one, two| one.place.environment == two.place.environment) {
                @if let Some(first) = here.first() { h3 { (parts::name(&first.place.environment)) } }
                ul.cards { @for status in here { (server(viewer, status)) } }
            }
            @if shown.len() < statuses.len() {
                p { a href="/environments" { "All " (parts::count(statuses.len(), "server")) } }
            }
        }
    }
}

/// What needs somebody comes first.
fn urgency(status: &Status) -> u8 {
    match (&status.trouble, &status.waiting) {
        (Some(_), _) => 0,
        (None, Some(waiting)) if waiting.drifted => 1,
        (None, Some(_)) => 2,
        (None, None) => 3,
    }
}

/// How many servers are how.
fn summary(statuses: &[Status]) -> Markup {
    let count = |rank: u8| statuses.iter().filter(|status| urgency(status) == rank).count();
    let parts = [(0, "unreachable"), (1, "drifted"), (2, "with changes that wait")];
    let told: Vec<String> = parts
        .into_iter()
        .map(|(rank, words)| (count(rank), words))
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{count} {words}"))
        .collect();
    html! {
        p { (parts::count(statuses.len(), "server"))
            @if told.is_empty() { "; none needs anybody." } @else { ": " (told.join(", ")) ". Those that need somebody come first." } }
    }
}

/// How a server is, in a badge.
pub fn condition(status: &Status) -> Markup {
    match (&status.trouble, &status.waiting, status.looked.or(status.answered)) {
        (Some(_), ..) => badge("bad", "unreachable"),
        (None, Some(waiting), _) if waiting.drifted => badge("bad", "drift"),
        (None, Some(_), _) => badge("warn", "changes wait"),
        (None, None, Some(_)) => badge("good", "as decided"),
        (None, None, None) => badge("quiet", "not seen yet"),
    }
}

/// What is done about changes by hand, in words.
pub fn drift(drift: Drift) -> &'static str {
    match drift {
        Drift::Report => "changes by hand are reported",
        Drift::Repair => "changes by hand are taken back",
        Drift::Hold => "changes by hand wait for an administrator",
    }
}

fn server(viewer: &Viewer, status: &Status) -> Markup {
    let now = viewer.sight.now();
    let plans = viewer.sight.may(Action::ViewPlans);
    let address = address(status);
    html! {
        li class={ "card" @if status.trouble.is_some() { " urgent" } } {
            p.head { strong {
                @if plans { a href=(address) { (parts::name(&status.place.server)) } } @else { (parts::name(&status.place.server)) }
            } (condition(status)) }
            @if plans {
                @if let Some(trouble) = &status.trouble { p.quiet { bdi { (trouble) } } }
                @if let Some(waiting) = &status.waiting {
                    (effects(&waiting.plan.effects, 3))
                    p.foot { a.button.secondary href=(address) { "Look at " (parts::count(waiting.plan.steps.len(), "change")) }
                        span.quiet { "known " (ago(waiting.since, now)) } }
                }
            }
            p.quiet {
                @match status.looked { Some(time) => { "Looked at " (ago(time, now)) }, None => "Not looked at yet" }
                "; " (drift(status.drift)) "."
            }
        }
    }
}
