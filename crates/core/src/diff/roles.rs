//! Roles and Accounts themselves: created, closed, opened, and their attributes and settings kept as they should be.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Differ;
use crate::desire::{DesiredRole, Standing};
use crate::finding::Level;
use crate::mark::Mark;
use crate::plan::{Attribute, Change, Stage};
use crate::state::{RoleId, RoleState};

/// Every role that Rolecall shall own.
pub fn diff(differ: &mut Differ<'_>) {
    let desired = differ.desired;
    for (id, want) in &desired.roles {
        match differ.state.roles.get(id) {
            None => create(differ, *id, want),
            Some(role) if differ.owned.contains(id) => keep(differ, *id, role, want),
            Some(_) => not_ours(differ, *id, want),
        }
    }
}

fn create(differ: &mut Differ<'_>, id: RoleId, want: &DesiredRole) {
    let role = differ.name(id);
    let whose = whose(want);
    let comment = want.mark.comment();
    differ.step(Stage::Prepare, None, Change::CreateRole { role: role.clone(), comment }, format!("{whose} is new"));
    let mut attributes = Vec::new();
    if want.connection_limit >= 0 {
        attributes.push(Attribute::ConnectionLimit(want.connection_limit));
    }
    if let Some(ends) = want.ends {
        attributes.push(Attribute::ValidUntil(ends.to_string()));
    }
    if !attributes.is_empty() {
        let change = Change::AlterRole { role: role.clone(), attributes };
        differ.step(Stage::Prepare, None, change, format!("{whose}: limits of its account"));
    }
    for (name, value) in &want.settings {
        let change =
            Change::Setting { role: role.clone(), database: None, name: name.clone(), value: Some(value.clone()) };
        differ.step(Stage::Prepare, None, change, format!("{whose}: a setting of the environment's accounts"));
    }
    if want.login {
        let change = Change::AlterRole { role, attributes: vec![Attribute::Login(true)] };
        differ.step(Stage::Open, None, change, format!("{whose} may log in"));
    }
}

fn keep(differ: &mut Differ<'_>, id: RoleId, role: &RoleState, want: &DesiredRole) {
    let name = differ.name(id);
    let mark = Mark::parse(role.comment.as_deref()).unwrap_or_default();
    if let (Some(other), Some(own)) = (&mark.account, &want.mark.account)
        && other != own
    {
        let message = format!("account {name:?} was made for {other}; the policy now gives that name to {own}");
        let help = format!(
            "a name must not inherit another person's access: give {own} an `account:` of its own, \
             or apply once without {own} so that the old account is removed first"
        );
        differ.find(Level::Error, "account-of-another", &name, message, &help);
        return;
    }
    let marked = Mark { credential: mark.credential.clone(), ..want.mark.clone() };
    if mark != marked {
        let change = Change::CommentRole { role: name.clone(), comment: marked.comment() };
        differ.step(Stage::Prepare, None, change, format!("{}: the comment says whose it is", whose(want)));
    }
    attributes(differ, &name, role, want, false);
    end(differ, &name, role, want, &mark);
    settings(differ, &name, role, &want.settings);
    let shut = want.standing != Some(Standing::Active);
    // Whoever was shut out, and is still in, may be what a run left that broke off before it ended their sessions.
    if (shut && role.login) || (!role.login && role.sessions > 0) {
        differ.end_sessions(&name, format!("{}: an open session would go on reading", whose(want)));
    }
}

/// LOGIN, nothing else: whatever more was given by hand is taken back.
pub(super) fn attributes(differ: &mut Differ<'_>, name: &str, role: &RoleState, want: &DesiredRole, any_inherit: bool) {
    type Flag = fn(bool) -> Attribute;
    let flags: [(bool, bool, Flag); 6] = [
        (role.superuser, false, Attribute::Superuser),
        (role.create_role, false, Attribute::CreateRole),
        (role.create_db, false, Attribute::CreateDb),
        (role.replication, false, Attribute::Replication),
        (role.bypass_rls, false, Attribute::BypassRls),
        (role.login, want.login, Attribute::Login),
    ];
    let (mut less, mut more) = (Vec::new(), Vec::new());
    for (is, should, attribute) in flags {
        match (is, should) {
            (true, false) => less.push(attribute(false)),
            (false, true) => more.push(attribute(true)),
            (true, true) | (false, false) => {}
        }
    }
    if !role.inherit && !any_inherit {
        more.push(Attribute::Inherit(true));
    }
    let limits = (role.connection_limit, want.connection_limit);
    if limits.0 != limits.1 {
        let tighter = limits.1 >= 0 && (limits.0 < 0 || limits.1 < limits.0);
        let list = if tighter { &mut less } else { &mut more };
        list.push(Attribute::ConnectionLimit(limits.1));
    }
    // A session may act as another (SET SESSION AUTHORIZATION), or stream on: neither asks for the attribute again.
    if role.superuser || role.replication || role.bypass_rls {
        differ.end_sessions(name, format!("{}: an open session may go on with what it lost", whose(want)));
    }
    for (stage, attributes) in [(Stage::Close, less), (Stage::Open, more)] {
        if attributes.is_empty() {
            continue;
        }
        let login = attributes.iter().any(|attribute| matches!(attribute, Attribute::Login(_)));
        let reason = match (login, want.standing) {
            (true, Some(Standing::Suspended)) => format!("{} is suspended", whose(want)),
            (true, Some(Standing::Active)) => format!("{} is active again", whose(want)),
            _ => format!("{}: not as the policy has it", whose(want)),
        };
        let change = Change::AlterRole { role: name.to_owned(), attributes };
        differ.step(stage, None, change, reason);
    }
}

/// VALID UNTIL and the password: as minted, and no longer than the principal is here.
fn end(differ: &mut Differ<'_>, name: &str, role: &RoleState, want: &DesiredRole, mark: &Mark) {
    let time = |text: &str| text.parse::<Timestamp>().ok();
    let minted = mark.credential.as_ref().filter(|_| want.password);
    let should = [minted.and_then(|credential| time(&credential.ends)), want.ends].into_iter().flatten().min();
    let is = role.valid_until.as_deref().and_then(time);
    if is != should {
        let end = should.map_or_else(|| "infinity".to_owned(), |end| end.to_string());
        let earlier = should.is_some_and(|should| is.is_none_or(|is| should < is));
        let stage = if earlier { Stage::Close } else { Stage::Open };
        let change = Change::AlterRole { role: name.to_owned(), attributes: vec![Attribute::ValidUntil(end)] };
        differ.step(stage, None, change, format!("{}: its end is not as it was set", whose(want)));
    }
    let genuine = minted.map(|credential| &credential.seal);
    if role.password_seal.is_some() && role.password_seal.as_ref() != genuine {
        let change = Change::AlterRole { role: name.to_owned(), attributes: vec![Attribute::NoPassword] };
        differ.step(Stage::Close, None, change, format!("{}: a password that Rolecall did not mint", whose(want)));
    }
}

fn settings(differ: &mut Differ<'_>, name: &str, role: &RoleState, want: &BTreeMap<String, String>) {
    let there: BTreeSet<_> = role.settings.keys().cloned().collect();
    let wanted = want.keys().map(|name| (None, name.clone()));
    for key in there.into_iter().chain(wanted).collect::<BTreeSet<_>>() {
        let should = if key.0.is_none() { want.get(&key.1) } else { None };
        if role.settings.get(&key) != should {
            let (database, setting) = key;
            let change = Change::Setting { role: name.to_owned(), database, name: setting, value: should.cloned() };
            let reason =
                if should.is_some() { "a setting of the environment's accounts" } else { "a setting made by hand" };
            differ.step(Stage::Prepare, None, change, reason);
        }
    }
}

fn not_ours(differ: &mut Differ<'_>, id: RoleId, want: &DesiredRole) {
    let name = differ.name(id);
    let message = format!("role {name:?}, wanted for {}, exists and Rolecall does not own it", whose(want));
    let help = format!(
        "`rolecall adopt {name} --environment {}` brings it under management; or choose another name in the policy",
        differ.scene.environment_name
    );
    differ.find(Level::Error, "unowned-role", &name, message, &help);
}

/// Whose role it is, in people's terms.
pub fn whose(want: &DesiredRole) -> String {
    match (&want.mark.account, &want.mark.role) {
        (Some(account), _) => account.clone(),
        (None, Some(role)) => format!("Role {role}"),
        (None, None) => "the marker role".to_owned(),
    }
}
