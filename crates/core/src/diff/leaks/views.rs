//! Views: one that acts as its owner reads and changes rows that its user may not, and a materialized one is a copy.

use std::collections::{BTreeMap, BTreeSet};

use super::{Differ, Scope, holders, name, on_every_row};
use crate::finding::Level;
use crate::privilege::{Kind, Privilege, PrivilegeSet, ROW_PRIVILEGES};
use crate::state::{Contents, Object, RoleId};

/// Names every view by which an owned role gets at rows of a filtered table that it does not have itself.
pub fn find(differ: &mut Differ<'_>, scope: &Scope<'_>, secured: &BTreeMap<u32, &Object>) {
    let contents = scope.contents;
    let relations: BTreeMap<u32, &Object> =
        contents.objects.iter().filter(|object| object.kind.is_relation()).map(|object| (object.oid, object)).collect();
    for (place, view) in contents.objects.iter().enumerate().filter(|(_, object)| is_view(object)) {
        let holders = holders(differ, scope, place, view);
        if holders.is_empty() {
            continue;
        }
        for table in scope.family.related(&behind(contents, &relations, view)).iter().filter_map(|oid| secured.get(oid))
        {
            let mut round: BTreeMap<RoleId, PrivilegeSet> = BTreeMap::new();
            for (role, privileges) in &holders {
                let usable = if view.kind == Kind::View { ROW_PRIVILEGES } else { Privilege::Select.into() };
                let more = privileges.intersection(usable).minus(on_every_row(differ, scope, table, *role));
                if !more.is_empty() {
                    round.insert(*role, more);
                }
            }
            tell(differ, view, table, &round);
        }
    }
}

fn is_view(object: &Object) -> bool {
    matches!(object.kind, Kind::View | Kind::MaterializedView)
}

fn tell(differ: &mut Differ<'_>, view: &Object, table: &Object, round: &BTreeMap<RoleId, PrivilegeSet>) {
    let of = |wanted: fn(&PrivilegeSet) -> bool| -> Vec<RoleId> {
        round.iter().filter(|(_, privileges)| wanted(privileges)).map(|(role, _)| *role).collect()
    };
    let readers = of(|privileges| privileges.has(Privilege::Select));
    let writers = of(|privileges| !privileges.minus(Privilege::Select.into()).is_empty());
    let (subject, table) = (name(view), name(table));
    let how = if view.kind == Kind::View { "runs as its owner" } else { "holds a copy" };
    let help = "make it `WITH (security_invoker = true)` (PostgreSQL 15 and later), or leave it out with `except`";
    let noun = view.kind.noun();
    if !readers.is_empty() {
        let message = format!("{noun} {subject} {how} and shows every row of {table} to {}", differ.people(&readers));
        differ.find(Level::Warning, "view-leaks-rows", &subject, message, help);
    }
    if !writers.is_empty() {
        let message =
            format!("{noun} {subject} {how} and lets {} change every row of {table}", differ.people(&writers));
        differ.find(Level::Warning, "view-leaks-rows", &subject, message, help);
    }
}

/// The tables that a view reads with other rights than its user's. One that asks for its user's rights does so below a
/// view that runs as its owner, too; but a copy is taken with the rights of whoever owns it, all the way down.
fn behind(contents: &Contents, relations: &BTreeMap<u32, &Object>, view: &Object) -> BTreeSet<u32> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![(view.oid, false)]);
    let mut tables = BTreeSet::new();
    while let Some((current, copied)) = open.pop() {
        let Some(object) = relations.get(&current) else { continue };
        let copied = copied || object.kind == Kind::MaterializedView;
        if !is_view(object) {
            tables.insert(current);
        } else if seen.insert((current, copied)) && (copied || !object.facts.security_invoker) {
            open.extend(contents.reads.get(&current).into_iter().flatten().map(|oid| (*oid, copied)));
        }
    }
    tables
}
