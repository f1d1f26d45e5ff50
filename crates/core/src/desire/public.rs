//! What PUBLIC may hold: PostgreSQL's own defaults, less what the policy revokes, plus what it keeps.

use std::collections::BTreeMap;

use super::defaults::find_creators;
use super::grants::rule_reaches;
use super::{Desired, DesiredContents, Inventory, Scene};
use crate::finding::{Finding, Level};
use crate::policy::model::{Database, PublicRule};
use crate::policy::pattern::{Glob, Pattern};
use crate::privilege::{Kind, PrivilegeSet};
use crate::state::{Acls, DefaultKind, Object, RoleId};

/// What PUBLIC does not get on future objects, by creator and kind.
pub type Withheld = BTreeMap<(RoleId, DefaultKind), PrivilegeSet>;

/// A database's rules for PUBLIC.
#[derive(Debug, Clone, Default)]
pub struct PublicRules {
    revoke: Vec<PublicRule>,
    keep: Vec<PublicRule>,
}

impl PublicRules {
    /// The rules of a database of the policy.
    pub fn new(database: &Database) -> Self {
        Self { revoke: database.public.revoke.clone(), keep: database.public.keep.clone() }
    }

    /// What PUBLIC holds on an object unless somebody changed it.
    pub fn initial(object: &Object, acls: &Acls) -> PrivilegeSet {
        let initial = object.initial.map(|acl| {
            let public = acls.get(acl).iter().filter(|entry| entry.grantee == RoleId::PUBLIC);
            public.fold(PrivilegeSet::EMPTY, |sum, entry| sum.union(entry.privileges))
        });
        initial.unwrap_or_else(|| object.kind.public_default())
    }

    /// What PUBLIC may hold on an object. It is never given anything: less than this is nobody's drift.
    pub fn allowed(&self, object: &Object, acls: &Acls) -> PrivilegeSet {
        let default = Self::initial(object, acls);
        let sum = |rules: &[PublicRule]| {
            let hits = rules.iter().filter(|rule| rule_reaches(rule, object));
            hits.fold(PrivilegeSet::EMPTY, |sum, rule| {
                sum.union(rule.privileges.unwrap_or_else(|| object.kind.privileges(u32::MAX)))
            })
        };
        if self.revoke.is_empty() && self.keep.is_empty() {
            return default;
        }
        default.minus(sum(&self.revoke)).union(sum(&self.keep))
    }

    /// What is taken away on every object of a kind, in every schema: a schema's own default privileges only add, so
    /// that PostgreSQL cannot withhold its built-in default in one of them.
    fn everywhere(&self, kind: Kind) -> PrivilegeSet {
        let hits = self.revoke.iter().filter(|rule| rule.on.iter().any(|pattern| is_everything(&pattern.value, kind)));
        let default = kind.public_default();
        hits.fold(PrivilegeSet::EMPTY, |sum, rule| sum.union(rule.privileges.unwrap_or(default)).intersection(default))
    }

    /// Something of a kind's built-in default is taken away somewhere.
    fn somewhere(&self, kind: Kind) -> bool {
        let takes = |rule: &&PublicRule| {
            let privileges = rule.privileges.unwrap_or_else(|| kind.public_default());
            !privileges.intersection(kind.public_default()).is_empty()
        };
        let meant = |rule: &PublicRule| {
            rule.on.iter().any(|pattern| pattern.value.kinds().contains(&kind) && !pattern.value.is_exact())
        };
        self.revoke.iter().filter(takes).any(meant)
    }
}

fn is_everything(pattern: &Pattern, kind: Kind) -> bool {
    pattern.whole_schema()
        && pattern.schema.as_ref().is_some_and(Glob::is_everything)
        && pattern.kinds().contains(&kind)
}

/// Kinds with a built-in default for PUBLIC, as default privileges and as policies tell them apart.
const FUTURE: [(DefaultKind, [Kind; 2], &str); 2] = [
    (DefaultKind::Routines, [Kind::Function, Kind::Procedure], "routine *.*"),
    (DefaultKind::Types, [Kind::Type, Kind::Domain], "type *.*, domain *.*"),
];

/// What is taken from PUBLIC is taken from objects to come, too, as far as PostgreSQL can say that.
pub fn withhold(
    scene: Scene<'_>,
    logical: &str,
    inventory: &Inventory<'_>,
    desired: &mut Desired,
    wanted: &mut DesiredContents,
) {
    for (kind, kinds, whole) in FUTURE {
        let taken = kinds.map(|kind| wanted.public.everywhere(kind));
        let taken = taken.into_iter().reduce(PrivilegeSet::intersection).unwrap_or_default();
        if !taken.is_empty() {
            for creator in find_creators(scene, logical, inventory, None, kind, &mut desired.names) {
                wanted.withheld.insert((creator, kind), taken);
            }
        } else if kinds.into_iter().any(|kind| wanted.public.somewhere(kind)) {
            let things = kind.sql().to_ascii_lowercase();
            let message = format!("{things} made later start with what PUBLIC has by default, until the next apply");
            let help = format!(
                "`on: \"{whole}\"` takes it from later ones too: PostgreSQL can withhold it in all schemas only"
            );
            desired.findings.push(Finding::new(Level::Info, "public-later", logical, message).help(&help));
        }
    }
}
