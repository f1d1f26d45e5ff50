//! Who reads and who writes an object: by the policy, and as the server shows it just now.

use std::collections::BTreeSet;

use maud::{Markup, html};
use rolecall_control::{Holder, Who};
use rolecall_core::admit::Action;
use rolecall_core::privilege::PrivilegeSet;

use super::failure::{Failure, hidden};
use super::gate::{Fields, Viewer};
use super::parts::{self, Field, link, verbs};
use super::shell::{Html, Place, page};
use crate::problem::Problem;

/// How many objects are listed.
const MOST: usize = 300;

pub async fn get(viewer: Viewer, fields: Fields) -> Result<Html, Failure> {
    viewer.sight.admit(Action::ViewDirectory).map_err(|_| hidden())?;
    let (environment, database) = (fields.get("environment"), fields.get("database"));
    let chosen = !environment.is_empty() && !database.is_empty();
    let content = match fields.some("object").filter(|_| chosen) {
        Some(object) => one(&viewer, environment, database, object).await?,
        None if chosen => list(&viewer, &fields).await?,
        None => html! {},
    };
    let body = html! {
        h1 { "Who reads, who writes" }
        (choice(&viewer, environment, database))
        (content)
    };
    Ok(page(&viewer, Place::Objects, "Who reads, who writes", &body))
}

fn choice(viewer: &Viewer, environment: &str, database: &str) -> Markup {
    let policy = viewer.sight.policy();
    let mut pairs: BTreeSet<(&String, &String)> = BTreeSet::new();
    for (name, found) in &policy.environments {
        pairs
            .extend(found.servers.values().flat_map(|server| server.databases.keys()).map(|database| (name, database)));
    }
    html! {
        @if pairs.is_empty() { (parts::empty("The policy names no databases yet.", &html! { "Environments have servers, and servers databases." })) }
        @else {
            nav.tabs.wrap aria-label="Databases" {
                @for (name, logical) in &pairs {
                    a href=(link("/objects", &[("environment", (*name).clone()), ("database", (*logical).clone())]))
                        aria-current=[(*name == environment && *logical == database).then_some("true")] { bdi { (name) " · " (logical) } }
                }
            }
            @if environment.is_empty() { p.quiet { "Choose a database." } }
        }
    }
}

async fn list(viewer: &Viewer, fields: &Fields) -> Result<Markup, Failure> {
    let (environment, database, text) = (fields.get("environment"), fields.get("database"), fields.get("q"));
    let found = viewer.sight.office().objects(&viewer.identity.actor, environment, database, text, MOST + 1).await;
    let found = match found {
        Ok(found) => found,
        Err(error) => return Ok(parts::problem(&Problem::from(error).message())),
    };
    let address = |object: &str| {
        let query = [("environment", environment), ("database", database), ("object", object)];
        link("/objects", &query.map(|(name, value)| (name, value.to_owned())))
    };
    Ok(html! {
        form.filters role="search" action="/objects" {
            input type="hidden" name="environment" value=(environment);
            input type="hidden" name="database" value=(database);
            (Field { name: "q", label: "Search", hint: Some("A part of the name"), value: text, kind: "search", ..Field::default() }.line())
            div.buttons { button type="submit" { "Search" } }
        }
        @if found.is_empty() { (parts::empty("No object fits.", &html! { "Search for another part of a name." })) }
        ul.names { @for object in found.iter().take(MOST) { li { a href=(address(object)) { bdi.object { (object) } } } } }
        @if found.len() > MOST { p.quiet { "There are more than " (MOST) ": search for a part of the name." } }
    })
}

async fn one(viewer: &Viewer, environment: &str, database: &str, object: &str) -> Result<Markup, Failure> {
    let who = match viewer.sight.office().who(&viewer.identity.actor, environment, database, object).await {
        Ok(who) => who.ok_or_else(hidden)?,
        Err(error) => return Ok(parts::problem(&Problem::from(error).message())),
    };
    let Who { place, object, decided, shown, beyond } = &who;
    Ok(html! {
        h2.subject { bdi.object { (object) } " " span.quiet { "in " bdi { (database) } ", " bdi { (place) } } }
        section aria-labelledby="decided" {
            h2 id="decided" { "By the policy" }
            p.quiet { "What the policy, leases and suspensions say now." }
            @if decided.is_empty() { (parts::empty("The policy gives it to nobody.", &html! { "A role whose grants reach it would." })) }
            @else { (table(viewer, "Who may do what by the policy", decided, true)) }
        }
        section aria-labelledby="shown" {
            h2 id="shown" { "As the server shows it" }
            p.quiet { "Read from the server's catalog for this page: every role that can log in, Rolecall's or not." }
            @if shown.is_empty() { (parts::empty("No role that can log in has any right to it.", &html! { "Superusers and its owner aside." })) }
            @else { (table(viewer, "Who may do what by the server's catalog", shown, false)) }
            @if !beyond.is_empty() { p { "Beyond any grant, as superuser or owner: "
                @for (number, who) in beyond.iter().enumerate() { @if number > 0 { ", " } (parts::person(viewer, who)) } } }
        }
    })
}

fn table(viewer: &Viewer, caption: &str, holders: &[Holder], policy: bool) -> Markup {
    html! {
        div.scroll { table {
            caption.away { (caption) }
            thead { tr { th scope="col" { "Who" } th scope="col" { "May" } th scope="col" { "Through" } } }
            tbody { @for holder in holders { tr {
                td data-label="Who" { (parts::person(viewer, &holder.who)) }
                td data-label="May" { span { (may(holder)) @if holder.filtered { " " span.quiet { "some rows only" } } } }
                td data-label="Through" { span { @for (number, role) in holder.through.iter().enumerate() {
                    @if number > 0 { ", " }
                    @if policy { (parts::role(viewer, role)) } @else { (parts::name(role)) }
                } } }
            } } }
        } }
    }
}

/// `read`, `read (id, name)`, `read and write`.
fn may(holder: &Holder) -> String {
    let mut words = Vec::new();
    if !holder.whole.is_empty() {
        words.push(verbs(Some(holder.whole)));
    }
    let mut groups: Vec<(PrivilegeSet, Vec<&str>)> = Vec::new();
    for (column, held) in &holder.columns {
        match groups.iter_mut().find(|(set, _)| set == held) {
            Some((_, columns)) => columns.push(column),
            None => groups.push((*held, vec![column])),
        }
    }
    words.extend(groups.iter().map(|(held, columns)| format!("{} ({})", verbs(Some(*held)), columns.join(", "))));
    words.join("; ")
}
