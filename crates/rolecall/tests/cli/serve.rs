//! `rolecall serve` as a process: it comes up, knows its operator, and goes down in order.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test's own processes")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Child;
use std::time::{Duration, Instant};

use crate::stage::Stage;

/// A server that runs.
pub struct Serving {
    child: Child,
    /// `127.0.0.1:12345`
    pub address: String,
    /// What it said when it came up.
    pub said: Vec<String>,
}

impl Serving {
    /// Serves the stage's policy and store.
    pub fn start(stage: &Stage) -> Self {
        let mut child = stage.start(&["serve", "--listen", "127.0.0.1:0"]);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = vec![lines.next().unwrap().unwrap()];
        let address = said[0].rsplit_once("http://").unwrap().1.to_owned();
        // The token follows at once, if it does.
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| drop(sender.send(line))));
        while let Ok(line) = receiver.recv_timeout(Duration::from_millis(300)) {
            said.push(line);
        }
        Self { child, address, said }
    }

    /// The operator's token, if it was shown.
    pub fn token(&self) -> Option<&str> {
        self.said.iter().find(|line| line.starts_with("rolecall_")).map(String::as_str)
    }

    /// The status line, headers and body of an answer.
    pub fn ask(&self, head: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "{head}\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Stops it with a signal, and says how it ended and what it logged.
    pub fn stop(mut self) -> (i32, String) {
        let id = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM).unwrap();
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().code().unwrap_or(-1), log)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn serves_knows_its_operator_and_stops_in_order() {
    let stage = Stage::new();
    let serving = Serving::start(&stage);
    let token = serving.token().expect("the first start shows a token").to_owned();
    assert!(serving.ask("GET /health HTTP/1.1").starts_with("HTTP/1.1 200"));
    let stranger = serving.ask("GET /api/v1/me HTTP/1.1");
    assert!(stranger.starts_with("HTTP/1.1 401") && stranger.contains("application/problem+json"), "{stranger}");
    let me = serving.ask(&format!("GET /api/v1/me HTTP/1.1\r\nAuthorization: Bearer {token}"));
    assert!(me.starts_with("HTTP/1.1 200") && me.contains("(operator)") && me.contains("administrator"), "{me}");
    assert!(me.contains("content-security-policy: default-src 'none'"), "{me}");
    let wrong = serving.ask("GET /api/v1/me HTTP/1.1\r\nAuthorization: Bearer rolecall_no");
    assert!(wrong.contains("token-unknown"), "{wrong}");
    // A client that sends nothing does not hold up the end.
    let idle = TcpStream::connect(&serving.address).unwrap();
    let begun = Instant::now();
    let (status, log) = serving.stop();
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert_eq!(status, 0, "{log}");
    assert!(log.contains("/api/v1/me") && !log.contains(&token), "{log}");
    drop(idle);
    // The store is whole, tells of it, and holds no secret; the second start shows no token.
    stage.run(&["audit", "verify"]).says(0, &[]);
    stage.run(&["audit", "log", "--json"]).says(0, &["token_made", "sign_in_refused"]).never(&token);
    let again = Serving::start(&stage);
    assert_eq!(again.token(), None);
    let me = again.ask(&format!("GET /api/v1/me HTTP/1.1\r\nAuthorization: Bearer {token}"));
    assert!(me.starts_with("HTTP/1.1 200"), "{me}");
}

#[test]
fn an_address_that_is_taken_is_said_and_no_token_is_lost() {
    let stage = Stage::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    stage.run(&["serve", "--listen", &address]).fails(&["cannot listen on"]);
    assert!(Serving::start(&stage).token().is_some());
}
