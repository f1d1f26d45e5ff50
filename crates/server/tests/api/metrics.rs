//! `/metrics`: who may read it, that it says what is, and that it names nobody.

use std::process::{Command, Stdio};

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use rolecall_control::identity::NewToken;
use rolecall_core::admit::Scope;
use rolecall_core::event::Actor;
use rolecall_core::secret::Secret;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::company::Company;

async fn asked(company: &Company, path: &str, token: Option<&str>) -> (u16, String) {
    let mut request = Request::builder().uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let response = company.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

/// A token of the operator for the numbers alone.
async fn token(company: &Company) -> Secret {
    let new = NewToken { of: None, scopes: [Scope::Metrics].into_iter().collect(), ends: None, note: String::new() };
    let operator = Actor::Operator { token: "t1".into() };
    company.keeper.office().make_token(&operator, new).await.unwrap().secret
}

/// The number of a series, which is written just so.
#[track_caller]
fn number(text: &str, series: &str) -> f64 {
    let line = text.lines().find(|line| line.rsplit_once(' ').is_some_and(|(found, _)| found == series));
    let line = line.unwrap_or_else(|| panic!("no {series} in\n{text}"));
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_are_for_who_has_the_scope_and_the_rights() {
    let company = Company::new().await;
    for (who, status) in [
        ("operator", 200),
        ("ada", 200),
        ("ivan", 200),
        ("lea", 403),
        ("bob", 403),
        ("eve", 403),
        ("zed", 403),
        ("scoped", 403),
        ("expired", 401),
        ("revoked", 401),
    ] {
        assert_eq!(asked(&company, "/metrics", Some(company.token(who))).await.0, status, "{who}");
    }
    assert_eq!(asked(&company, "/metrics", None).await.0, 401);
    let token = token(&company).await;
    assert_eq!(asked(&company, "/metrics", Some(token.reveal())).await.0, 200);
    for path in ["/api/v1/ledger", "/api/v1/people", "/api/v1/requests", "/api/v1/tokens"] {
        assert_eq!(asked(&company, path, Some(token.reveal())).await.0, 403, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn says_what_is_and_names_nobody() {
    let mut company = Company::new().await;
    let token = token(&company).await;
    let read = async |company: &Company| asked(company, "/metrics", Some(token.reveal())).await.1;
    let before = read(&company).await;
    let main = r#"{environment="production",server="main"}"#;
    assert!(!before.contains("rolecall_server_up{"), "nobody has asked it yet:\n{before}");
    company.filed(42).await;
    company.granted(43).await;
    company.get("bob", "/nowhere").await.is(404);
    let settled = company.keeper.office().settle().await.unwrap();
    assert!(settled.failures.is_empty(), "{settled:?}");
    let stop = CancellationToken::new();
    let keeping = tokio::spawn(company.keeper.clone().run(stop.clone()));
    while company.keeper.statuses().iter().any(|status| status.looked.is_none()) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    stop.cancel();
    keeping.await.unwrap();
    let text = read(&company).await;
    for (series, expected) in [
        (format!("rolecall_server_up{main}"), 1.0),
        (format!("rolecall_server_drift{main}"), 0.0),
        (format!("rolecall_server_changes_waiting{main}"), 0.0),
        (r#"rolecall_leases{environment="production",state="open"}"#.into(), 1.0),
        (r#"rolecall_leases{environment="production",state="overdue"}"#.into(), 0.0),
        (r#"rolecall_requests_pending{environment="production"}"#.into(), 1.0),
        (r#"rolecall_ledger_entries_total{kind="lease_started"}"#.into(), 1.0),
        (r#"rolecall_applies_total{environment="production",server="main",outcome="proved"}"#.into(), 1.0),
        (format!("rolecall_apply_duration_seconds_count{main}"), 1.0),
        (r#"rolecall_http_requests_total{method="POST",route="/api/v1/requests",status="201"}"#.into(), 2.0),
        (r#"rolecall_http_requests_total{method="GET",route="(none)",status="404"}"#.into(), 1.0),
        ("rolecall_policy_version".into(), 2.0),
        ("rolecall_clock_behind_seconds".into(), 0.0),
        (format!(r#"rolecall_build_info{{version="{}"}}"#, env!("CARGO_PKG_VERSION")), 1.0),
    ] {
        assert_eq!(number(&text, &series), expected, "{series}\n{text}");
    }
    assert!(number(&text, &format!("rolecall_server_last_look_timestamp_seconds{main}")) > 1.6e9);
    assert!(number(&text, "rolecall_store_size_bytes") > 1e4);
    assert!(text.ends_with("# EOF\n"));
    // The server goes, and a lease that ends cannot be taken back.
    company.server.stop();
    company.wait(2 * 3_600);
    assert_eq!(company.keeper.office().settle().await.unwrap().failures.len(), 1);
    let overdue = company.get("ada", "/leases?state=overdue").await.is(200).body;
    assert_eq!(
        (&overdue["items"][0]["late"], &overdue["items"][0]["done"]),
        (&["main"].into(), &serde_json::json!([]))
    );
    company.wait(30);
    let text = read(&company).await;
    assert_eq!(number(&text, r#"rolecall_leases{environment="production",state="overdue"}"#), 1.0);
    assert!(number(&text, r#"rolecall_lease_overdue_seconds{environment="production"}"#) >= 30.0);

    company.wait(-600);
    let behind = number(&read(&company).await, "rolecall_clock_behind_seconds");
    assert!((598.0..=600.0).contains(&behind), "{behind}");

    well_formed(&text);
    older_form(&company, token.reveal()).await;
    assert!(!text.contains(token.reveal()));
    for name in ["acme", "bob", "lea@", "T-9", "postgres://", "support"] {
        assert!(!text.contains(name), "{name} is in\n{text}");
    }
}

/// Whoever asks for the older text form gets it; `promtool`, where there is one, finds nothing wrong with it.
async fn older_form(company: &Company, token: &str) {
    let request = Request::builder().uri("/metrics").header("accept", "text/plain; version=0.0.4");
    let request = request.header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
    let response = company.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(text.contains("# TYPE rolecall_ledger_entries_total counter\n") && !text.contains("# EOF"), "{text}");
    assert!(text.contains("# TYPE rolecall_build_info gauge\nrolecall_build_info{"), "{text}");
    let mut check = Command::new("promtool");
    let check = check.args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped()).stdout(Stdio::null());
    let Ok(mut child) = check.spawn() else {
        println!("promtool is left out: it is not here");
        return;
    };
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
    let said = child.wait_with_output().unwrap();
    assert!(said.status.success(), "{}\n{text}", String::from_utf8_lossy(&said.stderr));
}

/// OpenMetrics' rules that other readers rely on: each family once, with its type and help before its numbers, and numbers
/// that belong to it.
fn well_formed(text: &str) {
    let (mut families, mut series) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    let (mut name, mut kind, mut unit) = (String::new(), String::new(), None::<String>);
    let body = text.strip_suffix("# EOF\n").unwrap();
    for line in body.lines() {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        match words[..] {
            ["#", "HELP", family, help] => {
                assert!(families.insert(family.to_owned()), "{family} comes twice");
                assert!(!help.is_empty() && family.starts_with("rolecall_"), "{line}");
                (name, unit) = (family.to_owned(), None);
            }
            ["#", "TYPE", family, told] => {
                assert!(family == name && ["counter", "gauge", "histogram", "info"].contains(&told), "{line}");
                assert!(!family.ends_with("_total") && !family.ends_with("_info"), "{line}");
                kind = told.to_owned();
            }
            ["#", "UNIT", family, told] => {
                assert!(family == name && family.ends_with(&format!("_{told}")), "{line}");
                unit = Some(told.to_owned());
            }
            _ => {
                let (told, value) = line.rsplit_once(' ').unwrap();
                let (metric, labels) = told.split_once('{').unwrap_or((told, "}"));
                let suffixes: &[&str] = match kind.as_str() {
                    "counter" => &["_total"],
                    "info" => &["_info"],
                    "histogram" => &["_bucket", "_sum", "_count"],
                    _ => &[""],
                };
                let suffix = metric.strip_prefix(name.as_str()).unwrap_or_else(|| panic!("{line} after {name}"));
                assert!(suffixes.contains(&suffix), "{line} is of a {kind}, unit {unit:?}");
                assert!(labels.ends_with('}') && labels.matches('"').count() % 2 == 0, "{line}");
                assert!(series.insert(told.to_owned()), "{told} comes twice");
                let number: f64 = value.parse().unwrap();
                assert!(kind != "counter" || number >= 0.0, "{line}");
            }
        }
    }
    assert!(families.len() > 15, "{families:?}");
}
