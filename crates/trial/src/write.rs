//! New rows and rows that change hands, really tried: what a filter shows it lets in, and nothing else.

use std::collections::BTreeSet;

use sqlx::postgres::PgConnection;

use crate::oracle::attempt;
use crate::reference::Access;
use crate::world::{Thing, World};

/// Every customer.
pub const CUSTOMERS: [i32; 4] = [1, 2, 3, 4];
/// Customers for whom it is tried, one in each part of a table with parts, and how the change of hands is called.
const TRIED: [(i32, &str); 2] = [(1, "UPDATE to 1"), (3, "UPDATE to 3")];
/// Stands for rows that may not be changed so.
const REFUSED: i32 = -1;

/// Tries it on a table, as the session's role.
pub async fn try_on(
    conn: &mut PgConnection,
    name: &str,
    has: impl Fn(&str) -> bool,
) -> anyhow::Result<Vec<(&'static str, BTreeSet<i32>)>> {
    // insufficient_privilege, check_violation: the row belongs into another part.
    let refused = ["42501", "23514"];
    let mut found = Vec::new();
    if has("column customer INSERT") {
        let mut customers = BTreeSet::new();
        for (customer, _) in TRIED {
            let sql = format!("INSERT INTO {name} (customer) VALUES ({customer})");
            customers.extend(attempt(conn, &sql, &refused).await?.map(|_| customer));
        }
        found.push(("INSERT", customers));
    }
    if has("column customer UPDATE") {
        for (customer, what) in TRIED {
            let sql = format!("UPDATE {name} SET customer = {customer}");
            let rows = match attempt(conn, &sql, &refused).await? {
                Some((_, count)) => (1..=i32::try_from(count)?).collect(),
                None => BTreeSet::from([REFUSED]),
            };
            found.push((what, rows));
        }
    }
    Ok(found)
}

/// What must come of it, once it is known which rows somebody reaches and which customers' rows it may add.
pub fn must(world: &World, access: &mut Access) {
    for thing in world.things.iter().filter(|thing| thing.sort.is_table()) {
        let name = world.sql_name(thing);
        let reached = access.rows.get(&("UPDATE", name.clone())).cloned().unwrap_or_default();
        for (customer, what) in TRIED {
            let shown = |(id, theirs): &(i32, i32)| *theirs == customer && reached.contains(id);
            // Who reaches no row changes none, to nobody's harm.
            let fine = reached.is_empty() || belongs(thing, customer) && thing.rows.iter().any(shown);
            let rows = if fine { (1..).take(reached.len()).collect() } else { BTreeSet::from([REFUSED]) };
            access.rows.insert((what, name.clone()), rows);
        }
        let draws = thing.serial.and_then(|place| world.things.get(place)).is_none_or(|sequence| {
            let named = world.sql_name(sequence);
            ["USAGE", "UPDATE"].iter().any(|privilege| access.privileges.contains(&format!("{named} {privilege}")))
        });
        let added = access.rows.entry(("INSERT", name)).or_default();
        added.retain(|customer| draws && belongs(thing, *customer) && TRIED.iter().any(|(tried, _)| tried == customer));
    }
}

/// A part of a table takes only its own customers' rows.
fn belongs(thing: &Thing, customer: i32) -> bool {
    thing.parent.is_none() || thing.rows.iter().any(|(_, own)| *own == customer)
}
