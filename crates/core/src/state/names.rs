//! Role names as small numbers: an ACL of a big server mentions the same few names a million times.

use std::collections::HashMap;
use std::sync::Arc;

/// A role's place in [`RoleNames`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RoleId(u32);

impl RoleId {
    /// The pseudo-role that everybody is a member of.
    pub const PUBLIC: Self = Self(0);

    /// Its place in a list by role.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// True for PUBLIC.
    pub fn is_public(self) -> bool {
        self == Self::PUBLIC
    }
}

/// Every role name that was ever mentioned, once.
#[derive(Debug, Clone)]
pub struct RoleNames {
    names: Vec<Arc<str>>,
    ids: HashMap<Arc<str>, RoleId>,
}

impl Default for RoleNames {
    fn default() -> Self {
        // A role cannot be called PUBLIC in SQL, and the empty name is no role's: the slot is PUBLIC's alone.
        Self { names: vec![Arc::from("PUBLIC")], ids: HashMap::new() }
    }
}

impl RoleNames {
    /// The id of `name`, which is made if it is new.
    pub fn intern(&mut self, name: &str) -> RoleId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = RoleId(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        self.ids.insert(name, id);
        id
    }

    /// The id of `name`, if it was mentioned.
    pub fn find(&self, name: &str) -> Option<RoleId> {
        self.ids.get(name).copied()
    }

    /// The name behind `id`.
    pub fn name(&self, id: RoleId) -> &str {
        self.names.get(id.0 as usize).map_or("?", |name| name)
    }
}
