//! As whom Rolecall may act: worked out once, asked for every object.

use std::collections::BTreeSet;

use crate::privilege::PrivilegeSet;
use crate::state::{Object, RoleId, ServerState};

/// The roles behind a connection without SUPERUSER.
pub struct Powers<'a> {
    state: &'a ServerState,
    rights: BTreeSet<RoleId>,
    becomes: BTreeSet<RoleId>,
    /// Roles in which it may give membership, also to itself, by ADMIN.
    administers: BTreeSet<RoleId>,
    /// Before PostgreSQL 16 CREATEROLE gives membership in everybody but superusers.
    gives_all: bool,
    /// A membership that it gives itself lets it inherit: before PostgreSQL 16 a matter of its own INHERIT.
    inherits: bool,
}

impl<'a> Powers<'a> {
    /// Those of the role as which Rolecall is connected.
    pub fn new(state: &'a ServerState) -> Self {
        let rights = state.rights_of(state.me);
        let modern = state.identity.version >= 160_000;
        let me = state.roles.get(&state.me);
        let given = state.memberships.iter().filter(|edge| edge.admin && rights.contains(&edge.member));
        Self {
            state,
            administers: given.map(|edge| edge.role).collect(),
            becomes: state.can_become(state.me),
            gives_all: !modern && me.is_some_and(|role| role.create_role),
            inherits: modern || me.is_some_and(|role| role.inherit),
            rights,
        }
    }

    /// A role that is there already.
    pub fn find(&self, name: &str) -> Option<RoleId> {
        self.state.names.find(name).filter(|id| self.state.roles.contains_key(id))
    }

    /// Has the role's rights.
    pub fn has_rights(&self, role: RoleId) -> bool {
        self.rights.contains(&role)
    }

    /// Has the role's rights, or may lend them to itself.
    pub fn may_borrow_rights(&self, role: RoleId) -> bool {
        self.has_rights(role) || (self.inherits && self.gives(role))
    }

    /// May SET ROLE to it.
    pub fn may_become(&self, role: RoleId) -> bool {
        self.becomes.contains(&role)
    }

    /// May SET ROLE to it, or lend itself that.
    pub fn may_borrow_set(&self, role: RoleId) -> bool {
        self.may_become(role) || self.gives(role)
    }

    /// Somebody whose rights it has holds the privileges with the option to pass them on.
    pub fn passes_on(&self, object: &Object, need: PrivilegeSet) -> bool {
        let entries = self.state.acls.get(object.acl).iter().filter(|entry| entry.grantable.contains(need));
        entries.map(|entry| entry.grantee).any(|holder| self.has_rights(holder))
    }

    /// Only superusers give membership in a superuser.
    fn gives(&self, role: RoleId) -> bool {
        let ordinary = self.state.roles.get(&role).is_some_and(|role| !role.superuser);
        ordinary && (self.gives_all || self.administers.contains(&role))
    }
}
