//! A random policy, as a structure for the reference model and as text for Rolecall.

#![expect(clippy::indexing_slicing, reason = "keys are added to JSON objects made right here")]

use serde_json::{Map, Value, json};

use crate::dice::Dice;
use crate::large::Large;
use crate::world::{COLUMNS, STRANGERS, Sort, Thing, World};

/// What a grant is on.
#[derive(Debug, Clone)]
pub enum On {
    /// One thing, by its place.
    Exact(usize),
    /// Everything of a kind in a schema: the pattern's word and the schema's place.
    All(&'static str, usize),
    /// A schema.
    Schema(usize),
    /// The database.
    Database,
    /// One large object, by its place.
    Large(usize),
    /// All large objects, those to come as well.
    AllLarge,
}

/// Which rows.
#[derive(Debug, Clone)]
pub enum Rows {
    /// Those of the assignment's customers.
    Parameter,
    /// Those of these customers.
    Literal(Vec<i32>),
    /// Those up to this customer, as SQL.
    UpTo(i32),
    /// Those of the assignment's customers, as SQL.
    Condition,
}

/// One grant; no privileges means all.
#[derive(Debug, Clone)]
pub struct Grant {
    pub allow: Vec<&'static str>,
    pub on: On,
    pub except: Option<On>,
    pub columns: Vec<&'static str>,
    pub rows: Option<Rows>,
}

/// One Role; all Roles have names by their place: `r0`, `r1`, …
#[derive(Debug, Clone, Default)]
pub struct Role {
    pub parameter: bool,
    /// Places of earlier Roles, with the customers that a parameter gets; None: one's own.
    pub includes: Vec<(usize, Option<Vec<i32>>)>,
    pub grants: Vec<Grant>,
    /// A role that Rolecall does not own, of which it is a member.
    pub member_of: Option<&'static str>,
}

/// A Role held, with customers.
#[derive(Debug, Clone)]
pub struct Assignment {
    pub role: usize,
    pub with: Vec<i32>,
    pub ended: bool,
}

/// A person or a service.
#[derive(Debug, Clone)]
pub struct Principal {
    pub account: &'static str,
    pub groups: Vec<usize>,
    pub assign: Vec<Assignment>,
    pub suspended: bool,
    /// Not here yet, or not any more.
    pub gone: bool,
    pub ends: bool,
    pub service: bool,
}

impl Principal {
    /// A person's address stays the same from policy to policy.
    fn address(&self) -> String {
        let place = ACCOUNTS.iter().position(|account| *account == self.account).unwrap_or_default();
        format!("x{place}@acme.test")
    }
}

/// The whole.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    pub template: &'static str,
    pub keep_memberships: bool,
    pub external: bool,
    /// Takes TEMPORARY and EXECUTE from PUBLIC.
    pub revoke: bool,
    /// Takes EXECUTE on this routine alone from PUBLIC.
    pub revoke_one: Option<usize>,
    /// Places of relations that everybody may go on reading, where everybody may.
    pub keep: Vec<usize>,
    /// Places of large objects that everybody may go on reading, where everybody may.
    pub keep_large: Vec<usize>,
    pub roles: Vec<Role>,
    pub groups: Vec<Vec<Assignment>>,
    pub principals: Vec<Principal>,
}

const ACCOUNTS: [&str; 6] = ["p0", "P0", "O'Brien \"x\"", "p3", "emoji😀", "service"];

impl Policy {
    /// Makes one up over what is there.
    pub fn random(dice: &mut Dice, world: &World, template: &'static str) -> Self {
        let (keep_memberships, external, revoke) = (dice.chance(30), dice.chance(30), dice.chance(30));
        let keep = places(world, |thing| thing.sort.is_relation()).into_iter().filter(|_| dice.chance(30)).collect();
        let keep_large = (0..world.large.len()).filter(|_| dice.chance(30)).collect();
        let routines = places(world, |thing| thing.sort.is_routine());
        let revoke_one = if dice.chance(20) { dice.pick(&routines) } else { None };
        let mut policy =
            Self { template, keep_memberships, external, revoke, revoke_one, keep, keep_large, ..Self::default() };
        for place in 0..2 + dice.below(4) {
            let role = policy.role(dice, world, place);
            policy.roles.push(role);
        }
        for _ in 0..dice.below(3) {
            let group = policy.assignments(dice);
            policy.groups.push(group);
        }
        for (place, account) in ACCOUNTS.into_iter().enumerate() {
            if dice.chance(80) {
                let groups = (0..policy.groups.len()).filter(|_| dice.chance(40)).collect();
                let assign = policy.assignments(dice);
                let (suspended, gone, ends) = (dice.chance(12), dice.chance(8), dice.chance(20));
                let service = place == 5;
                policy.principals.push(Principal { account, groups, assign, suspended, gone, ends, service });
            }
        }
        // Somebody has to answer for the service.
        if !policy.principals.iter().any(|principal| !principal.service) {
            policy.principals.clear();
        }
        policy
    }

    fn role(&self, dice: &mut Dice, world: &World, place: usize) -> Role {
        let parameter = dice.chance(45);
        let member_of = if dice.chance(12) { dice.pick(&["clerk", "delegate"]) } else { None };
        let mut role = Role { parameter, member_of, ..Role::default() };
        for earlier in 0..place {
            let needs = self.roles.get(earlier).is_some_and(|role| role.parameter);
            if dice.chance(25) {
                let own = !needs || (parameter && dice.chance(60));
                role.includes.push((earlier, (!own).then(|| dice.some(&[1, 2, 3, 4]))));
            }
        }
        for _ in 0..1 + dice.below(4) {
            role.grants.extend(grant(dice, world, parameter));
        }
        // A parameter that nothing uses is not worth having.
        let uses = |grant: &Grant| matches!(grant.rows, Some(Rows::Parameter | Rows::Condition));
        let passes = |(earlier, own): &(usize, Option<Vec<i32>>)| {
            own.is_none() && self.roles.get(*earlier).is_some_and(|role| role.parameter)
        };
        if !role.grants.iter().any(uses) && !role.includes.iter().any(passes) {
            role.parameter = false;
        }
        role
    }

    fn assignments(&self, dice: &mut Dice) -> Vec<Assignment> {
        let places: Vec<usize> = (0..self.roles.len()).filter(|_| dice.chance(35)).collect();
        let made = places.into_iter().map(|role| {
            let parameter = self.roles.get(role).is_some_and(|role| role.parameter);
            let with = if parameter { dice.some(&[1, 2, 3, 4]) } else { Vec::new() };
            Assignment { role, with, ended: dice.chance(10) }
        });
        made.collect()
    }

    /// Places of relations that everybody may read now and may go on reading: as the policy says, or as an extension made it.
    pub fn kept(&self, world: &World) -> Vec<usize> {
        let open = |place: &usize| world.things.get(*place).is_some_and(|thing| thing.public.contains("SELECT"));
        let initial = |thing: &Thing| thing.initial.as_ref().is_some_and(|initial| initial.contains("SELECT"));
        let theirs = places(world, |thing| thing.sort.is_relation() && initial(thing));
        self.keep.iter().copied().chain(theirs).filter(open).collect()
    }

    /// A Role's name in the database.
    pub fn role_name(&self, place: usize) -> String {
        self.template.replace("{role}", &format!("r{place}"))
    }

    /// The policy's text. JSON is YAML.
    pub fn text(&self, world: &World) -> String {
        let known: Vec<_> =
            STRANGERS.iter().take(4).chain(&["postgres"]).map(|name| crate::world::ident(name)).collect();
        let mut revoke = Vec::new();
        if self.revoke {
            revoke.push(json!({ "privileges": ["temporary"], "on": "database" }));
            revoke.push(json!({ "privileges": ["execute"], "on": "routine *.*" }));
        }
        revoke.extend(
            self.revoke_one.map(|place| json!({ "privileges": ["execute"], "on": On::Exact(place).text(world) })),
        );
        let keep = |on: On| json!({ "privileges": ["select"], "on": on.text(world) });
        let kept = self.keep.iter().map(|place| On::Exact(*place));
        let kept: Vec<Value> = kept.chain(self.keep_large.iter().map(|place| On::Large(*place))).map(keep).collect();
        let mut public = Map::new();
        if !revoke.is_empty() {
            public.insert("revoke".to_owned(), json!(revoke));
        }
        if !kept.is_empty() {
            public.insert("keep".to_owned(), json!(kept));
        }
        let database = json!({ "app": if public.is_empty() { json!({}) } else { json!({ "public": public }) } });
        let suspended = if self.keep_memberships { "keep_memberships" } else { "drop_memberships" };
        let environment = json!({
            "servers": { "main": { "url": "${URL}", "databases": database } },
            "known": known,
            "rules": { "brake": 100, "combination": "allow" },
            "names": { "role": self.template },
            "accounts": { "credential": if self.external { "external" } else { "password" }, "suspended": suspended },
            "leavers": { "reassign_to": "app_owner", "security_definer": "reassign" },
        });
        let mut roles = Map::new();
        for (place, role) in self.roles.iter().enumerate() {
            roles.insert(format!("r{place}"), self.role_text(role, world));
        }
        let groups: Map<String, Value> = self
            .groups
            .iter()
            .enumerate()
            .map(|(place, group)| (format!("g{place}"), json!({ "assign": assigned(group) })))
            .collect();
        let (mut people, mut services) = (Map::new(), Map::new());
        for principal in &self.principals {
            let mut text = json!({ "account": principal.account, "assign": assigned(&principal.assign) });
            text["groups"] = principal.groups.iter().map(|group| format!("g{group}")).collect();
            if principal.suspended {
                text["standing"] = json!("suspended");
            }
            if principal.gone {
                text["starts"] = json!("2099-01-01");
            }
            if principal.ends {
                text["ends"] = json!("2100-01-01");
            }
            if principal.service {
                text["owner"] = json!(self.principals.first().map(Principal::address));
                services.insert("service".to_owned(), text);
            } else {
                people.insert(principal.address(), text);
            }
        }
        json!({ "environments": { "test": environment }, "roles": roles, "groups": groups, "people": people, "services": services }).to_string()
    }

    fn role_text(&self, role: &Role, world: &World) -> Value {
        let include = |(place, with): &(usize, Option<Vec<i32>>)| match with {
            Some(with) if self.roles.get(*place).is_some_and(|role| role.parameter) => {
                json!({ "role": format!("r{place}"), "with": { "customer": with } })
            }
            _ => json!(format!("r{place}")),
        };
        let includes: Vec<_> = role.includes.iter().map(include).collect();
        let grants: Vec<_> = role.grants.iter().map(|grant| grant.text(world)).collect();
        let mut text = json!({ "includes": includes, "grants": grants });
        if let Some(existing) = role.member_of {
            text["member_of"] = json!(existing);
        }
        if role.parameter {
            text["parameters"] = json!({ "customer": "integer" });
        }
        text
    }
}

fn assigned(assignments: &[Assignment]) -> Value {
    let one = |given: &Assignment| {
        let mut text = json!({ "role": format!("r{}", given.role) });
        if !given.with.is_empty() {
            text["with"] = json!({ "customer": given.with });
        }
        if given.ended {
            text["ends"] = json!("2020-01-01");
        }
        text
    };
    json!({ "test": assignments.iter().map(one).collect::<Vec<_>>() })
}

fn grant(dice: &mut Dice, world: &World, parameter: bool) -> Option<Grant> {
    let plain =
        |allow: Vec<&'static str>, on: On| Some(Grant { allow, on, except: None, columns: Vec::new(), rows: None });
    let schema = dice.below(world.schemas.len());
    match dice.below(13) {
        12 => {
            let one = |dice: &mut Dice| dice.pick(&(0..world.large.len()).collect::<Vec<_>>()).map(On::Large);
            let on = if dice.chance(50) { On::AllLarge } else { one(dice)? };
            let except = if dice.chance(25) { one(dice) } else { None };
            let allow = if dice.chance(25) { Vec::new() } else { dice.some(&["select", "update"]) };
            return Some(Grant { allow, on, except, columns: Vec::new(), rows: None });
        }
        0 => return plain(dice.some(&["usage", "create"]), On::Schema(schema)),
        1 => return plain(dice.some(&["temporary", "create", "connect"]), On::Database),
        2 => {
            let allow = dice.some(&["usage", "select", "update"]);
            return plain(allow, one_or_all(dice, world, "sequence", schema));
        }
        3 => {
            let word = dice.pick(&["function", "procedure", "routine"]).unwrap_or("routine");
            return plain(vec!["execute"], one_or_all(dice, world, word, schema));
        }
        4 => {
            let word = dice.pick(&["type", "domain"]).unwrap_or("type");
            return plain(vec!["usage"], one_or_all(dice, world, word, schema));
        }
        _ => {}
    }
    let tables = places(world, |thing| thing.sort.is_table() && thing.native.is_none());
    let with_columns = places(world, |thing| thing.sort.is_relation() && thing.native.is_none());
    let relations = places(world, |thing| thing.sort.is_relation());
    let verbs = ["select", "insert", "update", "delete"];
    let views = places(world, |thing| thing.view.is_some());
    if let (true, Some(view)) = (dice.chance(20), dice.pick(&views)) {
        let columns = if dice.chance(30) { dice.some(&COLUMNS) } else { Vec::new() };
        let verbs = if columns.is_empty() { &verbs[..] } else { &["select", "insert", "update"] };
        return Some(Grant { allow: dice.some(verbs), on: On::Exact(view), except: None, columns, rows: None });
    }
    if dice.chance(45) {
        let on = if dice.chance(60) { On::Exact(dice.pick(&tables)?) } else { On::All("table", schema) };
        let rows = match dice.below(4) {
            0 => Rows::UpTo(1 + dice.below(3) as i32),
            1 => Rows::Literal(dice.some(&[1, 2, 3, 4])),
            2 if parameter => Rows::Condition,
            _ if parameter => Rows::Parameter,
            _ => Rows::Literal(dice.some(&[1, 2, 3])),
        };
        let columns = if dice.chance(20) { dice.some(&COLUMNS) } else { Vec::new() };
        let verbs = if columns.is_empty() { &verbs[..] } else { &["select", "insert", "update"] };
        return Some(Grant { allow: dice.some(verbs), on, except: None, columns, rows: Some(rows) });
    }
    if dice.chance(30) {
        let on = On::Exact(dice.pick(&with_columns)?);
        let allow = dice.some(&["select", "insert", "update", "references"]);
        return Some(Grant { allow, on, except: None, columns: dice.some(&COLUMNS), rows: None });
    }
    let on = match dice.below(3) {
        0 => On::Exact(dice.pick(&relations)?),
        1 => On::All("", schema),
        _ => On::All(dice.pick(&["table", "view", "materialized view", "foreign table"]).unwrap_or("table"), schema),
    };
    let allow = match dice.below(4) {
        0 => Vec::new(),
        _ => dice.some(&["select", "insert", "update", "delete", "truncate", "references", "trigger"]),
    };
    let except = if dice.chance(25) { Some(On::Exact(dice.pick(&relations)?)) } else { None };
    Some(Grant { allow, on, except, columns: Vec::new(), rows: None })
}

/// One thing of a kind, wherever it is, or all of a schema.
fn one_or_all(dice: &mut Dice, world: &World, word: &'static str, schema: usize) -> On {
    let found = places(world, |thing| of_kind(word, thing.sort));
    let one = if dice.chance(35) { dice.pick(&found) } else { None };
    one.map_or(On::All(word, schema), On::Exact)
}

fn places(world: &World, wanted: impl Fn(&Thing) -> bool) -> Vec<usize> {
    world.things.iter().enumerate().filter(|(_, thing)| wanted(thing)).map(|(place, _)| place).collect()
}

impl On {
    fn text(&self, world: &World) -> String {
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let schema = |place: usize| world.schemas.get(place).map_or(String::new(), |schema| quoted(&schema.name));
        match self {
            Self::Exact(place) => {
                let Some(thing) = world.things.get(*place) else { return String::new() };
                let word = if thing.sort.is_relation() { "" } else { thing.sort.word() };
                let name = format!("{word} {}.{}", schema(thing.schema), quoted(&thing.name));
                format!("{}{}", name.trim(), thing.brackets())
            }
            Self::All(word, place) => format!("{word} {}.*", schema(*place)).trim().to_owned(),
            Self::Schema(place) => format!("schema {}", schema(*place)),
            Self::Database => "database".to_owned(),
            Self::Large(place) => world.large.get(*place).map_or(String::new(), Large::name),
            Self::AllLarge => "large object *".to_owned(),
        }
    }

    /// Whether it means a thing in a schema.
    pub fn reaches(&self, place: usize, thing: &Thing) -> bool {
        match self {
            Self::Exact(own) => *own == place,
            Self::All(word, schema) => *schema == thing.schema && of_kind(word, thing.sort) && thing.initial.is_none(),
            Self::Schema(_) | Self::Database | Self::Large(_) | Self::AllLarge => false,
        }
    }
}

fn of_kind(word: &str, sort: Sort) -> bool {
    match word {
        "" => sort.is_relation(),
        "table" => sort.is_table(),
        "view" => sort == Sort::View,
        "materialized view" => sort == Sort::MaterializedView,
        "foreign table" => sort == Sort::ForeignTable,
        "sequence" => sort == Sort::Sequence,
        "function" => sort == Sort::Function,
        "procedure" => sort == Sort::Procedure,
        "routine" => sort.is_routine(),
        "type" => sort == Sort::Type,
        _ => sort == Sort::Domain,
    }
}

impl Grant {
    fn text(&self, world: &World) -> Value {
        let mut text = json!({ "database": "app", "on": self.on.text(world) });
        text["allow"] = if self.allow.is_empty() { json!("all") } else { json!(self.allow) };
        if let Some(except) = &self.except {
            text["except"] = json!(except.text(world));
        }
        if !self.columns.is_empty() {
            text["columns"] = json!(self.columns);
        }
        match &self.rows {
            None => {}
            Some(Rows::Parameter) => text["rows"] = json!({ "customer": "$customer" }),
            Some(Rows::Literal(values)) => text["rows"] = json!({ "customer": values }),
            Some(Rows::UpTo(most)) => text["where"] = json!(format!("customer <= {most}")),
            Some(Rows::Condition) => text["where"] = json!("customer = ANY ($customer)"),
        }
        text
    }
}
