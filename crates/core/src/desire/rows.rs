//! Row filters: which tables need row security, and the policies that say who sees which of their rows.

use std::collections::{BTreeMap, BTreeSet};

use super::grants::held;
use super::{DesiredContents, Inventory, Scene, Wants};
use crate::finding::{Finding, Level};
use crate::plan::{ColumnMatch, Filter, RawCondition, RowExpression, RowPolicyDef};
use crate::policy::model::Grant;
use crate::privilege::{Privilege, PrivilegeSet, ROW_PRIVILEGES};
use crate::state::{Column, Object, PolicyCommand, RoleId, RoleNames, ServerState};

/// How the names of Rolecall's row policies begin.
pub const POLICY_PREFIX: &str = "rolecall_";

/// Privileges that a Role has on some rows of a table.
#[derive(Debug, Clone)]
pub struct RowGrant {
    /// The Role.
    pub role: RoleId,
    /// Its privileges.
    pub privileges: PrivilegeSet,
    /// Which rows.
    pub filter: Filter,
    /// On these columns only; empty: all.
    pub columns: BTreeSet<String>,
    /// The table's place.
    pub place: usize,
}

/// The filter of a grant on a table with these columns; the error is the first column that the table lacks.
pub fn filter(scene: Scene<'_>, role: &str, grant: &Grant, columns: &[Column]) -> Result<Filter, String> {
    let mut matches = Vec::new();
    for row in &grant.rows {
        let column =
            columns.iter().find(|column| *column.name == *row.column.value).ok_or_else(|| row.column.value.clone())?;
        matches.push(ColumnMatch {
            column: column.name.to_string(),
            sql_type: column.sql_type.to_string(),
            values: row.values.clone(),
        });
    }
    let condition = grant.condition.as_ref().map(|sql| RawCondition {
        sql: sql.value.clone(),
        parameters: scene.policy.roles.get(role).map(|role| role.parameters.clone()).unwrap_or_default(),
    });
    Ok(Filter { role: scene.role_name(role), matches, condition })
}

/// What a row policy can be for, by the privilege that goes with it.
pub const COMMANDS: [(Privilege, PolicyCommand); 4] = [
    (Privilege::Select, PolicyCommand::Select),
    (Privilege::Insert, PolicyCommand::Insert),
    (Privilege::Update, PolicyCommand::Update),
    (Privilege::Delete, PolicyCommand::Delete),
];

/// Writes the row policies of every table on which somebody's rows are filtered. Must run while `wanted` holds only
/// what is granted on all rows.
pub fn secure(
    scene: Scene<'_>,
    names: &RoleNames,
    inventory: &Inventory<'_>,
    row_grants: &BTreeMap<u32, Vec<RowGrant>>,
    wanted: &mut DesiredContents,
) {
    for (table, grants) in row_grants {
        let Some(object) = grants.first().and_then(|grant| inventory.object(grant.place)) else { continue };
        let unfiltered = unfiltered(grants, *table, wanted);
        let others = others(scene, inventory, object);
        let mut policies = Vec::new();
        for (privilege, command) in COMMANDS {
            policies.extend(all_rows(names, privilege, command, &unfiltered, &others));
            for (role, filters) in filters(grants, privilege) {
                if !held(&unfiltered, role).has(privilege) {
                    let rows = RowExpression::Any(filters.into_iter().collect());
                    if privilege == Privilege::Select {
                        wanted.row_access.insert((*table, role), rows.clone());
                    }
                    let name = names.name(role).to_owned();
                    policies.push(RowPolicyDef { name: policy_name(&name, command), command, roles: vec![name], rows });
                }
            }
        }
        wanted.secured.insert(*table, policies);
    }
}

fn filters(grants: &[RowGrant], privilege: Privilege) -> BTreeMap<RoleId, BTreeSet<Filter>> {
    let mut filters: BTreeMap<RoleId, BTreeSet<Filter>> = BTreeMap::new();
    for grant in grants.iter().filter(|grant| grant.privileges.has(privilege)) {
        filters.entry(grant.role).or_default().insert(grant.filter.clone());
    }
    filters
}

/// What each Role holds on every row of a table, on the whole of it or on columns.
fn unfiltered(grants: &[RowGrant], table: u32, wanted: &DesiredContents) -> Wants {
    let mut all: BTreeMap<RoleId, PrivilegeSet> = BTreeMap::new();
    let whole = grants.first().and_then(|grant| wanted.objects.get(grant.place)).into_iter().flatten();
    let columns = wanted.columns.range((table, i16::MIN)..=(table, i16::MAX)).flat_map(|(_, wants)| wants);
    for (role, privileges) in whole.chain(columns) {
        let sum = all.entry(*role).or_default();
        *sum = sum.union(privileges.intersection(ROW_PRIVILEGES));
    }
    all.into_iter().collect()
}

/// One policy per command for all who see every row: a policy for ALL would lend a reader's rows to another role's UPDATE.
fn all_rows(
    names: &RoleNames,
    privilege: Privilege,
    command: PolicyCommand,
    unfiltered: &[(RoleId, PrivilegeSet)],
    others: &BTreeMap<RoleId, PrivilegeSet>,
) -> Option<RowPolicyDef> {
    let owned = unfiltered.iter().filter(|(_, privileges)| privileges.has(privilege)).map(|(role, _)| *role);
    let kept = others.iter().filter(|(_, privileges)| privileges.has(privilege)).map(|(role, _)| *role);
    let roles: BTreeSet<String> = owned.chain(kept).map(|role| names.name(role).to_owned()).collect();
    let name = policy_name("all", command);
    (!roles.is_empty()).then(|| RowPolicyDef {
        name,
        command,
        roles: roles.into_iter().collect(),
        rows: RowExpression::True,
    })
}

/// Roles that Rolecall does not own and that have the table today: they keep all of its rows. Where the table had row
/// security of its own before, its own policies go on saying what they see.
fn others(scene: Scene<'_>, inventory: &Inventory<'_>, table: &Object) -> BTreeMap<RoleId, PrivilegeSet> {
    let mut others: BTreeMap<RoleId, PrivilegeSet> = BTreeMap::new();
    if table.facts.row_security && !secured_by_rolecall(inventory, table) {
        return others;
    }
    let state = scene.state;
    let owned = state.owned();
    let columns = inventory.contents.columns_of(table.oid).iter().filter_map(|column| column.acl);
    for acl in columns.chain([table.acl]) {
        for entry in state.acls.get(acl) {
            let privileges = entry.privileges.intersection(ROW_PRIVILEGES);
            let exempt = entry.grantee == table.owner && !table.facts.force_row_security;
            let passed_on = owned.contains(&entry.grantor) && entry.grantor != table.owner;
            if !entry.grantee.is_public() && !owned.contains(&entry.grantee) && !exempt && !passed_on {
                let sum = others.entry(entry.grantee).or_default();
                *sum = sum.union(privileges);
            }
        }
    }
    let write = PrivilegeSet::of(&[Privilege::Insert, Privilege::Update, Privilege::Delete]);
    for (name, privileges) in [("pg_read_all_data", Privilege::Select.into()), ("pg_write_all_data", write)] {
        if let Some(role) = state.names.find(name).filter(|role| has_unmanaged_member(state, *role)) {
            others.insert(role, privileges);
        }
    }
    others.retain(|_, privileges| !privileges.is_empty());
    others
}

/// True when Rolecall turned the table's row security on.
pub fn secured_by_rolecall(inventory: &Inventory<'_>, table: &Object) -> bool {
    let schema = table.schema.as_deref().unwrap_or_default();
    inventory
        .contents
        .helper
        .as_ref()
        .is_some_and(|helper| helper.secured.iter().any(|(there, name)| there == schema && **name == *table.name))
}

fn has_unmanaged_member(state: &ServerState, role: RoleId) -> bool {
    let owned = state.owned();
    state.memberships.iter().any(|edge| edge.role == role && !owned.contains(&edge.member))
}

/// `rolecall_<role>_<command>`, shortened with a hash where it would pass 63 bytes.
pub fn policy_name(role: &str, command: PolicyCommand) -> String {
    use sha2::{Digest, Sha256};
    let command = command.sql().to_ascii_lowercase();
    let name = format!("{POLICY_PREFIX}{role}_{command}");
    if name.len() <= 63 {
        return name;
    }
    let digest = Sha256::digest(role.as_bytes());
    let hash: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let mut end = 63 - POLICY_PREFIX.len() - command.len() - hash.len() - 2;
    while !role.is_char_boundary(end) {
        end -= 1;
    }
    format!("{POLICY_PREFIX}{}_{hash}_{command}", role.get(..end).unwrap_or_default())
}

/// A grant names a column that the table lacks.
pub fn unknown_column(role: &str, table: &Object, column: &str, columns: &[Column]) -> Finding {
    let nearest = columns
        .iter()
        .map(|candidate| (strsim::jaro_winkler(column, &candidate.name), &candidate.name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let table = format!("{}.{}", table.schema.as_deref().unwrap_or_default(), table.name);
    let finding = Finding::new(
        Level::Error,
        "unknown-column",
        format!("Role {role}"),
        format!("{table} has no column {column:?}"),
    );
    match nearest {
        Some((_, name)) => finding.help(format!("did you mean {name:?}?")),
        None => finding.help("correct the column's name in the grant, or leave the table out with `except`"),
    }
}

/// Row filters hold on tables only.
pub fn no_row_security(role: &str, object: &Object) -> Finding {
    let name = format!("{}.{}", object.schema.as_deref().unwrap_or_default(), object.name);
    Finding::new(
        Level::Error,
        "rows-need-a-table",
        format!("Role {role}"),
        format!("{name} is a {}: PostgreSQL filters rows of tables only", object.kind.noun()),
    )
    .help("grant rows on the tables behind it; a view with security_invoker then shows just these")
}
