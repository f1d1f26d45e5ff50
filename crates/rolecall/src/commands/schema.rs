//! `rolecall schema`: the JSON Schema of the policy, or of a plan.

use rolecall_core::policy::json_schema;

use crate::Outcome;
use crate::args::Schema;
use crate::show::Document;

/// Prints the schema.
pub fn run(schema: &Schema) -> anyhow::Result<Outcome> {
    print!("{}", text(schema.plan)?);
    Ok(Outcome::Done)
}

/// The schema's text, with a newline at its end.
pub fn text(plan: bool) -> anyhow::Result<String> {
    let schema = if plan { serde_json::to_value(schemars::schema_for!(Document))? } else { json_schema() };
    Ok(format!("{schema:#}\n"))
}
