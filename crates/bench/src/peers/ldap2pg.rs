//! ldap2pg: knows no single tables, so that half of the Roles hold no tables with it. It is given no LDAP here.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::generate::{Reach, Size};
use crate::stage::Stage;

/// The program with its file.
pub fn command(program: &Path, stage: &Stage, size: Size, act: &[&str]) -> anyhow::Result<Command> {
    let file = stage.file("ldap2pg.yml");
    if !file.exists() {
        std::fs::write(&file, config(size))?;
    }
    let mut ldap2pg = Command::new(program);
    ldap2pg.args(act).arg("-c").arg(file).env("PGDSN", stage.url("postgres"));
    Ok(ldap2pg)
}

const HEAD: &str = "version: 5
postgres:
  databases_query: [app]
  schemas_query: |
    SELECT nspname FROM pg_namespace WHERE nspname LIKE 's__'
  roles_blacklist_query: [postgres, app_owner, pg_*]
privileges:
  reach: [__connect__]
  select: [__usage_on_schemas__, __select_on_tables__]
  change: [__usage_on_schemas__, __select_on_tables__, __insert_on_tables__, __update_on_tables__, __delete_on_tables__]
sync_map:
";

fn config(size: Size) -> String {
    let mut yaml = HEAD.to_owned();
    let all: Vec<String> = size.grants().map(|(name, _)| name).collect();
    let _ = writeln!(yaml, "- roles:\n  - {{ names: [{}], options: NOLOGIN }}", all.join(", "));
    for (name, roles) in size.accounts() {
        let roles: Vec<_> = roles.into_iter().collect();
        let _ = writeln!(yaml, "  - {{ name: {name}, options: LOGIN, parents: [{}] }}", roles.join(", "));
    }
    let _ = writeln!(yaml, "- grant:\n  - {{ privilege: reach, roles: [public, {}] }}", all.join(", "));
    for (role, grant) in size.grants() {
        let Reach::Schemas(schemas) = grant.on else { continue };
        let privilege = if grant.allow.len() == 1 { "select" } else { "change" };
        for schema in schemas {
            let _ = writeln!(yaml, "  - {{ privilege: {privilege}, schema: {schema}, role: {role} }}");
        }
    }
    yaml
}
