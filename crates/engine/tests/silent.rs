//! A server that lets sessions in and then does not answer: whoever reads it is told in time.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use rolecall_core::secret::Secret;
use rolecall_engine::postgres::apply::Applier;
use rolecall_engine::postgres::fingerprint::fingerprint;
use rolecall_engine::postgres::inspect::{Wanted, inspect};
use rolecall_engine::postgres::{EngineError, Target};
use rolecall_throwaway::{Server, binaries};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream, UnixStream};

const LIMIT: Duration = Duration::from_millis(500);

/// What a session sends up to this is its beginning.
const SET_UP: &[u8] = b"SET client_min_messages";

/// Stands before a server; once it is to stop, sessions begin as ever, and nothing that is asked gets there.
async fn stand_before(socket: PathBuf) -> (Arc<AtomicBool>, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let (port, stopped) = (listener.local_addr().unwrap().port(), Arc::new(AtomicBool::new(false)));
    let stop = Arc::clone(&stopped);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(forward(client, socket.clone(), Arc::clone(&stop)));
        }
    });
    (stopped, port)
}

async fn forward(client: TcpStream, socket: PathBuf, stop: Arc<AtomicBool>) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = UnixStream::connect(socket).await?.into_split();
    tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
    let (mut bytes, mut set_up) = (vec![0; 1 << 16], false);
    loop {
        let count = from_client.read(&mut bytes).await?;
        let said = bytes.get(..count).unwrap_or_default();
        match (count, set_up && stop.load(SeqCst)) {
            (0, _) => return Ok(()),
            (_, true) => {}
            (_, false) => to_server.write_all(said).await?,
        }
        set_up = set_up || said.windows(SET_UP.len()).any(|part| part == SET_UP);
    }
}

fn silent<T>(what: &str, begun: Instant, result: Result<T, EngineError>) {
    let took = begun.elapsed();
    match result {
        Err(error @ EngineError::Silent { .. }) => assert!(!error.to_string().is_empty()),
        Err(error) => panic!("{what}: {error}"),
        Ok(_) => panic!("{what}: it answered"),
    }
    assert!(took >= LIMIT && took < LIMIT * 6, "{what}: {took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_ever_for_a_server_that_has_stopped() {
    let server = Server::start(&binaries::find(None).unwrap()).unwrap();
    let url = server.url("postgres", "postgres");
    let direct = Target::parse(&Secret::new(url)).unwrap();
    let address = direct.address();
    let socket = PathBuf::from(&address.host).join(format!(".s.PGSQL.{}", address.port));
    let (stopped, port) = stand_before(socket).await;
    let url = format!("postgres://postgres@127.0.0.1:{port}/postgres?sslmode=disable");
    let target = Target::parse(&Secret::new(url)).unwrap().answering_within(LIMIT);
    let wanted = Wanted { databases: vec!["postgres".into()], ..Wanted::default() };
    // As long as it works, the limit does not matter; the lock is held when it stops.
    let patient = Target::parse(&Secret::new(format!("postgres://postgres@127.0.0.1:{port}/postgres"))).unwrap();
    fingerprint(&patient, &wanted.databases).await.unwrap();
    inspect(&patient, &wanted).await.unwrap();
    let mut applier = Applier::lock(&target).await.unwrap();
    stopped.store(true, SeqCst);

    let begun = Instant::now();
    silent("the lock's session", begun, applier.inspect(&wanted).await);
    let begun = Instant::now();
    silent("the lock", begun, Applier::lock(&target).await);
    let begun = Instant::now();
    silent("the server", begun, inspect(&target, &wanted).await);
    let begun = Instant::now();
    silent("the fingerprint", begun, fingerprint(&target, &wanted.databases).await);
}
