//! Who gains and who loses what: a plan's steps told by their effect on people.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::change::{Attribute, Change, Grantee, MembershipPart};
use super::phrase::{self, Phrase};
use super::step::{Stage, Step};
use crate::desire::{Desired, Scene};
use crate::mark::Mark;
use crate::state::{RoleId, Scope};

/// Which way an effect goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// May do more.
    Gains,
    /// May do less.
    Loses,
    /// Holds by a grant of its own what it held through PUBLIC.
    Keeps,
    /// Sees other rows than before.
    Changes,
}

/// One effect on people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Effect {
    /// Which way it goes.
    pub direction: Direction,
    /// Whom it concerns: principals, or roles that Rolecall does not own.
    pub who: Vec<String>,
    /// The Role whose holders these are, where they are concerned as such.
    pub holders_of: Option<String>,
    /// What they may do more or less.
    pub access: Vec<String>,
    /// Why.
    pub because: String,
}

/// Tells a plan's steps by their effects.
pub fn of(scene: Scene<'_>, desired: &Desired, steps: &[Step]) -> Vec<Effect> {
    if steps.is_empty() {
        return Vec::new();
    }
    let mut teller = Teller::new(scene, desired, steps);
    teller.memberships(steps);
    for step in steps {
        teller.step(step);
    }
    teller.effects.sort();
    teller.effects.dedup();
    teller.effects
}

struct Teller<'a> {
    scene: Scene<'a>,
    desired: &'a Desired,
    /// Roles made by this plan: what they get, their holders get by becoming holders.
    new: BTreeSet<String>,
    effects: Vec<Effect>,
}

impl<'a> Teller<'a> {
    fn new(scene: Scene<'a>, desired: &'a Desired, steps: &[Step]) -> Self {
        let new = steps.iter().filter_map(|step| match &step.change {
            Change::CreateRole { role, .. } => Some(role.clone()),
            _ => None,
        });
        Self { scene, desired, new: new.collect(), effects: Vec::new() }
    }

    fn id(&self, name: &str) -> Option<RoleId> {
        self.desired.names.find(name)
    }

    /// The principal or Role behind a role's name.
    fn label(&self, name: &str) -> String {
        let id = self.id(name);
        let wanted = id.and_then(|id| self.desired.roles.get(&id)).map(|role| role.mark.clone());
        let there = || id.and_then(|id| Mark::parse(self.scene.state.roles.get(&id)?.comment.as_deref()));
        let mark = wanted.or_else(there).unwrap_or_default();
        mark.account.or(mark.role.map(|role| format!("Role {role}"))).unwrap_or_else(|| name.to_owned())
    }

    fn push(&mut self, direction: Direction, who: Vec<String>, access: Vec<String>, because: &str) {
        if !who.is_empty() && !access.is_empty() {
            self.effects.push(Effect { direction, who, holders_of: None, access, because: because.to_owned() });
        }
    }

    /// Accounts that gain or lose Roles, with all that these mean.
    fn memberships(&mut self, steps: &[Step]) {
        let (mut gained, mut lost) = (BTreeMap::new(), BTreeMap::new());
        for step in steps {
            match &step.change {
                Change::GrantMembership { role, members } => {
                    let why = step.reason.split_once(": ").map_or(step.reason.as_str(), |(_, why)| why);
                    gained.extend(members.iter().map(|member| ((role.as_str(), member.as_str()), why)));
                }
                Change::RevokeMembership { role, member, part: MembershipPart::Whole, .. } => {
                    lost.insert((role.as_str(), member.as_str()), "not in the policy");
                }
                _ => {}
            }
        }
        let again: Vec<_> = gained.keys().filter(|edge| lost.contains_key(*edge)).copied().collect();
        for edge in again {
            gained.remove(&edge);
            lost.remove(&edge);
        }
        let wanted =
            |id| self.desired.memberships.keys().filter(move |(_, member)| *member == id).map(|(role, _)| *role);
        let held = |id| self.scene.state.memberships.iter().filter(move |edge| edge.member == id).map(|edge| edge.role);
        let gained_closures = closures(gained.keys().filter_map(|(role, _)| self.id(role)), &wanted);
        let lost_closures = closures(lost.keys().filter_map(|(role, _)| self.id(role)), &held);
        let after = phrase::desired(self.scene, self.desired, &gained_closures.values().flatten().copied().collect());
        let before = phrase::actual(self.scene, &lost_closures.values().flatten().copied().collect());
        let scopes: Vec<Scope> =
            self.desired.contents.values().flat_map(|wanted| wanted.scopes.iter().cloned()).collect();
        let helpers = self.scene.state.contents.values().filter_map(|contents| contents.helper.as_ref());
        let old: Vec<Scope> = helpers.flat_map(|helper| helper.scopes.iter().cloned()).collect();
        let new_effects = self.tell_memberships(Direction::Gains, &gained, &gained_closures, &after, &scopes);
        let old_effects = self.tell_memberships(Direction::Loses, &lost, &lost_closures, &before, &old);
        self.effects.extend(new_effects);
        self.effects.extend(old_effects);
    }

    fn tell_memberships(
        &self,
        direction: Direction,
        edges: &BTreeMap<(&str, &str), &str>,
        closures: &BTreeMap<RoleId, BTreeSet<RoleId>>,
        phrases: &BTreeMap<RoleId, Vec<Phrase>>,
        scopes: &[Scope],
    ) -> Vec<Effect> {
        let mut by_account: BTreeMap<&str, Vec<&Scope>> = BTreeMap::new();
        for scope in scopes {
            by_account.entry(&scope.account).or_default().push(scope);
        }
        // Accounts with the same gain for the same reason are told together.
        let mut together: BTreeMap<(Vec<String>, String), Vec<String>> = BTreeMap::new();
        for ((role, member), why) in edges {
            if self.new.contains(*member) && self.is_role(member) {
                continue;
            }
            let own = by_account.get(member).map_or(&[][..], Vec::as_slice);
            let reached = self.id(role).and_then(|id| closures.get(&id)).into_iter().flatten();
            let said: BTreeSet<String> =
                reached.filter_map(|id| phrases.get(id)).flatten().map(|phrase| phrase.say(own)).collect();
            let mut access: Vec<String> = said.into_iter().collect();
            let label = self.label(role);
            if label == *role {
                access = vec![format!("everything that {role} gives")];
            } else if access.is_empty() {
                access.push(label.clone());
            }
            let because =
                if why.contains("Role ") || label == *role { (*why).to_owned() } else { format!("{label}, {why}") };
            together.entry((access, because)).or_default().push(self.label(member));
        }
        let effect = |((access, because), who)| Effect { direction, who, holders_of: None, access, because };
        together.into_iter().map(effect).collect()
    }

    fn is_role(&self, name: &str) -> bool {
        self.id(name).and_then(|id| self.desired.roles.get(&id)).is_some_and(|role| role.standing.is_none())
    }

    fn step(&mut self, step: &Step) {
        let because = step.reason.split_once(": ").map_or(step.reason.as_str(), |(_, why)| why);
        match &step.change {
            Change::Grant { privileges, objects, grantees } => {
                let access = vec![format!("{} {}", phrase::verbs(*privileges), phrase::objects(objects))];
                let direction = if step.stage == Stage::Prepare { Direction::Keeps } else { Direction::Gains };
                self.grantees(direction, grantees, &access, because);
            }
            Change::Revoke { privileges, objects, grantees, option_only, .. } => {
                let access = vec![format!(
                    "{}{} {}",
                    passing(*option_only),
                    phrase::verbs(*privileges),
                    phrase::objects(objects)
                )];
                self.grantees(Direction::Loses, grantees, &access, because);
            }
            Change::GrantColumns { table, columns, grantees } => {
                let access: Vec<String> = columns.iter().map(|(held, names)| columns_of(table, *held, names)).collect();
                self.grantees(Direction::Gains, grantees, &access, because);
            }
            Change::RevokeColumns { table, columns, grantees, option_only, .. } => {
                let say = |(held, names): (_, &Vec<String>)| {
                    format!("{}{}", passing(*option_only), columns_of(table, held, names))
                };
                let access: Vec<String> = columns.iter().map(|(held, names)| say((*held, names))).collect();
                self.grantees(Direction::Loses, grantees, &access, because);
            }
            Change::GrantDefault { schema, kind, privileges, grantees, .. } => {
                let access = future(schema.as_deref(), kind.sql(), *privileges);
                self.grantees(Direction::Gains, grantees, &[access], because);
            }
            Change::RevokeDefault { schema, kind, privileges, grantees, .. } => {
                let access = future(schema.as_deref(), kind.sql(), *privileges);
                self.grantees(Direction::Loses, grantees, &[access], because);
            }
            Change::AlterRole { role, attributes } => self.attributes(role, attributes, &step.reason),
            Change::SetOwner { object, .. } => {
                let access = vec![format!("ownership of {}", phrase::object(object))];
                self.push(Direction::Loses, vec![step.reason.clone()], access, "accounts own nothing");
            }
            Change::SecureTable { table, put, .. } => {
                for def in put.iter().filter(|def| !matches!(def.rows, super::RowExpression::True)) {
                    let concerned: Vec<Grantee> = def.roles.iter().cloned().map(Grantee::Role).collect();
                    let access = format!(
                        "the rows of {} that it may {}",
                        phrase::object(table),
                        def.command.sql().to_ascii_lowercase()
                    );
                    self.grantees(Direction::Changes, &concerned, &[access], "the policy filters them");
                }
            }
            Change::AddScopes { scopes } => self.scopes(Direction::Gains, scopes),
            Change::RemoveScopes { scopes } => self.scopes(Direction::Loses, scopes),
            Change::DropRole { role } => {
                let who = vec![self.label(role)];
                let account = self.scene.state.roles.get(&self.id(role).unwrap_or_default());
                let what = match Mark::parse(account.and_then(|role| role.comment.as_deref())) {
                    Some(Mark { role: Some(_), .. }) => "the Role itself".to_owned(),
                    _ => format!("its account {role}"),
                };
                self.push(Direction::Loses, who, vec![what], because);
            }
            Change::RevokeMembership { role, member, part, .. } => {
                let what = match part {
                    MembershipPart::Whole => return,
                    MembershipPart::Admin => format!("passing {role} on"),
                    MembershipPart::Set => format!("acting as {role} (SET ROLE)"),
                };
                self.push(Direction::Loses, vec![self.label(member)], vec![what], because);
            }
            Change::GrantMembership { .. }
            | Change::CreateMarker { .. }
            | Change::CreateRole { .. }
            | Change::CommentRole { .. }
            | Change::Setting { .. }
            | Change::InstallHelper
            | Change::EndSessions { .. }
            | Change::DropOwned { .. } => {}
        }
    }

    /// Each grantee in its own terms; a Role stands for its holders, a Role made by this plan for nobody yet.
    fn grantees(&mut self, direction: Direction, grantees: &[Grantee], access: &[String], because: &str) {
        let mut plain = Vec::new();
        for grantee in grantees {
            match grantee {
                Grantee::Public => plain.push("everyone (PUBLIC)".to_owned()),
                Grantee::Role(name) if self.new.contains(name) => {}
                Grantee::Role(name) if self.is_role(name) => {
                    let who = self.holders(name);
                    let holders_of = Some(self.label(name));
                    let (access, because) = (access.to_vec(), because.to_owned());
                    self.effects.push(Effect { direction, who, holders_of, access, because });
                }
                Grantee::Role(name) => plain.push(self.label(name)),
            }
        }
        self.push(direction, plain, access.to_vec(), because);
    }

    fn holders(&self, role: &str) -> Vec<String> {
        let Some(id) = self.id(role) else { return Vec::new() };
        let (mut seen, mut open, mut who) = (BTreeSet::from([id]), vec![id], BTreeSet::new());
        while let Some(current) = open.pop() {
            let members = self.desired.memberships.range((current, RoleId::PUBLIC)..).map(|(edge, _)| edge);
            for (_, member) in members.take_while(|(role, _)| *role == current) {
                let account = self.desired.roles.get(member).and_then(|role| role.mark.account.clone());
                who.extend(account);
                if seen.insert(*member) {
                    open.push(*member);
                }
            }
        }
        who.into_iter().collect()
    }

    fn attributes(&mut self, role: &str, attributes: &[Attribute], because: &str) {
        if self.new.contains(role) {
            return;
        }
        for attribute in attributes {
            let direction = if attribute.widens() { Direction::Gains } else { Direction::Loses };
            let what = match attribute {
                Attribute::Superuser(_) => "SUPERUSER: everything".to_owned(),
                Attribute::Inherit(_) => "the use of what it holds (INHERIT)".into(),
                Attribute::CreateRole(_) => "creating roles".into(),
                Attribute::CreateDb(_) => "creating databases".into(),
                Attribute::Login(_) => "logging in".into(),
                Attribute::Replication(_) => "replication".into(),
                Attribute::BypassRls(_) => "going round row security (BYPASSRLS)".into(),
                Attribute::ConnectionLimit(limit) if *limit < 0 => "any number of connections".into(),
                Attribute::ConnectionLimit(limit) => format!("more than {limit} connections"),
                Attribute::ValidUntil(end) if end == "infinity" => "a password without end".into(),
                Attribute::ValidUntil(end) => format!("its password after {end}"),
                Attribute::NoPassword => "its password".into(),
            };
            self.push(direction, vec![self.label(role)], vec![what], because);
        }
    }

    fn scopes(&mut self, direction: Direction, scopes: &[Scope]) {
        for scope in scopes {
            // Who gains or loses the Role with it has been told so.
            let edge = self.id(&scope.role).zip(self.id(&scope.account));
            let before = self.scene.state.memberships.iter().any(|found| Some((found.role, found.member)) == edge);
            let stays = before && edge.is_some_and(|edge| self.desired.memberships.contains_key(&edge));
            if stays {
                let values: Vec<String> =
                    scope.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
                let access = vec![format!("the rows of {} where {}", self.label(&scope.role), values.join(" and "))];
                self.push(direction, vec![self.label(&scope.account)], access, "the assignment's values");
            }
        }
    }
}

fn passing(option_only: bool) -> &'static str {
    if option_only { "passing on: " } else { "" }
}

fn columns_of(table: &super::ObjectRef, held: crate::privilege::PrivilegeSet, names: &[String]) -> String {
    format!("{} {} ({})", phrase::verbs(held), phrase::object(table), names.join(", "))
}

fn future(schema: Option<&str>, kind: &str, privileges: crate::privilege::PrivilegeSet) -> String {
    let place = schema.map(|schema| format!(" in {schema}")).unwrap_or_default();
    format!("{} future {}{place}", phrase::verbs(privileges), kind.to_ascii_lowercase())
}

fn closures<I: Iterator<Item = RoleId>>(
    roles: impl Iterator<Item = RoleId>,
    above: &dyn Fn(RoleId) -> I,
) -> BTreeMap<RoleId, BTreeSet<RoleId>> {
    let mut closures = BTreeMap::new();
    for role in roles {
        closures.entry(role).or_insert_with(|| {
            let (mut seen, mut open) = (BTreeSet::from([role]), vec![role]);
            while let Some(current) = open.pop() {
                open.extend(above(current).filter(|id| seen.insert(*id)));
            }
            seen
        });
    }
    closures
}
