//! The list of Requests: all that the viewer may see.

use maud::{Markup, html};
use rolecall_core::admit::Action;
use rolecall_core::request::Request;

use super::failure::Failure;
use super::gate::{Fields, Viewer};
use super::parts::{self, ago, badge, link, state};
use super::shell::{Html, Place, page};

/// How many stand on a page.
const PAGE: usize = 50;

pub async fn get(viewer: Viewer, fields: Fields) -> Result<Html, Failure> {
    viewer.sight.admit(Action::ViewOverview)?;
    let all = fields.get("show") == "all";
    let (list, next) = if all { closed_too(&viewer, &fields).await? } else { (waiting(&viewer).await?, None) };
    let body = html! {
        div.head {
            h1 { "Requests" }
            @if viewer.id().is_some() { a.button href="/requests/new" { "Ask for access" } }
        }
        nav.tabs aria-label="Which requests" {
            a href="/requests" aria-current=[(!all).then_some("page")] { "Open" }
            a href="/requests?show=all" aria-current=[all.then_some("page")] { "All" }
        }
        @if list.is_empty() { (nothing(&viewer, all)) } @else { (table(&viewer, &list)) }
        (parts::more(next.map(|id| link("/requests", &[("show", "all".to_owned()), ("before", id.to_string())])), "Earlier requests"))
    };
    Ok(page(&viewer, Place::Requests, "Requests", &body))
}

fn nothing(viewer: &Viewer, all: bool) -> Markup {
    let what = if all { "There is no request that you may see." } else { "No request waits." };
    parts::empty(
        what,
        &html! {
            @if viewer.id().is_some() { "Need something for a while? " a href="/requests/new" { "Ask for access" } "." }
            @else { "People and services ask for access; the operator is neither." }
        },
    )
}

fn table(viewer: &Viewer, list: &[Request]) -> Markup {
    let now = viewer.sight.now();
    html! {
        div.scroll { table {
            caption.away { "Requests, the newest first" }
            thead { tr {
                th scope="col" { "Request" } th scope="col" { "For" } th scope="col" { "Access" }
                th scope="col" { "Asked" } th scope="col" { "State" }
            } }
            tbody { @for request in list { tr {
                td data-label="Request" { a href={ "/requests/" (request.id) } { "Request " (request.id) } }
                td data-label="For" { (parts::person(viewer, &request.asks.beneficiary)) }
                td data-label="Access" { (parts::asked(viewer, &request.asks.role, &request.asks.environment, &request.asks.with)) }
                td data-label="Asked" { (ago(request.filed, now)) }
                td data-label="State" {
                    (state(&request.state))
                    @if request.break_glass { " " (badge("bad", "break-glass")) }
                    @if request.review.as_ref().is_some_and(|review| review.done.is_none()) { " " (badge("warn", "to review")) }
                }
            } } }
        } }
    }
}

/// Requests that wait for a decision or a review and that the viewer may see, the newest first.
pub async fn waiting(viewer: &Viewer) -> Result<Vec<Request>, Failure> {
    let mut list = viewer.sight.office().store.read().open_requests().await?;
    list.retain(|request| viewer.sight.may(Action::ViewRequest(request)));
    Ok(list)
}

/// A page of all of them, and where the next begins. The store is asked again until the page is full.
async fn closed_too(viewer: &Viewer, fields: &Fields) -> Result<(Vec<Request>, Option<u64>), Failure> {
    let reader = viewer.sight.office().store.read();
    let mut below: Option<u64> = fields.get("before").parse().ok();
    let mut found = Vec::new();
    loop {
        let lot = reader.requests_below(below, PAGE).await?;
        let last = lot.last().map(|request| request.id.0);
        let full = lot.len() == PAGE;
        for request in lot {
            if viewer.sight.may(Action::ViewRequest(&request)) {
                if found.len() == PAGE {
                    return Ok((std::mem::take(&mut found), below));
                }
                below = Some(request.id.0);
                found.push(request);
            }
        }
        if !full {
            return Ok((found, None));
        }
        if found.len() < PAGE {
            below = last;
        }
    }
}
