//! A plan for programs: what `--json` prints and `--out` saves. `rolecall schema --plan` describes it.

use rolecall_core::finding::Finding;
use rolecall_core::plan::{Effect, Plan, Risk, Stage, Step};
use rolecall_core::state::Identity;
use rolecall_engine::postgres::render::{Context, RenderError, render};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The format's version.
pub const FORMAT: u32 = 1;

/// The plans of one run.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// The format's version.
    pub format: u32,
    /// Where the policy was read.
    pub policy: String,
    /// One plan for each server.
    pub plans: Vec<PlanDocument>,
}

/// The plan of one server.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlanDocument {
    /// The environment's name.
    pub environment: String,
    /// The server's name in the policy.
    pub server: String,
    /// Which server it really is.
    pub identity: Identity,
    /// The governed databases, by their names on the server.
    pub databases: Vec<String>,
    /// Who gains and who loses what.
    pub effects: Vec<Effect>,
    /// What runs, in order.
    pub statements: Vec<Statements>,
    /// What else was noticed.
    pub findings: Vec<Finding>,
    /// What it may do to somebody.
    pub risks: Vec<Risk>,
    /// It changes something.
    pub changes: bool,
    /// A finding of level `error` keeps it from being applied.
    pub blocked: bool,
    /// `sha256:` and 64 hex digits over the server's identity, the effects and the changes.
    pub digest: String,
}

/// The SQL of one change.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Statements {
    /// When it runs.
    pub stage: Stage,
    /// In which database; none: server-wide.
    pub database: Option<String>,
    /// Why.
    pub reason: String,
    /// What it may do to somebody.
    pub risks: Vec<Risk>,
    /// The SQL.
    pub sql: Vec<String>,
}

impl PlanDocument {
    /// The document of a plan.
    pub fn new(plan: &Plan) -> Result<Self, RenderError> {
        let context = Context { version: plan.identity.version };
        let statements = |step: &Step| {
            Ok(Statements {
                stage: step.stage,
                database: step.database.clone(),
                reason: step.reason.clone(),
                risks: step.change.risks().into_iter().collect(),
                sql: render(&step.change, context)?,
            })
        };
        Ok(Self {
            environment: plan.environment.clone(),
            server: plan.server.clone(),
            identity: plan.identity.clone(),
            databases: plan.databases.clone(),
            effects: plan.effects.clone(),
            statements: plan.steps.iter().map(statements).collect::<Result<_, RenderError>>()?,
            findings: plan.findings.clone(),
            risks: plan.risks().into_iter().collect(),
            changes: !plan.is_empty(),
            blocked: plan.is_blocked(),
            digest: plan.digest.clone(),
        })
    }
}
