//! A person with a browser from before JavaScript: asks for pages, keeps a cookie, sends forms.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(header, _)| header == name).map_or("", |(_, value)| value)
    }

    /// Says what it is missing.
    pub fn has(&self, text: &str) -> &Self {
        assert!(self.body.contains(text), "no {text:?} in ({}):\n{}", self.status, self.body);
        self
    }

    pub fn has_not(&self, text: &str) -> &Self {
        assert!(!self.body.contains(text), "{text:?} in ({}):\n{}", self.status, self.body);
        self
    }

    /// The first value of a hidden field.
    pub fn hidden(&self, name: &str) -> &str {
        let begin = format!("name=\"{name}\" value=\"");
        let from = self.body.find(&begin).unwrap_or_else(|| panic!("no {name} in {}", self.body)) + begin.len();
        self.body[from..].split('"').next().unwrap()
    }
}

pub struct Visitor {
    address: SocketAddr,
    pub cookie: Option<String>,
    /// Sent with every request beside what is always sent.
    pub headers: Vec<(&'static str, String)>,
}

impl Visitor {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, cookie: None, headers: Vec::new() }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, "").await
    }

    /// Sends a form as it is.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send("POST", path, &body).await
    }

    /// Loads a page, and sends a form of it, with the page's own token.
    pub async fn submit(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.get(page).await;
        assert_eq!(answer.status, 200, "{page}: {}", answer.body);
        answer.has(&format!("action=\"{action}\""));
        let fields: Vec<_> = [("csrf", answer.hidden("csrf"))].into_iter().chain(fields.iter().copied()).collect();
        self.post(action, &fields).await
    }

    /// The same, and goes where it is sent.
    pub async fn follow(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.submit(page, action, fields).await;
        assert_eq!(answer.status, 303, "{action}: {}", answer.body);
        self.get(answer.header("location")).await
    }

    /// Asks for an answer that goes on.
    pub async fn open(&mut self, path: &str) -> Stream {
        Stream { stream: self.ask("GET", path, "").await, text: String::new() }
    }

    async fn ask(&mut self, method: &str, path: &str, body: &str) -> TcpStream {
        let mut text = format!("{method} {path} HTTP/1.0\r\nhost: {}\r\n", self.address);
        if method == "POST" {
            text.push_str("content-type: application/x-www-form-urlencoded\r\n");
        }
        text.push_str(&format!("content-length: {}\r\n", body.len()));
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(cookie) = &self.cookie {
            text.push_str(&format!("cookie: {cookie}\r\n"));
        }
        text.push_str(&format!("\r\n{body}"));
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn send(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let mut stream = self.ask(method, path, body).await;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let answer = read(&String::from_utf8_lossy(&bytes));
        let set = answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
        if !set.is_empty() {
            self.cookie = Some(set).filter(|cookie| !cookie.ends_with('='));
        }
        answer
    }
}

/// An answer that goes on.
pub struct Stream {
    stream: TcpStream,
    text: String,
}

impl Stream {
    /// All that came, once some text is in it.
    pub async fn until(&mut self, wanted: &str) -> &str {
        while !self.text.contains(wanted) {
            assert!(self.more().await, "it ended without {wanted}: {}", self.text);
        }
        &self.text
    }

    /// Waits until it ends.
    pub async fn end(&mut self) {
        while self.more().await {}
    }

    async fn more(&mut self) -> bool {
        let mut bytes = [0; 4_096];
        let read = tokio::time::timeout(Duration::from_secs(20), self.stream.read(&mut bytes)).await;
        let read = read.unwrap_or_else(|_| panic!("nothing comes any more after {}", self.text)).unwrap();
        self.text.push_str(&String::from_utf8_lossy(&bytes[..read]));
        read > 0
    }
}

fn read(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    Answer { status, headers: lines.filter_map(header).collect(), body: body.to_owned() }
}
