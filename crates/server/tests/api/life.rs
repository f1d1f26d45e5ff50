//! A Request's whole life over the API, and what repeats, replays and forges it.

use rolecall_control::store::Reach;
use sqlx::{Connection, Executor};

use crate::company::Company;
use rolecall_core::secret::Secret;
use rolecall_engine::postgres::Target;

const ASK: &str =
    r#"{"role":"support","environment":"production","until":"1h","reason":"T-9","with":{"customer":["42"]}}"#;

async fn can_read(company: &Company) -> bool {
    let target = Target::parse(&Secret::new(company.server.url("app", "bob"))).unwrap();
    let Ok(mut conn) = target.open(None).await else { return false };
    let read = conn.execute("SELECT FROM shop.tickets").await.is_ok();
    conn.close().await.unwrap();
    read
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_agreed_working_ended() {
    let company = Company::new().await;
    let filed = company.post("bob", "/requests", ASK).await.is(201);
    let id = filed.body["id"].as_u64().unwrap();
    assert_eq!(filed.headers["location"], format!("/api/v1/requests/{id}"));
    assert_eq!((&filed.body["state"], &filed.body["with"]["customer"][0]), (&"pending".into(), &"42".into()));
    assert!(!can_read(&company).await);
    let effects = company.get("lea", &format!("/requests/{id}/effects")).await.is(200).body;
    assert!(effects["effects"].to_string().contains("bob@acme.test"), "{effects}");
    let approve = format!("/requests/{id}/approve");
    let digest = format!(r#"{{"digest":{}}}"#, effects["digest"]);
    company.post("bob", &approve, &digest).await.problem(403, "own");
    let granted = company.post("lea", &approve, &digest).await.is(200).body;
    assert_eq!((&granted["state"], &granted["approvals"][0]["by"]), (&"granted".into(), &"lea@acme.test".into()));
    let settled = company.keeper.office().settle().await.unwrap();
    assert_eq!(settled.leases[0].reach, Reach::Open);
    assert!(can_read(&company).await);
    let access = company.get("bob", "/people/bob@acme.test/access").await.is(200).body;
    assert_eq!((&access["holds"][0]["lease"], &access["holds"][0]["role"]), (&id.into(), &"support".into()));
    company.post("ivan", &format!("/leases/{id}/end"), "").await.problem(403, "forbidden");
    company.post("cara", &format!("/leases/{id}/end"), "").await.problem(404, "no-lease");
    let ended = company.post("bob", &format!("/leases/{id}/end"), "").await.is(200).body;
    assert_eq!((&ended["state"], &ended["ended"]["reason"]), (&"closing".into(), &"ended by bob@acme.test".into()));
    company.keeper.office().settle().await.unwrap();
    assert!(!can_read(&company).await);
    assert_eq!(company.get("bob", &format!("/leases/{id}")).await.is(200).body["state"], "closed");
    let story = company.get("ivan", &format!("/ledger?story={id}&limit=100")).await.is(200).body.to_string();
    for kind in ["request_filed", "request_approved", "lease_started", "lease_ended", "lease_revoked"] {
        assert!(story.contains(kind), "{kind}: {story}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_for_one_thing_and_once() {
    let company = Company::new().await;
    let post = async |who: &str, path: &str, body: &str, key: &str| {
        company.ask(who, &format!("POST {path}"), body, &[("idempotency-key", key)]).await
    };
    let first = post("bob", "/requests", ASK, "k1").await.is(201);
    let again = post("bob", "/requests", ASK, "k1").await.is(200);
    assert_eq!(
        (&first.body["id"], &again.headers["idempotency-replayed"]),
        (&again.body["id"], &"true".parse().unwrap())
    );
    post("bob", "/requests", &ASK.replace("42", "43"), "k1").await.problem(422, "key-reused");
    let cara = post("cara", "/requests", ASK, "k1").await.is(201);
    assert_ne!(cara.body["id"], first.body["id"], "keys of two people do not meet");
    // An approval that is replayed with its key is answered and not made again; without it, it is refused.
    let id = first.body["id"].as_u64().unwrap();
    let shown = company.get("lea", &format!("/requests/{id}/effects")).await.body["digest"].clone();
    let (path, body) = (format!("/requests/{id}/approve"), format!(r#"{{"digest":{shown}}}"#));
    post("lea", &path, &body, "k2").await.is(200);
    post("lea", &path, &body, "k2").await.is(200);
    post("lea", &path, &body, "k3").await.problem(409, "not-pending");
    let told = company.get("ivan", "/ledger?kind=request_approved").await.is(200).body;
    assert_eq!(told["items"].as_array().unwrap().len(), 1);
    // The same key on another address is another thing.
    post("lea", &path.replace("approve", "deny"), r#"{"reason":""}"#, "k2").await.problem(422, "key-reused");
    // A token is shown once.
    let made = post("bob", "/tokens", r#"{"scopes":["read"]}"#, "k4").await.is(201).body;
    assert!(made["secret"].as_str().unwrap().starts_with("rolecall_"));
    let again = post("bob", "/tokens", r#"{"scopes":["read"]}"#, "k4").await.problem(409, "repeated");
    assert!(!again.body.to_string().contains("rolecall_"));
    for key in ["", "a b", "ü", &"k".repeat(129)] {
        company.ask("bob", "POST /requests", ASK, &[("idempotency-key", key)]).await.problem(400, "bad-key");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_ask_at_once_with_one_key_ask_once() {
    let company = Company::new().await;
    let ask = || company.ask("bob", "POST /requests", ASK, &[("idempotency-key", "k")]);
    let (a, b, c) = tokio::join!(ask(), ask(), ask());
    assert_eq!((&a.body["id"], &a.body["id"]), (&b.body["id"], &c.body["id"]));
    assert_eq!([a.status, b.status, c.status].iter().filter(|status| **status == 201).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_is_for_what_was_shown() {
    let company = Company::new().await;
    let id = company.filed(42).await;
    let approve = format!("/requests/{id}/approve");
    let zeros = format!("sha256:{}", "0".repeat(64));
    for digest in ["", "sha256:", &zeros] {
        let body = format!(r#"{{"digest":"{digest}"}}"#);
        company.post("lea", &approve, &body).await.problem(409, "not-what-was-shown");
    }
    // The digest of another request does not do for this one.
    let other = company.filed(43).await;
    let shown = company.get("lea", &format!("/requests/{other}/effects")).await.body["digest"].clone();
    company.post("lea", &approve, &format!(r#"{{"digest":{shown}}}"#)).await.problem(409, "not-what-was-shown");
    // Too late is too late.
    let shown = company.get("lea", &format!("/requests/{id}/effects")).await.body["digest"].clone();
    company.wait(8 * 86_400);
    company.post("lea", &approve, &format!(r#"{{"digest":{shown}}}"#)).await.problem(409, "too-late");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_glass_is_reviewed_by_somebody_else() {
    let company = Company::new().await;
    let ask = ASK.replace(r#""until""#, r#""break_glass":true,"until""#);
    company.post("cara", "/requests", &ask).await.problem(403, "forbidden");
    let id = company.post("bob", "/requests", &ask).await.is(201).body["id"].as_u64().unwrap();
    let waiting = company.get("lea", "/requests?unreviewed=true").await.is(200).body;
    assert_eq!(waiting["items"][0]["id"], id);
    let (path, body) = (format!("/requests/{id}/review"), r#"{"justified":false,"note":"it did not burn"}"#);
    company.post("bob", &path, body).await.problem(403, "own");
    company.post("ada", &path, body).await.problem(403, "forbidden");
    let reviewed = company.post("lea", &path, body).await.is(200).body;
    assert_eq!(
        (&reviewed["review"]["justified"], &reviewed["review"]["done"]["by"]),
        (&false.into(), &"lea@acme.test".into())
    );
    company.post("lea", &path, body).await.problem(409, "reviewed-before");
    assert_eq!(company.get("lea", "/requests?unreviewed=true").await.body["items"].as_array().unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspended_and_let_back_in_and_their_token_with_them() {
    let company = Company::new().await;
    let id = company.granted(42).await;
    company.post("ada", "/principals/bob@acme.test/suspend", r#"{"reason":"T-1"}"#).await.is(204);
    company.get("bob", "/requests").await.problem(403, "not-active");
    company.post("bob", "/requests", ASK).await.problem(403, "not-active");
    assert_eq!(company.get("ada", &format!("/leases/{id}")).await.body["state"], "closing");
    company.post("ada", "/principals/bob@acme.test/reinstate", "").await.is(204);
    company.get("bob", "/requests").await.is(200);
}
