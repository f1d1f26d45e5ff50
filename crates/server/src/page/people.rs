//! Everybody: people and services, with a search.

use maud::{Markup, html};
use rolecall_core::admit::Action;
use rolecall_core::policy::model::Principal;

use super::failure::{Failure, hidden};
use super::gate::{Fields, Viewer};
use super::parts::{self, Field, link};
use super::shell::{Html, Place, page};

/// How many stand on a page.
const PAGE: usize = 100;

struct Row<'a> {
    id: &'a str,
    full_name: Option<&'a str>,
    principal: &'a Principal,
    /// Of a service: who answers for it.
    owner: Option<&'a str>,
}

pub async fn get(viewer: Viewer, fields: Fields) -> Result<Html, Failure> {
    viewer.sight.admit(Action::ViewDirectory).map_err(|_| hidden())?;
    let (text, after) = (fields.get("q").to_lowercase(), fields.get("after"));
    let found: Vec<Row> = rows(&viewer).filter(|row| fits(row, &text)).collect();
    let from = found.iter().position(|row| row.id > after).unwrap_or(found.len());
    let shown: Vec<&Row> = found.iter().skip(from).take(PAGE).collect();
    let next = shown.last().filter(|_| from + PAGE < found.len()).map(|row| row.id);
    let body = html! {
        h1 { "People and services" }
        form.filters role="search" action="/people" {
            (Field { name: "q", label: "Search", hint: Some("Address, name or group"), value: fields.get("q"), kind: "search", ..Field::default() }.line())
            div.buttons { button type="submit" { "Search" } @if !text.is_empty() { a.button.secondary href="/people" { "Show all" } } }
        }
        p.quiet { (found.len()) " of " (viewer.sight.policy().principals().count()) }
        @if shown.is_empty() {
            (parts::empty("Nobody fits.", &html! { "Search for a part of an address, or " a href="/people" { "show all" } "." }))
        } @else { (table(&viewer, &shown)) }
        (parts::more(next.map(|id| link("/people", &[("q", text.clone()), ("after", id.to_owned())])), "More"))
    };
    Ok(page(&viewer, Place::People, "People and services", &body))
}

/// In the order of their ids.
fn rows(viewer: &Viewer) -> impl Iterator<Item = Row<'_>> {
    let policy = viewer.sight.policy();
    let mut all: Vec<Row> = Vec::new();
    all.extend(policy.people.iter().map(|(id, person)| Row {
        id,
        full_name: person.name.as_deref(),
        principal: &person.principal,
        owner: None,
    }));
    all.extend(policy.services.iter().map(|(id, service)| Row {
        id,
        full_name: None,
        principal: &service.principal,
        owner: Some(&service.owner.value),
    }));
    all.sort_by_key(|row| row.id);
    all.into_iter()
}

fn fits(row: &Row<'_>, text: &str) -> bool {
    let has = |words: &str| words.to_lowercase().contains(text);
    has(row.id) || row.full_name.is_some_and(has) || row.principal.groups.iter().any(|group| has(&group.value))
}

fn table(viewer: &Viewer, rows: &[&Row<'_>]) -> Markup {
    html! {
        div.scroll { table {
            caption.away { "People and services" }
            thead { tr {
                th scope="col" { "Who" } th scope="col" { "Standing" } th scope="col" { "Groups" } th scope="col" { "Holds roles in" }
            } }
            tbody { @for row in rows { tr {
                td data-label="Who" { span {
                    (parts::person(viewer, row.id))
                    @if let Some(full_name) = row.full_name { " " span.quiet { bdi { (full_name) } } }
                    @if let Some(owner) = row.owner { " " span.quiet { "a service of " bdi { (owner) } } }
                } }
                td data-label="Standing" { @if let Some(standing) = viewer.sight.standing(row.id) { (parts::standing(standing)) } }
                td data-label="Groups" { span {
                    @if row.principal.groups.is_empty() { span.quiet { "none" } }
                    @for (number, group) in row.principal.groups.iter().enumerate() { @if number > 0 { ", " } (parts::name(&group.value)) }
                } }
                td data-label="Holds in" { span { (environments(viewer, row.id)) } }
            } } }
        } }
    }
}

fn environments(viewer: &Viewer, id: &str) -> Markup {
    let names = viewer.sight.policy().environments.keys();
    let held: Vec<(&String, usize)> =
        names.map(|name| (name, viewer.sight.holds(name, id).len())).filter(|(_, count)| *count > 0).collect();
    html! {
        @if held.is_empty() { span.quiet { "nothing" } }
        @for (number, (name, count)) in held.iter().enumerate() { @if number > 0 { ", " } (parts::name(name)) " (" (count) ")" }
    }
}
