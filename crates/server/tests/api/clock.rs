//! A clock that is behind: what is refused, and who hears of it.

use axum::body::Body;
use axum::http::Request;

use crate::company::{Company, Said};

async fn health(company: &Company) -> Said {
    company.send(Request::builder().uri("/health").body(Body::empty()).unwrap()).await.is(200)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_opened_and_everybody_hears_why() {
    let company = Company::new().await;
    let id = company.filed(42).await;
    assert_eq!(health(&company).await.body["status"], "pass");
    company.wait(86_400);
    company.filed(43).await;
    company.wait(-86_400);
    let digest = company.get("lea", &format!("/requests/{id}/effects")).await.is(200).body["digest"].clone();
    let agrees = format!(r#"{{"digest":{digest}}}"#);
    let refused = company.post("lea", &format!("/requests/{id}/approve"), &agrees).await.problem(503, "clock-behind");
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains("clock shows 20") && detail.contains("has been decided for"), "{detail}");
    let mint = r#"{"environment":"production","database":"app"}"#;
    company.post("bob", "/credentials", mint).await.problem(503, "clock-behind");
    company.filed(44).await;
    let said = health(&company).await.body;
    assert_eq!(said["status"], "warn");
    assert!(said["output"].as_str().unwrap().contains("clock"), "{said}");

    // An administrator says that it is right: what was asked by the clock that was ahead is asked again.
    company.post("lea", "/clock/accept", r#"{"reason":"T-1"}"#).await.problem(403, "forbidden");
    let accepted = company.post("ada", "/clock/accept", r#"{"reason":"T-1"}"#).await.is(200).body;
    assert_eq!((&accepted["leases"], &accepted["requests"]), (&0.into(), &2.into()), "{accepted}");
    assert!(accepted["from"].as_str() > accepted["to"].as_str(), "{accepted}");
    company.post("ada", "/clock/accept", "").await.problem(409, "clock-right");
    assert_eq!(health(&company).await.body["status"], "pass");
    company.post("lea", &format!("/requests/{id}/approve"), &agrees).await.is(200);
}
