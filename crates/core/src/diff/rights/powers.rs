//! As whom Rolecall may act: worked out once, asked for every object.

use std::collections::BTreeSet;

use crate::plan::Attribute;
use crate::privilege::{Privilege, PrivilegeSet};
use crate::state::{Object, RoleId, RoleState, ServerState};

/// The roles behind a connection without SUPERUSER.
pub struct Powers<'a> {
    state: &'a ServerState,
    rights: BTreeSet<RoleId>,
    becomes: BTreeSet<RoleId>,
    /// Roles in which it may give membership, also to itself, by ADMIN.
    administers: BTreeSet<RoleId>,
    /// Roles that it may change: ADMIN by any membership, also one that does not inherit.
    changes: BTreeSet<RoleId>,
    /// Before PostgreSQL 16 CREATEROLE changes, and gives membership in, everybody but superusers.
    gives_all: bool,
    modern: bool,
    me: RoleState,
    /// A membership that it gives itself lets it inherit: before PostgreSQL 16 a matter of its own INHERIT.
    inherits: bool,
}

impl<'a> Powers<'a> {
    /// Those of the role as which Rolecall is connected.
    pub fn new(state: &'a ServerState) -> Self {
        let (rights, held) = (state.rights_of(state.me), state.held_by(state.me));
        let modern = state.identity.version >= 160_000;
        let me = state.roles.get(&state.me).cloned().unwrap_or_default();
        let given = |to: &BTreeSet<RoleId>| {
            let edges = state.memberships.iter().filter(|edge| edge.admin && to.contains(&edge.member));
            edges.map(|edge| edge.role).collect()
        };
        Self {
            state,
            administers: given(&rights),
            changes: given(&held),
            becomes: state.can_become(state.me),
            gives_all: !modern && me.create_role,
            modern,
            inherits: modern || me.inherit,
            me,
            rights,
        }
    }

    /// The role itself.
    pub const fn me(&self) -> &RoleState {
        &self.me
    }

    /// Memberships have grantors that count.
    pub const fn names_grantors(&self) -> bool {
        self.modern
    }

    /// A member has passed a membership on, where that is remembered.
    pub fn passed_on(&self, role: RoleId, member: &str) -> bool {
        let by = |grantor| self.state.memberships.iter().any(|edge| edge.role == role && edge.grantor == grantor);
        self.modern && self.find(member).is_some_and(by)
    }

    /// Only superusers change superusers.
    pub fn is_superuser(&self, role: RoleId) -> bool {
        self.state.roles.get(&role).is_some_and(|role| role.superuser)
    }

    /// Before PostgreSQL 16 only superusers change a role with REPLICATION.
    pub fn is_shut_by_replication(&self, role: RoleId) -> bool {
        !self.modern && self.state.roles.get(&role).is_some_and(|role| role.replication)
    }

    /// May alter, comment on and drop it, as far as ADMIN goes.
    pub fn may_change(&self, role: RoleId) -> bool {
        !self.modern || self.changes.contains(&role)
    }

    /// May give the attribute to roles that it administers, and take it from them.
    pub const fn may_set(&self, attribute: &Attribute) -> bool {
        match attribute {
            Attribute::Superuser(_) => false,
            // From PostgreSQL 16 on whoever has it.
            Attribute::Replication(_) => self.modern && self.me.replication,
            Attribute::BypassRls(_) => self.modern && self.me.bypass_rls,
            Attribute::CreateDb(_) => !self.modern || self.me.create_db,
            Attribute::Inherit(_)
            | Attribute::CreateRole(_)
            | Attribute::Login(_)
            | Attribute::ConnectionLimit(_)
            | Attribute::ValidUntil(_)
            | Attribute::NoPassword => true,
        }
    }

    /// A role holds a privilege on a schema or a database, by itself, by what it inherits or as everybody.
    pub fn holds(&self, role: RoleId, privilege: Privilege, place: &Object, owner: RoleId) -> bool {
        let rights = self.state.rights_of(role);
        let mut entries = self.state.acls.get(place.acl).iter();
        rights.contains(&owner)
            || entries.any(|entry| {
                entry.privileges.has(privilege) && (entry.grantee.is_public() || rights.contains(&entry.grantee))
            })
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
    pub fn gives(&self, role: RoleId) -> bool {
        let ordinary = self.state.roles.get(&role).is_some_and(|role| !role.superuser);
        ordinary && (self.gives_all || self.administers.contains(&role))
    }
}
