//! pgsesame: says all of the generated policy.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::generate::{Grant, Reach, Size};
use crate::stage::Stage;

/// The program with its file.
pub fn command(program: &Path, stage: &Stage, size: Size, act: &str) -> anyhow::Result<Command> {
    let file = stage.file("pgsesame.yaml");
    if !file.exists() {
        std::fs::write(&file, spec(size))?;
    }
    let mut pgsesame = Command::new(program);
    pgsesame.arg(act).arg(file).env("SESAME_DSN", stage.url("app"));
    Ok(pgsesame)
}

fn spec(size: Size) -> String {
    let mut yaml = "version: 1\nengine: postgres\nprincipals:\n".to_owned();
    for (name, grant) in size.grants() {
        let _ = writeln!(yaml, "  {name}:\n    type: role\n    privileges:\n      databases: {{ connect: [app] }}");
        let (schemas, tables) = reach(&grant);
        let _ = writeln!(yaml, "      schemas: {{ usage: [{}] }}\n      tables:", schemas.join(", "));
        for privilege in grant.allow {
            let _ = writeln!(yaml, "        {privilege}: [{}]", tables.join(", "));
        }
    }
    for (name, roles) in size.accounts() {
        let roles: Vec<_> = roles.into_iter().collect();
        let _ = writeln!(yaml, "  {name}: {{ type: user, member_of: [{}] }}", roles.join(", "));
    }
    yaml
}

/// Schemas and tables as it names them.
fn reach(grant: &Grant) -> (Vec<String>, Vec<String>) {
    match &grant.on {
        Reach::Schemas(schemas) => (schemas.to_vec(), schemas.iter().map(|schema| format!("{schema}.*")).collect()),
        Reach::Tables(tables) => {
            let mut schemas: Vec<_> = tables.iter().map(|(schema, _)| schema.clone()).collect();
            schemas.sort();
            schemas.dedup();
            (schemas, tables.iter().map(|(schema, table)| format!("{schema}.{table}")).collect())
        }
    }
}
