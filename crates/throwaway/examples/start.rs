//! Times how long throw-away servers take: `cargo run -p rolecall-throwaway --example start [COUNT]`, for each version.

use rolecall_throwaway::{Error, Server, binaries};
use std::time::Instant;

fn main() -> Result<(), Error> {
    let count: u32 = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(10);
    for binaries in binaries::all() {
        // The first one may have to make the template.
        drop(Server::start(&binaries)?);
        for _ in 0..count {
            let begin = Instant::now();
            let mut server = Server::start(&binaries)?;
            let started = begin.elapsed();
            server.restart()?;
            let restarted = begin.elapsed() - started;
            drop(server);
            let dropped = begin.elapsed() - started - restarted;
            let version = binaries.version;
            println!("{version}: start {started:.0?}, restart {restarted:.0?}, drop {dropped:.0?}");
        }
    }
    Ok(())
}
