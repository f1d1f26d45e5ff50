//! Objects' ACLs: what owned roles and PUBLIC hold against what they should.

use super::Differ;
use super::acl::compare;
use super::batch::Batch;
use crate::desire::{PublicRules, Wants};
use crate::plan::Stage;
use crate::privilege::{Kind, PrivilegeSet};
use crate::state::{Contents, HELPER_SCHEMA, Object, RoleId};

const GRANTED: &str = "the policy grants it";
pub const KEPT: &str = "keeps what it held through PUBLIC";

/// Databases, parameters, tablespaces.
pub fn server_wide(differ: &mut Differ<'_>) {
    let (state, desired) = (differ.state, differ.desired);
    let (mut batch, mut kept) = (Batch::default(), Batch::default());
    for (database, wants) in state.databases.iter().zip(&desired.databases) {
        let rules = desired.contents.get(&database.name).map(|contents| &contents.public);
        let public = rules.map(|rules| rules.allowed(&database.object, &state.acls));
        object(differ, &database.object, wants, public, &mut batch, &mut kept);
    }
    for (thing, wants) in state.objects.iter().zip(&desired.objects) {
        object(differ, thing, wants, None, &mut batch, &mut kept);
    }
    kept.finish(differ, None, Stage::Prepare, KEPT);
    batch.finish(differ, None, Stage::Widen, GRANTED);
}

/// Everything with an ACL in one database.
pub fn contents(differ: &mut Differ<'_>, database: &str, contents: &Contents) {
    let (state, desired) = (differ.state, differ.desired);
    let wanted = desired.contents.get(database);
    let (mut batch, mut kept) = (Batch::default(), Batch::default());
    let nothing = Wants::new();
    for (place, thing) in contents.objects.iter().enumerate() {
        let wants = wanted.and_then(|wanted| wanted.objects.get(place)).unwrap_or(&nothing);
        let public = wanted.map(|wanted| wanted.public.allowed(thing, &state.acls));
        if is_helper(thing) {
            helper(differ, thing, &mut batch);
        } else {
            object(differ, thing, wants, public, &mut batch, &mut kept);
        }
    }
    kept.finish(differ, Some(database), Stage::Prepare, KEPT);
    batch.finish(differ, Some(database), Stage::Widen, GRANTED);
}

fn is_helper(object: &Object) -> bool {
    object.schema.as_deref() == Some(HELPER_SCHEMA) || (object.kind == Kind::Schema && &*object.name == HELPER_SCHEMA)
}

fn object<'a>(
    differ: &Differ<'_>,
    object: &'a Object,
    wants: &Wants,
    public: Option<PrivilegeSet>,
    batch: &mut Batch<'a>,
    kept: &mut Batch<'a>,
) {
    let entries = differ.state.acls.get(object.acl);
    let difference = compare(differ, entries, object.owner, wants, public);
    if !difference.taken.is_empty() || !difference.given.is_empty() {
        batch.add(object, &difference.taken, &difference.given);
    }
    if !difference.public.is_empty() {
        let initial = PublicRules::initial(object, &differ.state.acls);
        let given = unmanaged(differ, object.owner).filter_map(|(id, known)| {
            // What PostgreSQL gave everybody, every role may rely on; what somebody opened by hand, only those that are expected.
            let relied = if known { difference.public } else { difference.public.intersection(initial) };
            let own = entries.iter().filter(|entry| entry.grantee == id);
            let left = relied.minus(own.fold(PrivilegeSet::EMPTY, |sum, entry| sum.union(entry.privileges)));
            (!left.is_empty()).then_some((id, left))
        });
        kept.add(object, &[], &given.collect());
    }
}

/// Roles that Rolecall does not own and that may rely on PUBLIC for something of this owner's, and whether the policy
/// knows them.
pub fn unmanaged(differ: &Differ<'_>, owner: RoleId) -> impl Iterator<Item = (RoleId, bool)> {
    let me = differ.state.me;
    let acts = differ.state.has_rights_of(me, owner);
    let strangers = super::strangers::strangers(differ);
    let disabled = super::strangers::disabled(differ);
    differ.state.roles.iter().filter_map(move |(id, role)| {
        let has_it_all = *id == owner || (acts && *id == me);
        let bound =
            !role.superuser && !has_it_all && !differ.is_ours(*id) && !differ.state.names.name(*id).starts_with("pg_");
        (bound && !disabled.contains(id)).then_some((*id, !strangers.contains(id)))
    })
}

/// Rolecall's own things: the marker's rights are part of their fingerprint, anybody else's are drift.
fn helper<'a>(differ: &Differ<'_>, object: &'a Object, batch: &mut Batch<'a>) {
    let entries = differ.state.acls.get(object.acl);
    let marker = differ.marker;
    let others: Vec<_> = entries.iter().filter(|entry| Some(entry.grantee) != marker).copied().collect();
    let difference = compare(differ, &others, object.owner, &[], Some(PrivilegeSet::EMPTY));
    if !difference.taken.is_empty() {
        batch.add(object, &difference.taken, &Wants::new());
    }
}
