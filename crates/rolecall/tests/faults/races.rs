//! Others at work on the same server at the same time: a second Rolecall, and people who change what it reads.

use std::sync::atomic::{AtomicBool, Ordering};

use super::policies;
use super::undisturbed::{converges, judge, undisturbed};
use super::world::{Ran, SUPERUSER, Saved, World, by_each, nightly};

#[test]
fn two_appliers_with_two_policies() {
    by_each(appliers);
}

fn appliers(saved: &Saved) {
    let world = World::new(saved);
    let undisturbed = undisturbed(&world, saved);
    world.reset(saved);
    world.write("other.yaml", &policies::before());
    world.run(&["apply", "--yes", "--policy", "other.yaml"]).succeeds("a second plan is empty");
    let other = world.witness().look();
    for round in 0..if nightly() { 30 } else { 3 } {
        world.reset(saved);
        world.write("other.yaml", &policies::before());
        let children = [None, Some("other.yaml"), None].map(|policy| {
            let words = policy.map_or(vec!["apply", "--yes"], |policy| vec!["apply", "--yes", "--policy", policy]);
            world.start(None, &words)
        });
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let witness = world.witness();
                while !done.load(Ordering::SeqCst) {
                    let sight = witness.look();
                    let mut wider = sight.wider_than(&saved.before, &undisturbed.after);
                    wider.retain(|right| sight.wider_than(&saved.before, &other).contains(right));
                    assert!(wider.is_empty(), "round {round}: {wider:#?}");
                }
            });
            for child in children {
                let ran = Ran::of(child);
                // Each waits for the others some seconds.
                if ran.status != Some(0) {
                    ran.fails_clearly("not first");
                    assert!(ran.err.contains("another Rolecall is changing this server"), "{ran:#?}");
                }
            }
            done.store(true, Ordering::SeqCst);
        });
        world.run(&["apply", "--yes"]).succeeds("");
        world.run(&["plan"]).succeeds("Nothing to do");
        judge(&world.witness().look(), &saved.before, &undisturbed.after, "at last");
        // Who waits for another takes it for nothing else than at work.
        let told = world.ledger().into_iter().filter(|kind| kind.starts_with("apply_"));
        let told: Vec<String> = told.collect();
        let fits = |pair: &[String]| pair == ["apply_begun", "apply_finished"];
        assert!(told.chunks(2).all(fits), "round {round}: {told:?}");
    }
}

/// What others do, again and again. Each may fail at times; what matters is what Rolecall makes of it.
const BUSY: &[(&str, &str)] = &[
    ("app", "CREATE TABLE shop.passing (id int); DROP TABLE shop.passing"),
    ("app", "ALTER TABLE shop.later RENAME TO sooner; ALTER TABLE shop.sooner RENAME TO later"),
    ("app", "ALTER TABLE shop.orders OWNER TO batch; ALTER TABLE shop.orders OWNER TO app_owner"),
    ("app", "CREATE FUNCTION shop.passing() RETURNS int LANGUAGE sql AS 'SELECT 1'; DROP FUNCTION shop.passing()"),
    ("app", "GRANT TRUNCATE ON shop.tickets TO team; REVOKE TRUNCATE ON shop.tickets FROM team"),
    ("app", "CREATE SCHEMA passing CREATE VIEW passing.v AS SELECT 1 AS id; DROP SCHEMA passing CASCADE"),
    (
        "books",
        "CREATE TABLE public.passing (id int, note text); ALTER TABLE public.passing DROP note; DROP TABLE public.passing",
    ),
    ("books", "ALTER TABLE public.notes OWNER TO batch; ALTER TABLE public.notes OWNER TO app_owner"),
    ("postgres", "CREATE ROLE passing; GRANT team TO passing; DROP ROLE passing"),
];

#[test]
fn people_change_the_schema_meanwhile() {
    // What others own meanwhile is for a superuser to govern.
    let world = World::new(&Saved::new(SUPERUSER));
    world.write("other.yaml", &policies::before());
    let done = AtomicBool::new(false);
    let mut outcomes = Vec::new();
    std::thread::scope(|scope| {
        for (database, sql) in BUSY {
            scope.spawn(|| {
                let witness = world.witness();
                while !done.load(Ordering::SeqCst) {
                    for statement in sql.split("; ") {
                        witness.try_sql(database, statement).ok();
                    }
                }
            });
        }
        let rounds = if nightly() { 60 } else { 6 };
        let run = |round: usize| {
            let policy = if round.is_multiple_of(2) { "rolecall.yaml" } else { "other.yaml" };
            world.run(&["apply", "--yes", "--policy", policy])
        };
        outcomes.extend((0..rounds).map(run));
        done.store(true, Ordering::SeqCst);
    });
    for ran in &outcomes {
        println!("{:?} {}", ran.status, ran.err);
        if ran.status != Some(0) && !ran.err.contains("Applied, but a second plan is not empty") {
            ran.fails_clearly("while others were at work");
        }
    }
    // Whoever stopped half-way leaves things behind.
    let witness = world.witness();
    for tidy in ["DROP TABLE shop.passing", "DROP FUNCTION shop.passing()", "DROP SCHEMA passing CASCADE"] {
        witness.try_sql("app", tidy).ok();
    }
    world.run(&["apply", "--yes"]).succeeds("");
    world.run(&["plan"]).succeeds("Nothing to do");
    world.run(&["verify"]).succeeds("agrees");
}

#[test]
fn a_lock_of_a_long_transaction() {
    by_each(locked);
}

fn locked(saved: &Saved) {
    let world = World::new(saved);
    let undisturbed = undisturbed(&world, saved);
    // A lock of a table, and a change of its privileges that is not committed yet.
    for sql in ["LOCK TABLE shop.orders", "GRANT REFERENCES ON shop.customers TO team"] {
        world.reset(saved);
        let (holder, witness) = (world.witness(), world.witness());
        holder.sql("app", "BEGIN");
        let pid = holder.sql("app", "SELECT pg_backend_pid()").concat();
        holder.sql("app", sql);
        let ran = world.run(&["apply", "--yes"]);
        ran.fails_clearly(sql);
        // What other sessions do is not for everybody to see.
        let what = match saved.user {
            SUPERUSER => "witness, idle in transaction, its query is 00:00:0",
            _ => "of postgres; what it does is shown to members of pg_read_all_stats",
        };
        let who = format!("the lock is held by process {pid} ({what}");
        assert!(ran.err.contains("55P03") && ran.err.contains(&who), "{sql}: {ran:#?}");
        world.settle(&witness);
        holder.sql("app", "ROLLBACK");
        let left = witness.catalog();
        assert!(undisturbed.moments.contains(&left), "{sql}: a transaction was half done: {left:#?}");
        judge(&witness.look(), &saved.before, &undisturbed.after, sql);
        converges(&world, &undisturbed, sql);
    }
}
