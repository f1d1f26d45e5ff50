//! Row security: Rolecall's helper, its row policies and their seals, and the scopes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Differ, onlookers};
use crate::desire::{DesiredContents, POLICY_PREFIX};
use crate::finding::Level;
use crate::plan::{Change, ObjectRef, RowPolicyDef, Stage};
use crate::privilege::Kind;
use crate::state::{Contents, Helper, Object, RowPolicy, Seal};

/// Row security and scopes of one database.
pub fn diff(differ: &mut Differ<'_>, database: &str, contents: &Contents) {
    let desired = differ.desired;
    let Some(wanted) = desired.contents.get(database) else { return };
    let none = Helper::default();
    let helper = contents.helper.as_ref().unwrap_or(&none);
    let first = differ.steps.len();
    let mut policies: BTreeMap<u32, Vec<&RowPolicy>> = BTreeMap::new();
    for policy in &contents.row_policies {
        policies.entry(policy.table).or_default().push(policy);
    }
    let tables = contents.objects.iter().filter(|object| matches!(object.kind, Kind::Table | Kind::PartitionedTable));
    for table in tables {
        let there = policies.get(&table.oid).map_or(&[][..], Vec::as_slice);
        let should = wanted.secured.get(&table.oid);
        if should.is_some() || !there.is_empty() || is_secured(helper, table) {
            let policies =
                should.cloned().map(|policies| policies_with_onlookers(differ, wanted, contents, table, policies));
            one(differ, database, helper, table, there, policies.as_deref().unwrap_or_default(), should.is_some());
        }
    }
    // Not looked at by a filter alone: notes are never written into a schema `rolecall` that somebody else made.
    // Scopes may be known before the first of their tables is made.
    let filtered = !wanted.secured.is_empty() || !wanted.scopes.is_empty();
    let needed = filtered || differ.steps.iter().skip(first).any(|step| takes_notes(&step.change));
    let intact = contents.helper.as_ref().is_some_and(Helper::is_intact);
    if needed && !intact {
        let reason =
            if contents.helper.is_some() { "Rolecall's own schema was changed" } else { "row filters need it" };
        differ.step(Stage::Shape, Some(database), Change::InstallHelper, reason);
        // It stands before the tables' changes.
        if let Some(found) = differ.steps.get_mut(first..) {
            found.rotate_right(1);
        }
    }
    // In what somebody else may have made, a trigger could wait for the administrator: nothing is deleted there before
    // it has been looked at and installed anew. Where no filter reads it, its rows mean nothing.
    let removal = if intact { Some(Stage::Narrow) } else { needed.then_some(Stage::Shape) };
    scopes(differ, database, helper, &wanted.scopes, removal);
}

/// The table's row policies, with those for who has it through PUBLIC. Where row security is somebody else's, their
/// policies go on saying what the others see.
pub fn policies_with_onlookers(
    differ: &Differ<'_>,
    wanted: &DesiredContents,
    contents: &Contents,
    table: &Object,
    policies: Vec<RowPolicyDef>,
) -> Vec<RowPolicyDef> {
    let secured = contents.helper.as_ref().is_some_and(|helper| is_secured(helper, table));
    match !table.facts.row_security || secured {
        true => onlookers::admit(differ, &wanted.public, contents, table, policies),
        false => policies,
    }
}

/// The change reads or writes Rolecall's own schema.
fn takes_notes(change: &Change) -> bool {
    let Change::SecureTable { put, drop, row_security, .. } = change else { return false };
    !put.is_empty() || row_security.is_some() || drop.iter().any(|name| name.starts_with(POLICY_PREFIX))
}

fn is_secured(helper: &Helper, table: &Object) -> bool {
    helper.secured.iter().any(|(schema, name)| Some(&**schema) == table.schema.as_deref() && **name == *table.name)
}

fn one(
    differ: &mut Differ<'_>,
    database: &str,
    helper: &Helper,
    table: &Object,
    there: &[&RowPolicy],
    should: &[RowPolicyDef],
    secure: bool,
) {
    let by_rolecall = is_secured(helper, table);
    let put: Vec<RowPolicyDef> = should
        .iter()
        .filter(|def| !there.iter().any(|policy| same(differ, helper, table, policy, def)))
        .cloned()
        .collect();
    let mut drop = Vec::new();
    for policy in there {
        if policy.name.starts_with(POLICY_PREFIX) {
            if !should.iter().any(|def| def.name == policy.name) {
                drop.push(policy.name.clone());
            }
        } else if stranger(differ, database, table, policy, secure, by_rolecall) {
            drop.push(policy.name.clone());
        }
    }
    let row_security = match (secure, table.facts.row_security) {
        (true, false) => Some(true),
        (false, true) if by_rolecall => Some(false),
        _ => None,
    };
    if put.is_empty() && drop.is_empty() && row_security.is_none() {
        return;
    }
    let reason = match row_security {
        Some(true) if by_rolecall => "row security was turned off by hand",
        Some(true) => "the policy filters rows of it; every role that has it keeps what it has",
        Some(false) => "the policy filters no rows of it any more",
        None => "row policies are not as the policy has them",
    };
    let change = Change::SecureTable { table: ObjectRef::from(table), put, drop, row_security };
    differ.step(Stage::Shape, Some(database), change, reason);
}

/// The policy stands as it was written: same command, same roles, and what PostgreSQL prints is what it printed then.
fn same(differ: &Differ<'_>, helper: &Helper, table: &Object, policy: &RowPolicy, def: &RowPolicyDef) -> bool {
    let mut roles: Vec<String> = policy.roles.iter().map(|id| differ.name(*id)).collect();
    roles.sort();
    let seal = |seal: &&Seal| {
        Some(&*seal.schema) == table.schema.as_deref() && *seal.table == *table.name && seal.policy == policy.name
    };
    let intact =
        helper.seals.iter().find(seal).is_some_and(|seal| {
            seal.source == def.source() && seal.using == policy.using && seal.check == policy.check
        });
    policy.name == def.name && policy.command == def.command && policy.permissive && roles == def.roles && intact
}

/// A row policy that Rolecall did not write: dropped where it speaks of owned roles alone, or stands for everybody on
/// a table whose row security is Rolecall's; otherwise somebody has to decide.
fn stranger(
    differ: &mut Differ<'_>,
    database: &str,
    table: &Object,
    policy: &RowPolicy,
    secure: bool,
    by_rolecall: bool,
) -> bool {
    let public = policy.roles.iter().any(|id| id.is_public());
    if !public && policy.roles.iter().all(|id| differ.is_ours(*id)) {
        return true;
    }
    // Whoever leaves drops out of the policy with DROP OWNED: no reason to wait for a decision.
    let ours = policy.roles.iter().any(|id| differ.is_ours(*id) && differ.desired.roles.contains_key(id));
    let widens = policy.permissive && secure && (public || ours);
    if widens && public && (by_rolecall || !table.facts.row_security) {
        return true;
    }
    let name = format!("{}.{}", table.schema.as_deref().unwrap_or_default(), table.name);
    if secure && !policy.permissive && !by_rolecall && !table.facts.row_security {
        let message = format!(
            "row policy {:?} on {name} in {database} is restrictive and sleeps: row security, which the filter needs, would \
             wake it, and others would lose rows",
            policy.name
        );
        let help = "drop it, or let it hold for everybody now (ALTER TABLE … ENABLE ROW LEVEL SECURITY)";
        differ.find(Level::Error, "row-policy-wakes", &name, message, help);
        return false;
    }
    if widens || ours {
        let what =
            if widens { "shows its rows to roles that the policy filters" } else { "names owned roles among others" };
        let message = format!("row policy {:?} on {name} in {database} is not Rolecall's and {what}", policy.name);
        let help = "drop it, or name the roles in it that it is meant for (ALTER POLICY … TO …)";
        differ.find(Level::Error, "row-policy-leak", &name, message, help);
    }
    false
}

fn scopes(
    differ: &mut Differ<'_>,
    database: &str,
    helper: &Helper,
    wanted: &BTreeSet<crate::state::Scope>,
    removal: Option<Stage>,
) {
    let there: BTreeSet<_> = helper.scopes.iter().cloned().collect();
    let gone: Vec<_> = there.difference(wanted).cloned().collect();
    let new: Vec<_> = wanted.difference(&there).cloned().collect();
    if let Some(stage) = removal.filter(|_| !gone.is_empty()) {
        let reason = format!("row scopes not in the policy: {}", gone.len());
        differ.step(stage, Some(database), Change::RemoveScopes { scopes: gone }, reason);
    }
    if !new.is_empty() {
        let reason = format!("row scopes by the policy: {}", new.len());
        differ.step(Stage::Widen, Some(database), Change::AddScopes { scopes: new }, reason);
    }
}
