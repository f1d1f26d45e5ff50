//! Partitions and inheritance: a filter holds for whoever names its table, not for who reads the same rows by another.

use std::collections::{BTreeMap, BTreeSet};

use super::{Differ, Scope, holders, name, on_every_row};
use crate::finding::Level;
use crate::privilege::{PrivilegeSet, ROW_PRIVILEGES};
use crate::state::{Contents, Object, RoleId};

/// Which tables are parts of which, both ways.
pub struct Family<'a> {
    parents: &'a BTreeMap<u32, Vec<u32>>,
    parts: BTreeMap<u32, Vec<u32>>,
}

impl<'a> Family<'a> {
    /// Of all tables of a database.
    pub fn new(contents: &'a Contents) -> Self {
        let mut parts: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (part, parents) in &contents.parents {
            for parent in parents {
                parts.entry(*parent).or_default().push(*part);
            }
        }
        Self { parents: &contents.parents, parts }
    }

    /// These tables, and all whose rows are rows of theirs: what they are parts of, and their parts.
    pub fn related(&self, tables: &BTreeSet<u32>) -> BTreeSet<u32> {
        let mut found = tables.clone();
        for way in [self.parents, &self.parts] {
            let (mut seen, mut open) = (tables.clone(), tables.iter().copied().collect::<Vec<_>>());
            while let Some(current) = open.pop() {
                open.extend(way.get(&current).into_iter().flatten().copied().filter(|oid| seen.insert(*oid)));
            }
            found.extend(seen);
        }
        found
    }
}

/// Names who reaches rows of a filtered table by a part of it, or by what it is a part of, without a filter.
pub fn find(differ: &mut Differ<'_>, scope: &Scope<'_>, secured: &BTreeMap<u32, &Object>) {
    if scope.contents.parents.is_empty() {
        return;
    }
    let objects = scope.contents.objects.iter().enumerate();
    let relations: BTreeMap<u32, (usize, &Object)> =
        objects.filter(|(_, object)| object.kind.is_relation()).map(|found| (found.1.oid, found)).collect();
    for table in secured.values() {
        let related = scope.family.related(&BTreeSet::from([table.oid]));
        let others = related.iter().filter(|oid| **oid != table.oid).filter_map(|oid| relations.get(oid));
        for (place, other) in others {
            let free = |role: RoleId, privileges: &PrivilegeSet| {
                if secured.contains_key(&other.oid) {
                    on_every_row(differ, scope, other, role)
                } else {
                    privileges.intersection(ROW_PRIVILEGES)
                }
            };
            let round: Vec<RoleId> = holders(differ, scope, *place, other)
                .into_iter()
                .filter(|(role, held)| !free(*role, held).minus(on_every_row(differ, scope, table, *role)).is_empty())
                .map(|(role, _)| role)
                .collect();
            if round.is_empty() {
                continue;
            }
            let (subject, other, people) = (name(table), name(other), differ.people(&round));
            let message = format!("rows of {subject} are reached by {other} too, where no filter holds for {people}");
            let help = format!("filter the rows of {other} as well, or leave it out with `except`");
            differ.find(Level::Warning, "partition-leaks-rows", &subject, message, &help);
        }
    }
}
