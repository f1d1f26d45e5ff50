//! One Request: what it would do, who has agreed, what became of it, and its whole story.

use axum::extract::Path;
use maud::{Markup, html};
use rolecall_control::store::{Filter, Kept};
use rolecall_core::admit::Action;
use rolecall_core::event::EventId;
use rolecall_core::request::{Request, RequestId, State, Terms, Until};

use super::ask::sentence;
use super::failure::{Failure, hidden};
use super::gate::{Fields, Viewer};
use super::overview::{decides, reviews};
use super::parts::{self, Field, ago, badge, csrf, duration, effects, entries, exact, left, state};
use super::shell::{Html, Place, page};
use crate::problem::Problem;

const DONE: &[(&str, &str)] = &[
    ("filed", "Your request is filed."),
    ("approved", "You have approved this."),
    ("again", "What it would do has changed since you looked, so it is asked again. Look once more."),
    ("denied", "You have denied this."),
    ("withdrawn", "The request is withdrawn."),
    ("reviewed", "Your review is noted."),
    ("ended", "The access is over. It is taken off the servers now."),
];

/// The most entries of a story that are shown.
const STORY: u32 = 200;

pub async fn get(viewer: Viewer, Path(id): Path<u64>, fields: Fields) -> Result<Html, Failure> {
    let request = find(&viewer, id).await?;
    let lease = viewer.sight.leases().find(|kept| kept.lease.id.0 == id);
    let filter = Filter { correlation: Some(EventId(id)), limit: STORY, ..Filter::default() };
    let story = viewer.sight.office().store.read().log(&filter).await?;
    let linked = viewer.sight.may(Action::ReadLedger);
    let pending = request.state == State::Pending;
    let shown =
        if pending { Some(viewer.sight.office().shown(&viewer.identity.actor, RequestId(id)).await) } else { None };
    let body = html! {
        p.crumbs { a href="/requests" { "Requests" } }
        h1 { "Request " (id) " " (state(&request.state))
            @if request.break_glass { " " (badge("bad", "break-glass")) } }
        (parts::done(&fields, DONE))
        p.lead { (parts::person(&viewer, &request.asks.beneficiary)) ": "
            (parts::asked(&viewer, &request.asks.role, &request.asks.environment, &request.asks.with)) }
        @if !request.asks.reason.is_empty() { blockquote { bdi { (request.asks.reason) } } }
        div.columns {
            div {
                @match &shown {
                    Some(Ok((list, digest))) => {
                        section aria-labelledby="effects" {
                            h2 id="effects" { "What it would do" }
                            @if list.is_empty() { p.quiet { "Nothing that they do not have already." } }
                            (effects(list, 200))
                            @if *digest != request.effects { p.note { "This is not what it would have done when it was asked: meanwhile something changed. The first approval asks it again." } }
                        }
                        @if decides(&viewer, &request) { (decide(&viewer, &request, digest)) }
                    }
                    Some(Err(_)) => div.problem role="alert" { strong { "What it would do cannot be read just now. " }
                        "No server of the environment answers, so nobody can agree to it yet. The overview says why." },
                    None => {}
                }
                @if reviews(&viewer, &request) { (review(&viewer, &request)) }
                @if let Some(kept) = lease { (running(&viewer, kept)) }
                @if pending && viewer.sight.may(Action::Withdraw(&request)) { (withdraw(&viewer, &request)) }
                section aria-labelledby="story" { h2 id="story" { "Its story" } (entries(story.iter(), viewer.sight.now(), linked)) }
            }
            aside aria-label="Facts" { (facts(&viewer, &request)) }
        }
    };
    Ok(page(&viewer, Place::Requests, &format!("Request {id}"), &body))
}

/// A Request that the viewer may see.
pub async fn find(viewer: &Viewer, id: u64) -> Result<Request, Failure> {
    let request = viewer.sight.office().store.read().request(RequestId(id)).await?.ok_or_else(hidden)?;
    viewer.sight.admit(Action::ViewRequest(&request)).map_err(|_| Problem::new("no-request"))?;
    Ok(request)
}

fn facts(viewer: &Viewer, request: &Request) -> Markup {
    let now = viewer.sight.now();
    let terms = Terms::of(viewer.sight.policy(), &request.asks.environment, &request.asks.role).ok();
    html! {
        dl.facts.stacked {
            dt { "Asked by" } dd { (parts::person(viewer, &request.asks.requester)) ", " (ago(request.filed, now)) }
            dt { "For" } dd { @match request.asks.until {
                Until::For(seconds) => { (duration(seconds)) " from when it is granted" },
                Until::At(time) => { "until " (exact(time)) },
            } }
            @if let Some(id) = request.extends { dt { "Continues" } dd { a href={ "/requests/" (id) } { "Request " (id) } } }
            @if request.state == State::Pending {
                dt { "Ends undecided" } dd { (left(request.expires, now)) }
            }
            @if !request.break_glass {
                dt { "Agreed" } dd {
                    @if request.approvals.is_empty() { "nobody yet" }
                    @for approval in &request.approvals { div { (parts::person(viewer, &approval.by)) ", " (ago(approval.at, now)) } }
                    @if let (Some(terms), State::Pending) = (&terms, &request.state) { div.quiet { (request.approvals.len()) " of " (terms.approvals) } }
                }
            }
            @if let (Some(terms), State::Pending) = (&terms, &request.state) {
                dt { "May decide" } dd { (approvers(viewer, request, terms)) }
            }
            (ending(viewer, request))
            @if request.asked_again > 0 { dt { "Asked again" } dd { (parts::count(request.asked_again as usize, "time")) } }
        }
    }
}

fn approvers(viewer: &Viewer, request: &Request, terms: &Terms<'_>) -> Markup {
    let policy = viewer.sight.policy();
    let others: Vec<&str> =
        terms.approvers.iter().copied().filter(|id| !rolecall_core::request::own(policy, &request.asks, id)).collect();
    html! {
        @if others.is_empty() { strong { "nobody" } ": the policy names no approver beside those who ask" }
        @for id in others.iter().take(8) { div { (parts::person(viewer, id)) } }
        @if others.len() > 8 { div.quiet { "… and " (others.len() - 8) " more" } }
    }
}

fn ending(viewer: &Viewer, request: &Request) -> Markup {
    let now = viewer.sight.now();
    html! {
        @match &request.state {
            State::Pending => {},
            State::Granted { at } => { dt { "Granted" } dd { (ago(*at, now)) } },
            State::Denied { at, by, reason } => { dt { "Denied" } dd { (parts::person(viewer, by)) ", " (ago(*at, now)) ": " bdi { (reason) } } },
            State::Withdrawn { at, by } => { dt { "Withdrawn" } dd { (parts::person(viewer, by)) ", " (ago(*at, now)) } },
            State::Expired { at } => { dt { "Expired" } dd { (ago(*at, now)) } },
            State::Broken { at, why } => { dt { "Broken" } dd { (ago(*at, now)) ": " (sentence(why)) } },
        }
        @if let Some(review) = &request.review {
            dt { "Review" }
            dd { @match &review.done {
                Some(done) => { (parts::person(viewer, &done.by)) ", " (ago(done.at, now)) ": "
                    @if done.justified { "justified" } @else { strong { "not justified" } }
                    @if !done.note.is_empty() { ". " bdi { (done.note) } } },
                None => { "due " (left(review.due, now)) },
            } }
        }
    }
}

fn decide(viewer: &Viewer, request: &Request, digest: &str) -> Markup {
    html! {
        section.decide aria-labelledby="decide" {
            h2 id="decide" { "Your decision" }
            form.act method="post" action={ "/requests/" (request.id) "/approve" } {
                (csrf(viewer))
                input type="hidden" name="digest" value=(digest);
                button type="submit" { "Approve" }
                p.quiet { "You agree to just the effects above. If they change before it runs, it is asked again." }
            }
            form method="post" action={ "/requests/" (request.id) "/deny" } {
                (csrf(viewer))
                (Field { name: "reason", label: "Why not", hint: Some("Whoever asked reads it."), ..Field::default() }.line())
                button.secondary type="submit" { "Deny" }
            }
        }
    }
}

fn review(viewer: &Viewer, request: &Request) -> Markup {
    html! {
        section.decide aria-labelledby="review" {
            h2 id="review" { "Your review" }
            p { "This access was taken at once, without approval. Was that right?" }
            form method="post" action={ "/requests/" (request.id) "/review" } {
                (csrf(viewer))
                (Field { name: "note", label: "What you found", ..Field::default() }.lines(2))
                div.buttons {
                    button type="submit" name="justified" value="yes" { "Justified" }
                    button.danger type="submit" name="justified" value="no" { "Not justified" }
                }
            }
        }
    }
}

fn running(viewer: &Viewer, kept: &Kept) -> Markup {
    let lease = &kept.lease;
    let own = viewer.is(&lease.principal);
    html! {
        section aria-labelledby="running" {
            h2 id="running" { "The access" }
            p { (parts::reach(kept.reach)) " since " (ago(lease.starts, viewer.sight.now())) "; ends " (left(lease.ends, viewer.sight.now())) "." }
            (parts::awaited(viewer, kept))
            @if lease.ended.is_none() {
                div.buttons {
                    @if viewer.sight.may(Action::EndLease(lease)) {
                        form method="post" action={ "/leases/" (lease.id) "/end" } { (csrf(viewer))
                            button.danger type="submit" { "End it now" } }
                    }
                    @if own { a.button.secondary href={ "/requests/new?extends=" (lease.id) } { "Ask for longer" } }
                }
            }
        }
    }
}

fn withdraw(viewer: &Viewer, request: &Request) -> Markup {
    html! {
        form.act method="post" action={ "/requests/" (request.id) "/withdraw" } { (csrf(viewer))
            button.secondary type="submit" { "Withdraw the request" } }
    }
}
