//! Compares what was seen with what must be, and says each difference in a line.

use std::collections::BTreeSet;

use crate::oracle::Observed;
use crate::own;
use crate::reference::Access;
use crate::world::{COLUMNS, NOBODY, Thing, World};

/// Every way in which one account is not as it must be.
pub fn equal(world: &World, who: &str, seen: &Access, wanted: &Access, found: &mut Vec<String>) {
    if seen.login != wanted.login {
        found.push(format!("{who}: LOGIN is {}, must be {}", seen.login, wanted.login));
    }
    let more = seen.privileges.difference(&wanted.privileges).map(|key| format!("{who}: has {key}, must not"));
    let less = wanted.privileges.difference(&seen.privileges).map(|key| format!("{who}: lacks {key}"));
    found.extend(more.chain(less));
    let none = BTreeSet::new();
    let views: BTreeSet<String> =
        world.things.iter().filter(|thing| thing.view.is_some()).map(|thing| world.sql_name(thing)).collect();
    for ((command, table), rows) in seen.rows.iter().filter(|((_, table), _)| !views.contains(table)) {
        let wanted = wanted.rows.get(&(*command, table.clone())).unwrap_or(&none);
        let same = match *command {
            "UPDATE" | "DELETE" => rows.len() == wanted.len(),
            _ => rows == wanted,
        };
        if !same {
            found.push(format!("{who}: {command} on {table} reaches rows {rows:?}, must reach {wanted:?}"));
        }
    }
}

/// Every way in which somebody can do more at a moment than before and after.
pub fn no_wider(
    world: &World,
    moment: &Observed,
    before: &Observed,
    after: &Observed,
    at: &str,
    found: &mut Vec<String>,
) {
    for (who, access) in moment {
        // Who is not there has what PUBLIC has.
        let nothing = Access::default();
        let of = |seen: &'_ Observed| seen.get(who).or_else(|| seen.get(NOBODY)).unwrap_or(&nothing).clone();
        let (before, after) = (&of(before), &of(after));
        for key in &access.privileges {
            if !before.privileges.contains(key) && !after.privileges.contains(key) {
                found.push(format!("{who}: has {key} {at}, but neither before nor after"));
            }
        }
        if access.login && !before.login && !after.login {
            found.push(format!("{who}: may log in {at}, but neither before nor after"));
        }
        let sums = cells(world, before, true).union(&cells(world, after, true)).cloned().collect();
        let more: Vec<_> = cells(world, access, access.login).difference(&sums).cloned().collect();
        if !more.is_empty() {
            found.push(format!("{who}: reaches {more:?} {at}, but neither before nor after"));
        }
    }
}

/// Cells that can be read, and how many rows can be changed. What others take from the members of a role counts for whoever
/// can be somebody (`login`): who would be without that for a moment is shut out meanwhile.
fn cells(world: &World, access: &Access, login: bool) -> BTreeSet<String> {
    let mut cells = BTreeSet::new();
    let counts = |thing: &&Thing| thing.sort.is_relation() && (login || !own::fences_members(world, thing));
    for thing in world.things.iter().filter(counts) {
        let table = world.sql_name(thing);
        for row in access.rows.get(&("SELECT", table.clone())).into_iter().flatten() {
            let readable = |column: &&&str| access.privileges.contains(&format!("{table} column {column} SELECT"));
            cells.extend(COLUMNS.iter().filter(readable).map(|column| format!("{table} row {row} {column}")));
        }
        for customer in access.rows.get(&("INSERT", table.clone())).into_iter().flatten() {
            cells.insert(format!("INSERT of {customer} into {table}"));
        }
        for command in ["UPDATE", "DELETE"] {
            for row in access.rows.get(&(command, table.clone())).into_iter().flatten() {
                cells.insert(format!("{command} {row} rows of {table}"));
            }
        }
    }
    cells
}

/// Every way in which a role that Rolecall does not own has not what it had.
pub fn kept(who: &str, now: &Access, had: &Access, opened: &BTreeSet<String>, at: &str, found: &mut Vec<String>) {
    let excused =
        |key: &&String| !(["Ghost", NOBODY].contains(&who) && opened.iter().any(|name| key.starts_with(name.as_str())));
    for key in had.privileges.difference(&now.privileges).filter(excused) {
        found.push(format!("{who}, not Rolecall's: lost {key} {at}"));
    }
    for key in now.privileges.difference(&had.privileges) {
        found.push(format!("{who}, not Rolecall's: gained {key} {at}"));
    }
    for (place, rows) in &now.rows {
        if let Some(before) = had.rows.get(place).filter(|before| *before != rows) {
            found.push(format!(
                "{who}, not Rolecall's: {} on {} reached {before:?}, reaches {rows:?} {at}",
                place.0, place.1
            ));
        }
    }
}
