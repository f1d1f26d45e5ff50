//! Default privileges: where a grant means a whole schema, the objects that come later have it from their first moment.

use std::collections::{BTreeMap, BTreeSet};

use super::grants::{RoleIds, privileges, whole_schema};
use super::{Desired, DesiredContents, Inventory, Scene, Wants};
use crate::policy::model::Grant;
use crate::policy::pattern::{Pattern, Selector};
use crate::privilege::{Kind, PrivilegeSet};
use crate::state::{DefaultKind, HELPER_SCHEMA, Object, RoleId};

/// Adds the default privileges that the Roles' grants on whole schemas mean.
pub fn add(
    scene: Scene<'_>,
    logical: &str,
    inventory: &Inventory<'_>,
    ids: &RoleIds,
    desired: &mut Desired,
    wanted: &mut DesiredContents,
) {
    let mut sums: BTreeMap<(RoleId, String, DefaultKind), BTreeMap<RoleId, PrivilegeSet>> = BTreeMap::new();
    let mut creators: BTreeMap<(String, DefaultKind), BTreeSet<RoleId>> = BTreeMap::new();
    for (name, id) in ids {
        let grants = scene.policy.roles.get(name).into_iter().flat_map(|role| &role.grants);
        for grant in grants.filter(|grant| grant.database.value == logical && is_whole(grant)) {
            for pattern in &grant.on {
                let Some((schema, kind)) = future(&pattern.value) else { continue };
                if inventory.schema(schema).is_none() {
                    continue;
                }
                let privileges = privileges(grant.privileges, kind.kind(), scene.state.identity.version);
                let creators = creators.entry((schema.to_owned(), kind)).or_insert_with(|| {
                    find_creators(scene, logical, inventory, Some(schema), kind, &mut desired.names)
                });
                for creator in creators.iter() {
                    let sum = sums.entry((*creator, schema.to_owned(), kind)).or_default().entry(*id).or_default();
                    *sum = sum.union(privileges);
                }
            }
        }
    }
    for ((creator, schema, kind), wants) in sums {
        let wants: Wants = wants.into_iter().filter(|(_, privileges)| !privileges.is_empty()).collect();
        if !wants.is_empty() {
            wanted.defaults.insert((creator, Some(schema), kind), wants);
        }
    }
}

/// Whatever comes later would fall under the grant too: nothing excepted, no column, no row.
fn is_whole(grant: &Grant) -> bool {
    grant.except.is_empty() && grant.columns.is_empty() && grant.rows.is_empty() && grant.condition.is_none()
}

/// The default privileges that cover exactly what the pattern covers: `table shop.*` is narrower than ON TABLES.
fn future(pattern: &Pattern) -> Option<(&str, DefaultKind)> {
    let kind = match pattern.selector {
        Selector::Relations => DefaultKind::Tables,
        Selector::Routines => DefaultKind::Routines,
        Selector::One(Kind::Sequence) => DefaultKind::Sequences,
        Selector::One(_) => return None,
    };
    Some((whole_schema(pattern)?, kind))
}

/// Whose future objects: whom the database names as creators, or who owns the schema or such objects in it now (None:
/// any schema). Only those for whom Rolecall may speak.
pub fn find_creators(
    scene: Scene<'_>,
    logical: &str,
    inventory: &Inventory<'_>,
    schema: Option<&str>,
    kind: DefaultKind,
    names: &mut crate::state::RoleNames,
) -> BTreeSet<RoleId> {
    let state = scene.state;
    let named = scene.server.databases.get(logical).map_or(&[][..], |database| &database.creators);
    let mut creators: BTreeSet<RoleId> = if named.is_empty() {
        let same = |found: Kind| match kind {
            DefaultKind::Tables => found.is_relation(),
            DefaultKind::Routines => found.is_routine(),
            DefaultKind::Sequences | DefaultKind::Types | DefaultKind::Schemas | DefaultKind::LargeObjects => {
                found == kind.kind()
            }
        };
        let here = |object: &&Object| {
            let place = if object.kind == Kind::Schema { Some(&*object.name) } else { object.schema.as_deref() };
            schema.map_or(!object.system && place != Some(HELPER_SCHEMA), |schema| place == Some(schema))
        };
        let objects = match schema {
            Some(schema) => {
                inventory.schema(schema).into_iter().chain(inventory.in_schema(schema).iter().copied()).collect()
            }
            None => (0..inventory.contents.objects.len()).collect::<Vec<_>>(),
        };
        let objects = objects.into_iter().filter_map(|place| inventory.object(place)).filter(here);
        objects
            .filter(|object| object.kind == Kind::Schema || (same(object.kind) && !object.extension))
            .map(|object| object.owner)
            .collect()
    } else {
        named.iter().map(|name| names.intern(&name.value)).collect()
    };
    let owned = state.owned();
    let may = |creator: &RoleId| state.superuser || state.has_rights_of(state.me, *creator);
    creators.retain(|creator| state.roles.contains_key(creator) && !owned.contains(creator) && may(creator));
    creators.retain(|creator| !state.names.name(*creator).starts_with("pg_"));
    creators
}
