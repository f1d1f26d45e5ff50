//! Every Role of the policy.

use maud::html;
use rolecall_core::admit::Action;

use super::failure::Failure;
use super::gate::Viewer;
use super::parts::{self, segment};
use super::shell::{Html, Place, page};

pub async fn get(viewer: Viewer) -> Result<Html, Failure> {
    viewer.sight.admit(Action::ViewRoles)?;
    let roles = &viewer.sight.policy().roles;
    let body = html! {
        h1 { "Roles" }
        @if roles.is_empty() { (parts::empty("The policy has no roles yet.", &html! { "A role is a named bundle of grants: write one under " code { "roles:" } "." })) }
        ul.cards.grid { @for (name, role) in roles {
            li.card {
                h2 { a href={ "/roles/" (segment(name)) } { (parts::name(name)) } }
                @if let Some(description) = &role.description { p { (description) } }
                @if !role.parameters.is_empty() { p.quiet { "Needs " @for (number, parameter) in role.parameters.keys().enumerate() { @if number > 0 { ", " } (parts::name(parameter)) } } }
                (parts::grants(&role.grants, None))
                @if !role.includes.is_empty() { p.quiet { "Includes " @for (number, include) in role.includes.iter().enumerate() { @if number > 0 { ", " } (parts::role(&viewer, &include.role.value)) } } }
            }
        } }
    };
    Ok(page(&viewer, Place::Roles, "Roles", &body))
}
