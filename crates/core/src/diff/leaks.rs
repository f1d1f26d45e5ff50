//! Ways round a row filter: views that run as their owner, SECURITY DEFINER routines, BYPASSRLS through membership.

use std::collections::{BTreeMap, BTreeSet};

use super::Differ;
use crate::finding::Level;
use crate::privilege::{Kind, Privilege};
use crate::state::{Contents, Object, RoleId};

/// Names every way round the row filters of one database that an owned role could take.
pub fn find(differ: &mut Differ<'_>, database: &str, contents: &Contents) {
    let desired = differ.desired;
    let Some(wanted) = desired.contents.get(database).filter(|wanted| !wanted.secured.is_empty()) else { return };
    let relations: BTreeMap<u32, &Object> =
        contents.objects.iter().filter(|object| object.kind.is_relation()).map(|object| (object.oid, object)).collect();
    for (object, wants) in contents.objects.iter().zip(&wanted.objects) {
        let readers: Vec<RoleId> =
            wants.iter().filter(|(_, privileges)| privileges.has(Privilege::Select)).map(|(role, _)| *role).collect();
        let view = matches!(object.kind, Kind::View | Kind::MaterializedView) && !object.facts.security_invoker;
        if view && !readers.is_empty() {
            let behind = behind(contents, object.oid);
            for table in
                behind.iter().filter(|oid| wanted.secured.contains_key(oid)).filter_map(|oid| relations.get(oid))
            {
                let (view, table) = (name(object), name(table));
                let how = if object.kind == Kind::View { "runs as its owner" } else { "holds a copy" };
                let message = format!(
                    "{} {view} {how} and shows every row of {table} to {}",
                    object.kind.noun(),
                    differ.people(&readers)
                );
                let help =
                    "make it `WITH (security_invoker = true)` (PostgreSQL 15 and later), or leave it out with `except`";
                differ.find(Level::Warning, "view-leaks-rows", &view, message, help);
            }
        }
    }
    for object in
        contents.objects.iter().filter(|object| object.facts.security_definer && !object.system && !object.extension)
    {
        let own = object.schema.as_deref() == Some(crate::state::HELPER_SCHEMA);
        let holders: Vec<RoleId> = differ.state.acls.get(object.acl).iter().map(|entry| entry.grantee).collect();
        let callers: Vec<RoleId> = holders.into_iter().filter(|id| id.is_public() || differ.is_ours(*id)).collect();
        if !own && !callers.is_empty() {
            let routine = name(object);
            let message = format!(
                "SECURITY DEFINER {} {routine} runs as {} and may be called by {}: it sees rows that they may not",
                object.kind.noun(),
                differ.name(object.owner),
                differ.people(&callers)
            );
            let help = "check what it shows; take EXECUTE from PUBLIC with the database's `public: { revoke: … }`";
            differ.find(Level::Warning, "definer-leaks-rows", &routine, message, help);
        }
    }
}

/// The tables behind a view, through other views that run as their owners.
fn behind(contents: &Contents, view: u32) -> BTreeSet<u32> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![view]);
    while let Some(current) = open.pop() {
        let reads = contents.reads.get(&current).into_iter().flatten();
        open.extend(reads.filter(|oid| seen.insert(**oid)));
    }
    seen
}

fn name(object: &Object) -> String {
    format!("{}.{}", object.schema.as_deref().unwrap_or_default(), object.name)
}
