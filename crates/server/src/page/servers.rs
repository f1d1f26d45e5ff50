//! Every server, page by page, with a search: where there are more than the overview has room for.

use maud::{Markup, html};
use rolecall_control::keeper::Status;
use rolecall_core::admit::Action;

use super::failure::{Failure, hidden};
use super::gate::{Fields, Viewer};
use super::overview::{condition, drift};
use super::parts::{self, Field, ago, link, segment};
use super::shell::{Html, Place, page};

/// How many stand on a page.
const PAGE: usize = 100;

pub async fn get(viewer: Viewer, fields: Fields) -> Result<Html, Failure> {
    viewer.sight.admit(Action::ViewOverview).map_err(|_| hidden())?;
    let statuses = viewer.app.keeper().statuses();
    let (text, after) = (fields.get("q").to_lowercase(), fields.get("after"));
    let found: Vec<&Status> = statuses.iter().filter(|status| key(status).to_lowercase().contains(&text)).collect();
    // They stand by environment, then by name: where the last page ended is found again even if it is gone.
    let from = match after.split_once('/') {
        Some(last) => found.partition_point(|status| pair(status) <= last),
        None => 0,
    };
    let shown: Vec<&Status> = found.iter().copied().skip(from).take(PAGE).collect();
    let next = shown.last().filter(|_| from + PAGE < found.len()).map(|status| key(status));
    let body = html! {
        p.crumbs { a href="/" { "Overview" } }
        h1 { "Servers" }
        form.filters role="search" action="/environments" {
            (Field { name: "q", label: "Search", hint: Some("Environment or server"), value: fields.get("q"), kind: "search", ..Field::default() }.line())
            div.buttons { button type="submit" { "Search" } @if !text.is_empty() { a.button.secondary href="/environments" { "Show all" } } }
        }
        p.quiet { (found.len()) " of " (parts::count(statuses.len(), "server")) }
        @if shown.is_empty() {
            (parts::empty("No server fits.", &html! { "Search for a part of a name, or " a href="/environments" { "show all" } "." }))
        } @else { (table(&viewer, &shown)) }
        (parts::more(next.map(|key| link("/environments", &[("q", text.clone()), ("after", key)])), "More"))
    };
    Ok(page(&viewer, Place::Overview, "Servers", &body))
}

/// Neither name can hold a slash.
fn key(status: &Status) -> String {
    format!("{}/{}", status.place.environment, status.place.server)
}

fn pair(status: &Status) -> (&str, &str) {
    (&status.place.environment, &status.place.server)
}

/// Where a server's own page is.
pub fn address(status: &Status) -> String {
    format!("/environments/{}/{}", segment(&status.place.environment), segment(&status.place.server))
}

fn table(viewer: &Viewer, statuses: &[&Status]) -> Markup {
    let (now, plans) = (viewer.sight.now(), viewer.sight.may(Action::ViewPlans));
    html! {
        div.scroll { table {
            caption.away { "Servers" }
            thead { tr {
                th scope="col" { "Environment" } th scope="col" { "Server" } th scope="col" { "Condition" }
                th scope="col" { "Looked at" } th scope="col" { "Changes by hand" }
            } }
            tbody { @for status in statuses { tr {
                td data-label="Environment" { (parts::name(&status.place.environment)) }
                td data-label="Server" {
                    @if plans { a href=(address(status)) { (parts::name(&status.place.server)) } } @else { (parts::name(&status.place.server)) }
                }
                td data-label="Condition" { (condition(status)) }
                td data-label="Looked at" { @match status.looked { Some(time) => (ago(time, now)), None => "not yet" } }
                td data-label="Changes by hand" { (drift(status.drift)) }
            } } }
        } }
    }
}
