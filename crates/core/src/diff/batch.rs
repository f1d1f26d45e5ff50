//! Many small differences as few statements: objects that need the same go together.

use std::collections::{BTreeMap, HashMap};

use super::Differ;
use super::acl::Taken;
use crate::desire::Wants;
use crate::plan::{Change, ObjectRef, Stage};
use crate::privilege::PrivilegeSet;
use crate::state::{Object, RoleId};

/// The most objects that one statement names: PostgreSQL 18 holds a lock on each until commit.
pub(super) const OBJECTS: usize = 1_000;

type Word = &'static str;

/// Collects what objects need.
#[derive(Default)]
pub struct Batch<'a> {
    taken: HashMap<(Taken, Word, Vec<RoleId>), Vec<&'a Object>>,
    given: HashMap<(Word, PrivilegeSet, Vec<RoleId>), Vec<&'a Object>>,
}

impl<'a> Batch<'a> {
    /// What one object needs.
    pub fn add(&mut self, object: &'a Object, taken: &[Taken], given: &Wants) {
        let word = object.kind.grant_word();
        let mut grouped: BTreeMap<Taken, Vec<RoleId>> = BTreeMap::new();
        for taken in taken {
            let key = Taken { grantee: RoleId::PUBLIC, ..*taken };
            grouped.entry(key).or_default().push(taken.grantee);
        }
        for (taken, mut grantees) in grouped {
            grantees.sort_unstable();
            self.taken.entry((taken, word, grantees)).or_default().push(object);
        }
        let mut by_privileges: BTreeMap<PrivilegeSet, Vec<RoleId>> = BTreeMap::new();
        for (role, privileges) in given {
            by_privileges.entry(*privileges).or_default().push(*role);
        }
        for (privileges, roles) in by_privileges {
            self.given.entry((word, privileges, roles)).or_default().push(object);
        }
    }

    /// Turns what was collected into steps: what was passed on goes first.
    pub fn finish(self, differ: &mut Differ<'_>, database: Option<&str>, grants: Stage, why: &str) {
        let mut taken: Vec<_> = self.taken.into_iter().collect();
        taken.sort_by(|((a, word_a, roles_a), objects_a), ((b, word_b, roles_b), objects_b)| {
            let place = |objects: &[&Object]| objects.first().map(|object| ObjectRef::from(*object));
            (b.depth, word_a, place(objects_a), a, roles_a).cmp(&(a.depth, word_b, place(objects_b), b, roles_b))
        });
        for ((taken, _, roles), objects) in taken {
            let grantees = differ.grantees(&roles);
            let grantor = taken.grantor.map(|id| differ.name(id));
            let reason = match (&grantor, taken.option_only) {
                (_, true) => format!("{}: may not pass it on", differ.people(&roles)),
                (Some(grantor), false) => format!("{}: not in the policy; given by {grantor}", differ.people(&roles)),
                (None, false) => format!("{}: not in the policy", differ.people(&roles)),
            };
            for objects in objects.chunks(OBJECTS) {
                let change = Change::Revoke {
                    privileges: taken.privileges,
                    objects: objects.iter().map(|object| ObjectRef::from(*object)).collect(),
                    grantees: grantees.clone(),
                    grantor: grantor.clone(),
                    option_only: taken.option_only,
                    cascade: taken.cascade,
                };
                differ.step(Stage::Narrow, database, change, reason.clone());
            }
        }
        let mut given: Vec<_> = self.given.into_iter().collect();
        given.sort_by_cached_key(|((word, privileges, roles), objects)| {
            (objects.first().map(|object| ObjectRef::from(*object)), *word, *privileges, roles.clone())
        });
        for ((_, privileges, roles), objects) in given {
            let grantees = differ.grantees(&roles);
            let reason = format!("{}: {why}", differ.people(&roles));
            for objects in objects.chunks(OBJECTS) {
                let change = Change::Grant {
                    privileges,
                    objects: objects.iter().map(|object| ObjectRef::from(*object)).collect(),
                    grantees: grantees.clone(),
                };
                differ.step(grants, database, change, reason.clone());
            }
        }
    }
}
