//! What PUBLIC may hold: PostgreSQL's own defaults, less what the policy revokes, plus what it keeps.

use super::grants::rule_reaches;
use crate::policy::model::{Database, PublicRule};
use crate::privilege::PrivilegeSet;
use crate::state::{Acls, Object, RoleId};

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
}
