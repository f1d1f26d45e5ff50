//! `/environments`: servers, what is known of them, and their plans.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::Path;
use jiff::Timestamp;
use rolecall_control::keeper::Status;
use rolecall_control::statements;
use rolecall_core::admit::Action;
use rolecall_core::finding::Level;
use rolecall_core::plan::Plan;
use rolecall_core::policy::model::Drift;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::Write;
use super::view::EffectView;
use crate::App;
use crate::identity::Asker;
use crate::problem::{Document, Problem};
use axum::extract::State;

/// An environment.
#[derive(Debug, Serialize, ToSchema)]
pub struct Environment {
    /// Its name.
    name: String,
    /// Its servers.
    servers: Vec<ServerView>,
}

/// What is known of a server.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Server)]
pub struct ServerView {
    /// Its environment.
    environment: String,
    /// Its name.
    server: String,
    /// What is done about drift there: report, hold or repair.
    drift: &'static str,
    /// It answered when it was asked last; none: it was not asked yet.
    answers: Option<bool>,
    /// When it was looked at last.
    #[schema(value_type = Option<String>, format = DateTime)]
    looked: Option<Timestamp>,
    /// Why it does not answer. For those who may see plans.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    /// Changes that wait there.
    changes: usize,
    /// What they are. For those who may see plans.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<WaitingView>,
}

/// Changes that wait.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Waiting)]
pub struct WaitingView {
    /// Somebody has changed the server since the policy was applied; otherwise the policy is news to it.
    drifted: bool,
    /// Since when it is known.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Why the plan cannot be applied as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<String>,
    /// The plan.
    plan: PlanView,
}

/// What would change on a server.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Plan)]
pub struct PlanView {
    /// Its environment.
    environment: String,
    /// Its name.
    server: String,
    /// To be given to `apply`.
    digest: String,
    /// Who gains and who loses what.
    effects: Vec<EffectView>,
    /// What runs, in order.
    steps: Vec<StepView>,
    /// What else was noticed.
    findings: Vec<FindingView>,
    /// A finding keeps it from being applied.
    blocked: bool,
}

/// One change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Step)]
pub struct StepView {
    /// When it runs.
    #[schema(value_type = String)]
    stage: rolecall_core::plan::Stage,
    /// In which database; none: server-wide.
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<String>,
    /// The change.
    #[schema(value_type = Object)]
    change: rolecall_core::plan::Change,
    /// What it may do to somebody.
    #[schema(value_type = Vec<String>)]
    risks: Vec<rolecall_core::plan::Risk>,
    /// Why.
    reason: String,
    /// The statements, in order; none: this is a list of servers, or the change cannot be written for this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    sql: Option<Vec<String>>,
}

/// Something noticed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Finding)]
pub struct FindingView {
    /// error, warning or info.
    level: &'static str,
    /// What it is about.
    subject: String,
    /// What was noticed.
    message: String,
}

/// Which plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Apply {
    /// The digest of the plan that was shown: just that is applied, or nothing.
    digest: String,
}

impl PlanView {
    fn of(plan: &Plan, sql: bool) -> Self {
        let level = |level| match level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Info => "info",
        };
        Self {
            environment: plan.environment.clone(),
            server: plan.server.clone(),
            digest: plan.digest.clone(),
            effects: plan.effects.iter().cloned().map(EffectView::from).collect(),
            steps: plan
                .steps
                .iter()
                .map(|step| StepView {
                    stage: step.stage,
                    database: step.database.clone(),
                    change: step.change.clone(),
                    risks: step.change.risks().into_iter().collect(),
                    reason: step.reason.clone(),
                    sql: if sql { statements(plan, step) } else { None },
                })
                .collect(),
            findings: plan
                .findings
                .iter()
                .map(|finding| FindingView {
                    level: level(finding.level),
                    subject: finding.subject.clone(),
                    message: finding.message.clone(),
                })
                .collect(),
            blocked: plan.is_blocked(),
        }
    }
}

fn view(status: Status, whole: bool, sql: bool) -> ServerView {
    let drift = match status.drift {
        Drift::Report => "report",
        Drift::Hold => "hold",
        Drift::Repair => "repair",
    };
    let changes = status.waiting.as_ref().map_or(0, |waiting| waiting.plan.steps.len());
    let waiting = status.waiting.filter(|_| whole).map(|waiting| WaitingView {
        drifted: waiting.drifted,
        since: waiting.since,
        stopped: waiting.stopped,
        plan: PlanView::of(&waiting.plan, sql),
    });
    ServerView {
        environment: status.place.environment,
        server: status.place.server,
        drift,
        answers: status.looked.map(|_| status.trouble.is_none()),
        looked: status.looked,
        trouble: status.trouble.filter(|_| whole),
        changes,
        waiting,
    }
}

/// Every server, with what waits there for those who may see plans.
async fn statuses(asker: &Asker, app: &App) -> Result<(Vec<Status>, bool), Problem> {
    let actor = &asker.identity.actor;
    asker.office.may(actor, Action::ViewOverview).await?;
    let whole = asker.office.may(actor, Action::ViewPlans).await.is_ok();
    Ok((app.keeper().statuses(), whole))
}

/// Environments and what is known of their servers
#[utoipa::path(
    get, path = "/environments", tag = "environments",
    responses((status = OK, body = Vec<Environment>), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn list(asker: Asker, State(app): State<App>) -> Result<Json<Vec<Environment>>, Problem> {
    let mut own: BTreeMap<String, Vec<ServerView>> = BTreeMap::new();
    let (statuses, whole) = statuses(&asker, &app).await?;
    for status in statuses {
        let environment = status.place.environment.clone();
        own.entry(environment).or_default().push(view(status, whole, false));
    }
    let names = asker.office.policy.environments.keys();
    let environments =
        names.map(|name| Environment { name: name.clone(), servers: own.remove(name).unwrap_or_default() });
    Ok(Json(environments.collect()))
}

/// What is known of a server
#[utoipa::path(
    get, path = "/environments/{environment}/servers/{server}", tag = "environments",
    params(("environment" = String, Path, description = "Its environment."), ("server" = String, Path, description = "Its name.")),
    responses((status = OK, body = ServerView), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn one(
    asker: Asker,
    State(app): State<App>,
    Path((environment, server)): Path<(String, String)>,
) -> Result<Json<ServerView>, Problem> {
    let (statuses, whole) = statuses(&asker, &app).await?;
    let here = |status: &Status| status.place.environment == environment && status.place.server == server;
    let found = statuses.into_iter().find(here);
    found.map(|status| Json(view(status, whole, true))).ok_or_else(|| Problem::new("no-server"))
}

/// What would change on a server now; asks the server
#[utoipa::path(
    get, path = "/environments/{environment}/servers/{server}/plan", tag = "environments",
    params(("environment" = String, Path, description = "Its environment."), ("server" = String, Path, description = "Its name.")),
    responses((status = OK, body = PlanView), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn plan(
    asker: Asker,
    Path((environment, server)): Path<(String, String)>,
) -> Result<Json<PlanView>, Problem> {
    let plan = asker.office.plan(&asker.identity.actor, &environment, &server).await?;
    Ok(Json(PlanView::of(&plan, true)))
}

/// Apply the plan that was shown, if it still is the plan
#[utoipa::path(
    post, path = "/environments/{environment}/servers/{server}/apply", tag = "environments", request_body = Apply,
    params(("environment" = String, Path, description = "Its environment."), ("server" = String, Path, description = "Its name.")),
    responses((status = OK, body = PlanView), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn apply(
    State(app): State<App>,
    Path((environment, server)): Path<(String, String)>,
    write: Write<Apply>,
) -> Result<Json<PlanView>, Problem> {
    let Write { asker, value, .. } = &write;
    let actor = &asker.identity.actor;
    let plan = app.keeper().apply(&asker.office, actor, &environment, &server, &value.digest).await?;
    Ok(Json(PlanView::of(&plan, true)))
}
