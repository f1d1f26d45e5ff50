//! Roles that neither Rolecall owns nor the policy knows: orphan logins, rogue superusers, strangers with rights on what
//! the policy governs.

use std::collections::{BTreeMap, BTreeSet};

use super::Differ;
use crate::finding::Level;
use crate::looks::skeleton;
use crate::plan::{Attribute, Change, Stage};
use crate::policy::model::Unmanaged;
use crate::policy::pattern::Glob;
use crate::state::RoleId;

/// Reports strangers, and shuts them out where the environment says so.
pub fn find(differ: &mut Differ<'_>) {
    let level = match differ.scene.environment.unmanaged {
        Unmanaged::Report | Unmanaged::Disable => Level::Warning,
        Unmanaged::Fail => Level::Error,
    };
    let rights = rights(differ);
    let strangers_here = strangers(differ);
    let looks = if strangers_here.is_empty() { BTreeMap::new() } else { looks(differ) };
    for id in strangers_here {
        let Some(role) = differ.state.roles.get(&id) else { continue };
        let name = differ.name(id);
        let help = format!(
            "add {name:?} to `known:` if it is expected, bring it under management with `rolecall adopt`, or drop it"
        );
        if role.superuser {
            let message = format!("superuser {name:?} is not in the policy: it may do everything");
            differ.find(level.max(Level::Warning), "rogue-superuser", &name, message, &help);
        } else if role.login {
            let extra = rights.get(&id).map(|what| format!(", and has rights on {what}")).unwrap_or_default();
            let message = format!("login {name:?} is not in the policy{extra}");
            differ.find(level, "orphan-login", &name, message, &help);
        } else if let Some(what) = rights.get(&id) {
            let message = format!("role {name:?} is not in the policy and has rights on {what}");
            differ.find(level, "stranger-with-rights", &name, message, &help);
        }
        if let Some(ours) = looks.get(&skeleton(&name)) {
            let message = format!("role {name:?} is not in the policy and looks like {ours:?}, which is");
            let help = "people will take one for the other: find out who made it, and rename or drop it";
            differ.find(Level::Warning, "look-alike-stranger", &name, message, help);
        }
        if (role.create_role || role.bypass_rls || role.replication) && !role.superuser {
            let message = format!("{name:?} is not in the policy and has CREATEROLE, BYPASSRLS or REPLICATION");
            differ.find(level, "powerful-stranger", &name, message, &help);
        }
    }
    for id in disabled(differ) {
        let name = differ.name(id);
        let change = Change::AlterRole { role: name.clone(), attributes: vec![Attribute::Login(false)] };
        differ.step(
            Stage::Close,
            None,
            change,
            format!("{name}: not in the policy; the environment disables strangers"),
        );
        differ.end_sessions(&name, format!("{name}: not in the policy"));
    }
}

/// Strangers whose LOGIN the environment takes away. Superusers are never among them.
pub fn disabled(differ: &Differ<'_>) -> BTreeSet<RoleId> {
    if differ.scene.environment.unmanaged != Unmanaged::Disable {
        return BTreeSet::new();
    }
    let shut = |id: &RoleId| differ.state.roles.get(id).is_some_and(|role| role.login && !role.superuser);
    strangers(differ).into_iter().filter(shut).collect()
}

/// Roles that are neither owned nor known.
pub fn strangers(differ: &Differ<'_>) -> Vec<RoleId> {
    let known: Vec<Glob> =
        differ.scene.environment.known.iter().filter_map(|name| Glob::parse(&name.value).ok()).collect();
    let heir = differ.scene.environment.leavers.reassign_to.as_ref().map(|name| name.value.as_str());
    let roles = differ.state.roles.iter().filter(|(id, role)| {
        let name = differ.state.names.name(**id);
        let expected = name.starts_with("pg_") || role.oid == 10 || **id == differ.state.me || heir == Some(name);
        !expected && !differ.is_ours(**id) && !known.iter().any(|glob| glob.matches(name))
    });
    roles.map(|(id, _)| *id).collect()
}

/// What the roles of the policy look like, and which they are.
fn looks(differ: &Differ<'_>) -> BTreeMap<String, String> {
    let ours = differ.desired.roles.keys().map(|id| differ.desired.names.name(*id).to_owned());
    ours.map(|name| (skeleton(&name), name)).collect()
}

/// What unowned roles hold in the governed databases: a name or two of it each.
fn rights(differ: &Differ<'_>) -> BTreeMap<RoleId, String> {
    let mut seen: BTreeMap<RoleId, (String, usize)> = BTreeMap::new();
    for database in differ.desired.contents.keys() {
        let objects = differ.state.contents.get(database).map_or(&[][..], |contents| &contents.objects);
        for object in objects.iter().filter(|object| !object.system) {
            let holders = differ.state.acls.get(object.acl).iter().map(|entry| entry.grantee).chain([object.owner]);
            for holder in holders.filter(|id| !id.is_public() && !differ.is_ours(*id)).collect::<BTreeSet<_>>() {
                let schema = object.schema.as_ref().map(|schema| format!("{schema}.")).unwrap_or_default();
                let entry = seen.entry(holder).or_insert_with(|| (format!("{schema}{} in {database}", object.name), 0));
                entry.1 += 1;
            }
        }
    }
    let say =
        |(first, count): (String, usize)| if count > 1 { format!("{first} and {} more", count - 1) } else { first };
    seen.into_iter().map(|(id, rights)| (id, say(rights))).collect()
}
