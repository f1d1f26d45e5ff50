//! The server restarts in the middle of an apply: in an orderly way, and by a crash.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::proxy::{Moment, Proxy, Verdict};
use super::undisturbed::{commits, converges, judge, undisturbed};
use super::world::{Ran, SUPERUSER, Saved, World, by_each, nightly};

#[test]
fn a_server_that_restarts_or_crashes_in_the_middle() {
    by_each(restarts);
}

fn restarts(saved: &Saved) {
    let world = Arc::new(World::new(saved));
    let undisturbed = undisturbed(&world, saved);
    let transactions = undisturbed.exchanges.iter().filter(|text| commits(text)).count();
    let step = if nightly() { 1 } else { 4 };
    for number in (1..=transactions).step_by(step) {
        for crashes in [false, true] {
            for moment in [Moment::Before, Moment::After] {
                // What was not sent is like what was, one transaction earlier.
                if moment == Moment::Before && (crashes || number > step) && !nightly() {
                    continue;
                }
                let at = format!("transaction {number}, crashes: {crashes}, {moment:?}");
                world.reset(saved);
                restart_at(&world, number, crashes, moment).fails_clearly(&at);
                judge(&world.witness().look(), &saved.before, &undisturbed.after, &at);
                converges(&world, &undisturbed, &at);
            }
        }
    }
}

/// An apply during which the server restarts around the transaction of this number.
fn restart_at(world: &Arc<World>, number: usize, crashes: bool, when: Moment) -> Ran {
    let (count, server) = (AtomicUsize::new(0), world.clone());
    let proxy = Proxy::start(world.socket(), move |exchange, moment| {
        if moment == when && commits(&exchange.text) && count.fetch_add(1, Ordering::SeqCst) + 1 == number {
            if crashes {
                server.server().crash();
            }
            server.server().restart().unwrap();
        }
        Verdict::Pass
    });
    Ran::of(world.start(Some(proxy.folder()), &["apply", "--yes"]))
}

#[test]
fn what_was_told_as_done_outlives_a_crash_of_the_server() {
    by_each(outlives);
}

fn outlives(saved: &Saved) {
    let world = World::new(saved);
    world.run(&["apply", "--yes"]).succeeds("a second plan is empty");
    {
        let mut server = world.server();
        server.crash();
        server.restart().unwrap();
    }
    world.run(&["plan"]).succeeds("Nothing to do");
}

/// A password that was shown, and a role that was brought under management: each is said once it is safe.
#[test]
fn a_password_and_an_adoption_outlive_a_crash_of_the_server() {
    let saved = Saved::new(SUPERUSER);
    let world = World::new(&saved);
    let held = "SELECT rolvaliduntil IS NOT NULL FROM pg_authid WHERE rolname = 'alice'";
    let marked = "SELECT pg_has_role('batch', 'rolecall', 'MEMBER')";
    for (words, asked) in [(["credential", "alice@acme.test"], held), (["adopt", "batch"], marked)] {
        assert_eq!(world.witness().sql("postgres", asked), ["f"], "{words:?}");
        world.run(&words).succeeds("");
        {
            let mut server = world.server();
            server.crash();
            server.restart().unwrap();
        }
        assert_eq!(world.witness().sql("postgres", asked), ["t"], "{words:?}");
    }
}
