//! `/roles`: what there is to ask for, and on which terms.

use std::collections::BTreeMap;

use axum::Json;
use rolecall_core::admit::Action;
use rolecall_core::policy::model::ParameterType;
use rolecall_core::request::{Terms, may_request, principal};
use serde::Serialize;
use utoipa::ToSchema;

use crate::identity::Asker;
use crate::problem::{Document, Problem};

/// A role.
#[derive(Debug, Serialize, ToSchema)]
pub struct Role {
    /// Its name.
    name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// The person or group that answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// Roles that come with it.
    includes: Vec<String>,
    /// Its parameters and their types.
    #[schema(value_type = BTreeMap<String, String>)]
    parameters: BTreeMap<String, ParameterType>,
    /// Where one may ask for it, and on which terms.
    may_request: Vec<Offer>,
}

/// The terms of a role in an environment.
#[derive(Debug, Serialize, ToSchema)]
pub struct Offer {
    /// Where.
    environment: String,
    /// How many must agree; 0: it is granted at once.
    approvals: u32,
    /// The longest that it lasts, in seconds.
    max_seconds: u64,
    /// A reason must be given.
    reason_required: bool,
    /// What must be found in the reason: a regular expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_pattern: Option<String>,
    /// One may take it at once in an emergency.
    break_glass: bool,
}

/// Roles, and where one may ask for them
#[utoipa::path(
    get, path = "/roles", tag = "roles",
    responses((status = OK, body = Vec<Role>), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn list(asker: Asker) -> Result<Json<Vec<Role>>, Problem> {
    let (office, actor) = (&asker.office, &asker.identity.actor);
    office.may(actor, Action::ViewRoles).await?;
    let policy = &office.policy;
    let me = actor.principal().and_then(|id| principal(policy, id)).map(|(id, principal, _)| (id, principal));
    let offers = |role: &str| {
        let Some((id, principal)) = me else { return Vec::new() };
        let here = policy.environments.keys().filter(|environment| may_request(policy, principal, environment, role));
        here.filter_map(|environment| {
            let terms = Terms::of(policy, environment, role).ok()?;
            Some(Offer {
                environment: environment.clone(),
                approvals: terms.approvals,
                max_seconds: terms.max_duration,
                reason_required: terms.reason_required,
                reason_pattern: terms.reason_pattern.map(str::to_owned),
                break_glass: terms.break_glass.is_some_and(|glass| glass.allowed.contains(id)),
            })
        })
        .collect()
    };
    let roles = policy.roles.iter().map(|(name, role)| Role {
        name: name.clone(),
        description: role.description.clone(),
        owner: role.owner.as_ref().map(|owner| owner.value.clone()),
        includes: role.includes.iter().map(|include| include.role.value.clone()).collect(),
        parameters: role.parameters.clone(),
        may_request: offers(name),
    });
    Ok(Json(roles.collect()))
}
