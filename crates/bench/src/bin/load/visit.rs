//! A browser that loads pages, each over a connection of its own.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::Context;
use rolecall_control::store::Filter;
use rolecall_core::event::EventId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::figures::Sample;
use crate::stage::{Running, person};

/// An answer.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// All of it, headers first.
    pub text: String,
}

/// Asks for a page.
pub async fn get(address: SocketAddr, path: &str, cookie: Option<&str>) -> anyhow::Result<Answer> {
    let cookie = cookie.map_or(String::new(), |cookie| format!("cookie: {cookie}\r\n"));
    send(address, &format!("GET {path} HTTP/1.0\r\nhost: {address}\r\n{cookie}\r\n")).await
}

async fn send(address: SocketAddr, text: &str) -> anyhow::Result<Answer> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(text.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no HTTP")?;
    Ok(Answer { status, text })
}

/// Sends JSON to the API, with a token; gives back the answer's body.
pub async fn api(address: SocketAddr, token: &str, asks: &str, body: &str) -> anyhow::Result<serde_json::Value> {
    let length = body.len();
    let answer = send(
        address,
        &format!(
            "{asks} HTTP/1.0\r\nhost: {address}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        ),
    )
    .await?;
    anyhow::ensure!(answer.status < 300, "{asks}: {}", answer.text);
    let (_, body) = answer.text.split_once("\r\n\r\n").context("no body")?;
    Ok(serde_json::from_str(body).unwrap_or_default())
}

/// An administrator who has signed in.
pub struct Visit {
    address: SocketAddr,
    cookie: String,
}

impl Visit {
    /// Signs in.
    pub async fn new(running: &Running) -> anyhow::Result<Self> {
        let (address, body) = (running.address, format!("token={}&return=/", running.token("ada@acme.test").await?));
        let length = body.len();
        let answer = send(
            address,
            &format!(
                "POST /sign-in HTTP/1.0\r\nhost: {address}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
                 content-length: {length}\r\n\r\n{body}"
            ),
        )
        .await?;
        let set = answer.text.lines().find_map(|line| line.strip_prefix("set-cookie: "));
        let cookie =
            set.and_then(|set| set.split(';').next()).with_context(|| format!("no session: {}", answer.status))?;
        Ok(Self { address, cookie: cookie.to_owned() })
    }

    /// Loads a page so often, after a first time that does not count.
    pub async fn measure(&self, path: &str, times: usize) -> anyhow::Result<Sample> {
        let mut sample = Sample::default();
        for number in 0..=times.max(1) {
            let begun = Instant::now();
            let answer = get(self.address, path, Some(&self.cookie)).await?;
            let took = begun.elapsed();
            anyhow::ensure!(answer.status == 200, "{path}: {}", answer.status);
            if number > 0 {
                sample.push(took);
            }
        }
        Ok(sample)
    }
}

/// Pages by name and address.
pub async fn pages(running: &Running, people: usize) -> anyhow::Result<Vec<(String, String)>> {
    let read = running.keeper.store().read();
    let newest = read.log(&Filter { newest_first: true, limit: 1, ..Filter::default() }).await?;
    let EventId(size) = newest.first().context("an empty ledger")?.id;
    let lease = read.leases().await?.first().context("no lease")?.lease.clone();
    let pages = [
        ("overview", "/".to_owned()),
        ("people", "/people".to_owned()),
        ("people, the middle", format!("/people?after={}", person(people / 2))),
        ("people, a search", format!("/people?q={}", person(people / 2))),
        ("a person with a lease", format!("/people/{}", lease.principal)),
        ("roles", "/roles".to_owned()),
        ("the role of all leases", "/roles/support".to_owned()),
        ("objects, a search", "/objects?q=tickets".to_owned()),
        ("requests that wait", "/requests".to_owned()),
        ("requests, all", "/requests?show=all".to_owned()),
        ("requests, deep", format!("/requests?show=all&before={}", lease.id)),
        ("one request", format!("/requests/{}", lease.id)),
        ("ledger", "/ledger".to_owned()),
        ("ledger, the middle", format!("/ledger?before={}", size / 2)),
        ("ledger, of a person", format!("/ledger?subject={}", lease.principal)),
        ("ledger, of a kind", "/ledger?kind=lease_started".to_owned()),
        ("ledger, of an environment", "/ledger?environment=production".to_owned()),
        ("ledger, a text that is nowhere", "/ledger?text=nosuchwords".to_owned()),
        ("/metrics", "/metrics".to_owned()),
    ];
    Ok(pages.into_iter().map(|(name, path)| (name.to_owned(), path)).collect())
}
