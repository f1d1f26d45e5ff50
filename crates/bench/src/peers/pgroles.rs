//! pgroles: says all of the generated policy.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::generate::{Reach, Size};
use crate::stage::Stage;

/// The program with its file. It is told to leave alone what the file does not name, as Rolecall does.
pub fn command(program: &Path, stage: &Stage, size: Size, act: &[&str]) -> anyhow::Result<Command> {
    let file = stage.file("pgroles.yaml");
    if !file.exists() {
        std::fs::write(&file, manifest(size))?;
    }
    let mut pgroles = Command::new(program);
    pgroles.args(act).args(["--mode", "adopt", "-f"]).arg(file).env("DATABASE_URL", stage.url("app"));
    Ok(pgroles)
}

fn manifest(size: Size) -> String {
    let mut yaml = "roles:\n".to_owned();
    for (name, _) in size.grants() {
        let _ = writeln!(yaml, "  - {{ name: {name} }}");
    }
    let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, roles) in size.accounts() {
        let _ = writeln!(yaml, "  - {{ name: {name}, login: true }}");
        for role in roles {
            members.entry(role).or_default().push(format!("{{ name: {name} }}"));
        }
    }
    yaml.push_str("grants:\n");
    for (role, grant) in size.grants() {
        let allow = grant.allow.join(", ").to_ascii_uppercase();
        let mut add = |privileges: &str, object: String| {
            let _ = writeln!(yaml, "  - {{ role: {role}, privileges: [{privileges}], object: {{ {object} }} }}");
        };
        add("CONNECT", "type: database, name: app".to_owned());
        let tables: Vec<(String, String)> = match grant.on {
            Reach::Schemas(schemas) => schemas.map(|schema| (schema, "\"*\"".to_owned())).into(),
            Reach::Tables(tables) => tables,
        };
        let schemas: BTreeSet<_> = tables.iter().map(|(schema, _)| schema).collect();
        for schema in schemas {
            add("USAGE", format!("type: schema, name: {schema}"));
        }
        for (schema, table) in &tables {
            add(&allow, format!("type: table, schema: {schema}, name: {table}"));
        }
    }
    yaml.push_str("memberships:\n");
    for (role, members) in members {
        let _ = writeln!(yaml, "  - {{ role: {role}, members: [{}] }}", members.join(", "));
    }
    yaml
}
