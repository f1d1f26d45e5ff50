//! One ACL against what it should say: which entries go, from whom and by whom, and what is still to be granted.

use super::Differ;
use crate::desire::Wants;
use crate::privilege::PrivilegeSet;
use crate::state::{AclEntry, RoleId};

/// An entry, or a part of one, that has to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Taken {
    /// How far the grantor is from the owner: what was passed on goes before what let it be passed on.
    pub depth: usize,
    /// Who gave it; None: the owner.
    pub grantor: Option<RoleId>,
    /// What.
    pub privileges: PrivilegeSet,
    /// Only the option to pass it on.
    pub option_only: bool,
    /// Something may hang on it.
    pub cascade: bool,
    /// From whom.
    pub grantee: RoleId,
}

/// What one ACL needs.
#[derive(Debug, Default)]
pub struct AclDifference {
    /// What has to go.
    pub taken: Vec<Taken>,
    /// What has to come.
    pub given: Wants,
    /// What PUBLIC loses.
    pub public: PrivilegeSet,
}

/// Compares an ACL with the wants of the roles that Rolecall owns, and PUBLIC with what it may hold (None: any).
pub fn compare(
    differ: &Differ<'_>,
    entries: &[AclEntry],
    owner: RoleId,
    wants: &[(RoleId, PrivilegeSet)],
    public: Option<PrivilegeSet>,
) -> AclDifference {
    let mut difference = AclDifference::default();
    let mut held: Vec<(RoleId, PrivilegeSet)> = Vec::new();
    for entry in entries {
        if entry.grantee == owner && entry.grantor == owner {
            continue;
        }
        let passed_on = entry.grantor != owner && differ.is_ours(entry.grantor);
        let kept = if passed_on {
            PrivilegeSet::EMPTY
        } else if entry.grantee.is_public() {
            public.unwrap_or(entry.privileges)
        } else if differ.is_ours(entry.grantee) {
            crate::desire::held(wants, entry.grantee)
        } else {
            continue;
        };
        let kept = entry.privileges.intersection(kept);
        let gone = entry.privileges.minus(kept);
        let options = entry.grantable.intersection(kept);
        if !kept.is_empty() && !entry.grantee.is_public() {
            held.push((entry.grantee, kept));
        }
        if gone.is_empty() && options.is_empty() {
            continue;
        }
        if entry.grantee.is_public() {
            difference.public = difference.public.union(gone);
        }
        let depth = depth(entries, entry.grantor, owner);
        let grantor = (entry.grantor != owner).then_some(entry.grantor);
        for (privileges, option_only) in [(gone, false), (options, true)] {
            if !privileges.is_empty() {
                let cascade = !entry.grantable.intersection(privileges).is_empty();
                let grantee = entry.grantee;
                difference.taken.push(Taken { depth, grantor, privileges, option_only, cascade, grantee });
            }
        }
    }
    difference.given = missing(wants, &mut held);
    difference.taken.sort_by_key(|taken| std::cmp::Reverse(taken.depth));
    difference
}

/// Wants less what is held, both by role.
fn missing(wants: &[(RoleId, PrivilegeSet)], held: &mut [(RoleId, PrivilegeSet)]) -> Wants {
    held.sort_unstable_by_key(|(role, _)| *role);
    let mut held = held.iter().peekable();
    let mut given = Wants::new();
    for (role, wanted) in wants {
        let mut left = *wanted;
        while let Some((_, privileges)) = held.next_if(|(holder, _)| holder <= role) {
            left = left.minus(*privileges);
        }
        if !left.is_empty() {
            given.push((*role, left));
        }
    }
    given
}

/// How many hands lie between the owner and a grantor.
fn depth(entries: &[AclEntry], grantor: RoleId, owner: RoleId) -> usize {
    let (mut current, mut depth) = (grantor, 0);
    while current != owner && depth < entries.len() {
        depth += 1;
        match entries.iter().find(|entry| entry.grantee == current && !entry.grantable.is_empty()) {
            Some(entry) => current = entry.grantor,
            None => break,
        }
    }
    depth
}
