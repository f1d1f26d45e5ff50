//! One Role: what it gives, who holds it, who may ask for it, who decides.

use axum::extract::Path;
use maud::{Markup, html};
use rolecall_core::admit::Action;
use rolecall_core::desire::Because;
use rolecall_core::policy::model::{Role, RowValue};
use rolecall_core::policy::type_word;
use rolecall_core::request::{Terms, may_request};

use super::failure::{Failure, hidden};
use super::gate::Viewer;
use super::parts::{self, duration, link};
use super::shell::{Html, Place, page};

/// How many holders are named.
const MOST: usize = 200;

pub async fn get(viewer: Viewer, Path(name): Path<String>) -> Result<Html, Failure> {
    viewer.sight.admit(Action::ViewRoles)?;
    let (name, role) = viewer.sight.policy().roles.get_key_value(&name).ok_or_else(hidden)?;
    let body = html! {
        p.crumbs { a href="/roles" { "Roles" } }
        h1 { (parts::name(name)) }
        @if let Some(description) = &role.description { p.lead { (description) } }
        section aria-labelledby="gives" {
            h2 id="gives" { "What it gives" }
            @if role.grants.is_empty() && role.includes.is_empty() && role.member_of.is_empty() { p.quiet { "Nothing by itself." } }
            (parts::grants(&role.grants, None))
            (more(&viewer, role))
        }
        @for environment in viewer.sight.policy().environments.keys() { (in_environment(&viewer, name, environment)) }
    };
    Ok(page(&viewer, Place::Roles, name, &body))
}

fn more(viewer: &Viewer, role: &Role) -> Markup {
    let value = |value: &RowValue| match value {
        RowValue::Literal(text) => text.clone(),
        RowValue::Parameter(name) => format!("${name}"),
    };
    html! {
        dl.facts {
            @if !role.includes.is_empty() { dt { "Includes" } dd { @for include in &role.includes {
                div { (parts::role(viewer, &include.role.value))
                    @for (name, values) in &include.with { " " bdi.values { (name) " = " (values.iter().map(value).collect::<Vec<_>>().join(", ")) } } }
            } } }
            @if !role.parameters.is_empty() { dt { "Needs" } dd { @for (name, kind) in &role.parameters { div { (parts::name(name)) " " span.quiet { (type_word(*kind)) } } } } }
            @if !role.member_of.is_empty() { dt { "Existing roles" } dd { @for held in &role.member_of { div { bdi.object { (held.value) } } } } }
            @if let Some(owner) = &role.owner { dt { "Answers for it" } dd { (parts::person(viewer, &owner.value)) } }
        }
    }
}

fn in_environment(viewer: &Viewer, role: &str, environment: &str) -> Markup {
    let policy = viewer.sight.policy();
    let seen = |id: &str| viewer.sight.may(Action::ViewAccess { of: id });
    let mut holders = Vec::new();
    for (id, _, _) in policy.principals().filter(|(id, ..)| seen(id)) {
        let held = viewer.sight.holds(environment, id).into_iter().filter(|held| held.role == role);
        holders.extend(held.map(|held| (id, held)));
    }
    let askers: Vec<&str> = policy
        .principals()
        .filter(|(id, principal, _)| seen(id) && may_request(policy, principal, environment, role))
        .map(|(id, ..)| id)
        .collect();
    let terms = Terms::of(policy, environment, role).ok();
    let all = viewer.sight.may(Action::ViewDirectory);
    if holders.is_empty() && askers.is_empty() {
        return html! {};
    }
    html! {
        section aria-label=(environment) {
            h2 { "In " (parts::name(environment)) }
            dl.facts {
                dt { @if all { "Held by" } @else { "Of yours, held by" } }
                dd {
                    @if holders.is_empty() { span.quiet { "nobody now" } }
                    @for (id, held) in holders.iter().take(MOST) {
                        div { (parts::person(viewer, id)) (parts::values(held.with)) " " span.quiet { (because(&held.because)) } }
                    }
                    @if holders.len() > MOST { div.quiet { "… and " (holders.len() - MOST) " more" } }
                }
                @if !askers.is_empty() {
                    dt { "May be asked for by" }
                    dd {
                        @for (number, id) in askers.iter().take(MOST).enumerate() { @if number > 0 { ", " } (parts::person(viewer, id)) }
                        @if askers.len() > MOST { " … and " (askers.len() - MOST) " more" }
                    }
                    @if let Some(terms) = &terms { dt { "Who decides" } dd { (rules(viewer, terms)) } }
                }
            }
            @if viewer.id().is_some_and(|id| askers.contains(&id)) {
                a.button href=(link("/requests/new", &[("environment", environment.to_owned()), ("role", role.to_owned())])) { "Ask for it" }
            }
        }
    }
}

fn because(because: &Because) -> String {
    match because {
        Because::Direct => "directly".to_owned(),
        Because::Group(group) => format!("through {group}"),
        Because::Lease { id, .. } => format!("by request {id}"),
    }
}

fn rules(viewer: &Viewer, terms: &Terms<'_>) -> Markup {
    html! {
        @match terms.approvals {
            0 => "Nobody: it is granted at once.",
            count => {
                (count) " of " @for (number, id) in terms.approvers.iter().take(8).enumerate() { @if number > 0 { ", " } (parts::person(viewer, id)) }
                @if terms.approvers.is_empty() { "nobody: it cannot be granted" }
                @if terms.approvers.len() > 8 { " and " (terms.approvers.len() - 8) " more" }
            },
        }
        div.quiet {
            "For at most " (duration(terms.max_duration))
            @if let Some(pattern) = terms.reason_pattern { "; a reason that fits " code { (pattern) } } @else if terms.reason_required { "; with a reason" }
            @if terms.break_glass.is_some() { "; in an emergency at once, reviewed after" }
        }
    }
}
