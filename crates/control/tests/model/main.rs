//! A model-based test of the control plane: random sequences against the real store and a real server; see
//! `docs/testing.md`.
//!
//! `ROLECALL_SEED=7` plays one sequence and says what happens. `ROLECALL_SEQUENCES=500` plays so many beside the kept ones;
//! else no new one begins after `ROLECALL_SECONDS`, which is 15.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod act;
mod away;
mod chance;
mod check;
mod crash;
mod dice;
mod foresee;
mod judge;
mod ledger;
mod model;
#[path = "../../../rolecall/tests/faults/proxy.rs"]
#[expect(dead_code, reason = "it can do more")]
mod proxy;
mod rules;
mod run;
mod seen;
mod world;

use std::time::{Duration, Instant};

/// Seeds that found something. They are played first, every time.
const KEPT: &str = include_str!("seeds.txt");
/// How many acts a sequence has.
const STEPS: usize = 40;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_has_more_than_leases_and_assignments_give_and_the_ledger_tells_it_all() {
    let kept = KEPT.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok());
    let from = number("ROLECALL_FROM").unwrap_or(1_000);
    let seeds: Vec<u64> = match (number("ROLECALL_SEED"), number("ROLECALL_SEQUENCES")) {
        (Some(seed), _) => vec![seed],
        (None, count) => kept.chain(from..from + count.unwrap_or(4)).collect(),
    };
    let hurry = number("ROLECALL_SEQUENCES").is_none();
    let limit = Duration::from_secs(number("ROLECALL_SECONDS").unwrap_or(15));
    let (start, mut failed) = (Instant::now(), Vec::new());
    for seed in seeds {
        let begun = Instant::now();
        if (hurry && start.elapsed() > limit) || failed.len() > 2 {
            break;
        }
        match run::run(seed, STEPS).await {
            Ok(tally) => println!("seed {seed}: {tally:?}, {:.1} s", begun.elapsed().as_secs_f64()),
            Err(story) => {
                println!("{story}");
                failed.push(seed);
            }
        }
    }
    let first = failed.first().copied().unwrap_or_default();
    assert!(
        failed.is_empty(),
        "failed: {failed:?}; again: ROLECALL_SEED={first} cargo test --workspace --test model -- --nocapture"
    );
}
