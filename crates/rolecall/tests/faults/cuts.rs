//! The connection is cut and the process killed around every message of an apply.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::proxy::{Exchange, Moment, Proxy, Verdict};
use super::sql;
use super::undisturbed::{Undisturbed, commits, converges, judge, undisturbed};
use super::world::{ADMINISTRATOR, Ran, SUPERUSER, Saved, World, nightly};

/// How a run is disturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Every connection is cut.
    Cut,
    /// The connection in question is cut, the others are not.
    CutOne,
    /// Half of the message arrives.
    Tear,
    /// The process is killed.
    Kill,
    /// The server ends the sessions after so many statements of a transaction.
    Ended { statements: usize },
}

/// One point of one run.
#[derive(Clone, Copy, Debug)]
struct Point {
    number: usize,
    moment: Moment,
    fault: Fault,
}

#[test]
fn wherever_it_is_cut_nobody_is_wider_and_the_next_run_converges() {
    everywhere(SUPERUSER, 1);
}

/// Beside the work itself, it lends itself roles and gives them back.
#[test]
fn wherever_an_administrator_without_superuser_is_cut() {
    everywhere(ADMINISTRATOR, if nightly() { 1 } else { 5 });
}

/// At every point, or at each of so many.
fn everywhere(user: &'static str, step: usize) {
    let saved = Saved::new(user);
    let world = World::new(&saved);
    let undisturbed = undisturbed(&world, &saved);
    let points: Vec<Point> = points(&undisturbed).into_iter().step_by(step).collect();
    let next = AtomicUsize::new(0);
    let work = |world: &World| {
        while let Some(point) = points.get(next.fetch_add(1, Ordering::SeqCst)) {
            turn(world, &saved, &undisturbed, *point);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| work(&World::new(&saved)));
        work(&world);
    });
    let commits = undisturbed.exchanges.iter().filter(|text| commits(text)).count();
    println!("{} points of {} exchanges, {commits} transactions", points.len(), undisturbed.exchanges.len());
}

/// Around each transaction; around everything else sometimes, or always in the nightly mode.
fn points(undisturbed: &Undisturbed) -> Vec<Point> {
    use Fault::{Cut, CutOne, Kill, Tear};
    use Moment::{After, Before};
    const ALL: &[(Moment, Fault)] = &[
        (Before, Cut),
        (After, Cut),
        (After, Kill),
        (After, CutOne),
        (Before, Tear),
        (Before, Kill),
        (Before, CutOne),
    ];
    let mut points = Vec::new();
    for (index, text) in undisturbed.exchanges.iter().enumerate() {
        let (number, statements) = (index + 1, sql::statements(text).len());
        let commits = commits(text);
        // What is committed and not answered is in doubt. What was not sent leaves what the one before has left.
        let here = match commits {
            _ if nightly() => ALL,
            true => &[(After, Cut), (After, Kill)],
            false => &ALL[index % ALL.len()..][..usize::from(index % 12 == 0)],
        };
        points.extend(here.iter().map(|(moment, fault)| Point { number, moment: *moment, fault: *fault }));
        let boundaries: Vec<usize> = match commits {
            true if nightly() => (1..statements).collect(),
            // One of each transaction that has some, further on each time.
            true if statements > 2 => vec![1 + index % (statements - 1)],
            _ => Vec::new(),
        };
        let ended = |statements| Point { number, moment: After, fault: Fault::Ended { statements } };
        points.extend(boundaries.into_iter().map(ended));
    }
    points
}

/// One run that is disturbed, and one that is not.
fn turn(world: &World, saved: &Saved, undisturbed: &Undisturbed, point: Point) {
    world.reset(saved);
    let (witness, guests) = (world.witness(), world.guests());
    let child = Arc::new(Mutex::new(None::<i32>));
    let victim = child.clone();
    let text = undisturbed.exchanges[point.number - 1].clone();
    let at = format!("{point:?} {}", short(&text));
    let killer = world.witness();
    let proxy = Proxy::start(world.socket(), move |exchange: &Exchange, moment| {
        if exchange.number != point.number {
            return Verdict::Pass;
        }
        match point.fault {
            Fault::Ended { statements } if moment == Moment::Before => {
                let some = sql::statements(&exchange.text)[..statements].join(";\n");
                Verdict::Instead(some)
            }
            // The rest of the transaction is on its way when the server ends every session.
            Fault::Ended { .. } => {
                killer.sql(
                    "postgres",
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rolecall'",
                );
                Verdict::Again
            }
            _ if moment != point.moment => Verdict::Pass,
            Fault::Cut => Verdict::Cut,
            Fault::CutOne => Verdict::CutOne,
            Fault::Tear => Verdict::Tear,
            Fault::Kill => {
                // The lock is free once the process has its number in it.
                let pid = victim.lock().unwrap().unwrap();
                kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
                Verdict::Cut
            }
        }
    });
    let ran = {
        let mut pid = child.lock().unwrap();
        let child = world.start(Some(proxy.folder()), &["apply", "--yes"]);
        *pid = Some(i32::try_from(child.id()).unwrap());
        drop(pid);
        Ran::of(child)
    };
    match point.fault {
        Fault::Kill => assert_eq!(ran.status, None, "{at}: {ran:#?}"),
        // A session that was kept and is gone is found out before it is used again, and replaced.
        Fault::CutOne if text == "SELECT" => ran.succeeds("a second plan is empty"),
        Fault::Cut | Fault::CutOne | Fault::Tear | Fault::Ended { .. } => ran.fails_clearly(&at),
    }
    world.settle(&witness);
    let left = witness.catalog();
    assert!(undisturbed.moments.contains(&left), "{at}: a transaction was half done: {left:#?}");
    judge(&witness.look(), &saved.before, &undisturbed.after, &at);
    let again = (nightly() || point.number.is_multiple_of(3)).then_some(point.number / 2 + 1);
    if let Some(number) = again {
        cut_again(world, number);
        judge(&witness.look(), &saved.before, &undisturbed.after, &format!("{at}, and again at exchange {number}"));
    }
    converges(world, undisturbed, &at);
    assert_eq!(guests.still_in(), Vec::<&str>::new(), "{at}");
    if nightly() || point.number.is_multiple_of(4) {
        is_told(&world.ledger(), &ran, &at);
    }
}

/// The run that was to repair it loses its connections, too, unless it is done before.
fn cut_again(world: &World, number: usize) {
    let proxy = Proxy::start(world.socket(), move |exchange: &Exchange, moment| match moment {
        Moment::After if exchange.number == number => Verdict::Cut,
        Moment::After | Moment::Before => Verdict::Pass,
    });
    let ran = Ran::of(world.start(Some(proxy.folder()), &["apply", "--yes"]));
    if ran.status != Some(0) {
        ran.fails_clearly("cut again");
    }
    world.settle(&world.witness());
}

/// What began and was cut short is told as failed. Who is killed tells nothing any more: the next run does.
fn is_told(kinds: &[String], ran: &Ran, at: &str) {
    // Of the apply that prepared the stage: its beginning and its end.
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).filter(|kind| kind.starts_with("apply_")).skip(2).collect();
    let (begun, failed) = ("apply_begun", "apply_failed");
    let fits = match (kinds.as_slice(), ran.status) {
        // It was cut before there was a plan, or did all there was to do.
        (["apply_begun", "apply_finished"], _) => true,
        ([first, second, rest @ ..], Some(1)) => (*first, *second) == (begun, failed) && ends_well(rest),
        ([first, second, rest @ ..], None) => (*first, *second) == (begun, "apply_abandoned") && ends_well(rest),
        _ => false,
    };
    assert!(fits, "{at}: {kinds:?}");
}

/// Nothing was left to do, or it was done, perhaps at the second try.
fn ends_well(kinds: &[&str]) -> bool {
    let tried = kinds.strip_prefix(["apply_begun", "apply_failed"].as_slice()).unwrap_or(kinds);
    tried.is_empty() || tried == ["apply_begun", "apply_finished"]
}

/// Enough of a text to know it by.
fn short(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(100).collect()
}
