//! A run that nothing disturbs: what others are held against.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use super::proxy::{Moment, Proxy, Verdict};
use super::sql;
use super::witness::Sight;
use super::world::{Ran, Saved, World};

/// What an undisturbed run shows.
pub struct Undisturbed {
    /// The SQL of each exchange.
    pub exchanges: Vec<String>,
    /// What stands in the catalogs at first and after each transaction.
    pub moments: Vec<BTreeSet<String>>,
    /// What everybody can do at last.
    pub after: Sight,
    /// What stands in the catalogs at last.
    pub catalog: BTreeSet<String>,
}

/// Watches a whole run, transaction by transaction.
pub fn undisturbed(world: &World, saved: &Saved) -> Undisturbed {
    let (seen, witness) = (Arc::new(Mutex::new(BTreeMap::new())), Arc::new(world.witness()));
    let moments = Arc::new(Mutex::new(vec![(witness.catalog(), witness.look())]));
    let (seeing, looking, noting) = (seen.clone(), witness.clone(), moments.clone());
    let proxy = Proxy::start(world.socket(), move |exchange, moment| {
        if moment == Moment::After {
            seeing.lock().unwrap().insert(exchange.number, exchange.text.clone());
            if commits(&exchange.text) {
                noting.lock().unwrap().push((looking.catalog(), looking.look()));
            }
        }
        Verdict::Pass
    });
    Ran::of(world.start(Some(proxy.folder()), &["apply", "--yes"])).succeeds("a second plan is empty");
    let (after, catalog) = (witness.look(), witness.catalog());
    let mut catalogs = Vec::new();
    for (number, (catalog, sight)) in moments.lock().unwrap().drain(..).enumerate() {
        judge(&sight, &saved.before, &after, &format!("undisturbed, after transaction {number}"));
        catalogs.push(catalog);
    }
    let exchanges = seen.lock().unwrap().values().cloned().collect();
    Undisturbed { exchanges, moments: catalogs, after, catalog }
}

/// Whether it ends a transaction of an apply. Inspections end theirs by a COMMIT alone.
pub fn commits(text: &str) -> bool {
    matches!(sql::statements(text).as_slice(), [_, .., "COMMIT"])
}

/// Nobody can do what they can neither before nor after, and nobody else's roles have changed.
#[track_caller]
pub fn judge(sight: &Sight, before: &Sight, after: &Sight, at: &str) {
    let wider = sight.wider_than(before, after);
    assert!(wider.is_empty(), "{at}: {wider:#?}");
    let changed = sight.others_changed(before);
    assert!(changed.is_empty(), "{at}: {changed:#?}");
}

/// Another run gets everything done, as if nothing had been.
#[track_caller]
pub fn converges(world: &World, undisturbed: &Undisturbed, at: &str) {
    world.run(&["apply", "--yes"]).succeeds("");
    world.run(&["plan"]).succeeds("Nothing to do");
    let witness = world.witness();
    assert_eq!(witness.look(), undisturbed.after, "{at}");
    let catalog = witness.catalog();
    let difference: Vec<_> = catalog.symmetric_difference(&undisturbed.catalog).collect();
    assert!(difference.is_empty(), "{at}: {difference:#?}");
}
