//! Column ACLs against what they should say.

use std::collections::BTreeMap;

use super::Differ;
use super::acl::{Taken, compare};
use super::objects::{KEPT, unmanaged};
use crate::desire::Wants;
use crate::plan::{Change, ObjectRef, Stage};
use crate::privilege::PrivilegeSet;
use crate::state::{AclEntry, Contents, Object, RoleId};

type ByPrivileges = BTreeMap<PrivilegeSet, Vec<String>>;

/// Every column that has an ACL or should.
pub fn diff(differ: &mut Differ<'_>, database: &str, contents: &Contents) {
    let (state, desired) = (differ.state, differ.desired);
    let wanted = desired.contents.get(database);
    let nothing = Wants::new();
    let relations = contents.objects.iter().enumerate().filter(|(_, object)| object.kind.is_relation());
    for (place, table) in relations {
        let columns = contents.columns_of(table.oid);
        if columns.is_empty() {
            continue;
        }
        let table_wants = wanted.and_then(|wanted| wanted.objects.get(place));
        let public = wanted.map(|wanted| wanted.public.allowed(table, &state.acls));
        let whole = compare(differ, state.acls.get(table.acl), table.owner, table_wants.unwrap_or(&nothing), public);
        let mut taken: BTreeMap<Taken, ByPrivileges> = BTreeMap::new();
        let mut given: BTreeMap<RoleId, ByPrivileges> = BTreeMap::new();
        let mut kept: BTreeMap<RoleId, ByPrivileges> = BTreeMap::new();
        for column in columns {
            let entries = column.acl.map_or(&[][..], |acl| state.acls.get(acl));
            let left = stripped(entries, &whole.taken, table.owner);
            let wants = wanted.and_then(|wanted| wanted.columns.get(&(table.oid, column.number))).unwrap_or(&nothing);
            let difference = compare(differ, &left, table.owner, wants, public);
            for item in difference.taken {
                let key = Taken { privileges: PrivilegeSet::EMPTY, ..item };
                let columns = taken.entry(key).or_default().entry(item.privileges).or_default();
                columns.push(column.name.to_string());
            }
            for (role, privileges) in relied(differ, table, entries, difference.public) {
                let columns = kept.entry(role).or_default().entry(privileges).or_default();
                columns.push(column.name.to_string());
            }
            for (role, privileges) in difference.given {
                let columns = given.entry(role).or_default().entry(privileges).or_default();
                columns.push(column.name.to_string());
            }
        }
        give(differ, database, table, kept, Stage::Prepare, KEPT);
        take(differ, database, table, taken);
        give(differ, database, table, given, Stage::Widen, "the policy grants these columns");
    }
}

/// A REVOKE on the table takes the same grantor's grants on its columns along.
fn stripped(entries: &[AclEntry], taken: &[Taken], owner: RoleId) -> Vec<AclEntry> {
    let strip = |entry: &AclEntry| {
        let mut left = *entry;
        for taken in taken.iter().filter(|taken| taken.grantee == entry.grantee) {
            if taken.grantor.unwrap_or(owner) == entry.grantor {
                left.grantable = left.grantable.minus(taken.privileges);
                if !taken.option_only {
                    left.privileges = left.privileges.minus(taken.privileges);
                }
            }
        }
        left
    };
    entries.iter().map(strip).filter(|entry| !entry.privileges.is_empty()).collect()
}

/// What roles that are expected held on a column through PUBLIC alone. PostgreSQL gives everybody no column by itself.
fn relied(differ: &Differ<'_>, table: &Object, entries: &[AclEntry], lost: PrivilegeSet) -> Wants {
    if lost.is_empty() {
        return Wants::new();
    }
    let entries = || entries.iter().chain(differ.state.acls.get(table.acl));
    let own = |id: RoleId| {
        let own = entries().filter(move |entry| entry.grantee == id);
        own.fold(PrivilegeSet::EMPTY, |sum, entry| sum.union(entry.privileges))
    };
    let known = unmanaged(differ, table.owner).filter(|(_, known)| *known);
    known.map(|(id, _)| (id, lost.minus(own(id)))).filter(|(_, left)| !left.is_empty()).collect()
}

fn take(differ: &mut Differ<'_>, database: &str, table: &Object, taken: BTreeMap<Taken, ByPrivileges>) {
    for (item, columns) in taken {
        let reason = format!("{}: not in the policy", differ.people(&[item.grantee]));
        let change = Change::RevokeColumns {
            table: ObjectRef::from(table),
            columns,
            grantees: vec![differ.grantee(item.grantee)],
            grantor: item.grantor.map(|id| differ.name(id)),
            option_only: item.option_only,
            cascade: item.cascade,
        };
        // Before the revokes on whole tables: what was passed on by a table's grant option hangs on it.
        let place = differ.steps.iter().position(|step| step.stage == Stage::Narrow).unwrap_or(differ.steps.len());
        differ.steps.insert(
            place,
            crate::plan::Step { stage: Stage::Narrow, database: Some(database.to_owned()), change, reason },
        );
    }
}

fn give(
    differ: &mut Differ<'_>,
    database: &str,
    table: &Object,
    given: BTreeMap<RoleId, ByPrivileges>,
    stage: Stage,
    why: &str,
) {
    let mut alike: BTreeMap<ByPrivileges, Vec<RoleId>> = BTreeMap::new();
    for (role, columns) in given {
        alike.entry(columns).or_default().push(role);
    }
    for (columns, roles) in alike {
        let reason = format!("{}: {why}", differ.people(&roles));
        let grantees = differ.grantees(&roles);
        let change = Change::GrantColumns { table: ObjectRef::from(table), columns, grantees };
        differ.step(stage, Some(database), change, reason);
    }
}
