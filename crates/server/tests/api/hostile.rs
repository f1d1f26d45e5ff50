//! Bad input: it is refused in the form of a problem, says where it is wrong, and costs next to nothing.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use rolecall_control::store::Filter;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::company::Company;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_are_none() {
    let company = Company::new().await;
    let post = async |body: &str| company.post("bob", "/requests", body).await;
    let said = post("{\n  \"role\": support\n}").await.problem(400, "malformed");
    assert!(said.body["detail"].as_str().unwrap().contains("line 2 column"), "{}", said.body);
    for body in [
        "[]",
        "null",
        "{}",
        "{\"role\":1}",
        r#"{"role":"support","environment":"production","until":"1h","admin":true}"#,
        r#"{"role":"support","role":"support","environment":"production","until":"1h"}"#,
        &format!("{}{}", "[".repeat(30_000), "]".repeat(30_000)),
    ] {
        post(body).await.problem(400, "malformed");
    }
    for until in ["", "soon", "-1h", "0s", "1e9999h", "999999999999999999h"] {
        let body = format!(r#"{{"role":"support","environment":"production","reason":"T-9","until":"{until}"}}"#);
        post(&body).await.problem(400, "malformed");
    }
    let large = format!(r#"{{"role":"{}"}}"#, "r".repeat(70_000));
    post(&large).await.problem(413, "too-large");
    let kind = company.ask("bob", "POST /requests", "{}", &[("content-type", "text/plain")]).await;
    kind.problem(415, "content-type");
    let form = company.ask("bob", "POST /requests", "a=b", &[("content-type", "application/x-www-form-urlencoded")]);
    form.await.problem(415, "content-type");
    let bytes = Request::builder().method("POST").uri("/api/v1/requests").header("content-type", "application/json");
    let bytes = bytes.header("authorization", format!("Bearer {}", company.token("bob")));
    company.send(bytes.body(Body::from(vec![b'"', 0xff, b'"'])).unwrap()).await.problem(400, "malformed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_that_are_none() {
    let company = Company::new().await;
    for path in ["/", "/none", "/requests/x", "/requests/-1", "/requests/99999999999999999999", "/requests/1/none"] {
        company.get("ada", path).await.problem(404, "not-found");
    }
    company.ask("ada", "DELETE /requests", "", &[]).await.problem(405, "method-not-allowed");
    for query in ["state", "limit=x", "limit=-1", "after=x", "admin=1", "after=99999999999999999999"] {
        let said = company.get("ada", &format!("/requests?{query}")).await;
        assert!(matches!(said.status, 400 | 200), "{query}: {}", said.body);
        if query != "state" {
            said.problem(400, "bad-query");
        }
    }
    company.get("ada", "/requests?limit=0").await.is(200);
    company.get("ada", "/requests?limit=4000000000").await.is(200);
    // Text for a database stays text.
    company.get("ada", "/requests?principal=%27%20OR%201=1%20--").await.is(200);
    company.get("ada", "/ledger?text=%25%27%22").await.is(200);
    company.post("ada", "/principals/%27%3B%00/suspend", "").await.problem(422, "unknown-principal");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proofs_that_are_none() {
    let company = Company::new().await;
    let send = async |value: &[u8]| {
        let request = Request::builder().uri("/api/v1/me").header("authorization", value);
        company.send(request.body(Body::empty()).unwrap()).await
    };
    let good = company.token("bob").to_owned();
    for (value, code) in [
        (b"".as_slice(), "bad-authorization"),
        (b"Bearer", "bad-authorization"),
        (b"Basic Ym9iOnNlY3JldA==", "bad-authorization"),
        (b"Bearer \xff", "bad-authorization"),
        (b"Bearer rolecall_", "token-unknown"),
        (format!("Bearer {}", good.to_uppercase()).as_bytes(), "token-unknown"),
        (format!("Bearer {good}{good}").as_bytes(), "token-unknown"),
    ] {
        let said = send(value).await.problem(401, code);
        assert!(said.headers.contains_key("www-authenticate"));
        assert!(!said.body.to_string().contains(&good));
    }
    send(format!("bearer  {good}").as_bytes()).await.is(200);
    company.get("expired", "/me").await.problem(401, "token-ended");
    company.get("revoked", "/me").await.problem(401, "token-revoked");
    // A cookie reads and does not write: a foreign page can make a browser send it.
    let session = company.keeper.office().sign_in(&rolecall_core::secret::Secret::new(&good)).await.unwrap();
    let session = session.unwrap_or_else(|why| panic!("{why}"));
    let with = |method: &str, path: &str| {
        let cookie = format!("a=b; rolecall={}", session.secret.reveal());
        Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("cookie", cookie)
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(company.send(with("GET", "/me")).await.is(200).body["principal"], "bob@acme.test");
    company.send(with("POST", "/requests")).await.problem(403, "cookie-write");
    let log = company.keeper.store().read().log(&Filter { limit: 1_000, ..Filter::default() }).await.unwrap();
    let ledger = log.iter().map(|event| String::from_utf8(event.bytes()).unwrap()).collect::<String>();
    assert!(ledger.contains("sign_in_refused") && !ledger.contains(&good));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_dawdle_are_let_go_and_hold_up_nobody() {
    let company = Company::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = rolecall_server::serve(Default::default(), company.keeper.clone(), listener, async {
        stopped.await.ok();
    });
    let served = tokio::spawn(served);
    let slow = async |text: String| {
        let begun = Instant::now();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.unwrap().unwrap();
        (begun.elapsed(), String::from_utf8(answer).unwrap())
    };
    let token = company.token("bob");
    let body = format!(
        "POST /api/v1/requests HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: 1000\r\n\r\n{{"
    );
    let quick = format!("GET /health HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let (head, body, quick) = tokio::join!(slow("GET /api/v1/me HTTP/1.1\r\nhost:".into()), slow(body), slow(quick));
    assert!(quick.1.starts_with("HTTP/1.1 200") && quick.0 < Duration::from_secs(5), "{quick:?}");
    assert!(head.0 < Duration::from_secs(15), "{head:?}");
    assert!(body.1.starts_with("HTTP/1.1 408") && body.1.contains("slow-body"), "{body:?}");
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(10), served).await.unwrap().unwrap().unwrap();
}
