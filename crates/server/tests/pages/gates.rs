//! Who gets in, what is really theirs, and what nobody is told.

use rolecall_control::store::Filter;
use rolecall_server::Config;

use crate::company::Company;
use crate::visitor::Visitor;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_sign_in_first_and_come_back_to_where_they_were() {
    let company = Company::new().await;
    let mut stranger = Visitor::new(company.address);
    let answer = stranger.get("/requests?show=all").await;
    assert_eq!((answer.status, answer.header("location")), (303, "/sign-in?return=%2Frequests%3Fshow%3Dall"));
    stranger.get("/sign-in?return=%2Frequests%3Fshow%3Dall").await.has("value=\"/requests?show=all\"");
    stranger.get("/sign-in?return=https%3A%2F%2Fevil.test").await.has_not("evil.test");
    let token = company.token("bob@acme.test").await;
    let away = stranger.post("/sign-in", &[("token", &token), ("return", "//evil.test/")]).await;
    assert_eq!(away.header("location"), "/");
    let cookie = away.header("set-cookie");
    assert!(cookie.contains("; HttpOnly; SameSite=Lax; Max-Age=") && !cookie.contains("Secure"), "{cookie}");
    let wrong = Visitor::new(company.address).post("/sign-in", &[("token", "rolecall_wrong")]).await;
    assert_eq!(wrong.status, 401);
    wrong.has("The token is not known here.").has_not("rolecall_wrong");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_https_the_cookie_is_for_https_alone() {
    let config = Config { public_url: Some("https://rolecall.acme.test".into()), ..Config::default() };
    let company = Company::with(config).await;
    let token = company.token("bob@acme.test").await;
    let mut bob = Visitor::new(company.address);
    bob.headers.push(("origin", "https://rolecall.acme.test".into()));
    let answer = bob.post("/sign-in", &[("token", &token)]).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-rolecall=") && cookie.ends_with("; Secure"), "{cookie}");
    assert_eq!(bob.get("/").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_proxy_says_who_was_refused_and_nobody_else_does() {
    for (trusted, from) in [("127.0.0.0/8", "203.0.113.7"), ("10.0.0.1", "127.0.0.1")] {
        let config = Config { trusted_proxies: vec![trusted.parse().unwrap()], ..Config::default() };
        let company = Company::with(config).await;
        let mut stranger = Visitor::new(company.address);
        stranger.headers.push(("x-forwarded-for", "192.0.2.66, 203.0.113.7".into()));
        assert_eq!(stranger.post("/sign-in", &[("token", "rolecall_wrong")]).await.status, 401);
        stranger.headers.push(("authorization", "Bearer rolecall_wrong".into()));
        assert_eq!(stranger.get("/api/v1/me").await.status, 401);
        let filter = Filter { kinds: vec!["sign_in_refused".into()], limit: 10, ..Filter::default() };
        let told = company.keeper.store().read().log(&filter).await.unwrap();
        let actors: Vec<String> = told.iter().map(|event| event.actor.to_string()).collect();
        assert_eq!(actors, vec![format!("nobody from {from}"); 2]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_forms_do_nothing() {
    let company = Company::new().await;
    let mut ada = company.visit("ada@acme.test").await;
    let (page, action) = ("/people/bob@acme.test", "/people/bob@acme.test/suspend");
    let own = ada.get(page).await.hidden("csrf").to_owned();
    let others = company.visit("ada@acme.test").await.get(page).await.hidden("csrf").to_owned();
    for csrf in ["", "forged", &others] {
        let answer = ada.post(action, &[("csrf", csrf), ("reason", "x")]).await;
        assert_eq!(answer.status, 403, "{}", answer.body);
    }
    assert_eq!(ada.post(action, &[("reason", "x")]).await.status, 403);
    for (name, value) in [
        ("origin", "https://evil.test"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        ada.headers = vec![(name, value.to_owned())];
        let answer = ada.post(action, &[("csrf", &own), ("reason", "x")]).await;
        assert_eq!(answer.status, 403, "{name}: {value}");
        let token = company.token("bob@acme.test").await;
        assert_eq!(ada.post("/sign-in", &[("token", &token)]).await.status, 403, "{name}: {value}");
    }
    ada.headers = vec![("origin", format!("http://{}", company.address)), ("sec-fetch-site", "same-origin".into())];
    assert!(!ada.get(page).await.body.contains("suspended<"));
    assert_eq!(ada.post(action, &[("csrf", &own), ("reason", "x")]).await.status, 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_over_leads_to_signing_in() {
    let company = Company::new().await;
    let mut bob = company.visit("bob@acme.test").await;
    let page = bob.get("/tokens").await;
    let (kept, csrf) = (bob.cookie.clone(), page.hidden("csrf").to_owned());
    let out = bob.post("/sign-out", &[("csrf", &csrf)]).await;
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(bob.cookie, None);
    bob.cookie = kept;
    assert_eq!(bob.get("/tokens").await.header("location"), "/sign-in?return=%2Ftokens&ended=1");
    let sent = bob.post("/tokens", &[("csrf", &csrf), ("scope", "read"), ("days", "1")]).await;
    assert_eq!((sent.status, sent.header("location")), (303, "/sign-in?ended=1"));
    bob.get("/sign-in?ended=1").await.has("Your session has ended.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_see_their_own_and_are_not_told_of_more() {
    let company = Company::new().await;
    let (mut bob, mut alice) = (company.visit("bob@acme.test").await, company.visit("alice@acme.test").await);
    let home = bob.get("/").await;
    for link in ["/people\"", "/ledger\"", "/live\"", "/objects\""] {
        home.has_not(&format!("href=\"{link}"));
    }
    for path in [
        "/people",
        "/people/alice@acme.test",
        "/people/nobody@acme.test",
        "/ledger",
        "/ledger/1",
        "/ledger/export/jsonl",
        "/live",
        "/live/events",
        "/objects",
        "/environments/production/main",
        "/requests/1",
        "/requests/999999",
        "/nowhere",
    ] {
        let answer = bob.get(path).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.body);
        answer.has("There is nothing here that you may see").has_not("alice@acme.test");
    }
    assert_eq!(bob.get("/people/bob@acme.test").await.status, 200);
    alice.get("/people/nightly-report").await.has("a href=\"/people/alice@acme.test\"");
    bob.get("/roles/analytics_reader").await.has_not("alice@acme.test");
    let csrf = bob.get("/tokens").await.hidden("csrf").to_owned();
    let sent = bob.post("/people/alice@acme.test/suspend", &[("csrf", &csrf), ("reason", "x")]).await;
    assert_eq!(sent.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_strict_and_their_files_are_kept() {
    let company = Company::new().await;
    let mut bob = company.visit("bob@acme.test").await;
    let page = bob.get("/").await;
    let policy = page.header("content-security-policy").to_owned();
    for rule in [
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "same-origin"));
    page.has_not(" style=").has_not("<style").has_not(" onclick");
    let style = page.body.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let file = Visitor::new(company.address).get(&style).await;
    assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable");
    bob.headers = vec![("if-none-match", file.header("etag").to_owned())];
    let again = bob.get(&style).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(bob.get("/static/0000000000000000/style.css").await.status, 404);
    let large = "x".repeat(70_000);
    let csrf = page.hidden("csrf").to_owned();
    assert_eq!(bob.post("/requests", &[("csrf", &csrf), ("reason", &large)]).await.status, 413);
}
