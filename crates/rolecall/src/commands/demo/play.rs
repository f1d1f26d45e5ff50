//! The last chapter: the control plane itself, on the same servers, for the newcomer to play every part.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use rolecall_control::Office;
use rolecall_control::identity::NewToken;
use rolecall_control::keeper::{Keeper, Pace};
use rolecall_control::store::{Options, Store};
use rolecall_core::admit::Scopes;
use rolecall_core::secret::Secret;
use rolecall_engine::postgres::Target;
use rolecall_engine::postgres::probe::probe;
use rolecall_server::{Config, Guest};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::past;
use super::servers::Servers;
use super::stage::{apply, chapter};
use crate::show::{BAD, GOOD, QUIET, STRONG};

const POLICY: &str = include_str!("play.yaml");

/// Who can be played, and as what.
const CAST: &[(&str, &str)] = &[
    ("bob", "Bob, support agent: asks for a customer"),
    ("lea", "Lea, his lead: approves"),
    ("alice", "Alice, developer: may break the glass"),
    ("ada", "Ada, administrator: decides on drift"),
    ("dana", "Dana, auditor: reads the ledger"),
];

/// What Bob's terminal shows, again and again.
const LIVE: &str = "SELECT id, name, plan FROM shop.customers ORDER BY id";

/// Serves until told to stop.
pub async fn play(servers: &Servers, listen: SocketAddr, stop: CancellationToken) -> anyhow::Result<()> {
    chapter(
        "8. Now you",
        "From here on nobody in support sees a customer without asking. First the policy for that, and three weeks of\n\
         requests, really made and taken back on these servers with the clock set to when.",
    );
    servers.write_policy(POLICY)?;
    apply(servers, None, true).await?;
    let clock = past::clock();
    clock.back(past::BEGIN);
    let options = Options::new(servers.path("state/store.db"), servers.path("keys/ledger.key"));
    let store = Store::open(&Options { clock: clock.clone(), ..options }).await?;
    let pace = Pace { every: Duration::from_secs(1), ..Pace::default() };
    let keeper = Keeper::new(store.clone(), servers.policy(), pace).await?;
    past::live(&keeper.office(), &clock).await.context("the past could not be lived through")?;
    let guests = guests(&keeper.office()).await?;
    let listener = match TcpListener::bind(listen).await {
        Ok(listener) => listener,
        // Somebody else has the usual port.
        Err(_) => TcpListener::bind((listen.ip(), 0)).await.context("cannot listen on this machine")?,
    };
    tell(servers, listener.local_addr()?);
    let keeping = tokio::spawn(Arc::clone(&keeper).run(stop.clone()));
    let watching = tokio::spawn(watch(servers.target("production", "app", "bob")?, stop.clone()));
    let config = Config { guests, ..Config::default() };
    let served = rolecall_server::serve(config, keeper, listener, stop.clone().cancelled_owned()).await;
    stop.cancel();
    keeping.await?;
    watching.await?;
    store.close().await;
    Ok(served?)
}

/// A token for each of the cast, behind a button on the sign-in page.
async fn guests(office: &Office) -> anyhow::Result<Vec<Guest>> {
    let operator = crate::ledger::actor();
    let mut guests = Vec::new();
    for (who, label) in CAST {
        let of = Some(past::address(who));
        let new = NewToken { of, scopes: Scopes::all(), ends: None, note: "for the demo".to_owned() };
        let secret: Secret = office.make_token(&operator, new).await?.secret;
        guests.push(Guest { label: (*label).to_owned(), token: secret });
    }
    Ok(guests)
}

fn tell(servers: &Servers, address: SocketAddr) {
    anstream::println!(
        "\n  {STRONG}The page:{STRONG:#} http://{address}/   {QUIET}(Ctrl-C ends it, and the servers with it){QUIET:#}\n\n  \
         Try this:\n  \
         1. Come in as Bob and ask for `support` for customer 42, for 2 min, because of TICKET-1.\n  \
         2. Come in as Lea (another browser or a private window) and approve it. Bob's query below answers at once,\n     \
            and stops when the two minutes are over.\n  \
         3. Break something by hand, and watch it be found on the overview within seconds:\n     \
            {} -c 'GRANT SELECT ON shop.payments TO support'\n     \
            Ada takes it back with a button; in staging, Rolecall takes it back by itself.\n  \
         4. As Dana, read what happened, and export the ledger. Whether anybody tampered with it:\n     \
            {} audit verify --store {} --ledger-key {}\n",
        servers.psql("production"),
        super::program(),
        servers.path("state/store.db").display(),
        servers.path("keys/ledger.key").display(),
    );
}

/// Asks as Bob, again and again, and shows every answer that is another one than before.
async fn watch(target: Target, stop: CancellationToken) {
    let mut last = None;
    while !stop.is_cancelled() {
        let answer = ask(&target).await;
        if last.as_ref() != Some(&answer) {
            let now = Timestamp::now().strftime("%H:%M:%S").to_string();
            match &answer {
                Ok(rows) => anstream::println!("  {QUIET}{now} bob> {LIVE};{QUIET:#}\n    {GOOD}{rows}{GOOD:#}"),
                Err(why) => anstream::println!("  {QUIET}{now} bob> {LIVE};{QUIET:#}\n    {BAD}{why}{BAD:#}"),
            }
            last = Some(answer);
        }
        let pause = tokio::time::sleep(Duration::from_millis(500));
        if stop.run_until_cancelled(pause).await.is_none() {
            return;
        }
    }
}

async fn ask(target: &Target) -> Result<String, String> {
    let said =
        |error: rolecall_engine::postgres::EngineError| error.to_string().lines().next().unwrap_or_default().to_owned();
    let mut conn = target.open(None).await.map_err(said)?;
    let answer = probe(&mut conn, LIVE).await.map_err(said)?;
    let cell = |cell: &Option<String>| cell.clone().unwrap_or_else(|| "∅".to_owned());
    let rows = answer.rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(" | "));
    let rows: Vec<String> = rows.collect();
    Ok(if rows.is_empty() { "no rows".to_owned() } else { rows.join("\n    ") })
}
