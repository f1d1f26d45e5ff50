//! `/objects`: what objects there are, and who reads and writes one: by the policy, and as the server shows it just now.

use std::collections::BTreeMap;

use axum::Json;
use rolecall_control::{Holder, Who};
use rolecall_core::privilege::PrivilegeSet;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::extract::Search;
use crate::identity::Asker;
use crate::problem::{Document, Problem};

/// How many objects are listed if nobody says, and at most.
const USUAL: usize = 300;
const MOST: usize = 1_000;

/// Which objects.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The environment.
    environment: String,
    /// The database, by its name in the policy.
    database: String,
    /// With this text in the name.
    text: Option<String>,
    /// How many at most: 300 if not given, 1,000 at most.
    #[param(minimum = 1, maximum = 1_000)]
    limit: Option<usize>,
}

/// Which object.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct One {
    /// The environment.
    environment: String,
    /// The database, by its name in the policy.
    database: String,
    /// As the list names it, such as `table shop.tickets`.
    object: String,
}

/// Who may do what with an object.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Object)]
pub struct ObjectView {
    /// As the list names it.
    object: String,
    /// By the policy, leases and suspensions.
    decided: Vec<HolderView>,
    /// What the server lets roles do that can log in. Equal to what is decided, unless somebody has changed the server.
    shown: Vec<HolderView>,
    /// Who may do everything there, whatever is granted: superusers, and the owner.
    beyond: Vec<String>,
}

/// Somebody who may do something with an object.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Holder)]
pub struct HolderView {
    /// A person or service, or a role that is not Rolecall's.
    who: String,
    /// On the whole object: `select`, `insert` and so on.
    #[schema(value_type = Vec<String>)]
    whole: PrivilegeSet,
    /// On single columns.
    #[schema(value_type = BTreeMap<String, Vec<String>>)]
    columns: BTreeMap<String, PrivilegeSet>,
    /// The roles by which they may.
    through: Vec<String>,
    /// Perhaps not all rows.
    filtered: bool,
}

impl From<Holder> for HolderView {
    fn from(holder: Holder) -> Self {
        let Holder { who, whole, columns, through, filtered } = holder;
        Self { who, whole, columns, through, filtered }
    }
}

/// What objects there are in a database; asks the server
#[utoipa::path(
    get, path = "/objects", tag = "objects", params(Named),
    responses((status = OK, body = Vec<String>), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn list(asker: Asker, Search(named): Search<Named>) -> Result<Json<Vec<String>>, Problem> {
    let limit = named.limit.unwrap_or(USUAL).clamp(1, MOST);
    let (actor, text) = (&asker.identity.actor, named.text.unwrap_or_default());
    Ok(Json(asker.office.objects(actor, &named.environment, &named.database, &text, limit).await?))
}

/// Who reads and writes an object; asks the server
#[utoipa::path(
    get, path = "/objects/holders", tag = "objects", params(One),
    responses((status = OK, body = ObjectView), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn holders(asker: Asker, Search(one): Search<One>) -> Result<Json<ObjectView>, Problem> {
    let found = asker.office.who(&asker.identity.actor, &one.environment, &one.database, &one.object).await?;
    let Who { object, decided, shown, beyond, .. } = found.ok_or_else(|| Problem::new("no-object"))?;
    let view = |holders: Vec<Holder>| holders.into_iter().map(HolderView::from).collect();
    Ok(Json(ObjectView { object, decided: view(decided), shown: view(shown), beyond }))
}
