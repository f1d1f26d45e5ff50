//! Somebody's whole access, by environment, with its reasons; and the door that is shut on them.

use axum::extract::Path;
use axum::response::Redirect;
use maud::{Markup, html};
use rolecall_core::admit::Action;
use rolecall_core::desire::{Because, Held, Standing, closure};
use rolecall_core::policy::model::Principal;
use rolecall_core::request;

use super::failure::{Failure, hidden};
use super::gate::{Fields, Submitted, Viewer};
use super::parts::{self, Field, csrf, left, person_address};
use super::shell::{Html, Place, page};

const DONE: &[(&str, &str)] = &[
    ("suspended", "Suspended. Their leases end, and they are shut out of every server now."),
    ("reinstated", "They may come back in. Leases that ended stay ended."),
];

pub async fn get(viewer: Viewer, Path(id): Path<String>, fields: Fields) -> Result<Html, Failure> {
    viewer.sight.admit(Action::ViewAccess { of: &id }).map_err(|_| hidden())?;
    let (id, principal, service) = request::principal(viewer.sight.policy(), &id).ok_or_else(hidden)?;
    let standing = viewer.sight.standing(id).ok_or_else(hidden)?;
    let place = if viewer.is(id) { Place::Access } else { Place::People };
    let leases: Vec<_> = viewer.sight.leases().filter(|kept| kept.lease.principal == id).collect();
    let body = html! {
        @if viewer.sight.may(Action::ViewDirectory) { p.crumbs { a href="/people" { "People" } } }
        h1 { (parts::name(id)) " " (parts::standing(standing)) }
        (parts::done(&fields, DONE))
        (facts(&viewer, id, principal, service))
        @if !leases.is_empty() {
            section aria-labelledby="leases" { h2 id="leases" { "For a while" } (parts::leases(&viewer, "Leases", leases.iter().copied(), false)) }
        }
        @for name in viewer.sight.policy().environments.keys() { (environment(&viewer, id, principal, standing, name)) }
        (door(&viewer, id, principal))
    };
    Ok(page(&viewer, place, id, &body))
}

fn facts(viewer: &Viewer, id: &str, principal: &Principal, service: bool) -> Markup {
    let policy = viewer.sight.policy();
    let full_name = policy.people.get(id).and_then(|person| person.name.as_deref());
    html! {
        dl.facts {
            @if let Some(full_name) = full_name { dt { "Name" } dd { bdi { (full_name) } } }
            @if service {
                dt { "Service of" }
                dd { @if let Some(service) = policy.services.get(id) { (parts::person(viewer, &service.owner.value)) } }
            }
            dt { "Groups" }
            dd { @if principal.groups.is_empty() { "none" }
                @for (number, group) in principal.groups.iter().enumerate() { @if number > 0 { ", " } (parts::name(&group.value)) } }
            @if let Some(ends) = principal.ends { dt { "Leaves" } dd { (left(ends, viewer.sight.now())) } }
            @if viewer.sight.may(Action::ReadLedger) {
                dt { "In the ledger" } dd { a href=(parts::link("/ledger", &[("subject", id.to_owned())])) { "All that concerns them" } }
            }
        }
    }
}

fn environment(viewer: &Viewer, id: &str, principal: &Principal, standing: Standing, name: &str) -> Markup {
    let policy = viewer.sight.policy();
    let held = viewer.sight.holds(name, id);
    let account = policy.environments.get(name).map(|found| found.account_name(name, id, principal));
    let askable = policy.roles.keys().filter(|role| request::may_request(policy, principal, name, role));
    let askable: Vec<&String> = askable.filter(|role| !held.iter().any(|held| held.role == *role)).collect();
    if held.is_empty() && askable.is_empty() {
        return html! {};
    }
    html! {
        section aria-label=(name) {
            h2 { (parts::name(name)) }
            @if let Some(account) = account { p.quiet { "Account " bdi.object { (account) }
                @if standing != Standing::Active { ", which cannot log in" } } }
            @if held.is_empty() { p.quiet { "Holds nothing here now." } }
            ul.cards.grid { @for held in &held { (role(viewer, held)) } }
            @if !askable.is_empty() {
                p.quiet { "May ask for: "
                    @for (number, role) in askable.iter().enumerate() { @if number > 0 { ", " } (ask(viewer, id, name, role)) } }
            }
        }
    }
}

fn ask(viewer: &Viewer, id: &str, environment: &str, role: &str) -> Markup {
    let query = [("environment", environment.to_owned()), ("role", role.to_owned())];
    html! {
        @if viewer.is(id) { a href=(parts::link("/requests/new", &query)) { (parts::name(role)) } } @else { (parts::role(viewer, role)) }
    }
}

fn role(viewer: &Viewer, held: &Held<'_>) -> Markup {
    let policy = viewer.sight.policy();
    let included: Vec<&str> = closure(policy, held.role).into_iter().filter(|role| *role != held.role).collect();
    html! {
        li.card {
            h3 { (parts::role(viewer, held.role)) (parts::values(held.with)) }
            p { (because(&held.because)) @if let Some(ends) = held.ends { "; ends " (left(ends, viewer.sight.now())) } }
            @if let Some(found) = policy.roles.get(held.role) { (parts::grants(&found.grants, Some(held.with))) }
            @if !included.is_empty() { p.quiet { "With it: " @for (number, role) in included.iter().enumerate() { @if number > 0 { ", " } (parts::role(viewer, role)) } } }
        }
    }
}

fn because(because: &Because) -> Markup {
    html! {
        @match because {
            Because::Direct => "Assigned directly",
            Because::Group(group) => { "Through group " (parts::name(group)) },
            Because::Lease { id, reason, .. } => { "By " a href={ "/requests/" (id) } { "request " (id) }
                @if !reason.is_empty() { ": " bdi { (reason) } } },
        }
    }
}

/// Shutting somebody out, and letting them back in.
fn door(viewer: &Viewer, id: &str, principal: &Principal) -> Markup {
    let out = viewer.sight.suspended().contains(id);
    let may = if out {
        viewer.sight.may(Action::Reinstate { who: id })
    } else {
        viewer.sight.may(Action::Suspend { who: id })
    };
    let (verb, title) = if out { ("reinstate", "Let them back in") } else { ("suspend", "Shut them out") };
    html! {
        @if may {
            section aria-labelledby="door" {
                h2 id="door" { (title) }
                @if principal.suspended { p { "The policy itself suspends them: that stays, whatever is done here." } }
                @if out { p { "An act suspended them." } }
                @else { p { "Their sessions and leases end, and no account of theirs can log in until they are let back in." } }
                form method="post" action={ (person_address(id)) "/" (verb) } {
                    (csrf(viewer))
                    (Field { name: "reason", label: "Why", hint: Some("It stands in the ledger."), required: true, ..Field::default() }.line())
                    @if out { button type="submit" { "Let them back in" } } @else { button.danger type="submit" { "Suspend" } }
                }
            }
        }
    }
}

pub async fn suspend(Path(id): Path<String>, Submitted { viewer, fields }: Submitted) -> Result<Redirect, Failure> {
    viewer.sight.admit(Action::ViewAccess { of: &id }).map_err(|_| hidden())?;
    viewer.sight.office().suspend(&viewer.identity.actor, &id, fields.get("reason")).await?;
    viewer.app.keeper().nudge();
    Ok(Redirect::to(&format!("{}?done=suspended", person_address(&id))))
}

pub async fn reinstate(Path(id): Path<String>, Submitted { viewer, fields }: Submitted) -> Result<Redirect, Failure> {
    viewer.sight.admit(Action::ViewAccess { of: &id }).map_err(|_| hidden())?;
    viewer.sight.office().reinstate(&viewer.identity.actor, &id, fields.get("reason")).await?;
    viewer.app.keeper().nudge();
    Ok(Redirect::to(&format!("{}?done=reinstated", person_address(&id))))
}
