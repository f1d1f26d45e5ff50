//! Rows × columns: PostgreSQL checks the two apart, so who may read some columns of all rows and all columns of some
//! rows may read all columns of all rows. Such pairs are found per Account, and refused unless the environment allows them.

use std::collections::{BTreeMap, BTreeSet};

use super::grants::{RoleIds, privileges};
use super::inventory::reaches;
use super::rows;
use super::{Desired, Scene, closure};
use crate::finding::{Finding, Level};
use crate::plan::Filter;
use crate::privilege::{COLUMN_PRIVILEGES, PrivilegeSet, ROW_PRIVILEGES};
use crate::state::{Object, RoleId};

/// Privileges of one grant on one table, with how far they reach.
struct Shape<'a> {
    role: &'a str,
    privileges: PrivilegeSet,
    columns: Option<BTreeSet<&'a str>>,
    rows: Option<Filter>,
}

impl Shape<'_> {
    fn more_columns(&self, other: &Self) -> bool {
        match (&self.columns, &other.columns) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(other)) => own.is_superset(other),
        }
    }

    fn more_rows(&self, other: &Self) -> bool {
        self.rows.is_none() || self.rows == other.rows
    }

    /// Together they reach cells that neither does.
    fn multiplies(&self, other: &Self) -> bool {
        let shared = self.privileges.intersection(other.privileges);
        let both = COLUMN_PRIVILEGES.intersection(ROW_PRIVILEGES);
        let same = self.columns == other.columns || self.rows == other.rows;
        let within =
            (self.more_columns(other) && self.more_rows(other)) || (other.more_columns(self) && other.more_rows(self));
        !shared.intersection(both).is_empty() && !same && !within
    }
}

/// Finds such pairs for every Account.
pub fn check(scene: Scene<'_>, ids: &RoleIds, desired: &mut Desired) {
    let names: BTreeMap<RoleId, &str> = ids.iter().map(|(name, id)| (*id, name.as_str())).collect();
    let mut holdings: BTreeMap<RoleId, BTreeSet<&str>> = BTreeMap::new();
    for (role, member) in desired.memberships.keys() {
        if desired.roles.get(member).is_some_and(|role| role.standing.is_some())
            && let Some(name) = names.get(role)
        {
            holdings.entry(*member).or_default().extend(closure(scene.policy, name));
        }
    }
    let mut classes: BTreeMap<BTreeSet<&str>, Vec<RoleId>> = BTreeMap::new();
    for (member, roles) in holdings {
        classes.entry(roles).or_default().push(member);
    }
    let mut findings = Vec::new();
    for (logical, database) in &scene.server.databases {
        let (Some(contents), Some(wanted)) =
            (scene.state.contents.get(&database.name), desired.contents.get(&database.name))
        else {
            continue;
        };
        let limited: BTreeSet<u32> =
            wanted.columns.keys().map(|(table, _)| *table).chain(wanted.secured.keys().copied()).collect();
        for table in contents.objects.iter().filter(|object| object.kind.is_relation() && limited.contains(&object.oid))
        {
            let columns = contents.columns_of(table.oid);
            let shapes = shapes(scene, ids, logical, table, columns);
            for (roles, members) in &classes {
                if let Some((one, other)) = pair(&shapes, roles) {
                    let member = members.first().map_or("?", |member| desired.names.name(*member));
                    findings.push(finding(scene, table, one, other, member, members.len()));
                }
            }
        }
    }
    desired.findings.extend(findings);
}

fn shapes<'a>(
    scene: Scene<'a>,
    ids: &'a RoleIds,
    logical: &str,
    table: &Object,
    columns: &[crate::state::Column],
) -> Vec<Shape<'a>> {
    let mut shapes = Vec::new();
    for role in ids.keys() {
        let grants = scene.policy.roles.get(role).into_iter().flat_map(|role| &role.grants);
        for grant in grants.filter(|grant| grant.database.value == logical) {
            let hit = grant.on.iter().any(|pattern| reaches(&pattern.value, table));
            if !hit || grant.except.iter().any(|pattern| reaches(&pattern.value, table)) {
                continue;
            }
            let filtered = !grant.rows.is_empty() || grant.condition.is_some();
            let rows = if filtered { rows::filter(scene, role, grant, columns).ok() } else { None };
            let named = grant.columns.iter().map(|column| column.value.as_str()).collect();
            shapes.push(Shape {
                role,
                privileges: privileges(grant.privileges, table.kind, scene.state.identity.version),
                columns: (!grant.columns.is_empty()).then_some(named),
                rows,
            });
        }
    }
    shapes
}

fn pair<'s, 'a>(shapes: &'s [Shape<'a>], roles: &BTreeSet<&str>) -> Option<(&'s Shape<'a>, &'s Shape<'a>)> {
    let held = || shapes.iter().filter(|shape| roles.contains(shape.role));
    held()
        .enumerate()
        .find_map(|(place, one)| held().skip(place + 1).find(|other| one.multiplies(other)).map(|other| (one, other)))
}

fn finding(
    scene: Scene<'_>,
    table: &Object,
    one: &Shape<'_>,
    other: &Shape<'_>,
    member: &str,
    members: usize,
) -> Finding {
    let name = format!("{}.{}", table.schema.as_deref().unwrap_or_default(), table.name);
    let who = if members > 1 { format!("{member} and {} more", members - 1) } else { member.to_owned() };
    let roles = if one.role == other.role {
        format!("two grants of Role {}", one.role)
    } else {
        format!("Roles {} and {}", one.role, other.role)
    };
    let level = if scene.environment.rules.allow_combination { Level::Warning } else { Level::Error };
    Finding::new(
        level,
        "rows-times-columns",
        name.clone(),
        format!(
            "{who} would hold more of {name} than {roles} say: PostgreSQL checks columns and rows apart, so some \
             columns of many rows and many columns of some rows make many columns of many rows"
        ),
    )
    .help("give both the same columns or the same rows, keep them from one person, or set `rules: { combination: allow }`")
}
