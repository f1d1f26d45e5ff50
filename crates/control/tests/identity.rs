//! Who somebody is to Rolecall: tokens and sessions on a real store, and everything that makes one worthless.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use common::{Place, sql};
use jiff::{SignedDuration, Timestamp};
use rolecall_control::clock::Clock;
use rolecall_control::identity::{Made, NewToken, Refusals, TokenRefusal, Unrecognised};
use rolecall_control::store::{Filter, Options, TokenFilter, Use};
use rolecall_control::{ControlError, Office};
use rolecall_core::admit::{Denied, Scope, Scopes};
use rolecall_core::event::Actor;
use rolecall_core::policy::{Sources, read};
use rolecall_core::secret::Secret;
use sqlx::{Connection, Row};

const POLICY: &str = "
rolecall: { administrators: [ada@acme.test], auditors: [ivan@acme.test] }
environments: { test: { servers: { main: { url: '${URL}', databases: [app] } } } }
people: { ada@acme.test: {}, bob@acme.test: {}, ivan@acme.test: {}, eve@acme.test: { standing: suspended } }
services: { bot: { owner: bob@acme.test } }
";

/// The machine's clock, moved by hours and seconds.
struct Moved(AtomicI64, AtomicI64);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        let seconds = self.0.load(Ordering::SeqCst) * 3_600 + self.1.load(Ordering::SeqCst);
        Timestamp::now() + SignedDuration::from_secs(seconds)
    }
}

struct Here {
    place: Place,
    clock: Arc<Moved>,
    office: Office,
}

async fn here() -> Here {
    let (mut place, clock) = (Place::new(), Arc::new(Moved(AtomicI64::new(0), AtomicI64::new(0))));
    place.options = Options { clock: clock.clone(), ..place.options };
    let outcome = read(&Sources::one("policy.yaml", POLICY.to_owned()), Timestamp::now());
    let policy = outcome.policy.unwrap_or_else(|| panic!("{:?}", outcome.problems));
    let office = Office::new(place.open().await.unwrap(), Arc::new(policy));
    Here { place, clock, office }
}

fn token(of: &str, scopes: &[Scope]) -> NewToken {
    NewToken { of: Some(of.into()), scopes: scopes.iter().copied().collect(), ends: None, note: "ci".into() }
}

fn operator() -> Actor {
    Actor::Operator { token: "t1".into() }
}

impl Here {
    async fn made(&self, of: &str, scopes: &[Scope]) -> Made {
        self.office.make_token(&operator(), token(of, scopes)).await.unwrap()
    }

    async fn who(&self, secret: &Secret, used: Use) -> Result<Actor, Unrecognised> {
        self.office.recognise(secret, used).await.unwrap().map(|identity| identity.actor)
    }

    async fn ledger(&self) -> String {
        let all = self.office.store.read().log(&Filter { limit: 1_000, ..Filter::default() }).await.unwrap();
        all.iter().map(|event| String::from_utf8(event.bytes()).unwrap()).collect::<Vec<_>>().join("\n")
    }
}

#[tokio::test]
async fn a_token_is_known_until_it_ends_or_is_revoked() {
    let here = here().await;
    let made = here.made("bob@acme.test", &[Scope::Read]).await;
    let bob = Actor::Token { id: made.token.id.clone(), of: "bob@acme.test".into() };
    assert_eq!(here.who(&made.secret, Use::Token).await, Ok(bob));
    assert_eq!(here.who(&made.secret, Use::Session).await, Err(Unrecognised::Unknown), "no cookie");
    let other = format!("{}x", made.secret.reveal());
    for wrong in ["", "rolecall_", &other, "rolecall_0123456789012345678901234567890123456789012"] {
        assert_eq!(here.who(&Secret::new(wrong), Use::Token).await, Err(Unrecognised::Unknown), "{wrong:?}");
    }
    here.clock.0.store(24 * 90 + 1, Ordering::SeqCst);
    assert_eq!(here.who(&made.secret, Use::Token).await, Err(Unrecognised::Ended));
    // A decision notes the time; a clock that is set back then revives nothing.
    here.made("ada@acme.test", &[Scope::Read]).await;
    here.clock.0.store(0, Ordering::SeqCst);
    assert_eq!(here.who(&made.secret, Use::Token).await, Err(Unrecognised::Ended));
    let made = here.made("bob@acme.test", &[Scope::Read]).await;
    here.office.revoke_token(&operator(), &made.token.id).await.unwrap();
    assert_eq!(here.who(&made.secret, Use::Token).await, Err(Unrecognised::Revoked));
    let again = here.office.revoke_token(&operator(), &made.token.id).await;
    assert!(matches!(again, Err(ControlError::Token(TokenRefusal::Revoked(_)))), "{again:?}");
}

#[tokio::test]
async fn a_session_begun_by_a_clock_ahead_ends_once_the_clock_is_back() {
    let here = here().await;
    let made = here.made("bob@acme.test", &[Scope::Read]).await;
    let sign_in = async || here.office.sign_in(&made.secret).await.unwrap().unwrap_or_else(|why| panic!("{why}"));
    here.clock.0.store(24 * 30, Ordering::SeqCst);
    let ahead = sign_in().await;
    assert!(here.who(&ahead.secret, Use::Session).await.is_ok());
    here.clock.0.store(0, Ordering::SeqCst);
    assert_eq!(here.who(&ahead.secret, Use::Session).await, Err(Unrecognised::Ended));
    // One that is begun now lasts as long as any.
    let session = sign_in().await;
    assert!(session.identity.ends <= Timestamp::now() + SignedDuration::from_hours(12));
    here.clock.0.store(11, Ordering::SeqCst);
    assert!(here.who(&session.secret, Use::Session).await.is_ok());
    here.clock.0.store(13, Ordering::SeqCst);
    assert_eq!(here.who(&session.secret, Use::Session).await, Err(Unrecognised::Ended));
    // Nor does the other one come back at the time at which it seemed to begin.
    assert_eq!(here.office.end_sessions_ahead().await.unwrap(), 1);
    assert_eq!(here.office.end_sessions_ahead().await.unwrap(), 0);
    here.clock.0.store(24 * 30 + 1, Ordering::SeqCst);
    assert_eq!(here.who(&ahead.secret, Use::Session).await, Err(Unrecognised::Revoked));
    let ledger = here.ledger().await;
    assert!(ledger.contains("signed_out") && ledger.contains("the clock was set back"), "{ledger}");
}

#[tokio::test]
async fn a_clock_that_is_corrected_by_seconds_ends_no_session() {
    let here = here().await;
    let made = here.made("bob@acme.test", &[Scope::Read]).await;
    let session = here.office.sign_in(&made.secret).await.unwrap().unwrap_or_else(|why| panic!("{why}"));
    here.clock.1.store(-30, Ordering::SeqCst);
    assert!(here.who(&session.secret, Use::Session).await.is_ok());
    assert_eq!(here.office.end_sessions_ahead().await.unwrap(), 0);
}

#[tokio::test]
async fn the_store_and_the_ledger_do_not_know_the_secret() {
    let here = here().await;
    let made = here.made("bob@acme.test", &[Scope::Read]).await;
    let session = here.office.sign_in(&made.secret).await.unwrap().unwrap_or_else(|why| panic!("{why}"));
    let ledger = here.ledger().await;
    assert!(ledger.contains("token_made") && ledger.contains("signed_in"), "{ledger}");
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(here.place.folder.path().join("state")).unwrap() {
        bytes.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    for secret in [made.secret.reveal().trim_start_matches("rolecall_"), session.secret.reveal()] {
        assert!(!ledger.contains(secret));
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "it is in the store's files");
    }
}

#[tokio::test]
async fn the_first_token_is_made_once() {
    let here = here().await;
    let (one, two) = tokio::join!(here.office.first_token(), here.office.first_token());
    let made: Vec<Made> = [one.unwrap(), two.unwrap()].into_iter().flatten().collect();
    let [first] = made.as_slice() else { panic!("{} tokens", made.len()) };
    let operator = Actor::Operator { token: first.token.id.clone() };
    assert_eq!(here.who(&first.secret, Use::Token).await, Ok(operator));
    here.office.revoke_token(&Actor::system("test"), &first.token.id).await.unwrap();
    assert!(here.office.first_token().await.unwrap().is_none(), "not even after it was revoked");
}

#[tokio::test]
async fn a_session_is_its_token_s_and_ends_with_it() {
    let here = here().await;
    let made = here.made("bot", &[Scope::Read]).await;
    let session = here.office.sign_in(&made.secret).await.unwrap().unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(session.identity.actor, Actor::Service { id: "bot".into() });
    assert_eq!(session.identity.scopes, [Scope::Read].into_iter().collect());
    assert!(session.identity.ends < made.token.ends);
    assert!(here.who(&session.secret, Use::Session).await.is_ok());
    assert_eq!(here.who(&session.secret, Use::Token).await, Err(Unrecognised::Unknown), "no token");
    let two = here.office.sign_in(&made.secret).await.unwrap().unwrap_or_else(|why| panic!("{why}"));
    here.office.sign_out(&two.secret).await.unwrap();
    here.office.sign_out(&two.secret).await.unwrap();
    assert_eq!(here.who(&two.secret, Use::Session).await, Err(Unrecognised::Revoked));
    assert!(here.who(&session.secret, Use::Session).await.is_ok(), "the other one goes on");
    here.office.revoke_token(&operator(), &made.token.id).await.unwrap();
    assert_eq!(here.who(&session.secret, Use::Session).await, Err(Unrecognised::Revoked));
    assert!(here.office.sign_in(&made.secret).await.unwrap().is_err());
}

#[tokio::test]
async fn nobody_makes_a_token_for_another_person_or_for_more_than_their_own() {
    let here = here().await;
    let (ada, bob) = (Actor::person("ada@acme.test"), Actor::person("bob@acme.test"));
    let make = async |actor: &Actor, of: &str| here.office.make_token(actor, token(of, &[Scope::Decide])).await;
    assert!(matches!(make(&ada, "bob@acme.test").await, Err(ControlError::Denied(Denied::Lacks(_)))));
    assert!(matches!(make(&bob, "ada@acme.test").await, Err(ControlError::Denied(Denied::Lacks(_)))));
    assert!(matches!(make(&Actor::person("eve@acme.test"), "eve@acme.test").await, Err(ControlError::Denied(_))));
    assert!(matches!(make(&operator(), "nobody@acme.test").await, Err(ControlError::Refused(_))));
    for (actor, of) in [(&bob, "bob@acme.test"), (&bob, "bot"), (&ada, "bot")] {
        assert!(make(actor, of).await.is_ok(), "{actor} for {of}");
    }
    let own = NewToken { of: None, scopes: Scopes::all(), ends: None, note: String::new() };
    assert!(here.office.make_token(&ada, own.clone()).await.is_err(), "the operator's");
    let narrow = here.office.narrowed(&[Scope::Read, Scope::Administer].into_iter().collect());
    let wider = narrow.make_token(&bob, token("bob@acme.test", &[Scope::Read, Scope::Decide])).await;
    assert!(matches!(wider, Err(ControlError::Token(TokenRefusal::Wider(Scope::Decide)))));
    assert!(narrow.make_token(&bob, token("bob@acme.test", &[Scope::Read])).await.is_ok());
    let reader = here.office.narrowed(&[Scope::Read].into_iter().collect());
    let denied = reader.make_token(&bob, token("bob@acme.test", &[Scope::Read])).await;
    assert!(matches!(denied, Err(ControlError::Denied(Denied::Scope(Scope::Administer)))));
    for hours in [-1, 24 * 367] {
        let ends = Some(Timestamp::now() + SignedDuration::from_hours(hours));
        let refused = here.office.make_token(&operator(), NewToken { ends, ..own.clone() }).await;
        assert!(matches!(refused, Err(ControlError::Token(TokenRefusal::End))), "{hours}");
    }
}

#[tokio::test]
async fn everybody_sees_their_own_tokens_and_no_others() {
    let here = here().await;
    here.office.first_token().await.unwrap();
    for of in ["ada@acme.test", "bob@acme.test", "bot"] {
        here.made(of, &[Scope::Read]).await;
    }
    let seen = async |who: &str| {
        let filter = TokenFilter { limit: 10, ..TokenFilter::default() };
        let tokens = here.office.tokens(&Actor::person(who), filter).await.unwrap();
        tokens.into_iter().map(|token| token.of.unwrap_or("-".into())).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(seen("ada@acme.test").await, "bot bob@acme.test ada@acme.test -");
    assert_eq!(seen("ivan@acme.test").await, "bot bob@acme.test ada@acme.test -");
    assert_eq!(seen("bob@acme.test").await, "bot bob@acme.test");
    let filter = TokenFilter { limit: 10, ..TokenFilter::default() };
    assert!(here.office.tokens(&Actor::person("eve@acme.test"), filter).await.is_err());
    let bobs = here.made("bob@acme.test", &[Scope::Read]).await.token.id;
    let (eve, ivan) = (Actor::person("eve@acme.test"), Actor::person("ivan@acme.test"));
    let revoke = async |actor: &Actor, id: &str| here.office.revoke_token(actor, id).await.map(|token| token.id);
    let (theirs, none) = (revoke(&eve, &bobs).await, revoke(&eve, "t9999").await);
    let said = |result: Result<String, ControlError>| result.unwrap_err().to_string().replace("t9999", &bobs);
    assert_eq!(said(theirs), said(none), "what is not theirs to see looks like what is not there");
    assert!(matches!(revoke(&ivan, &bobs).await, Err(ControlError::Denied(_))), "an auditor sees it");
    assert!(revoke(&Actor::person("ada@acme.test"), &bobs).await.is_ok());
}

#[tokio::test]
async fn strangers_cannot_fill_the_ledger() {
    let here = here().await;
    let refusals = Refusals::default();
    for _ in 0..100 {
        here.office.refused(&refusals, "192.0.2.7", "token", Unrecognised::Unknown).await.unwrap();
    }
    assert_eq!(here.ledger().await.matches("sign_in_refused").count(), 5);
    here.clock.0.store(1, Ordering::SeqCst);
    here.office.refused(&refusals, "192.0.2.7", "token", Unrecognised::Unknown).await.unwrap();
    let ledger = here.ledger().await;
    assert!(ledger.contains("95 more were refused before") && ledger.contains("192.0.2.7"), "{ledger}");
}

#[tokio::test]
async fn a_store_of_the_first_form_is_brought_up_to_date() {
    let here = here().await;
    let path = here.place.options.path.clone();
    here.office.store.clone().close().await;
    for script in [
        "DROP TABLE token",
        "CREATE TABLE token (id TEXT PRIMARY KEY) STRICT",
        "DROP INDEX request_number",
        "DROP INDEX request_state_number",
        "DROP INDEX request_principal_number",
        "DROP INDEX request_requester_number",
        "ALTER TABLE request DROP COLUMN requester",
        "DROP INDEX lease_number",
        "DROP INDEX lease_principal_number",
        "DROP INDEX request_unreviewed",
        "DROP INDEX lease_running",
        "PRAGMA user_version = 1",
    ] {
        sql(&path, script).await;
    }
    let store = here.place.open().await.unwrap();
    let office = Office::new(store, here.office.policy.clone());
    assert!(office.first_token().await.unwrap().is_some());
    let told = office.store.read().log(&Filter { limit: 10, ..Filter::default() }).await.unwrap();
    assert!(told.iter().any(|event| event.kind.name() == "store_upgraded"));
}

#[tokio::test]
async fn what_every_page_asks_is_found_by_an_index_in_an_older_store_too() {
    let here = here().await;
    let path = here.place.options.path.clone();
    here.office.store.clone().close().await;
    for script in ["DROP INDEX request_unreviewed", "DROP INDEX lease_running", "PRAGMA user_version = 2"] {
        sql(&path, script).await;
    }
    here.place.open().await.unwrap().close().await;
    let url = format!("sqlite:{}", path.display());
    let mut conn = sqlx::SqliteConnection::connect(&url).await.unwrap();
    for (question, index) in [
        (
            "EXPLAIN QUERY PLAN SELECT state, document FROM lease WHERE state <> 'closed' ORDER BY ends_at, id",
            "lease_running",
        ),
        (
            "EXPLAIN QUERY PLAN SELECT count(*) FROM request WHERE document ->> '$.review' IS NOT NULL \
             AND document ->> '$.review.done' IS NULL",
            "request_unreviewed",
        ),
    ] {
        let rows = sqlx::query(question).fetch_all(&mut conn).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        assert!(plan.len() == 1 && plan.iter().all(|step| step.ends_with(index)), "{plan:?}");
    }
}
