//! Memberships: from PostgreSQL 16 on a multiset keyed by role, member and grantor, of which only the sum counts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Differ;
use super::owners::reaches;
use crate::finding::Level;
use crate::plan::{Change, MembershipPart, Stage};
use crate::state::{Membership, RoleId};

/// Every edge at which Rolecall owns one end.
pub fn diff(differ: &mut Differ<'_>) {
    let mut kept: BTreeMap<(RoleId, RoleId), bool> = BTreeMap::new();
    let mut edges: Vec<Membership> =
        differ.state.memberships.iter().filter(|edge| concerns(differ, edge)).copied().collect();
    let passed_on = passed_on(differ);
    let loses = loses(differ);
    edges.sort_by_cached_key(|edge| (std::cmp::Reverse(depth(&passed_on, edge)), *edge));
    let mut lost = BTreeSet::new();
    for edge in edges {
        let wanted = is_wanted(differ, &edge);
        // What an owned role passed on goes with its option to do so; PostgreSQL 14 and 15 keep one edge per pair,
        // whoever gave it, so there the grantor says nothing.
        let passed_on = differ.state.identity.version >= 160_000
            && (differ.is_ours(edge.grantor) || loses.contains(&(edge.role, edge.grantor)));
        if !wanted || passed_on {
            revoke(differ, &edge, MembershipPart::Whole, "not in the policy");
            if edge.set {
                lost.insert((edge.role, edge.member));
            }
            continue;
        }
        if edge.admin {
            revoke(differ, &edge, MembershipPart::Admin, "may not pass the membership on");
        }
        if edge.set && differ.state.identity.version >= 160_000 {
            revoke(differ, &edge, MembershipPart::Set, "may not act as the role");
        }
        let inherits = kept.entry((edge.role, edge.member)).or_default();
        *inherits |= edge.inherit || differ.state.identity.version < 160_000;
    }
    end_sessions(differ, &lost);
    grant(differ, &kept);
}

fn concerns(differ: &Differ<'_>, edge: &Membership) -> bool {
    if Some(edge.role) == differ.marker {
        return differ.owned.contains(&edge.member);
    }
    // The edge by which a CREATEROLE user administers what it made, and whatever Rolecall itself was given, is not drift.
    let administers = edge.admin && !edge.inherit && !edge.set;
    let member = differ.state.roles.get(&edge.member);
    let bound = member.is_some_and(|role| !(role.superuser || role.create_role && administers));
    differ.is_ours(edge.member) || (differ.owned.contains(&edge.role) && edge.member != differ.state.me && bound)
}

fn is_wanted(differ: &Differ<'_>, edge: &Membership) -> bool {
    Some(edge.role) == differ.marker || differ.desired.memberships.contains_key(&(edge.role, edge.member))
}

/// Who may pass a membership on and shall not any more: PostgreSQL takes that right from nobody as long as what was passed on
/// by it stands.
fn loses(differ: &Differ<'_>) -> BTreeSet<(RoleId, RoleId)> {
    let (lost, kept): (Vec<&Membership>, Vec<&Membership>) =
        differ.state.memberships.iter().filter(|edge| edge.admin).partition(|edge| concerns(differ, edge));
    let kept: BTreeSet<_> = kept.into_iter().map(|edge| (edge.role, edge.member)).collect();
    lost.into_iter().map(|edge| (edge.role, edge.member)).filter(|pair| !kept.contains(pair)).collect()
}

/// Who gave the right to pass a membership on, by role and member: the first edge with ADMIN that the server shows.
fn passed_on(differ: &Differ<'_>) -> HashMap<(RoleId, RoleId), RoleId> {
    let mut found = HashMap::new();
    for edge in differ.state.memberships.iter().filter(|edge| edge.admin) {
        found.entry((edge.role, edge.member)).or_insert(edge.grantor);
    }
    found
}

/// How many hands a membership has passed through.
fn depth(passed_on: &HashMap<(RoleId, RoleId), RoleId>, edge: &Membership) -> usize {
    let (mut grantor, mut depth) = (edge.grantor, 0);
    while depth < 64 {
        match passed_on.get(&(edge.role, grantor)) {
            Some(above) if *above != grantor => grantor = *above,
            _ => break,
        }
        depth += 1;
    }
    depth
}

fn revoke(differ: &mut Differ<'_>, edge: &Membership, part: MembershipPart, why: &str) {
    let change = Change::RevokeMembership {
        role: differ.name(edge.role),
        member: differ.name(edge.member),
        grantor: differ.name(edge.grantor),
        part,
    };
    let reason = format!("{}: {why}", differ.people(&[edge.member]));
    differ.step(Stage::Detach, None, change, reason);
}

/// Who could act as a role (SET ROLE), directly or through others, might still be doing it: that outlives the membership.
fn end_sessions(differ: &mut Differ<'_>, lost: &BTreeSet<(RoleId, RoleId)>) {
    let mut members: BTreeMap<RoleId, Vec<RoleId>> = BTreeMap::new();
    for edge in differ.state.memberships.iter().filter(|edge| edge.set) {
        members.entry(edge.role).or_default().push(edge.member);
    }
    for (lost, member) in lost {
        let (mut seen, mut open) = (BTreeSet::from([*member]), vec![*member]);
        while let Some(id) = open.pop() {
            open.extend(members.get(&id).into_iter().flatten().copied().filter(|id| seen.insert(*id)));
        }
        for id in seen {
            let Some(role) = differ.state.roles.get(&id).filter(|role| role.login && !role.superuser) else { continue };
            if reaches(differ, id, *lost) {
                continue;
            }
            let (name, whose) = (differ.name(id), differ.people(&[id]));
            if differ.owned.contains(&id) {
                differ.end_sessions(&name, format!("{whose}: a session may still act as the role it lost"));
            } else if role.sessions > 0 {
                let message = format!("{whose} has open sessions, which may still act as {}", differ.name(*lost));
                let help =
                    "Rolecall does not end sessions of roles that it does not own: pg_terminate_backend ends them";
                differ.find(Level::Warning, "session-remains", &name, message, help);
            }
        }
    }
}

fn grant(differ: &mut Differ<'_>, kept: &BTreeMap<(RoleId, RoleId), bool>) {
    let desired = differ.desired;
    let mut missing: BTreeMap<RoleId, BTreeMap<&str, Vec<RoleId>>> = BTreeMap::new();
    for ((role, member), why) in &desired.memberships {
        if kept.get(&(*role, *member)) != Some(&true) {
            missing.entry(*role).or_default().entry(why).or_default().push(*member);
        }
    }
    // Memberships among Roles stand before those of Accounts: nobody gains half a Role.
    let mut steps = Vec::new();
    for (role, reasons) in missing {
        for (why, members) in reasons {
            let account = |id: &RoleId| desired.roles.get(id).is_some_and(|role| role.standing.is_some());
            let accounts = members.iter().any(account);
            let people = differ.people(&members);
            let mut members: Vec<String> = members.iter().map(|id| differ.name(*id)).collect();
            members.sort();
            let change = Change::GrantMembership { role: differ.name(role), members };
            steps.push((accounts, change, format!("{people}: {why}")));
        }
    }
    steps.sort();
    for (_, change, reason) in steps {
        differ.step(Stage::Attach, None, change, reason);
    }
    let unmarked: Vec<RoleId> = kept
        .iter()
        .filter(|((role, _), inherits)| Some(*role) == differ.marker && !**inherits)
        .map(|((_, member), _)| *member)
        .collect();
    if let (Some(marker), false) = (differ.marker, unmarked.is_empty()) {
        let members = unmarked.iter().map(|id| differ.name(*id)).collect();
        let change = Change::GrantMembership { role: differ.name(marker), members };
        differ.step(Stage::Attach, None, change, "the mark carries the right to look up one's own rows");
    }
}
