//! Row policies that others wrote: made at random, what they let through, and which of them nobody can live with.

use std::collections::BTreeSet;

use crate::dice::Dice;
use crate::policy::Policy;
use crate::reference::filtered;
use crate::view::finding_name;
use crate::world::{STRANGERS, Thing, World, ident};

/// A row policy that was there before Rolecall.
#[derive(Debug, Clone)]
pub struct Own {
    name: &'static str,
    restrictive: bool,
    /// A command, or `ALL`.
    command: &'static str,
    /// For these roles; none: for everybody.
    to: Vec<&'static str>,
    /// Shows their rows.
    customers: Vec<i32>,
}

impl Own {
    /// It has a say about what somebody with the rights of these does.
    fn applies(&self, command: &str, rights: &BTreeSet<&str>) -> bool {
        let meant = self.to.is_empty() || self.to.iter().any(|role| rights.contains(role));
        meant && (self.command == "ALL" || self.command == command)
    }

    fn sql(&self, table: &str) -> String {
        let mode = if self.restrictive { "RESTRICTIVE" } else { "PERMISSIVE" };
        let list: Vec<String> = self.customers.iter().map(i32::to_string).collect();
        let clause = if self.command == "INSERT" { "WITH CHECK" } else { "USING" };
        format!(
            "CREATE POLICY {} ON {table} AS {mode} FOR {} TO {} {clause} (customer IN ({}))",
            self.name,
            self.command,
            roles(&self.to),
            list.join(", ")
        )
    }
}

fn roles(to: &[&str]) -> String {
    let names: Vec<String> = to.iter().map(|role| ident(role)).collect();
    if names.is_empty() { "PUBLIC".to_owned() } else { names.join(", ") }
}

/// Row policies of a table, with row security or asleep without it.
pub fn random(dice: &mut Dice, thing: &mut Thing, name: &str) -> Vec<String> {
    let mut sql = Vec::new();
    match dice.below(100) {
        0..15 => thing.own_row_security = true,
        15..22 => {}
        _ => return sql,
    }
    if thing.own_row_security {
        sql.push(format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"));
    }
    for (name, restrictive, to, percent) in [
        ("own", false, "clerk", 70),
        ("also", false, "delegate", 20),
        ("everybody", false, "", 35),
        ("fence", true, "", 30),
        ("narrow", true, "clerk", 20),
    ] {
        if dice.chance(percent) {
            let command = dice.pick(&["ALL", "ALL", "SELECT", "INSERT", "UPDATE", "DELETE"]).unwrap_or("ALL");
            let to = if to.is_empty() { Vec::new() } else { vec![to] };
            thing.own.push(Own { name, restrictive, command, to, customers: dice.some(&[1, 2, 3, 4]) });
        }
    }
    sql.extend(thing.own.iter().map(|own| own.sql(name)));
    sql
}

/// Whether a row of a customer passes, for somebody with the rights of these strangers; `rolecall`: a row policy of
/// Rolecall's lets it.
pub fn passes(thing: &Thing, command: &str, rights: &BTreeSet<&str>, customer: i32, rolecall: bool) -> bool {
    let mut of_them = thing.own.iter().filter(|own| own.applies(command, rights));
    let mut fences = of_them.clone().filter(|own| own.restrictive);
    let shown = |own: &Own| own.customers.contains(&customer);
    (rolecall || of_them.any(|own| !own.restrictive && shown(own))) && fences.all(shown)
}

/// Somebody with a stranger's rights has rows by a policy that names it.
pub fn names(thing: &Thing, rights: &BTreeSet<&str>) -> bool {
    thing.own.iter().any(|own| !own.restrictive && own.to.iter().any(|role| rights.contains(role)))
}

/// Others take rows away from whoever is a member of a role, in it or in what it shows.
pub fn fences_members(world: &World, thing: &Thing) -> bool {
    let own = thing.own_row_security && thing.own.iter().any(|own| own.restrictive && !own.to.is_empty());
    let source = thing.view.as_ref().and_then(|view| world.things.get(view.source?));
    own || source.is_some_and(|below| fences_members(world, below))
}

/// Others take rows away from somebody.
pub fn fenced(thing: &Thing) -> bool {
    thing.own.iter().any(|own| own.restrictive)
}

/// Who has the rights of a stranger has these strangers' rights.
pub fn rights(world: &World, stranger: &'static str) -> BTreeSet<&'static str> {
    let more = (stranger == "clerk" && world.clerk_in_delegate).then_some("delegate");
    more.into_iter().chain([stranger]).collect()
}

/// A row policy with which the policy cannot be applied, by the table's place.
fn impossible(world: &World, policy: &Policy) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    for (place, thing) in world.things.iter().enumerate().filter(|(place, _)| filtered(policy, world, *place)) {
        for own in &thing.own {
            // It would show its rows to the filtered; or wake, and take rows from those who have all of them.
            let leaks = thing.own_row_security && !own.restrictive && own.to.is_empty();
            if leaks || (!thing.own_row_security && own.restrictive) {
                found.push((place, own.name));
            }
        }
    }
    found
}

/// What a plan must say for that, by code.
pub fn refusals(world: &World, policy: &Policy, code: &str) -> BTreeSet<String> {
    let wakes = code == "row-policy-wakes";
    let found = impossible(world, policy).into_iter().filter_map(|(place, _)| world.things.get(place));
    found.filter(|thing| thing.own_row_security != wakes).map(|thing| finding_name(world, thing)).collect()
}

/// Does what helps, as a plan says.
pub fn settle(world: &mut World, policy: &Policy) -> Vec<String> {
    let mut sql = Vec::new();
    for (place, name) in impossible(world, policy) {
        let Some(table) = world.things.get(place).map(|thing| world.sql_name(thing)) else { continue };
        let Some(thing) = world.things.get_mut(place) else { continue };
        if thing.own_row_security {
            thing.own.iter_mut().filter(|own| own.name == name).for_each(|own| own.to = STRANGERS.to_vec());
            sql.push(format!("ALTER POLICY {name} ON {table} TO {}", roles(&STRANGERS)));
        } else {
            thing.own.retain(|own| own.name != name);
            sql.push(format!("DROP POLICY {name} ON {table}"));
        }
    }
    sql
}

/// Where Rolecall turns row security on, what is for everybody goes.
pub fn woken(world: &mut World, policy: &Policy) {
    for place in (0..world.things.len()).filter(|place| filtered(policy, world, *place)).collect::<Vec<_>>() {
        if let Some(thing) = world.things.get_mut(place).filter(|thing| !thing.own_row_security) {
            thing.own.retain(|own| own.restrictive || !own.to.is_empty());
        }
    }
}
