//! A proxy on a Unix socket that knows PostgreSQL's protocol well enough to stop the world between two messages.
//!
//! An exchange is what a client sends up to a Query or a Sync, and what the server answers up to its ReadyForQuery.
//! Before and after each exchange of any connection the test is asked what shall happen.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What a client asked for.
pub struct Exchange {
    /// Counted over all connections, from 1.
    pub number: usize,
    /// The SQL; empty for the exchange by which a connection begins.
    pub text: String,
}

/// Where an exchange stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The server has not got it yet.
    Before,
    /// The server is done, and the client does not know yet.
    After,
}

/// What shall happen.
pub enum Verdict {
    /// It goes on.
    Pass,
    /// Every connection is cut, and no new one comes about.
    Cut,
    /// This connection alone is cut.
    CutOne,
    /// The server gets half of the message, and then every connection is cut.
    Tear,
    /// The server gets this text instead, and the test is asked again when it is done.
    Instead(String),
    /// The server gets the message once more, and the client its answer to that.
    Again,
}

/// What the test says to an exchange.
pub type Judge = dyn Fn(&Exchange, Moment) -> Verdict + Send + Sync;

/// A proxy for one run of the program.
pub struct Proxy {
    folder: tempfile::TempDir,
    shared: Arc<Shared>,
}

struct Shared {
    server: PathBuf,
    judge: Box<Judge>,
    count: AtomicUsize,
    down: AtomicBool,
    streams: Mutex<Vec<UnixStream>>,
}

impl Proxy {
    /// Stands before the server's socket.
    pub fn start(server: PathBuf, judge: impl Fn(&Exchange, Moment) -> Verdict + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let (count, down, streams) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::default());
        let shared = Arc::new(Shared { server, judge: Box::new(judge), count, down, streams });
        let accepting = shared.clone();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), false) = (client, accepting.down.load(Ordering::SeqCst)) else { return };
                let shared = accepting.clone();
                std::thread::spawn(move || connect(client, &shared));
            }
        });
        Self { folder, shared }
    }

    /// Where the program finds it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.cut();
        // Wakes whoever waits for the next client.
        UnixStream::connect(self.folder.path().join(".s.PGSQL.5432")).ok();
    }
}

impl Shared {
    fn cut(&self) {
        self.down.store(true, Ordering::SeqCst);
        for stream in self.streams.lock().unwrap().iter() {
            stream.shutdown(Shutdown::Both).ok();
        }
    }
}

fn connect(mut client: UnixStream, shared: &Shared) {
    let Ok(mut server) = UnixStream::connect(&shared.server) else { return };
    shared.streams.lock().unwrap().extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
    // Whoever came in while everything was being cut is not on the list that was cut.
    if !shared.down.load(Ordering::SeqCst) {
        let mut started = false;
        while exchange(&mut client, &mut server, shared, started).is_some() {
            started = true;
        }
    }
    client.shutdown(Shutdown::Both).ok();
    server.shutdown(Shutdown::Both).ok();
}

/// One exchange. None: the connection is over.
fn exchange(client: &mut UnixStream, server: &mut UnixStream, shared: &Shared, started: bool) -> Option<()> {
    let (request, text) = request(client, started)?;
    let number = shared.count.fetch_add(1, Ordering::SeqCst) + 1;
    let exchange = Exchange { number, text };
    match (shared.judge)(&exchange, Moment::Before) {
        Verdict::Pass | Verdict::Again => server.write_all(&request).ok()?,
        Verdict::Instead(text) => server.write_all(&query(&text)).ok()?,
        Verdict::Cut => return stop(shared),
        Verdict::CutOne => return None,
        Verdict::Tear => {
            server.write_all(request.get(..request.len() / 2)?).ok()?;
            return stop(shared);
        }
    }
    let (mut got, mut ready) = answer(server);
    match (shared.judge)(&exchange, Moment::After) {
        Verdict::Pass => {}
        Verdict::Again => {
            // The server may be past listening.
            server.write_all(&request).ok();
            (got, ready) = answer(server);
        }
        Verdict::CutOne => return None,
        Verdict::Cut | Verdict::Tear | Verdict::Instead(_) => return stop(shared),
    }
    client.write_all(&got).ok()?;
    ready.then_some(())
}

fn stop(shared: &Shared) -> Option<()> {
    shared.cut();
    None
}

/// All that the client sends before it waits for an answer, and the SQL in it.
fn request(client: &mut UnixStream, mut started: bool) -> Option<(Vec<u8>, String)> {
    let (mut request, mut text) = (Vec::new(), String::new());
    loop {
        let (kind, message) = message(client, started)?;
        let body = message.get(5..).unwrap_or_default();
        // Parse begins with the name of the statement, Query with its text; both end each in a zero byte.
        let mut parts = body.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        match kind {
            b'Q' => text.extend(parts.next()),
            b'P' => text.extend(parts.nth(1)),
            _ => {}
        }
        request.extend(message);
        if matches!(kind, 0 | b'Q' | b'S') {
            return Some((request, text));
        }
        // A farewell, which has no answer, ends here: the connection with it.
        (kind != b'X').then_some(())?;
        started = true;
    }
}

/// All that the server answers, and whether it is ready for more.
fn answer(server: &mut UnixStream) -> (Vec<u8>, bool) {
    let mut answer = Vec::new();
    while let Some((kind, message)) = message(server, true) {
        answer.extend(message);
        if kind == b'Z' {
            return (answer, true);
        }
    }
    (answer, false)
}

/// One message and its kind. The first one of a client has none; on a Unix socket nobody asks for TLS.
fn message(from: &mut UnixStream, started: bool) -> Option<(u8, Vec<u8>)> {
    let mut message = vec![0; if started { 5 } else { 4 }];
    from.read_exact(&mut message).ok()?;
    let kind = if started { *message.first()? } else { 0 };
    let length = u32::from_be_bytes(*message.last_chunk()?) as usize;
    let start = message.len();
    message.resize(start + length.checked_sub(4)?, 0);
    from.read_exact(message.get_mut(start..)?).ok()?;
    Some((kind, message))
}

/// A Query message.
fn query(text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len() + 5).unwrap().to_be_bytes();
    [b"Q".as_slice(), &length, text.as_bytes(), b"\0"].concat()
}
