//! Existing roles of which Roles are members: who sees every row of a filtered table passes that on.

use std::collections::{BTreeMap, BTreeSet};

use super::super::tables::policies_with_onlookers;
use super::{Differ, Scope, name};
use crate::desire::{DesiredContents, POLICY_PREFIX};
use crate::finding::Level;
use crate::plan::RowExpression;
use crate::state::{Contents, Object, RoleId, RowPolicy};

/// Names every existing role that a Role is a member of and that sees all rows of a table that the policy filters.
pub fn find(differ: &mut Differ<'_>, scope: &Scope<'_>, secured: &BTreeMap<u32, &Object>) {
    let (contents, wanted) = (scope.contents, scope.wanted);
    for (held, (rights, members)) in scope.inherited {
        let becomes = if differ.state.identity.version < 160_000 {
            differ.state.reach(*held, |edge| !differ.is_ours(edge.role))
        } else {
            BTreeSet::new()
        };
        for table in secured.values() {
            let Some(why) = sees_more(differ, contents, wanted, table, rights, &becomes) else { continue };
            let (table, held, people) = (name(table), differ.name(*held), differ.people(members));
            let message = format!("{people}: a member of {held}, {why}, and so not held to the filter of {table}");
            let help = "take it out of `member_of`, or take the right from that role";
            differ.find(Level::Warning, "member-leaks-rows", &table, message, help);
        }
    }
}

fn sees_more(
    differ: &Differ<'_>,
    contents: &Contents,
    wanted: &DesiredContents,
    table: &Object,
    rights: &BTreeSet<RoleId>,
    becomes: &BTreeSet<RoleId>,
) -> Option<String> {
    if rights.contains(&table.owner) && !table.facts.force_row_security {
        return Some(format!("which has the rights of its owner {}", differ.name(table.owner)));
    }
    let policies = wanted.secured.get(&table.oid).cloned().unwrap_or_default();
    let policies = policies_with_onlookers(differ, wanted, contents, table, policies);
    let every = policies.iter().filter(|policy| policy.rows == RowExpression::True).flat_map(|policy| &policy.roles);
    let mut ids = every.filter_map(|role| differ.state.names.find(role));
    if let Some(id) = ids.find(|id| !differ.is_ours(*id) && rights.contains(id)) {
        return Some(format!("which has every row through {}", differ.name(id)));
    }
    let theirs = |policy: &&RowPolicy| {
        let hers = policy.roles.iter().any(|id| rights.contains(id));
        policy.table == table.oid && policy.permissive && !policy.name.starts_with(POLICY_PREFIX) && hers
    };
    if let Some(policy) = contents.row_policies.iter().find(theirs) {
        return Some(format!("which has rows by the row policy {:?}", policy.name));
    }
    let role = |id: &&RoleId| differ.state.roles.get(id).is_some_and(|role| role.superuser || role.bypass_rls);
    becomes
        .iter()
        .find(role)
        .map(|id| format!("with which it can become {} and pass by every filter", differ.name(*id)))
}
