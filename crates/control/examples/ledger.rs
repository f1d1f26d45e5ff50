//! Measures the ledger: `cargo run --release -p rolecall-control --example ledger -- 1000000`.

use std::error::Error;
use std::time::{Duration, Instant};

use rolecall_control::audit::export::lines;
use rolecall_control::audit::verify::{Verifier, Wrong};
use rolecall_control::store::{Filter, Options, Store, StoreError};
use rolecall_core::event::{Access, Actor, Draft, Drafts, EventId, Kind};

/// Entries of one transaction while the ledger is filled.
const LOT: u64 = 1_000;
/// Transactions of one entry each that are timed.
const SINGLE: u64 = 1_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse::<u64>())?;
    let folder = tempfile::tempdir_in(std::env::var("LEDGER_FOLDER").unwrap_or_else(|_| "/var/tmp".to_owned()))?;
    let options = Options::new(folder.path().join("store.db"), folder.path().join("ledger.key"));
    let store = Store::open(&options).await?;
    let began = Instant::now();
    for lot in 0..count / LOT {
        let first = Drafts::from(request(lot * LOT));
        let drafts = (1..LOT).fold(first, |all, n| all.and(request(lot * LOT + n)));
        write(&store, drafts).await?;
    }
    say(&format!("append {count}, {LOT} at a time"), began.elapsed(), count);
    let began = Instant::now();
    for n in 0..SINGLE {
        write(&store, request(n).into()).await?;
    }
    say(&format!("append {SINGLE}, one at a time, each synced"), began.elapsed(), SINGLE);
    store.close().await;
    println!("store: {} MB", std::fs::metadata(&options.path)?.len() >> 20);
    let began = Instant::now();
    let store = Store::open(&options).await?;
    say("open", began.elapsed(), 1);
    listings(&store).await?;
    let began = Instant::now();
    let mut verifier = Verifier::new(store.public_key(), None);
    let mut snapshot = store.read().snapshot().await?;
    lines::<Wrong>(&mut snapshot, &mut |line| verifier.line(line).map(|()| true)).await?;
    let report = verifier.finish()?;
    say("verify all", began.elapsed(), report.entries);
    Ok(())
}

async fn write(store: &Store, drafts: Drafts) -> Result<(), StoreError> {
    let actor = Actor::person("alice@acme.test");
    store.write(&actor, |tx| async move { Ok(tx.done((), drafts)) }).await.map(drop)
}

async fn listings(store: &Store) -> Result<(), StoreError> {
    let last = Filter { newest_first: true, limit: 50, ..Filter::default() };
    let filters = [
        ("list the newest 50", last.clone()),
        ("list 50 of a person", Filter { subject: Some("person77@acme.test".into()), ..last.clone() }),
        ("list 50 of a kind that is rare", Filter { kinds: vec!["store_made".into()], ..last.clone() }),
        ("list a story", Filter { correlation: Some(EventId(1)), ..last.clone() }),
        ("list by a text that is nowhere", Filter { text: Some("no such words".into()), ..last }),
    ];
    for (what, filter) in filters {
        let began = Instant::now();
        store.read().log(&filter).await?;
        say(what, began.elapsed(), 1);
    }
    Ok(())
}

fn request(n: u64) -> Draft {
    let access = Access {
        principal: format!("person{}@acme.test", n % 10_000),
        role: "support".to_owned(),
        environment: "production".to_owned(),
        with: [("customer".to_owned(), n.to_string())].into(),
    };
    let request = format!("request-{n}");
    Draft::new(Kind::RequestFiled { request, access, until: None, break_glass: false, digest: None })
        .because("TICKET-9: the customer asks where the parcel is")
}

fn say(what: &str, took: Duration, count: u64) {
    let rate = count as f64 / took.as_secs_f64();
    println!(
        "{what}: {:.1} ms{}",
        took.as_secs_f64() * 1e3,
        if count > 1 { format!(" ({rate:.0}/s)") } else { String::new() }
    );
}
