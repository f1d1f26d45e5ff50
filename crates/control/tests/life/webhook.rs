//! Webhooks against a listener of the test's own: in order, signed, until they are taken.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rolecall_control::webhook::{deliver, signature};
use rolecall_core::secret::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::company::Company;
use super::keeper::soon;

#[derive(Clone, Debug)]
struct Taken {
    head: String,
    body: String,
}

impl Taken {
    fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next().unwrap_or_default()
    }
}

/// Answers 500 to the first `refusals` messages, and 200 to the rest. Keeps them all.
async fn listen(refusals: usize) -> (String, Arc<Mutex<Vec<Taken>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let taken: Arc<Mutex<Vec<Taken>>> = Arc::default();
    let kept = Arc::clone(&taken);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let message = message(stream, refusals, &kept).await;
            kept.lock().unwrap().push(message);
        }
    });
    (url, taken)
}

async fn message(mut stream: TcpStream, refusals: usize, kept: &Mutex<Vec<Taken>>) -> Taken {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4_096];
        let read = stream.read(&mut part).await.unwrap();
        bytes.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let taken = Taken { head: head.to_owned(), body: body.to_owned() };
        if body.len() >= taken.header("content-length").parse().unwrap() {
            let status = if kept.lock().unwrap().len() < refusals { "500 No" } else { "200 Yes" };
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            return taken;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_is_told_in_order_and_signed_until_it_is_taken() {
    let company = Company::new().await;
    let (url, taken) = listen(1).await;
    let (url, secret) = (company.file("hook", &url), company.file("secret", "correct horse"));
    let hooks = format!(
        "webhooks: {{ ops: {{ url: '${{file:{url}}}', secret: '${{file:{secret}}}', events: [request_filed, request_denied] }} }},"
    );
    let (keeper, _stop) = company.keeper_with("rolecall: {", &format!("rolecall: {{ {hooks}")).await;
    let stop = CancellationToken::new();
    let _delivering = stop.clone().drop_guard();
    tokio::spawn(deliver(Arc::clone(&keeper), "https://roles.acme.test".into(), stop));
    soon("the beginning", async || keeper.store().read().bookmark("webhook ops").await.unwrap().is_some()).await;
    let id = company.filed("42").await;
    keeper.office().deny(&company.person("lea"), id, "not <today>").await.unwrap();
    soon("three messages", async || taken.lock().unwrap().len() == 3).await;
    soon("the count", async || keeper.told().all().get("ops").is_some_and(|ops| ops.taken == 2)).await;
    let ops = keeper.told().all()["ops"];
    assert_eq!((ops.taken, ops.failed, ops.last.is_some()), (2, 1, true));
    let taken = taken.lock().unwrap().clone();
    let parsed: Vec<serde_json::Value> = taken.iter().map(|taken| serde_json::from_str(&taken.body).unwrap()).collect();
    let kinds: Vec<_> = parsed.iter().map(|message| message["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["rolecall.request_filed", "rolecall.request_filed", "rolecall.request_denied"]);
    assert_eq!(taken[0].header("webhook-id"), taken[1].header("webhook-id"), "sent again, it is the same message");
    assert_eq!(parsed[0]["link"], format!("https://roles.acme.test/requests/{id}"));
    for taken in &taken {
        let (id, at) = (taken.header("webhook-id"), taken.header("webhook-timestamp").parse().unwrap());
        let signed = signature(&Secret::new("correct horse"), id, at, &taken.body).unwrap();
        assert_eq!(taken.header("webhook-signature"), signed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_gets_a_line_with_a_link() {
    let company = Company::new().await;
    let (url, taken) = listen(0).await;
    let url = company.file("hook", &url);
    let hooks = format!("webhooks: {{ chat: {{ url: '${{file:{url}}}', form: slack }} }},");
    let (keeper, _stop) = company.keeper_with("rolecall: {", &format!("rolecall: {{ {hooks}")).await;
    let stop = CancellationToken::new();
    let _delivering = stop.clone().drop_guard();
    tokio::spawn(deliver(Arc::clone(&keeper), "https://roles.acme.test".into(), stop));
    soon("the beginning", async || keeper.store().read().bookmark("webhook chat").await.unwrap().is_some()).await;
    let id = company.filed("42").await;
    soon("a message", async || !taken.lock().unwrap().is_empty()).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let taken = taken.lock().unwrap().clone();
    let text = format!(
        "bob@acme.test asks for support (customer = 42) in production for bob@acme.test (T-9) \
         <https://roles.acme.test/requests/{id}|Decide>"
    );
    assert_eq!(serde_json::from_str::<serde_json::Value>(&taken[0].body).unwrap()["text"], text);
    assert_eq!(taken[0].header("webhook-signature"), "");
}
