//! A Role's grants laid over the objects that exist, with what they bring along: USAGE on the schema, CONNECT on the
//! database, USAGE on the sequences behind a table's serial columns.

use std::collections::{BTreeMap, BTreeSet};

use super::inventory::reaches;
use super::rows::{self, RowGrant};
use super::{Desired, DesiredContents, Inventory, Scene, Wants};
use crate::finding::{Finding, Level};
use crate::policy::model::{Grant, PublicRule, Spanned};
use crate::policy::pattern::{Pattern, Selector};
use crate::privilege::{COLUMN_PRIVILEGES, Kind, Privilege, PrivilegeSet};
use crate::state::{Object, RoleId};

/// Present Roles by their name in the policy.
pub type RoleIds = BTreeMap<String, RoleId>;

/// What the Roles' grants mean inside one database.
pub fn contents(
    scene: Scene<'_>,
    logical: &str,
    inventory: &Inventory<'_>,
    ids: &RoleIds,
    desired: &mut Desired,
) -> DesiredContents {
    let count = inventory.contents.objects.len();
    let mut pass = Pass {
        scene,
        logical,
        inventory,
        wanted: DesiredContents { objects: vec![Wants::new(); count], ..DesiredContents::default() },
        usage: BTreeSet::new(),
        findings: BTreeSet::new(),
    };
    let here = |grant: &&Grant| grant.database.value == logical;
    let filtered = |grant: &Grant| !grant.rows.is_empty() || grant.condition.is_some();
    let roles = || ids.iter().filter_map(|(name, id)| Some((name, *id, scene.policy.roles.get(name)?)));
    for (name, id, role) in roles() {
        for grant in role.grants.iter().filter(here).filter(|grant| !filtered(grant)) {
            pass.grant(name, id, grant);
        }
    }
    normalise(&mut pass.wanted.objects);
    let mut row_grants: BTreeMap<u32, Vec<RowGrant>> = BTreeMap::new();
    for (name, id, role) in roles() {
        for grant in role.grants.iter().filter(here).filter(|grant| filtered(grant)) {
            for (table, row_grant) in pass.row_grants(name, id, grant) {
                row_grants.entry(table).or_default().push(row_grant);
            }
        }
    }
    rows::secure(scene, &desired.names, inventory, &row_grants, &mut pass.wanted);
    pass.finish(&row_grants);
    let (wanted, findings) = (pass.wanted, pass.findings);
    desired.findings.extend(findings);
    wanted
}

struct Pass<'a> {
    scene: Scene<'a>,
    logical: &'a str,
    inventory: &'a Inventory<'a>,
    wanted: DesiredContents,
    usage: BTreeSet<(usize, RoleId)>,
    findings: BTreeSet<Finding>,
}

impl Pass<'_> {
    fn grant(&mut self, role: &str, id: RoleId, grant: &Grant) {
        for place in self.places(role, id, grant) {
            let Some(object) = self.inventory.object(place) else { continue };
            let privileges = privileges(grant.privileges, object.kind, self.scene.state.identity.version);
            if grant.columns.is_empty() {
                self.want(place, id, privileges);
            } else {
                self.want_columns(role, object, id, privileges, grant);
            }
            self.bring_along(object, id, privileges);
        }
    }

    /// The places a grant reaches; says so where a pattern reaches nothing.
    fn places(&mut self, role: &str, id: RoleId, grant: &Grant) -> Vec<usize> {
        for pattern in grant.on.iter().filter(|pattern| !server_wide_pattern(&pattern.value)) {
            if let Some(place) = whole_schema(&pattern.value).and_then(|schema| self.inventory.schema(schema)) {
                self.usage.insert((place, id));
            } else if self.inventory.matching(&pattern.value).next().is_none() {
                self.findings.insert(self.reaches_nothing(role, &pattern.value));
            }
        }
        self.inventory.select(&grant.on, &grant.except)
    }

    fn reaches_nothing(&self, role: &str, pattern: &Pattern) -> Finding {
        let text = pattern.to_string();
        let name = text.rsplit_once(' ').map_or(text.as_str(), |(_, name)| name);
        let shown = |object: &Object| match &object.schema {
            Some(schema) => format!("{schema}.{}", object.name),
            None => object.name.to_string(),
        };
        let names = self.inventory.contents.objects.iter().filter(|object| !object.system).map(shown);
        let nearest = names
            .map(|candidate| (strsim::jaro_winkler(name, &candidate), candidate))
            .filter(|(likeness, _)| *likeness > 0.85)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let finding = Finding::new(
            Level::Warning,
            "matches-nothing",
            format!("Role {role}"),
            format!("`{text}` matches nothing in {} ({})", self.logical, self.scene.environment_name),
        );
        match nearest {
            Some((_, candidate)) => finding.help(format!("did you mean `{candidate}`?")),
            None => finding.help("the grant takes hold once such an object exists and the plan is applied again"),
        }
    }

    fn want(&mut self, place: usize, role: RoleId, privileges: PrivilegeSet) {
        if let Some(wants) = self.wanted.objects.get_mut(place)
            && !privileges.is_empty()
        {
            wants.push((role, privileges));
        }
    }

    fn want_columns(&mut self, role: &str, table: &Object, id: RoleId, privileges: PrivilegeSet, grant: &Grant) {
        let columns = self.inventory.contents.columns_of(table.oid);
        for wanted in &grant.columns {
            match columns.iter().find(|column| *column.name == *wanted.value) {
                Some(column) => {
                    let privileges = privileges.intersection(COLUMN_PRIVILEGES);
                    self.wanted.columns.entry((table.oid, column.number)).or_default().push((id, privileges));
                }
                None => {
                    self.findings.insert(rows::unknown_column(role, table, &wanted.value, columns));
                }
            }
        }
    }

    fn bring_along(&mut self, object: &Object, role: RoleId, privileges: PrivilegeSet) {
        if privileges.is_empty() {
            return;
        }
        if let Some(place) = object.schema.as_deref().and_then(|schema| self.inventory.schema(schema)) {
            self.usage.insert((place, role));
        }
        if object.kind.is_relation() && privileges.has(Privilege::Insert) {
            for place in self.inventory.serials(object.oid).to_vec() {
                self.want(place, role, Privilege::Usage.into());
            }
        }
    }

    fn row_grants(&mut self, role: &str, id: RoleId, grant: &Grant) -> Vec<(u32, RowGrant)> {
        let mut found = Vec::new();
        for place in self.places(role, id, grant) {
            let Some(object) = self.inventory.object(place) else { continue };
            if !matches!(object.kind, Kind::Table | Kind::PartitionedTable) {
                self.findings.insert(rows::no_row_security(role, object));
                continue;
            }
            let columns = self.inventory.contents.columns_of(object.oid);
            match rows::filter(self.scene, role, grant, columns) {
                Ok(filter) => {
                    let privileges = privileges(grant.privileges, object.kind, self.scene.state.identity.version);
                    let names = grant.columns.iter().map(|column| column.value.clone()).collect();
                    found.push((object.oid, RowGrant { role: id, privileges, filter, columns: names, place }));
                    self.check_columns(role, object, grant);
                }
                Err(column) => {
                    self.findings.insert(rows::unknown_column(role, object, &column, columns));
                }
            }
        }
        found
    }

    fn check_columns(&mut self, role: &str, table: &Object, grant: &Grant) {
        let columns = self.inventory.contents.columns_of(table.oid);
        for wanted in &grant.columns {
            if !columns.iter().any(|column| *column.name == *wanted.value) {
                self.findings.insert(rows::unknown_column(role, table, &wanted.value, columns));
            }
        }
    }

    /// Adds the privileges behind row filters, once the filters themselves are known, and what was brought along.
    fn finish(&mut self, row_grants: &BTreeMap<u32, Vec<RowGrant>>) {
        for (table, grants) in row_grants {
            for grant in grants {
                let Some(object) = self.inventory.object(grant.place) else { continue };
                if grant.columns.is_empty() {
                    self.want(grant.place, grant.role, grant.privileges);
                }
                for column in self.inventory.contents.columns_of(*table) {
                    if grant.columns.contains(&*column.name) {
                        let privileges = grant.privileges.intersection(COLUMN_PRIVILEGES);
                        self.wanted.columns.entry((*table, column.number)).or_default().push((grant.role, privileges));
                    }
                }
                self.bring_along(object, grant.role, grant.privileges);
            }
        }
        for (place, role) in std::mem::take(&mut self.usage) {
            self.want(place, role, Privilege::Usage.into());
        }
        normalise(&mut self.wanted.objects);
        let places: BTreeMap<u32, usize> = if self.wanted.columns.is_empty() {
            BTreeMap::new()
        } else {
            let objects = self.inventory.contents.objects.iter().enumerate();
            objects.filter(|(_, object)| object.kind.is_relation()).map(|(place, object)| (object.oid, place)).collect()
        };
        let objects = &self.wanted.objects;
        self.wanted.columns.retain(|(table, _), wants| {
            merge(wants);
            // What a role holds on the whole table it needs on no column.
            let whole = places.get(table).and_then(|place| objects.get(*place)).map_or(&[][..], Vec::as_slice);
            for (role, privileges) in wants.iter_mut() {
                *privileges = privileges.minus(held(whole, *role));
            }
            wants.retain(|(_, privileges)| !privileges.is_empty());
            !wants.is_empty()
        });
    }
}

/// What server-wide objects (databases, parameters, tablespaces) should show.
pub fn server_wide(scene: Scene<'_>, ids: &RoleIds, desired: &mut Desired) {
    let version = scene.state.identity.version;
    let mut missing = BTreeSet::new();
    for (name, id) in ids {
        let Some(role) = scene.policy.roles.get(name) else { continue };
        for grant in &role.grants {
            let Some(database) = scene.server.databases.get(&grant.database.value) else { continue };
            let own = scene.state.databases.iter().position(|state| state.name == database.name);
            let mut connect = false;
            for pattern in &grant.on {
                if pattern.value.name.is_none() {
                    let privileges = privileges(grant.privileges, Kind::Database, version);
                    push(own.and_then(|place| desired.databases.get_mut(place)), *id, privileges);
                } else if server_wide_pattern(&pattern.value) {
                    let mut objects =
                        scene.state.objects.iter().chain(scene.state.databases.iter().map(|it| &it.object));
                    if !objects.any(|object| reaches(&pattern.value, object)) {
                        missing.insert(nothing_there(name, &pattern.value));
                    }
                    for (place, object) in scene.state.objects.iter().enumerate() {
                        let spared = grant.except.iter().any(|pattern| reaches(&pattern.value, object));
                        if reaches(&pattern.value, object) && !spared {
                            let privileges = privileges(grant.privileges, object.kind, version);
                            push(desired.objects.get_mut(place), *id, privileges);
                        }
                    }
                } else {
                    connect = true;
                }
            }
            if connect {
                push(own.and_then(|place| desired.databases.get_mut(place)), *id, Privilege::Connect.into());
            }
        }
    }
    desired.findings.extend(missing);
    normalise(&mut desired.databases);
    normalise(&mut desired.objects);
}

fn nothing_there(role: &str, pattern: &Pattern) -> Finding {
    let finding = Finding::new(
        Level::Warning,
        "matches-nothing",
        format!("Role {role}"),
        format!("`{pattern}` matches nothing on the server"),
    );
    match pattern.selector {
        Selector::One(Kind::Parameter) => finding.help("parameters are written in lower case; PostgreSQL 14 has none"),
        _ => finding.help("the grant takes hold once such an object exists and the plan is applied again"),
    }
}

fn push(wants: Option<&mut Wants>, role: RoleId, privileges: PrivilegeSet) {
    if let Some(wants) = wants
        && !privileges.is_empty()
    {
        wants.push((role, privileges));
    }
}

/// A grant's privileges as far as the kind has them on this version; none given means all.
pub fn privileges(given: Option<PrivilegeSet>, kind: Kind, version: u32) -> PrivilegeSet {
    let all = kind.privileges(version);
    given.map_or(all, |given| given.intersection(all))
}

/// Databases, parameters and tablespaces are the server's.
pub fn server_wide_pattern(pattern: &Pattern) -> bool {
    pattern.kinds().iter().all(|kind| kind.is_server_wide())
}

/// The schema, where a pattern means everything of its kind in one.
pub fn whole_schema(pattern: &Pattern) -> Option<&str> {
    pattern.schema.as_ref().filter(|_| pattern.whole_schema())?.exact()
}

/// Whether a rule for PUBLIC means an object of `kind`.
pub fn rule_reaches(rule: &PublicRule, object: &Object) -> bool {
    let own_database = |pattern: &Spanned<Pattern>| pattern.value.name.is_none() && object.kind == Kind::Database;
    rule.on.iter().any(|pattern| own_database(pattern) || reaches(&pattern.value, object))
}

/// What a role holds among wants.
pub fn held(wants: &[(RoleId, PrivilegeSet)], role: RoleId) -> PrivilegeSet {
    wants
        .binary_search_by_key(&role, |(role, _)| *role)
        .ok()
        .and_then(|place| wants.get(place))
        .map_or(PrivilegeSet::EMPTY, |(_, privileges)| *privileges)
}

fn normalise(lists: &mut [Wants]) {
    lists.iter_mut().for_each(merge);
}

/// Sorts by role, one entry each.
fn merge(wants: &mut Wants) {
    if wants.len() < 2 {
        return;
    }
    wants.sort_unstable();
    wants.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = kept.1.union(next.1);
        }
        same
    });
}
