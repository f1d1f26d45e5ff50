//! Runs trials: those of the seeds kept in `seeds.txt`, and new ones.
//!
//! `ROLECALL_SEED=7` runs one seed. `ROLECALL_TRIALS=5000` runs so many new ones, and `ROLECALL_SECONDS=60` stops early.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::time::{Duration, Instant};

use rolecall_throwaway::binaries;
use rolecall_trial::{Verdict, run};

const KEPT: &str = include_str!("seeds.txt");

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

#[test]
fn postgresql_agrees_with_the_reference_model() {
    let binaries = binaries::find(None).unwrap();
    let kept = KEPT.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok());
    let from = number("ROLECALL_FROM").unwrap_or(1);
    let (seeds, limit): (Vec<u64>, u64) = match (number("ROLECALL_SEED"), number("ROLECALL_TRIALS")) {
        (Some(seed), _) => (vec![seed], u64::MAX),
        (None, Some(count)) => {
            (kept.chain(from..from + count).collect(), number("ROLECALL_SECONDS").unwrap_or(u64::MAX))
        }
        (None, None) => (kept.chain(from..from + 40).collect(), number("ROLECALL_SECONDS").unwrap_or(45)),
    };
    let (started, mut done, mut refused, mut moments, mut failed) = (Instant::now(), 0, 0, 0, Vec::new());
    for seed in seeds {
        if started.elapsed() > Duration::from_secs(limit) || failed.len() >= 3 {
            break;
        }
        done += 1;
        match run(seed, &binaries) {
            Ok(Verdict::Right(seen)) => moments += seen,
            Ok(Verdict::Refused(why)) => {
                refused += 1;
                println!("seed {seed}: refused: {why}");
            }
            Ok(Verdict::Wrong(lines, story)) => {
                println!("seed {seed}: WRONG\n{story}\n\nseed {seed}:\n{}", lines.join("\n"));
                failed.push(seed);
            }
            Err(error) => {
                println!("seed {seed}: ERROR {error:#}");
                failed.push(seed);
            }
        }
    }
    println!("PostgreSQL {}: {done} trials, {refused} refused, {moments} moments between", binaries.version);
    assert!(refused * 2 <= done, "too many plans are refused for the rest to say much");
    if let Some(seed) = failed.first() {
        panic!("failed: {failed:?}; again: ROLECALL_SEED={seed} cargo test --workspace --test trials -- --nocapture");
    }
}
