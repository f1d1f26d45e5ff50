//! The list of Requests: all that the viewer may see.

use maud::{Markup, html};
use rolecall_control::store::ListFilter;
use rolecall_core::admit::Action;
use rolecall_core::request::{Request, RequestId};

use super::failure::Failure;
use super::gate::{Fields, Viewer};
use super::parts::{self, ago, badge, link, state};
use super::shell::{Html, Place, page};

/// How many stand on a page.
const PAGE: u32 = 50;

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
    let (office, actor) = (viewer.sight.office(), viewer.sight.actor());
    let all = ListFilter { limit: u32::MAX, ..ListFilter::default() };
    let pending = ListFilter { states: vec!["pending".to_owned()], ..all.clone() };
    let mut list = office.requests(actor, pending).await?;
    list.extend(office.requests(actor, ListFilter { unreviewed: true, ..all }).await?);
    list.sort_by_key(|request| std::cmp::Reverse(request.id));
    Ok(list)
}

/// A page of all of them, and where the next begins.
async fn closed_too(viewer: &Viewer, fields: &Fields) -> Result<(Vec<Request>, Option<u64>), Failure> {
    let below = fields.get("before").parse().ok().map(RequestId);
    let filter = ListFilter { below, limit: PAGE + 1, ..ListFilter::default() };
    let mut list = viewer.sight.office().requests(viewer.sight.actor(), filter).await?;
    let more = list.len() > PAGE as usize;
    list.truncate(PAGE as usize);
    let next = list.last().filter(|_| more).map(|request| request.id.0);
    Ok((list, next))
}
