//! Runs a program, with its time and the most memory it had.

use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;

/// How often a process is asked for its memory.
const PAUSE: Duration = Duration::from_millis(2);

/// What one run took.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// From start to end.
    pub time: Duration,
    /// The most resident memory, in KiB; 0 where /proc does not say.
    pub memory: u64,
    /// It ended with status 0.
    pub clean: bool,
}

/// Runs a program that answers to nobody.
pub fn run(command: &mut Command, fits: impl Fn(ExitStatus) -> bool) -> anyhow::Result<Cost> {
    let said = tempfile::NamedTempFile::new()?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said.reopen()?);
    let start = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot run {:?}", command.get_program()))?;
    let (status, memory) = wait(&mut child)?;
    let time = start.elapsed();
    if !fits(status) {
        let said = std::fs::read_to_string(said.path()).unwrap_or_default();
        anyhow::bail!("{command:?} ended with {status}\n{}", said.chars().take(2_000).collect::<String>());
    }
    Ok(Cost { time, memory, clean: status.success() })
}

fn wait(child: &mut Child) -> anyhow::Result<(ExitStatus, u64)> {
    let file = format!("/proc/{}/status", child.id());
    let mut most = 0;
    loop {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.split_whitespace().next()).and_then(|text| text.parse().ok());
        most = most.max(now.unwrap_or(0));
        if let Some(status) = child.try_wait()? {
            return Ok((status, most));
        }
        std::thread::sleep(PAUSE);
    }
}

/// Runs of the same thing.
#[derive(Debug, Default)]
pub struct Costs(Vec<Cost>);

impl Costs {
    /// Adds a run.
    pub fn push(&mut self, cost: Cost) {
        self.0.push(cost);
    }

    /// All of them ended with status 0.
    pub fn clean(&self) -> bool {
        self.0.iter().all(|cost| cost.clean)
    }

    /// The middle one by time, with the most memory of them all.
    pub fn median(&self) -> anyhow::Result<Cost> {
        let mut costs = self.0.clone();
        costs.sort_by_key(|cost| cost.time);
        let middle = costs.get(costs.len() / 2).copied().context("no runs")?;
        let memory = costs.iter().map(|cost| cost.memory).max().unwrap_or(0);
        Ok(Cost { memory, ..middle })
    }
}
