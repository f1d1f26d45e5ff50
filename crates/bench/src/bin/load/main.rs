//! Measures a whole Rolecall under load: many people, Leases and ledger entries, a real PostgreSQL, the real server.

mod figures;
mod fill;
mod journey;
mod stage;
mod visit;

use std::time::{Duration, Instant};

use clap::Parser;
use figures::{Figures, Sample};
use fill::Fill;
use stage::Stage;
use visit::Visit;

/// Measures pages, start-up, the way from approval to working access, and from a Lease's end to its proof.
#[derive(Debug, Clone, Copy, Parser)]
struct Arguments {
    /// People of the policy; each has an account on the server.
    #[arg(long, default_value_t = 10_000)]
    people: usize,
    /// Leases that run, all on the server.
    #[arg(long, default_value_t = 1_000)]
    leases: usize,
    /// Requests of the past.
    #[arg(long, default_value_t = 20_000)]
    past: usize,
    /// Entries of the ledger, at least.
    #[arg(long, default_value_t = 1_000_000)]
    entries: u64,
    /// Tables of the database.
    #[arg(long, default_value_t = 200)]
    tables: usize,
    /// How often each page is loaded.
    #[arg(long, default_value_t = 20)]
    repeat: usize,
    /// How many accesses are asked for, approved and ended, one after the other.
    #[arg(long, default_value_t = 5)]
    journeys: usize,
    /// Print the figures as JSON instead of a Markdown table.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut figures = Figures::default();
    let stage = Stage::new(arguments.people, arguments.tables).await?;

    let begun = Instant::now();
    let running = stage.start().await?;
    figures.push("start-up, a policy that is new", Some(Duration::from_secs(2)), Sample::one(begun.elapsed()));
    let begun = Instant::now();
    running.apply().await?;
    figures.push("apply, everything new", None, Sample::one(begun.elapsed()));
    let template = journey::template(&stage, &running).await?;
    running.stop().await?;

    let ends = template.1.lease.ends;
    let fill = Fill { leases: arguments.leases, past: arguments.past, entries: arguments.entries };
    let begun = Instant::now();
    fill.run(&stage, template).await?;
    figures.push("filling the store", None, Sample::one(begun.elapsed()));

    let begun = Instant::now();
    let running = stage.start().await?;
    figures.push("start-up", Some(Duration::from_secs(2)), Sample::one(begun.elapsed()));
    running.settled(arguments.leases + 1).await?;
    figures.push("all leases at once: start to working", None, Sample::one(begun.elapsed()));

    let visit = Visit::new(&running).await?;
    let floor = visit.measure("/health", arguments.repeat).await?;
    figures.floor(floor);
    for (name, path) in visit::pages(&running, arguments.people).await? {
        figures.push(&name, Some(Duration::from_millis(100)), visit.measure(&path, arguments.repeat).await?);
    }
    let (approved, ended) = journey::measure(&stage, &running, arguments.journeys).await?;
    figures.push("approval to working access", Some(Duration::from_secs(1)), approved);
    figures.push("lease end to proved revocation", Some(Duration::from_secs(5)), ended);

    stage.until(ends).await;
    let begun = Instant::now();
    running.settled(0).await?;
    figures.push(
        "all leases at once: end to proved revocation",
        Some(Duration::from_secs(5)),
        Sample::one(begun.elapsed()),
    );
    running.stop().await?;
    if arguments.json {
        println!("{}", figures.json())
    } else {
        println!("{figures}")
    }
    Ok(())
}
