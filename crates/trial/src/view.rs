//! Views: made at random, what is really seen through them, and which of them lead round a row filter.

use std::collections::{BTreeMap, BTreeSet};

use crate::dice::Dice;
use crate::oracle::Observed;
use crate::own;
use crate::policy::{Grant, Policy, Role};
use crate::reference::{self, Access};
use crate::world::{COLUMNS, Sort, Thing, World, ident};

/// What a view shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The place of the table or view that it reads; None: one row of its own, (1, 2).
    pub source: Option<usize>,
    /// It asks for its reader's rights.
    pub invoker: bool,
    /// Customers up to this one only.
    pub upto: Option<i32>,
}

impl World {
    /// Makes a view of anything that has rows, whoever owns it.
    pub fn view(&mut self, dice: &mut Dice, thing: &mut Thing, name: &str, version: u32) {
        let rows = |at: &Thing| at.sort.is_table() || at.view.is_some();
        let sources: Vec<usize> =
            (0..self.things.len()).filter(|place| self.things.get(*place).is_some_and(rows)).collect();
        let invoker = thing.sort == Sort::View && version >= 15 && dice.chance(50);
        let upto = dice.chance(20).then_some(2);
        let source = dice.pick(&sources);
        let from = match source.and_then(|place| self.things.get(place)) {
            Some(table) => self.sql_name(table),
            None => format!("(SELECT 1 AS id, 2 AS customer, 'n' AS note, 'o' AS {}) AS none", ident(COLUMNS[3])),
        };
        let also = if dice.chance(50) { ", UPDATE, DELETE" } else { "" };
        let mut open = source;
        // All the way down: a view in between may ask for its reader's rights.
        while let Some(below) = open.and_then(|place| self.things.get(place)).cloned() {
            if below.owner != thing.owner {
                let grant = format!("GRANT SELECT{also} ON {} TO {}", self.sql_name(&below), ident(thing.owner));
                let turn = |owner: &str| format!("SET SESSION AUTHORIZATION {}", ident(owner));
                self.sql.extend([turn(below.owner), grant, turn(thing.owner)]);
            }
            open = below.view.and_then(|view| view.source);
        }
        let with = if invoker { "WITH (security_invoker = true)" } else { "" };
        let filter = upto.map_or(String::new(), |most| format!(" WHERE customer <= {most}"));
        let word = if thing.sort == Sort::View { "VIEW" } else { "MATERIALIZED VIEW" };
        self.sql.push(format!("CREATE {word} {name} {with} AS SELECT * FROM {from}{filter}"));
        thing.view = Some(View { source, invoker, upto });
    }
}

/// Who looks, with what it has: the account itself, or the owner of a view.
type Seen = Option<BTreeSet<(i32, i32)>>;

/// The rows that `session` sees of a relation for which `checked` must have the right; None: permission denied.
/// `strangers` says what the owners have.
fn seen(world: &World, strangers: &Observed, session: &Access, checked: &Access, place: usize) -> Seen {
    let thing = world.things.get(place)?;
    let name = world.sql_name(thing);
    let readable = |column: &&str| checked.privileges.contains(&format!("{name} column {column} SELECT"));
    if !COLUMNS.iter().all(readable) {
        return None;
    }
    let Some(view) = &thing.view else {
        let ids = checked.rows.get(&("SELECT", name));
        let sees = |row: &&(i32, i32)| ids.is_some_and(|ids| ids.contains(&row.0));
        return Some(thing.rows.iter().filter(sees).copied().collect());
    };
    behind(world, strangers, session, thing, view)
}

/// The rows of what a view reads.
fn behind(world: &World, strangers: &Observed, session: &Access, thing: &Thing, view: &View) -> Seen {
    let owner = strangers.get(thing.owner)?;
    let rows = match view.source {
        None => BTreeSet::from([(1, 2)]),
        // What it held when it was made, as its owner saw it.
        Some(source) if thing.sort == Sort::MaterializedView => seen(world, strangers, owner, owner, source)?,
        // Asked for the session's rights wherever it stands, below a view that runs as its owner too.
        Some(source) if view.invoker => seen(world, strangers, session, session, source)?,
        Some(source) => seen(world, strangers, session, owner, source)?,
    };
    Some(rows.into_iter().filter(|(_, customer)| view.upto.is_none_or(|most| *customer <= most)).collect())
}

/// The tables that a view reads with other rights than its reader's.
fn bypassed(world: &World, place: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let (mut open, mut copied) = (Some(place), false);
    while let Some((view, thing)) =
        open.and_then(|place| world.things.get(place)).and_then(|thing| Some((thing.view.as_ref()?, thing)))
    {
        copied |= thing.sort == Sort::MaterializedView;
        if view.invoker && !copied {
            break;
        }
        open = view.source;
        found.extend(open.filter(|place| world.things.get(*place).is_some_and(|thing| thing.sort.is_table())));
    }
    found
}

/// The tables whose rows are rows of this one, too: its parts, and what it is a part of.
pub fn relatives(world: &World, place: usize) -> BTreeSet<usize> {
    let Some(thing) = world.things.get(place) else { return BTreeSet::new() };
    let name = world.sql_name(thing);
    let related =
        |other: &Thing| other.parent.as_ref() == Some(&name) || thing.parent.as_ref() == Some(&world.sql_name(other));
    world.things.iter().enumerate().filter(|(_, other)| related(other)).map(|(place, _)| place).collect()
}

/// Views that lead some Role round a filter by the policy, as they are called in findings.
pub fn leaks(world: &World, policy: &Policy, had: &Observed) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let kept = policy.kept(world);
    for (place, thing) in world.things.iter().enumerate().filter(|(_, thing)| thing.view.is_some()) {
        let bypassed = bypassed(world, place);
        let related = bypassed.iter().flat_map(|table| relatives(world, *table)).chain(bypassed.iter().copied());
        let commands: &[&str] = if thing.sort == Sort::View { &COMMANDS } else { &["select"] };
        for table in related.filter(|table| reference::filtered(policy, world, *table)) {
            let holders = Holders { world, had };
            let round = policy.roles.iter().any(|role| {
                commands
                    .iter()
                    .any(|command| holders.holds(role, place, command) && !holders.has_whole(role, table, command))
            });
            if round || kept.contains(&place) {
                found.insert(finding_name(world, thing));
            }
        }
    }
    found
}

const COMMANDS: [&str; 4] = ["select", "insert", "update", "delete"];

/// Filtered tables whose rows some Role reaches by a part of it, or by what it is a part of.
pub fn part_leaks(world: &World, policy: &Policy, had: &Observed) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let (kept, holders) = (policy.kept(world), Holders { world, had });
    for (place, thing) in world.things.iter().enumerate() {
        for other in relatives(world, place).into_iter().filter(|_| reference::filtered(policy, world, place)) {
            let filtered = reference::filtered(policy, world, other);
            let round = policy.roles.iter().any(|role| {
                COMMANDS.iter().any(|command| {
                    let free = if filtered {
                        holders.has_whole(role, other, command)
                    } else {
                        holders.holds(role, other, command)
                    };
                    free && !holders.has_whole(role, place, command)
                })
            });
            if round || (!filtered && kept.contains(&other)) {
                found.insert(finding_name(world, thing));
            }
        }
    }
    found
}

/// What Roles hold by the policy.
struct Holders<'a> {
    world: &'a World,
    had: &'a Observed,
}

impl Holders<'_> {
    fn grants<'g>(&'g self, role: &'g Role, place: usize, command: &'g str) -> impl Iterator<Item = &'g Grant> {
        let thing = self.world.things.get(place);
        role.grants.iter().filter(move |grant| {
            (grant.allow.is_empty() || grant.allow.contains(&command))
                && thing.is_some_and(|thing| reference::reaches(grant, place, thing))
        })
    }

    /// It has the privilege on the thing or on a column of it, by itself or as a member of a stranger.
    fn holds(&self, role: &Role, place: usize, command: &str) -> bool {
        let Some(thing) = self.world.things.get(place) else { return false };
        let theirs = role.member_of.and_then(|stranger| self.had.get(stranger));
        let (key, end) = (format!("{} ", self.world.sql_name(thing)), format!(" {}", command.to_uppercase()));
        let mut inherited = theirs.into_iter().flat_map(|access| &access.privileges);
        // A column grant has no DELETE.
        self.grants(role, place, command).any(|grant| grant.columns.is_empty() || command != "delete")
            || inherited.any(|held| held.starts_with(&key) && held.ends_with(&end))
    }

    /// It has the privilege on all columns and all rows of a table. The two may be two grants: PostgreSQL looks at them apart.
    fn has_whole(&self, role: &Role, place: usize, command: &str) -> bool {
        self.grants(role, place, command).any(|grant| grant.columns.is_empty())
            && self.grants(role, place, command).any(|grant| grant.rows.is_none())
    }
}

/// The name of a thing as findings have it.
pub fn finding_name(world: &World, thing: &Thing) -> String {
    let schema = world.schemas.get(thing.schema).map_or("", |schema| schema.name.as_str());
    format!("{schema}.{}", thing.name)
}

/// What an account must see through each view, and that whatever is more than its filter shows has been said.
pub fn check(
    world: &World,
    policy: &Policy,
    strangers: &Observed,
    said: &BTreeSet<String>,
    accounts: &BTreeMap<String, (Access, Access)>,
    found: &mut Vec<String>,
) {
    for (place, thing) in world.things.iter().enumerate().filter(|(_, thing)| thing.view.is_some()) {
        let name = world.sql_name(thing);
        let bases: Vec<&Thing> = bypassed(world, place).iter().filter_map(|base| world.things.get(*base)).collect();
        for (who, (wanted, seen_now)) in accounts {
            let schema = world.schemas.get(thing.schema).map_or(String::new(), |schema| ident(&schema.name));
            let has = |what: &str| wanted.privileges.contains(what);
            let may = has(&format!("{name} column id SELECT")) && has(&format!("schema {schema} USAGE"));
            let must = thing.view.as_ref().and_then(|view| behind(world, strangers, wanted, thing, view));
            let must: Option<BTreeSet<i32>> = must.filter(|_| may).map(|rows| rows.iter().map(|row| row.0).collect());
            let sees = seen_now.rows.get(&("SELECT", name.clone()));
            if sees != must.as_ref() {
                found.push(format!("{who}: sees {sees:?} through {name}, must see {must:?}"));
            }
            for base in &bases {
                let table = world.sql_name(base);
                let filtered = policy.roles.iter().flat_map(|role| &role.grants).any(|grant| {
                    let place = world.things.iter().position(|thing| world.sql_name(thing) == table);
                    grant.rows.is_some() && place.is_some_and(|place| reference::reaches(grant, place, base))
                });
                for command in ["SELECT", "UPDATE", "DELETE"] {
                    let through = seen_now.rows.get(&(command, name.clone())).map_or(0, BTreeSet::len);
                    let direct = seen_now.rows.get(&(command, table.clone())).map_or(0, BTreeSet::len);
                    // What a restrictive policy of others takes away is no filter of Rolecall's.
                    let fenced = own::fenced(base);
                    if filtered && !fenced && through > direct && !said.contains(&finding_name(world, thing)) {
                        found.push(format!("{who}: {command} reaches {through} rows of {table} through {name}, {direct} without; not said"));
                    }
                }
            }
        }
    }
}
