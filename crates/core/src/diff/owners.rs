//! What owned roles own: accounts hold memberships and own nothing, and a role that goes leaves nothing behind.

use std::collections::BTreeMap;

use super::Differ;
use crate::finding::Level;
use crate::mark::Mark;
use crate::plan::{Attribute, Change, ObjectRef, Stage};
use crate::privilege::{Kind, Privilege};
use crate::state::{Contents, Object, RoleId, RoleState};

/// What becomes of a role that the policy does not have any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It can be dropped.
    Dropped,
    /// It can only be shut out: a decision is missing.
    ShutOut(String),
}

const NO_HEIR: &str = "name a role that takes objects over: `leavers: { reassign_to: … }` in the environment";

/// Objects in a database that an owned role which stays has come to own.
pub fn ownership(differ: &mut Differ<'_>, database: &str, contents: &Contents) {
    let strays: Vec<&Object> =
        contents.objects.iter().filter(|object| strays(differ, contents, database, object)).collect();
    for object in &strays {
        hand_on(differ, Some(database), object);
    }
    let mut others: BTreeMap<RoleId, Vec<&str>> = BTreeMap::new();
    for (what, owner) in contents.other_owned.iter().filter(|(_, owner)| stays(differ, *owner)) {
        others.entry(*owner).or_default().push(what);
    }
    for (owner, things) in others {
        // REASSIGN OWNED takes everything: only where nothing of it may stay, and nothing of it needs a decision.
        let mut owned = contents.objects.iter().filter(|object| object.owner == owner && object.owned_by.is_none());
        let all = owned.all(|object| {
            object.facts.identity || (strays.iter().any(|stray| stray.oid == object.oid) && !undecided(differ, object))
        });
        let (whose, first) = (differ.people(&[owner]), things.first().copied().unwrap_or_default());
        match heir(differ).filter(|_| all) {
            Some(to) => {
                let change = Change::ReassignOwned { from: differ.name(owner), to };
                differ.step(
                    Stage::Narrow,
                    Some(database),
                    change,
                    format!("{whose}: came to own {}", things.join(", ")),
                );
            }
            None => {
                let message = format!("{whose} owns {first} in {database}, with every right on it");
                let help = if all { NO_HEIR } else { "give it to another owner by hand (ALTER … OWNER TO)" };
                differ.find(Level::Warning, "owns-object", first, message, help);
            }
        }
    }
}

/// Databases and tablespaces that an owned role which stays has come to own.
pub fn server_wide(differ: &mut Differ<'_>) {
    let state = differ.state;
    for object in state.databases.iter().map(|database| &database.object).chain(&state.objects) {
        if stays(differ, object.owner) {
            hand_on(differ, None, object);
        }
    }
}

/// Gives an object to the heir, or says what is missing for that.
fn hand_on(differ: &mut Differ<'_>, database: Option<&str>, object: &Object) {
    let (whose, thing) = (differ.people(&[object.owner]), label(object));
    let help = match heir(differ) {
        Some(owner) if !undecided(differ, object) => {
            let (from, borrow) = (differ.name(object.owner), borrows(differ, object.owner, &owner));
            let change = Change::SetOwner { object: ObjectRef::from(object), from, owner, borrow };
            differ.step(Stage::Narrow, database, change, format!("{whose} came to own it"));
            return;
        }
        Some(_) => {
            "it runs with its owner's rights, which would become the new owner's: drop it, make it SECURITY INVOKER, \
             or allow that with `leavers: { security_definer: reassign }`"
        }
        None => NO_HEIR,
    };
    let place = database.map(|name| format!(" in {name}")).unwrap_or_default();
    let message = format!("{whose} owns {thing}{place}, with every right on it");
    differ.find(Level::Warning, "owns-object", &thing, message, help);
}

/// Rolecall has not by itself what giving away takes: the rights of the one, and to become the other.
fn borrows(differ: &Differ<'_>, from: RoleId, to: &str) -> bool {
    let state = differ.state;
    let becomes = |to: RoleId| state.can_become(state.me).contains(&to);
    !(state.superuser || state.has_rights_of(state.me, from) && state.names.find(to).is_some_and(becomes))
}

/// A SECURITY DEFINER routine runs with its owner's rights: another owner may make it do more.
fn undecided(differ: &Differ<'_>, object: &Object) -> bool {
    object.facts.security_definer && !differ.scene.environment.leavers.reassign_security_definer
}

/// A role that Rolecall owns and goes on owning.
fn stays(differ: &Differ<'_>, id: RoleId) -> bool {
    differ.owned.contains(&id) && differ.desired.roles.contains_key(&id)
}

/// Owned by a role of ours that stays, and that the policy does not let create things there.
fn strays(differ: &Differ<'_>, contents: &Contents, database: &str, object: &Object) -> bool {
    stays(differ, object.owner)
        && object.owned_by.is_none()
        && !object.facts.identity
        && !may_create(differ, contents, database, object)
}

fn may_create(differ: &Differ<'_>, contents: &Contents, database: &str, object: &Object) -> bool {
    let Some(schema) = object.schema.as_deref() else { return false };
    let place = contents.objects.iter().position(|found| found.kind == Kind::Schema && *found.name == *schema);
    let wants = place.and_then(|place| differ.desired.contents.get(database)?.objects.get(place));
    wants
        .into_iter()
        .flatten()
        .any(|(role, privileges)| privileges.has(Privilege::Create) && reaches(differ, object.owner, *role))
}

/// Whether `member` shall hold `role`, directly or through others.
pub fn reaches(differ: &Differ<'_>, member: RoleId, role: RoleId) -> bool {
    let (mut seen, mut open) = (std::collections::BTreeSet::from([member]), vec![member]);
    while let Some(current) = open.pop() {
        if current == role {
            return true;
        }
        let held = differ.desired.memberships.keys().filter(|(_, member)| *member == current).map(|(role, _)| *role);
        open.extend(held.filter(|id| seen.insert(*id)));
    }
    false
}

/// Databases that cannot be looked into although owned roles have something there.
pub fn closed(differ: &mut Differ<'_>) {
    for database in differ.state.databases.iter().filter(|database| database.mentions_owned) {
        if database.allows_connections || differ.state.contents.contains_key(&database.name) {
            continue;
        }
        let name = &database.name;
        let message = format!("database {name} takes no connections: what owned roles have in it is not looked at");
        let help = format!("ALTER DATABASE … ALLOW_CONNECTIONS true, apply, and close {name} again; or drop it");
        differ.find(Level::Warning, "closed-database", name, message, &help);
    }
}

/// Owned roles that the policy does not have any more.
pub fn removals(differ: &mut Differ<'_>) {
    let gone: Vec<RoleId> = differ.owned.iter().filter(|id| !differ.desired.roles.contains_key(id)).copied().collect();
    for id in gone {
        let Some(role) = differ.state.roles.get(&id) else { continue };
        let name = differ.name(id);
        if role.superuser {
            let message =
                format!("superuser {name:?} bears Rolecall's mark and is not in the policy; it is left alone");
            let help = "take the mark away (REVOKE rolecall FROM …), or its SUPERUSER, by hand";
            differ.find(Level::Error, "marked-superuser", &name, message, help);
            continue;
        }
        let mark = Mark::parse(role.comment.as_deref()).unwrap_or_default();
        let whose = mark.account.or(mark.role.map(|role| format!("Role {role}"))).unwrap_or_else(|| name.clone());
        let policy = differ.scene.policy;
        let known = policy.people.contains_key(&whose) || policy.services.contains_key(&whose);
        let why = if known { "holds nothing here" } else { "is not in the policy any more" };
        shut(differ, &name, role, &whose, why);
        match fate(differ, id) {
            Fate::Dropped => drop(differ, id, &name, &whose, why),
            Fate::ShutOut(decision) => {
                let message = format!("{whose} is shut out but not removed: {decision}");
                let help = "decide in the environment's `leavers` (reassign_to, security_definer) and apply again";
                differ.find(Level::Warning, "removal-undecided", &name, message, help);
            }
        }
    }
}

fn shut(differ: &mut Differ<'_>, name: &str, role: &RoleState, whose: &str, why: &str) {
    let flags = [
        (role.login, Attribute::Login(false)),
        (role.create_role, Attribute::CreateRole(false)),
        (role.create_db, Attribute::CreateDb(false)),
        (role.replication, Attribute::Replication(false)),
        (role.bypass_rls, Attribute::BypassRls(false)),
    ];
    let attributes: Vec<Attribute> = flags.into_iter().filter(|(on, _)| *on).map(|(_, attribute)| attribute).collect();
    if !attributes.is_empty() {
        let change = Change::AlterRole { role: name.to_owned(), attributes };
        differ.step(Stage::Close, None, change, format!("{whose} {why}"));
    }
    if role.login || role.sessions > 0 {
        differ.end_sessions(name, format!("{whose}: an open session would go on reading"));
    }
}

/// Whether everything that hangs on a role is decided.
pub fn fate_of(differ_owns: &[String], definer: &[String], heir: bool, definer_allowed: bool) -> Fate {
    match (differ_owns.first(), definer.first()) {
        (Some(first), _) if !heir => {
            let more = differ_owns.len() - 1;
            let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
            Fate::ShutOut(format!("it owns {first}{rest}, and no role is named to take that over"))
        }
        (_, Some(first)) if !definer_allowed => Fate::ShutOut(format!(
            "{first} runs with its owner's rights (SECURITY DEFINER), which would become the new owner's"
        )),
        _ => Fate::Dropped,
    }
}

fn fate(differ: &mut Differ<'_>, id: RoleId) -> Fate {
    let (mut owns, mut definer) = (Vec::new(), Vec::new());
    for (database, contents) in &differ.state.contents {
        for object in contents.objects.iter().filter(|object| object.owner == id) {
            owns.push(format!("{} in {database}", label(object)));
            if object.facts.security_definer {
                definer.push(format!("{} in {database}", label(object)));
            }
        }
        let others = contents.other_owned.iter().filter(|(_, owner)| *owner == id);
        owns.extend(others.map(|(what, _)| format!("{what} in {database}")));
    }
    let shared = differ.state.databases.iter().map(|database| &database.object).chain(&differ.state.objects);
    owns.extend(shared.filter(|object| object.owner == id).map(label));
    let unread = differ.state.databases.iter();
    let unread: Vec<&str> = unread
        .filter(|database| database.mentions_owned && !differ.state.contents.contains_key(&database.name))
        .map(|database| database.name.as_str())
        .collect();
    if let Some(database) = unread.first() {
        return Fate::ShutOut(format!(
            "database {database:?}, where owned roles have something, allows no connections"
        ));
    }
    let leavers = &differ.scene.environment.leavers;
    fate_of(&owns, &definer, heir(differ).is_some(), leavers.reassign_security_definer)
}

fn drop(differ: &mut Differ<'_>, id: RoleId, name: &str, whose: &str, why: &str) {
    let heir = heir(differ);
    let mut cleared = false;
    let databases: Vec<&String> = differ.state.contents.keys().collect();
    let owns_shared = {
        let shared = differ.state.databases.iter().map(|database| &database.object).chain(&differ.state.objects);
        shared.into_iter().any(|object| object.owner == id)
    };
    for database in databases {
        let Some(contents) = differ.state.contents.get(database) else { continue };
        let owns = contents.objects.iter().any(|object| object.owner == id)
            || contents.other_owned.iter().any(|(_, owner)| *owner == id);
        if !(owns || mentions(differ, contents, id) || (owns_shared && !cleared)) {
            continue;
        }
        cleared = true;
        let reassign_to = heir.clone().filter(|_| owns || owns_shared);
        let change = Change::DropOwned { role: name.to_owned(), reassign_to };
        differ.step(Stage::Narrow, Some(database), change, format!("{whose}: what it leaves behind in {database}"));
    }
    differ.step(Stage::Drop, None, Change::DropRole { role: name.to_owned() }, format!("{whose} {why}"));
}

/// Something inside a database speaks of a role beside ownership.
fn mentions(differ: &Differ<'_>, contents: &Contents, id: RoleId) -> bool {
    let acls = &differ.state.acls;
    let named = |acl| acls.get(acl).iter().any(|entry| entry.grantee == id || entry.grantor == id);
    contents.objects.iter().any(|object| named(object.acl))
        || contents.columns.values().flatten().filter_map(|column| column.acl).any(named)
        || contents.default_acls.iter().any(|row| row.creator == id || named(row.acl))
        || contents.row_policies.iter().any(|policy| policy.roles.contains(&id))
        || contents.temporary.contains(&id)
}

/// Who takes over objects, if the environment names a role that exists.
fn heir(differ: &mut Differ<'_>) -> Option<String> {
    let leavers = &differ.scene.environment.leavers;
    let name = leavers.reassign_to.as_ref()?.value.clone();
    let exists = differ.state.names.find(&name).is_some_and(|id| differ.state.roles.contains_key(&id));
    if !exists {
        let message = format!("`reassign_to` names {name:?}, which is no role of the server");
        differ.find(Level::Error, "unknown-heir", &name, message, "create the role or correct its name");
        return None;
    }
    Some(name)
}

fn label(object: &Object) -> String {
    let noun = object.kind.noun();
    match &object.schema {
        Some(schema) => format!("{noun} {schema}.{}", object.name),
        None => format!("{noun} {}", object.name),
    }
}
