//! Who reads or writes a table through PUBLIC alone, and Rolecall does not own: a filter on others must not shut them out.

use std::collections::BTreeSet;

use super::Differ;
use super::objects::unmanaged;
use crate::desire::{COMMANDS, PublicRules, policy_name};
use crate::plan::{RowExpression, RowPolicyDef};
use crate::privilege::{PrivilegeSet, ROW_PRIVILEGES};
use crate::state::{Contents, Object, RoleId};

/// The table's row policies, with those roles among the ones who see every row. Whoever keeps by a grant of its own what
/// PUBLIC loses has no such grant yet when the policies are written.
pub fn admit(
    differ: &Differ<'_>,
    rules: &PublicRules,
    contents: &Contents,
    table: &Object,
    mut policies: Vec<RowPolicyDef>,
) -> Vec<RowPolicyDef> {
    let acls = &differ.state.acls;
    let columns = contents.columns_of(table.oid).iter().filter_map(|column| column.acl);
    let entries = columns.chain([table.acl]).flat_map(|acl| acls.get(acl));
    let everybody = entries.filter(|entry| entry.grantee.is_public());
    let held = everybody.fold(PrivilegeSet::EMPTY, |sum, entry| sum.union(entry.privileges));
    let held = held.intersection(ROW_PRIVILEGES);
    if held.is_empty() {
        return policies;
    }
    let stays = held.intersection(rules.allowed(table, acls).union(PublicRules::initial(table, acls)));
    let onlookers: Vec<(RoleId, PrivilegeSet)> =
        unmanaged(differ, table.owner).map(|(id, known)| (id, if known { held } else { stays })).collect();
    for (privilege, command) in COMMANDS {
        let names: BTreeSet<String> =
            onlookers.iter().filter(|(_, held)| held.has(privilege)).map(|(id, _)| differ.name(*id)).collect();
        if names.is_empty() {
            continue;
        }
        let name = policy_name("all", command);
        match policies.iter_mut().find(|policy| policy.name == name) {
            Some(policy) => {
                let all: BTreeSet<String> = std::mem::take(&mut policy.roles).into_iter().chain(names).collect();
                policy.roles = all.into_iter().collect();
            }
            None => {
                let (roles, rows) = (names.into_iter().collect(), RowExpression::True);
                policies.push(RowPolicyDef { name, command, roles, rows });
            }
        }
    }
    policies
}
