//! Row policies of others that take rows away from the members of a role: nobody is without such a fence for a moment.
//!
//! All else that a membership brings adds up, so that ending memberships first and beginning them last keeps every moment
//! narrow. A fence is the other way round. Who would stand outside of one between two transactions, with more than before
//! and after, is shut out for that long.

use std::collections::{BTreeMap, BTreeSet};

use super::Differ;
use super::batch::OBJECTS;
use super::leaks::everywhere;
use crate::desire::{POLICY_PREFIX, Wants, held};
use crate::plan::{Change, MembershipPart, Stage, Step};
use crate::privilege::{Kind, Privilege, PrivilegeSet, ROW_PRIVILEGES};
use crate::state::{AclId, Contents, Object, RoleId, RowPolicy};

type Edges = BTreeMap<RoleId, BTreeSet<RoleId>>;

/// Shuts out whom the plan, as it stands, would let past a fence on the way.
pub fn hold(differ: &mut Differ<'_>) {
    let fences = fences(differ);
    if fences.is_empty() {
        return;
    }
    let moves = Moves::new(differ);
    let exposed: Vec<RoleId> = moves
        .concerned(&fences)
        .into_iter()
        .filter(|id| fences.iter().any(|fence| fence.opens(differ, &moves, *id)))
        .collect();
    let mut shut = BTreeSet::new();
    for id in exposed {
        // Whoever can act as it may be doing so.
        shut.extend(reach(&moves.acting, [id]));
    }
    for id in shut {
        let is = differ.state.roles.get(&id).is_some_and(|role| role.login);
        let stays = differ.desired.roles.get(&id).is_some_and(|want| want.login);
        if is && stays && differ.owned.contains(&id) {
            shut_out(differ, id);
        }
    }
}

/// From before its memberships change until all is done; a run that breaks off leaves the door shut for the next one.
fn shut_out(differ: &mut Differ<'_>, id: RoleId) {
    let role = differ.name(id);
    differ.steps.retain(|step| match &step.change {
        Change::ShutOut { role: other } | Change::EndSessions { role: other, .. } => *other != role,
        _ => true,
    });
    let reason = format!("{}: others' row policies would not hold for a moment", differ.people(&[id]));
    differ.step(Stage::Close, None, Change::ShutOut { role: role.clone() }, reason.clone());
    let end = Change::EndSessions { role: role.clone(), reopen: false };
    // What it may do changes with the first membership that ends.
    differ.steps.insert(0, Step { stage: Stage::Detach, database: None, change: end, reason: reason.clone() });
    differ.step(Stage::Open, None, Change::LetIn { role }, reason);
}

/// A table with fences.
struct Fence<'a> {
    /// Whose members see less.
    roles: BTreeSet<RoleId>,
    database: &'a str,
    contents: &'a Contents,
    table: Placed<'a>,
    schema: Option<Placed<'a>>,
}

/// An object and its place among the contents.
type Placed<'a> = (usize, &'a Object);

fn fences<'a>(differ: &Differ<'a>) -> Vec<Fence<'a>> {
    let mut found = Vec::new();
    for (database, contents) in &differ.state.contents {
        let mut tables: BTreeMap<u32, BTreeSet<RoleId>> = BTreeMap::new();
        for policy in contents.row_policies.iter().filter(|policy| !policy.permissive) {
            if !policy.roles.contains(&RoleId::PUBLIC) {
                tables.entry(policy.table).or_default().extend(&policy.roles);
            }
        }
        if tables.is_empty() {
            continue;
        }
        let objects = || contents.objects.iter().enumerate();
        let secured =
            |object: &Object| matches!(object.kind, Kind::Table | Kind::PartitionedTable) && object.facts.row_security;
        for table in objects().filter(|(_, object)| secured(object)) {
            if let Some(roles) = tables.remove(&table.1.oid) {
                let named =
                    |object: &Object| object.kind == Kind::Schema && Some(&*object.name) == table.1.schema.as_deref();
                let schema = objects().find(|(_, object)| named(object));
                found.push(Fence { roles, database, contents, table, schema });
            }
        }
    }
    found
}

/// Who is a member of what at first, while memberships are gone and not yet there, and at last.
struct Moves {
    before: Edges,
    between: Edges,
    after: Edges,
    /// Who can act as whom by SET ROLE: members by role.
    acting: Edges,
    /// Edges that end or begin: (role, member).
    moving: BTreeSet<(RoleId, RoleId)>,
    /// All that end, end in one transaction, and so do all begin.
    at_once: bool,
}

impl Moves {
    fn new(differ: &Differ<'_>) -> Self {
        let (mut ends, mut begins) = (BTreeSet::new(), BTreeSet::new());
        let id = |name: &String| differ.desired.names.find(name);
        for step in &differ.steps {
            match &step.change {
                Change::RevokeMembership { role, member, grantor, part: MembershipPart::Whole } => {
                    ends.extend(id(role).zip(id(member)).zip(id(grantor)));
                }
                Change::GrantMembership { role, members } => {
                    begins.extend(members.iter().filter_map(|member| id(role).zip(id(member))));
                }
                _ => {}
            }
        }
        let (mut before, mut between, mut acting) = (Edges::new(), Edges::new(), Edges::new());
        for edge in &differ.state.memberships {
            if edge.inherit {
                before.entry(edge.member).or_default().insert(edge.role);
                if !ends.contains(&((edge.role, edge.member), edge.grantor)) {
                    between.entry(edge.member).or_default().insert(edge.role);
                }
            }
            if edge.set {
                acting.entry(edge.role).or_default().insert(edge.member);
            }
        }
        let mut after = between.clone();
        for (role, member) in &begins {
            after.entry(*member).or_default().insert(*role);
        }
        let at_once = ends.len() < OBJECTS && begins.len() < OBJECTS;
        let moving = ends.into_iter().map(|(edge, _)| edge).chain(begins).collect();
        Self { before, between, after, acting, moving, at_once }
    }

    /// Who comes to stand behind a fence, or from behind one.
    fn concerned(&self, fences: &[Fence<'_>]) -> BTreeSet<RoleId> {
        let mut members = Edges::new();
        for (member, roles) in self.before.iter().chain(&self.after) {
            for role in roles {
                members.entry(*role).or_default().insert(*member);
            }
        }
        let fenced = reach(&members, fences.iter().flat_map(|fence| fence.roles.iter().copied()));
        let moving = self.moving.iter().filter(|(role, _)| fenced.contains(role));
        reach(&members, moving.map(|(_, member)| *member))
    }
}

/// These and all to which the edges lead from them.
fn reach(edges: &Edges, from: impl IntoIterator<Item = RoleId>) -> BTreeSet<RoleId> {
    let mut open: Vec<RoleId> = from.into_iter().collect();
    let mut seen: BTreeSet<RoleId> = open.iter().copied().collect();
    while let Some(id) = open.pop() {
        open.extend(edges.get(&id).into_iter().flatten().copied().filter(|id| seen.insert(*id)));
    }
    seen
}

impl Fence<'_> {
    /// At some moment somebody may do with the table what it may do, behind the same fences, neither before nor after.
    fn opens(&self, differ: &Differ<'_>, moves: &Moves, id: RoleId) -> bool {
        let [before, between, after] = [&moves.before, &moves.between, &moves.after].map(|edges| reach(edges, [id]));
        let behind = |rights: &BTreeSet<RoleId>| self.roles.intersection(rights).copied().collect::<BTreeSet<_>>();
        let (loses, gains) = (behind(&before) != behind(&between), behind(&after) != behind(&between));
        // What a filter of Rolecall's shows changes in a transaction of its own.
        let plain = moves.at_once && !self.filtered(differ);
        let [first, early, late, last] = [(&before, false), (&between, false), (&between, true), (&after, true)]
            .map(|(rights, changed)| self.access(differ, rights, changed));
        let early = if moves.at_once { &early } else { &first };
        let late = if moves.at_once { &late } else { &last };
        let out_early = loses && early.any() && !(plain && !gains && early.is_within(&last));
        let out_late = gains && late.any() && !(plain && !loses && late.is_within(&first));
        out_early || out_late
    }

    fn filtered(&self, differ: &Differ<'_>) -> bool {
        let (oid, wanted) = (self.table.1.oid, differ.desired.contents.get(self.database));
        let ours = |policy: &RowPolicy| policy.table == oid && policy.name.starts_with(POLICY_PREFIX);
        wanted.is_some_and(|wanted| wanted.secured.contains_key(&oid)) || self.contents.row_policies.iter().any(ours)
    }

    /// What who has these rights may do with the table, by the ACLs as they are or as they shall be.
    fn access(&self, differ: &Differ<'_>, rights: &BTreeSet<RoleId>, changed: bool) -> Access {
        let wanted = differ.desired.contents.get(self.database).filter(|_| changed);
        let acl = |object: &Object, acl: Option<AclId>, wants: Option<&Wants>| {
            let public = wanted.map(|wanted| wanted.public.allowed(object, &differ.state.acls));
            let mut sum = PrivilegeSet::EMPTY;
            for entry in acl.map_or(&[][..], |acl| differ.state.acls.get(acl)) {
                let inherent = entry.grantee == object.owner;
                let goes = changed && !inherent && (differ.is_ours(entry.grantee) || differ.is_ours(entry.grantor));
                if entry.grantee.is_public() {
                    sum = sum.union(public.map_or(entry.privileges, |public| entry.privileges.intersection(public)));
                } else if rights.contains(&entry.grantee) && !goes {
                    sum = sum.union(entry.privileges);
                }
            }
            let wants = wants.filter(|_| changed).into_iter();
            wants.flat_map(|wants| rights.iter().map(|id| held(wants, *id))).fold(sum, PrivilegeSet::union)
        };
        let of = |(place, object): Placed<'_>| {
            acl(object, Some(object.acl), wanted.and_then(|wanted| wanted.objects.get(place)))
        };
        let oid = self.table.1.oid;
        let always = everywhere(differ, rights);
        let whole = of(self.table).union(always).intersection(ROW_PRIVILEGES);
        let columns = self.contents.columns_of(oid).iter().map(|column| {
            let wants = wanted.and_then(|wanted| wanted.columns.get(&(oid, column.number)));
            (column.number, acl(self.table.1, column.acl, wants).intersection(ROW_PRIVILEGES))
        });
        let usage = !always.is_empty() || self.schema.is_some_and(|schema| of(schema).has(Privilege::Usage));
        let mut databases = differ.state.databases.iter().zip(&differ.desired.databases);
        let database = databases.find(|(database, _)| database.name == self.database);
        let connect = database.is_some_and(|(database, wants)| {
            acl(&database.object, Some(database.object.acl), Some(wants)).has(Privilege::Connect)
        });
        Access { whole, columns: columns.collect(), reached: usage && connect }
    }
}

/// What somebody may do with a table's rows.
struct Access {
    whole: PrivilegeSet,
    columns: BTreeMap<i16, PrivilegeSet>,
    /// May connect to its database and look into its schema.
    reached: bool,
}

impl Access {
    fn any(&self) -> bool {
        !self.whole.is_empty() || self.columns.values().any(|privileges| !privileges.is_empty())
    }

    fn is_within(&self, other: &Self) -> bool {
        let column = |(number, privileges): (&i16, &PrivilegeSet)| {
            let theirs = other.columns.get(number).copied().unwrap_or_default();
            privileges.minus(other.whole.union(theirs)).is_empty()
        };
        other.reached && self.whole.minus(other.whole).is_empty() && self.columns.iter().all(column)
    }
}
