//! Measures `rolecall plan` and `rolecall apply` against the floor, on throw-away servers, and prints a Markdown table.

mod floor;
mod generate;
mod measure;
mod peers;
mod stage;
mod tool;

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use generate::Size;
use measure::{Cost, Costs, run};
use rolecall_throwaway::{Binaries, binaries};
use stage::Stage;
use tool::Tool;

/// Measures `rolecall` against psql doing the same reads and the same statements.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many tables; several sizes with commas.
    #[arg(long, value_delimiter = ',', default_values_t = [200, 5_000, 20_000])]
    tables: Vec<usize>,
    /// How often each plan is measured, by turns with its floor; the medians count.
    #[arg(long, default_value_t = 5)]
    repeat: usize,
    /// How often apply is measured, by turns with its floor, each time on fresh servers; the medians count.
    #[arg(long, default_value_t = 1)]
    applies: usize,
    /// The program to measure.
    #[arg(default_value = "target/release/rolecall")]
    rolecall: PathBuf,
    /// A folder with ldap2pg, pgroles, pgsesame: measure those that are there, too. `crates/bench/peers.sh` makes one.
    #[arg(long)]
    peers: Option<PathBuf>,
    /// Leave nothing out of sight: print seconds, too.
    #[arg(long)]
    seconds: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let program = arguments.rolecall.canonicalize().with_context(|| {
        format!("no {}: `cargo build --release -p rolecall` makes it", arguments.rolecall.display())
    })?;
    let mut tools = vec![Tool::rolecall(program.clone())];
    tools.extend(arguments.peers.iter().flat_map(|folder| Tool::peers(folder)));
    let binaries = binaries::find(None)?;
    println!("PostgreSQL {}\n", binaries.version_text);
    println!("| Tables | Roles | People | Program | What | × floor | Peak MB |\n|---:|---:|---:|---|---|---:|---:|");
    for tables in &arguments.tables {
        let bench = Bench { size: Size::of(*tables), arguments: &arguments, program: &program, binaries: &binaries };
        bench.run(&tools)?;
    }
    Ok(())
}

/// One size.
struct Bench<'a> {
    size: Size,
    arguments: &'a Arguments,
    program: &'a std::path::Path,
    binaries: &'a Binaries,
}

impl Bench<'_> {
    fn run(&self, tools: &[Tool]) -> anyhow::Result<()> {
        let read = floor::read(self.binaries.version);
        let stage = Stage::new(self.size, self.binaries)?;
        let rolecall = |act: &[&str], status| {
            let mut command = stage.rolecall(self.program, self.size, act)?;
            run(&mut command, |ended| ended.code() == Some(status))
        };
        rolecall(&["plan"], 2)?;
        let (mut floor, mut costs) = (Costs::default(), Costs::default());
        for _ in 0..self.arguments.repeat.max(1) {
            floor.push(stage.script("postgres", "read", &read)?);
            costs.push(rolecall(&["plan"], 2)?);
        }
        self.row("Rolecall", "plan, all new", &costs, &floor)?;
        let plan = stage.rolecall(self.program, self.size, &["plan", "--json"])?.output()?;
        let (sql, count) = floor::statements(&String::from_utf8(plan.stdout)?)?;
        let stages = self.applies(tools, &sql, count)?;
        drop(stage);
        self.nothing(&stages, &read)?;
        match stages.first() {
            Some((_, stage)) => self.drifted(stage, &read),
            None => Ok(()),
        }
    }

    /// Applies by every tool, by turns, each on a server of its own; gives back the last ones.
    fn applies<'t>(&self, tools: &'t [Tool], sql: &str, count: usize) -> anyhow::Result<Vec<(&'t Tool, Stage)>> {
        let (mut floor, mut stages) = (Costs::default(), Vec::new());
        let mut all: Vec<(&Tool, Costs)> = tools.iter().map(|tool| (tool, Costs::default())).collect();
        for _ in 0..self.arguments.applies.max(1) {
            stages.clear();
            floor.push(Stage::new(self.size, self.binaries)?.script("postgres", "statements", sql)?);
            let mut able = Vec::new();
            for (tool, mut costs) in all {
                let stage = Stage::new(self.size, self.binaries)?;
                match run(&mut tool.apply(&stage, self.size)?, |ended| ended.success()) {
                    Ok(cost) => costs.push(cost),
                    // A peer may have limits; what Rolecall cannot do is no measurement.
                    Err(error) if tool.name != "Rolecall" => {
                        eprintln!("{} is not measured at {} tables: {error}", tool.name, self.size.tables);
                        continue;
                    }
                    Err(error) => return Err(error),
                }
                stages.push((tool, stage));
                able.push((tool, costs));
            }
            all = able;
        }
        for (tool, costs) in &all {
            let what = if tool.name == "Rolecall" { format!("apply, {count} statements") } else { "apply".to_owned() };
            self.row(tool.name, &what, costs, &floor)?;
        }
        Ok(stages)
    }

    /// Plans with nothing to do by every tool, by turns.
    fn nothing(&self, stages: &[(&Tool, Stage)], read: &str) -> anyhow::Result<()> {
        let mut floor = Costs::default();
        let mut costs: Vec<Costs> = stages.iter().map(|_| Costs::default()).collect();
        for _ in 0..self.arguments.repeat.max(1) {
            for (place, ((tool, stage), costs)) in stages.iter().zip(&mut costs).enumerate() {
                if place == 0 {
                    floor.push(stage.script("postgres", "read", read)?);
                }
                costs.push(run(&mut tool.plan(stage, self.size)?, |ended| ended.code().is_some())?);
            }
        }
        for ((tool, _), costs) in stages.iter().zip(&costs) {
            let what = if costs.clean() { "plan, nothing to do" } else { "plan, which still finds something to do" };
            self.row(tool.name, what, costs, &floor)?;
        }
        Ok(())
    }

    /// Rolecall's plan after somebody changed ten grants by hand.
    fn drifted(&self, stage: &Stage, read: &str) -> anyhow::Result<()> {
        stage.script("app", "drift", &self.size.drift())?;
        let (mut floor, mut costs) = (Costs::default(), Costs::default());
        for _ in 0..self.arguments.repeat.max(1) {
            floor.push(stage.script("postgres", "read", read)?);
            let mut plan = stage.rolecall(self.program, self.size, &["plan"])?;
            costs.push(run(&mut plan, |ended| ended.code() == Some(2))?);
        }
        self.row("Rolecall", "plan, ten drifted grants", &costs, &floor)
    }

    fn row(&self, who: &str, what: &str, costs: &Costs, floor: &Costs) -> anyhow::Result<()> {
        let (Cost { time, memory, .. }, floor) = (costs.median()?, floor.median()?.time);
        let Size { tables, roles, people, .. } = self.size;
        let ratio = time.as_secs_f64() / floor.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 KiB")]
        let memory = memory as f64 / 1024.0;
        let seconds = if self.arguments.seconds {
            format!(" {:.3} s of {:.3} s |", time.as_secs_f64(), floor.as_secs_f64())
        } else {
            String::new()
        };
        println!("| {tables} | {roles} | {people} | {who} | {what} | {ratio:.2} | {memory:.0} |{seconds}");
        Ok(())
    }
}
