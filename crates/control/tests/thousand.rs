//! A thousand servers are watched by a few sessions: the dead do not hold up the living, nobody waits for ever, and
//! where nothing moves, next to nothing is done.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail loudly")]

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use rolecall_control::keeper::{Keeper, Pace};
use rolecall_control::store::{Options, Store};
use rolecall_throwaway::{Server, binaries};
use tokio::io::{AsyncReadExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_util::sync::CancellationToken;

const SERVERS: usize = 1_000;
/// Every tenth lets in and never says a word; every tenth refuses.
const SILENT: usize = 3;
const REFUSING: usize = 7;
const AT_ONCE: usize = 16;
/// Sessions for those that are slow or dead.
const ASIDE: usize = AT_ONCE / 2;

/// Each PostgreSQL has one lock: enough of them for those that are looked at at once.
const REAL: usize = 24;

/// A few PostgreSQL servers under a thousand addresses.
#[derive(Default)]
struct Forwarder {
    open: AtomicUsize,
    most: AtomicUsize,
    sessions: Vec<AtomicUsize>,
    /// The silent ones speak again.
    healed: AtomicBool,
}

fn address(number: usize) -> Ipv4Addr {
    let [.., high, low] = u32::try_from(number).unwrap().to_be_bytes();
    Ipv4Addr::new(127, 1, high, low)
}

fn silent(number: usize) -> bool {
    number % 10 == SILENT
}

fn living(number: usize) -> bool {
    !silent(number) && number % 10 != REFUSING
}

impl Forwarder {
    async fn listen(sockets: Vec<PathBuf>) -> (Arc<Self>, u16) {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let sessions = (0..SERVERS).map(|_| AtomicUsize::new(0)).collect();
        let forwarder = Arc::new(Self { sessions, ..Self::default() });
        let (own, sockets) = (Arc::clone(&forwarder), Arc::new(sockets));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (own, sockets) = (Arc::clone(&own), Arc::clone(&sockets));
                tokio::spawn(async move {
                    own.most.fetch_max(own.open.fetch_add(1, SeqCst) + 1, SeqCst);
                    own.carry(client, &sockets).await;
                    own.open.fetch_sub(1, SeqCst);
                });
            }
        });
        (forwarder, port)
    }

    async fn carry(&self, mut client: TcpStream, sockets: &[PathBuf]) {
        let IpAddr::V4(asked) = client.local_addr().unwrap().ip() else { panic!("not by IPv4") };
        let [.., high, low] = asked.octets();
        let number = usize::from(high) * 256 + usize::from(low);
        self.sessions[number].fetch_add(1, SeqCst);
        if silent(number) && !self.healed.load(SeqCst) {
            // Until whoever asks gives up.
            while client.read(&mut [0; 512]).await.is_ok_and(|read| read > 0) {}
            return;
        }
        let mut server = UnixStream::connect(&sockets[number % REAL]).await.unwrap();
        copy_bidirectional(&mut client, &mut server).await.ok();
    }

    fn counts(&self) -> Vec<usize> {
        self.sessions.iter().map(|count| count.load(SeqCst)).collect()
    }
}

fn policy(folder: &Path, port: u16) -> PathBuf {
    let mut text = String::from("rolecall: { administrators: [ada@acme.test] }\npeople: { ada@acme.test: {} }\n");
    text.push_str("environments:\n  production:\n    known: [postgres]\n    servers:\n");
    for number in 0..SERVERS {
        // Nobody listens at port 1.
        let port = if number % 10 == REFUSING { 1 } else { port };
        let url = format!("postgres://postgres@{}:{port}/postgres?sslmode=disable", address(number));
        let file = folder.join(format!("url{number}"));
        std::fs::write(&file, url).unwrap();
        writeln!(text, "      s{number:03}: {{ url: '${{file:{}}}', databases: [postgres] }}", file.display()).unwrap();
    }
    let path = folder.join("policy.yaml");
    std::fs::write(&path, text).unwrap();
    path
}

/// Seconds that this process has kept a processor busy.
fn busy() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<u32>().unwrap();
    f64::from(ticks(11) + ticks(12)) / 100.0
}

async fn soon(what: &str, seconds: u64, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(seconds), "{what} has not come about");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    eprintln!("{what}: {:.1} s, {} s of a processor", begun.elapsed().as_secs_f64(), busy());
}

async fn keep(store: &Store, path: &Path, every: Duration) -> (Arc<Keeper>, CancellationToken) {
    let pace = Pace { every, at_once: AT_ONCE, ..Pace::default() };
    let keeper = Keeper::new(store.clone(), path.to_owned(), pace).await.unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(Arc::clone(&keeper).run(stop.clone()));
    (keeper, stop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_servers() {
    let servers: Vec<Server> = (0..REAL).map(|_| Server::start(&binaries::find(None).unwrap()).unwrap()).collect();
    let socket = |server: &Server| server.socket_dir().join(format!(".s.PGSQL.{}", server.port()));
    let sockets: Vec<PathBuf> = servers.iter().map(socket).collect();
    let (forwarder, port) = Forwarder::listen(sockets).await;
    let folder = tempfile::tempdir().unwrap();
    let path = policy(folder.path(), port);
    let options = Options::new(folder.path().join("state/store.db"), folder.path().join("ledger.key"));
    let store = Store::open(&options).await.unwrap();

    // Two seconds are too short for a thousand on this machine: somebody always has to wait, and nobody for ever.
    let (keeper, stop) = keep(&store, &path, Duration::from_secs(2)).await;
    let looked = |wanted: fn(usize) -> bool| {
        let statuses = keeper.statuses();
        assert_eq!(statuses.len(), SERVERS);
        statuses.iter().enumerate().all(|(number, status)| !wanted(number) || status.looked.is_some())
    };
    soon("every living server was looked at", 90, || looked(living)).await;
    let before = forwarder.counts();
    soon("every living server was asked again, twice", 60, || {
        let counts = forwarder.counts();
        (0..SERVERS).filter(|number| living(*number)).all(|number| counts[number] >= before[number] + 4)
    })
    .await;
    // Two sessions a question: whoever was asked most was asked at most twice more than whoever was asked least.
    let asked = |number: &usize| forwarder.counts()[*number] - before[*number];
    let most = (0..SERVERS).filter(|number| living(*number)).map(|number| asked(&number)).max().unwrap();
    assert!(most <= 4 + 2 * 2 + 1, "somebody was asked {most} times while another was asked 4 times");
    // A whole look holds the server's lock in one session and reads in another.
    let room = 2 * (AT_ONCE + ASIDE);
    assert!(forwarder.most.load(SeqCst) <= room, "{} sessions at once", forwarder.most.load(SeqCst));

    assert!(keeper.statuses().iter().enumerate().all(|(number, status)| living(number) || status.answered.is_none()));

    forwarder.healed.store(true, SeqCst);
    soon("those that were silent are back", 120, || looked(|number| living(number) || silent(number))).await;
    assert!(forwarder.most.load(SeqCst) <= room, "{} sessions at once", forwarder.most.load(SeqCst));
    stop.cancel();
    soon("what was begun is finished", 15, || forwarder.open.load(SeqCst) == 0).await;

    // Another start: it does not rush at them, and does next to nothing while nobody is due.
    forwarder.most.store(0, SeqCst);
    let before: usize = forwarder.counts().iter().sum();
    let (_keeper, stop) = keep(&store, &path, Duration::from_secs(2_000)).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let begun = busy();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (spent, asked) = (busy() - begun, forwarder.counts().iter().sum::<usize>() - before);
    eprintln!("{spent} s of five were spent, for {asked} sessions");
    assert!(asked <= 12, "{asked} sessions in the first seconds");
    assert!(spent < 0.5, "{spent} s of five were spent where nothing moves");
    stop.cancel();
}
