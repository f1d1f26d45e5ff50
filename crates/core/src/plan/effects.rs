//! Who gains and who loses what: a plan's steps told by their effect on people.

mod scopes;

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
    /// What each role holds before and after.
    held: Held,
    wanted: Held,
    /// Accounts and the Roles that they come to hold or lose, directly or not: their rows are told with that.
    told: BTreeSet<(Direction, RoleId, RoleId)>,
    /// Scopes, without their ends and by database, that end later (gains) or earlier (loses) than before.
    moved: BTreeMap<(Option<String>, Scope), Direction>,
    effects: Vec<Effect>,
}

impl<'a> Teller<'a> {
    fn new(scene: Scene<'a>, desired: &'a Desired, steps: &[Step]) -> Self {
        let new = steps.iter().filter_map(|step| match &step.change {
            Change::CreateRole { role, .. } => Some(role.clone()),
            _ => None,
        });
        let mut wanted = Held::new();
        for (role, member) in desired.memberships.keys() {
            wanted.entry(*member).or_default().push(*role);
        }
        let mut held = Held::new();
        for edge in &scene.state.memberships {
            held.entry(edge.member).or_default().push(edge.role);
        }
        Self {
            scene,
            desired,
            new: new.collect(),
            held,
            wanted,
            told: BTreeSet::new(),
            moved: scopes::moved(steps),
            effects: Vec::new(),
        }
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
        let (gained, lost) = (self.edges(&gained), self.edges(&lost));
        let concerned = || gained.iter().chain(&lost).flat_map(|edge| [edge.role, edge.member]);
        let after = phrase::desired(self.scene, self.desired, &closure(concerned(), &self.wanted));
        let before = phrase::actual(self.scene, &closure(concerned(), &self.held));
        let scopes: Vec<Scope> =
            self.desired.contents.values().flat_map(|wanted| wanted.scopes.iter().cloned()).collect();
        let helpers = self.scene.state.contents.values().filter_map(|contents| contents.helper.as_ref());
        let old: Vec<Scope> = helpers.flat_map(|helper| helper.scopes.iter().cloned()).collect();
        let after = Side { held: &self.wanted, phrases: after, scopes: by_account(&scopes) };
        let before = Side { held: &self.held, phrases: before, scopes: by_account(&old) };
        let new_effects = self.tell_memberships(Direction::Gains, &gained, &after, &before);
        let old_effects = self.tell_memberships(Direction::Loses, &lost, &before, &after);
        let sides = [(Direction::Gains, &gained, &self.wanted), (Direction::Loses, &lost, &self.held)];
        let told = sides.into_iter().flat_map(|(direction, edges, held)| {
            edges.iter().flat_map(move |edge| {
                closure([edge.role].into_iter(), held).into_iter().map(move |role| (direction, edge.member, role))
            })
        });
        self.told = told.collect();
        self.effects.extend(new_effects);
        self.effects.extend(old_effects);
    }

    /// The edges that concern Accounts: where a Role comes to hold another, those who hold it.
    fn edges<'e>(&self, edges: &BTreeMap<(&'e str, &'e str), &'e str>) -> Vec<Edge<'e>> {
        let (mut direct, mut through) = (Vec::new(), Vec::new());
        for ((name, member), why) in edges {
            let (Some(role), Some(id)) = (self.id(name), self.id(member)) else { continue };
            let edge = |member, via| Edge { name, role, member, via, why };
            if !self.is_role(member) {
                direct.push(edge(id, None));
            } else if !self.new.contains(*member) {
                through.extend(self.holders(id).into_iter().map(|account| edge(account, Some(*member))));
            }
        }
        direct.extend(through);
        direct
    }

    /// What edges mean that `here` has, less what the same Account has on the `other` side of the plan too.
    fn tell_memberships(
        &self,
        direction: Direction,
        edges: &[Edge<'_>],
        here: &Side<'_>,
        other: &Side<'_>,
    ) -> Vec<Effect> {
        // Accounts with the same gain for the same reason are told together.
        let mut together: BTreeMap<(Vec<String>, String, Option<String>), Vec<String>> = BTreeMap::new();
        let mut told: BTreeMap<RoleId, BTreeSet<String>> = BTreeMap::new();
        for edge in edges {
            let member = self.desired.names.name(edge.member);
            let said = here.say(edge.role, member);
            let label = self.label(edge.name);
            let unknown = label == edge.name;
            let told = told.entry(edge.member).or_insert_with(|| other.say(edge.member, member));
            let mut access: Vec<String> = said.difference(told).cloned().collect();
            if unknown {
                access = vec![format!("everything that {} gives", edge.name)];
            } else if said.is_empty() && edge.via.is_none() {
                access.push(label.clone());
            }
            told.extend(said);
            if access.is_empty() {
                continue;
            }
            let because = if edge.why.contains("Role ") || unknown {
                edge.why.to_owned()
            } else {
                format!("{label}, {}", edge.why)
            };
            let holders_of = edge.via.map(|role| self.label(role));
            together.entry((access, because, holders_of)).or_default().push(self.label(member));
        }
        let effect = |((access, because, holders_of), who)| Effect { direction, who, holders_of, access, because };
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
            Change::SetOwner { object, from, .. } => {
                let access = vec![format!("ownership of {}", phrase::object(object))];
                self.push(Direction::Loses, vec![self.label(from)], access, "accounts own nothing");
            }
            Change::ReassignOwned { from, .. } => {
                let access = vec!["all that it owns".to_owned()];
                self.push(Direction::Loses, vec![self.label(from)], access, because);
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
            Change::AddScopes { scopes } => self.scopes(Direction::Gains, step.database.as_deref(), scopes),
            Change::RemoveScopes { scopes } => self.scopes(Direction::Loses, step.database.as_deref(), scopes),
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
            | Change::ShutOut { .. }
            | Change::LetIn { .. }
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
                    let who = self.addresses(name);
                    let holders_of = Some(self.label(name));
                    let (access, because) = (access.to_vec(), because.to_owned());
                    self.effects.push(Effect { direction, who, holders_of, access, because });
                }
                Grantee::Role(name) => plain.push(self.label(name)),
            }
        }
        self.push(direction, plain, access.to_vec(), because);
    }

    /// The Accounts that shall hold a role, directly or not.
    fn holders(&self, role: RoleId) -> BTreeSet<RoleId> {
        let (mut seen, mut open) = (BTreeSet::from([role]), vec![role]);
        while let Some(current) = open.pop() {
            let members = self.desired.memberships.range((current, RoleId::PUBLIC)..).map(|(edge, _)| *edge);
            let members = members.take_while(|(role, _)| *role == current).map(|(_, member)| member);
            open.extend(members.filter(|id| seen.insert(*id)));
        }
        seen.retain(|id| self.desired.roles.get(id).is_some_and(|role| role.mark.account.is_some()));
        seen
    }

    fn addresses(&self, role: &str) -> Vec<String> {
        let holders = self.id(role).map(|id| self.holders(id)).unwrap_or_default();
        let address = |id: &RoleId| self.desired.roles.get(id)?.mark.account.clone();
        holders.iter().filter_map(address).collect::<BTreeSet<_>>().into_iter().collect()
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

/// What each role is a member of.
type Held = BTreeMap<RoleId, Vec<RoleId>>;

/// An Account that comes to hold a role or holds it no more.
struct Edge<'e> {
    name: &'e str,
    role: RoleId,
    member: RoleId,
    /// The Role that it holds, which is the one whose membership changes.
    via: Option<&'e str>,
    why: &'e str,
}

/// What is held before or after a plan.
struct Side<'s> {
    held: &'s Held,
    phrases: BTreeMap<RoleId, Vec<Phrase>>,
    scopes: BTreeMap<&'s str, Vec<&'s Scope>>,
}

impl Side<'_> {
    /// What an account has by holding a role, with the account's own values.
    fn say(&self, role: RoleId, account: &str) -> BTreeSet<String> {
        let own = self.scopes.get(account).map_or(&[][..], Vec::as_slice);
        let reached = closure([role].into_iter(), self.held);
        reached.iter().filter_map(|id| self.phrases.get(id)).flatten().map(|phrase| phrase.say(own)).collect()
    }
}

fn by_account(scopes: &[Scope]) -> BTreeMap<&str, Vec<&Scope>> {
    let mut accounts: BTreeMap<&str, Vec<&Scope>> = BTreeMap::new();
    for scope in scopes {
        accounts.entry(&scope.account).or_default().push(scope);
    }
    accounts
}

/// These roles and all that they hold.
fn closure(roles: impl Iterator<Item = RoleId>, held: &Held) -> BTreeSet<RoleId> {
    let mut open: Vec<RoleId> = roles.collect();
    let mut seen: BTreeSet<RoleId> = open.iter().copied().collect();
    while let Some(current) = open.pop() {
        open.extend(held.get(&current).into_iter().flatten().copied().filter(|id| seen.insert(*id)));
    }
    seen
}
