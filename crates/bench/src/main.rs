//! Measures `rolecall plan` and `rolecall apply` against the floor, on throw-away servers, and prints a Markdown table.

mod floor;
mod generate;
mod measure;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use clap::Parser;
use generate::Size;
use measure::{Cost, median, run};
use rolecall_throwaway::{Binaries, Options, Server, binaries};

/// Measures `rolecall` against psql doing the same reads and the same statements.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many tables; several sizes with commas.
    #[arg(long, value_delimiter = ',', default_values_t = [200, 5_000, 20_000])]
    tables: Vec<usize>,
    /// How often each plan is measured; the median counts.
    #[arg(long, default_value_t = 5)]
    repeat: usize,
    /// How often apply is measured, each time on two fresh servers; the median counts.
    #[arg(long, default_value_t = 1)]
    applies: usize,
    /// The program to measure.
    #[arg(default_value = "target/release/rolecall")]
    rolecall: PathBuf,
    /// Leave nothing out of sight: print seconds, too.
    #[arg(long)]
    seconds: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let program = arguments.rolecall.canonicalize().with_context(|| {
        format!("no {}: `cargo build --release -p rolecall` makes it", arguments.rolecall.display())
    })?;
    let binaries = binaries::find(None)?;
    println!("PostgreSQL {}\n", binaries.version_text);
    println!("| Tables | Roles | People | What | × floor | Peak MB |\n|---:|---:|---:|---|---:|---:|");
    for tables in &arguments.tables {
        one(Size::of(*tables), &arguments, &program, &binaries)?;
    }
    Ok(())
}

/// A server with the generated database on it, and the policy for it.
struct Stage<'a> {
    server: Server,
    folder: tempfile::TempDir,
    program: &'a Path,
    psql: PathBuf,
}

impl<'a> Stage<'a> {
    fn new(size: Size, program: &'a Path, binaries: &Binaries) -> anyhow::Result<Self> {
        let options = Options::new()
            .setting("max_locks_per_transaction", "4096")
            .setting("shared_buffers", "256MB")
            .setting("max_wal_size", "4GB");
        let server = options.start(binaries)?;
        let stage = Self { server, folder: tempfile::tempdir()?, program, psql: binaries.bin.join("psql") };
        std::fs::write(stage.policy(), size.policy())?;
        stage.script("postgres", "database", &size.database())?;
        Ok(stage)
    }

    fn policy(&self) -> PathBuf {
        self.folder.path().join("policy.yaml")
    }

    fn script(&self, database: &str, name: &str, sql: &str) -> anyhow::Result<Cost> {
        let file = self.folder.path().join(name).with_extension("sql");
        std::fs::write(&file, sql)?;
        let mut psql = Command::new(&self.psql);
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d"]).arg(self.server.url(database, "postgres"));
        run(psql.arg("-f").arg(file), |ended| ended.success())
    }

    fn command(&self, command: &[&str]) -> Command {
        let mut rolecall = Command::new(self.program);
        rolecall
            .args(command)
            .env("URL", self.server.url("postgres", "postgres"))
            .env("ROLECALL_POLICY", self.policy());
        rolecall
    }

    fn rolecall(&self, command: &[&str], status: i32) -> anyhow::Result<Cost> {
        run(&mut self.command(command), |ended| ended.code() == Some(status))
    }
}

fn one(size: Size, arguments: &Arguments, program: &Path, binaries: &Binaries) -> anyhow::Result<()> {
    let repeat = arguments.repeat;
    let row = |what: &str, cost: Cost, floor: Cost| {
        let Size { tables, roles, people, .. } = size;
        let ratio = cost.time.as_secs_f64() / floor.time.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 KiB")]
        let memory = cost.memory as f64 / 1024.0;
        let seconds = if arguments.seconds {
            format!(" {:.3} s of {:.3} s |", cost.time.as_secs_f64(), floor.time.as_secs_f64())
        } else {
            String::new()
        };
        println!("| {tables} | {roles} | {people} | {what} | {ratio:.2} | {memory:.0} |{seconds}");
    };
    let read = floor::read(binaries.version);
    let stage = Stage::new(size, program, binaries)?;
    stage.rolecall(&["plan"], 2)?;
    let reading = median(repeat, || stage.script("postgres", "read", &read))?;
    row("plan, all new", median(repeat, || stage.rolecall(&["plan"], 2))?, reading);
    let plan = stage.command(&["plan", "--json"]).output()?;
    let (sql, count) = floor::statements(&String::from_utf8(plan.stdout)?)?;
    let (mut applies, mut runs) = (Vec::new(), Vec::new());
    for time in 0..arguments.applies.max(1) {
        let bare = Stage::new(size, program, binaries)?;
        runs.push(bare.script("postgres", "statements", &sql)?);
        drop(bare);
        if time > 0 {
            applies.push(Stage::new(size, program, binaries)?.rolecall(&["apply", "--yes"], 0)?);
        }
    }
    applies.push(stage.rolecall(&["apply", "--yes"], 0)?);
    let next = |list: Vec<Cost>| {
        let mut list = list.into_iter();
        median(list.len(), || list.next().context("measured"))
    };
    let (apply, bare) = (next(applies)?, next(runs)?);
    row(&format!("apply, {count} statements"), apply, bare);
    let reading = median(repeat, || stage.script("postgres", "read", &read))?;
    row("plan, nothing to do", median(repeat, || stage.rolecall(&["plan"], 0))?, reading);
    stage.script("app", "drift", &size.drift())?;
    row("plan, ten drifted grants", median(repeat, || stage.rolecall(&["plan"], 2))?, reading);
    Ok(())
}
