//! What changes of roles and memberships take beside CREATEROLE, and who is to give it.

use std::collections::BTreeSet;

use super::Powers;
use super::remedy::{self, quoted};
use crate::diff::Differ;
use crate::finding::Level;
use crate::plan::{Attribute, Change, MembershipPart, Step};
use crate::privilege::Kind;
use crate::state::MARKER;

/// More statements than this are not spelled out.
const SHOWN: usize = 20;

/// What is missing, gathered over the whole plan.
#[derive(Default)]
struct Missing {
    /// Roles in which Rolecall needs ADMIN.
    admin: BTreeSet<String>,
    /// What cannot be given but only be done: what it is, whom it concerns, and the statement, if one does it.
    done: BTreeSet<(String, String, Option<String>)>,
    /// A membership is among them: who ends it by hand has to end the sessions that still act by it.
    membership: bool,
}

/// Says what is missing, once for all roles.
pub fn check(differ: &mut Differ<'_>, powers: &Powers<'_>, me: &str) {
    let mut missing = Missing::default();
    for step in &differ.steps {
        missing.look(powers, step);
    }
    if let Some(first) = missing.admin.first() {
        let more = more(missing.admin.len());
        let message = format!("Rolecall is connected as {me:?}, which does not administer role {first:?}{more}");
        let roles: Vec<String> = missing.admin.iter().map(|role| quoted(role)).collect();
        // Only ADMIN: it makes Rolecall no member, and gives it no right of the role.
        let options = "WITH ADMIN TRUE, INHERIT FALSE, SET FALSE";
        let help = format!("as a superuser: GRANT {} TO {} {options}", roles.join(", "), quoted(me));
        differ.find(Level::Error, "missing-right", first, message, &help);
    }
    if let Some((what, subject, _)) = missing.done.first() {
        let message = format!("Rolecall is connected as {me:?}, which may not {what}{}", more(missing.done.len()));
        let statements: Option<Vec<String>> =
            missing.done.iter().map(|(_, _, statement)| statement.clone()).chain(missing.ended(differ)).collect();
        let help = match statements.filter(|statements| statements.len() <= SHOWN) {
            Some(statements) => format!("as a superuser: {}", statements.join("; ")),
            None => remedy::SUPERUSER.to_owned(),
        };
        differ.find(Level::Error, "missing-right", subject, message, &help);
    }
}

fn more(count: usize) -> String {
    if count > 1 { format!(" and {} more", count - 1) } else { String::new() }
}

impl Missing {
    /// The statements that end sessions, for after the memberships.
    fn ended(&self, differ: &Differ<'_>) -> Vec<Option<String>> {
        let end = |step: &Step| match &step.change {
            Change::EndSessions { role, .. } if self.membership => {
                let role = role.replace('\'', "''");
                let who = format!("FROM pg_stat_activity WHERE usename = '{role}'");
                Some(Some(format!("SELECT pg_terminate_backend(pid) {who}")))
            }
            _ => None,
        };
        differ.steps.iter().filter_map(end).collect()
    }

    fn look(&mut self, powers: &Powers<'_>, step: &Step) {
        match &step.change {
            Change::CreateRole { .. } => self.administers(powers, MARKER),
            Change::AlterRole { role, attributes } => self.attributes(powers, role, attributes),
            Change::CommentRole { role, .. } | Change::Setting { role, .. } | Change::DropRole { role } => {
                self.changes(powers, role);
            }
            // For superusers and REPLICATION see the end of their sessions and the loss of the attribute: one plan has both.
            Change::ShutOut { role } | Change::LetIn { role } => self.administers(powers, role),
            Change::GrantMembership { role, .. } => self.gives(powers, role),
            Change::RevokeMembership { role, member, grantor, part } => {
                self.ends(powers, role, member, grantor, *part);
            }
            Change::SetOwner { object, owner, .. } if object.kind == Kind::Database && !powers.me().create_db => {
                let name = quoted(&object.name);
                let statement = format!("ALTER DATABASE {name} OWNER TO {}", quoted(owner));
                self.only(format!("give database {} to another owner", object.name), &object.name, Some(statement));
            }
            Change::CreateMarker { .. }
            | Change::Grant { .. }
            | Change::Revoke { .. }
            | Change::GrantColumns { .. }
            | Change::RevokeColumns { .. }
            | Change::GrantDefault { .. }
            | Change::RevokeDefault { .. }
            | Change::SetOwner { .. }
            | Change::InstallHelper
            | Change::SecureTable { .. }
            | Change::AddScopes { .. }
            | Change::RemoveScopes { .. }
            | Change::EndSessions { .. }
            | Change::ReassignOwned { .. }
            | Change::DropOwned { .. } => {}
        }
    }

    fn only(&mut self, what: String, subject: &str, statement: Option<String>) {
        self.done.insert((what, subject.to_owned(), statement));
    }

    /// ADMIN in a role that is there already, which CREATEROLE stood for before PostgreSQL 16.
    fn administers(&mut self, powers: &Powers<'_>, role: &str) {
        if powers.find(role).is_some_and(|id| !powers.may_change(id)) {
            self.admin.insert(role.to_owned());
        }
    }

    fn changes(&mut self, powers: &Powers<'_>, role: &str) {
        if powers.find(role).is_some_and(|id| powers.is_superuser(id)) {
            self.only(format!("change the superuser {role:?}"), role, None);
        } else {
            self.administers(powers, role);
        }
    }

    fn attributes(&mut self, powers: &Powers<'_>, role: &str, attributes: &[Attribute]) {
        let found = powers.find(role);
        // Before PostgreSQL 16 nothing at all of a role with REPLICATION.
        let shut = found.is_some_and(|id| powers.is_superuser(id) || powers.is_shut_by_replication(id));
        let refused: Vec<&Attribute> =
            attributes.iter().filter(|attribute| shut || !powers.may_set(attribute)).collect();
        if !refused.is_empty() {
            let words: Option<Vec<String>> = refused.iter().map(|attribute| attribute.words().ok()).collect();
            let statement = words.map(|words| format!("ALTER ROLE {} {}", quoted(role), words.join(" ")));
            let what = match &statement {
                Some(statement) => format!("run {statement}"),
                None => format!("change {role:?}"),
            };
            self.only(what, role, statement);
        }
        if refused.len() < attributes.len() {
            self.administers(powers, role);
        }
    }

    fn gives(&mut self, powers: &Powers<'_>, role: &str) {
        match powers.find(role) {
            Some(id) if powers.is_superuser(id) => self.only(format!("make anybody a member of {role:?}"), role, None),
            Some(id) if !powers.gives(id) => {
                self.admin.insert(role.to_owned());
            }
            _ => {}
        }
    }

    /// From PostgreSQL 16 on what somebody else gave is that one's to take: their rights are too much to ask for.
    fn ends(&mut self, powers: &Powers<'_>, role: &str, member: &str, grantor: &str, part: MembershipPart) {
        let Some(id) = powers.find(role) else { return };
        let by = powers.find(grantor).is_some_and(|grantor| powers.has_rights(grantor));
        if powers.is_superuser(id) || (powers.names_grantors() && !by) {
            let (option, cascade) = match part {
                // What was passed on hangs on it, and may be the plan's to take, which comes later.
                MembershipPart::Whole if powers.passed_on(id, member) => ("", " CASCADE"),
                MembershipPart::Whole => ("", ""),
                MembershipPart::Admin => ("ADMIN OPTION FOR ", " CASCADE"),
                MembershipPart::Set => ("SET OPTION FOR ", ""),
            };
            let by = if powers.names_grantors() { format!(" GRANTED BY {}", quoted(grantor)) } else { String::new() };
            let statement = format!("REVOKE {option}{} FROM {}{by}{cascade}", quoted(role), quoted(member));
            self.membership = true;
            self.only(format!("end what {grantor:?} gave: {role:?} to {member:?}"), member, Some(statement));
        } else {
            self.administers(powers, role);
        }
    }
}
