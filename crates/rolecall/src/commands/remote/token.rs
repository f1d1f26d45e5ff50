//! `rolecall token`: API tokens, through a server of Rolecall or in the local store as its operator.

use std::sync::Arc;

use anyhow::{Context, bail};
use jiff::{SignedDuration, Timestamp};
use rolecall_control::Office;
use rolecall_control::identity::NewToken;
use rolecall_control::store::{Options, Store, TokenFilter};
use rolecall_core::admit::{OPERATOR, Scope, Scopes};
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::print;
use super::standing::segment;
use crate::args::{Anywhere, Token, TokenList, TokenMake, TokenRevoke, TokenScope};
use crate::client::{Client, as_type};
use crate::ledger::actor;
use crate::{Outcome, load};

/// What is shown of a token.
#[derive(Debug, Deserialize)]
struct Shown {
    id: String,
    of: String,
    scopes: Vec<String>,
    note: String,
    ends: String,
    revoked: Option<String>,
}

/// Makes, lists or revokes.
pub async fn run(token: &Token) -> anyhow::Result<Outcome> {
    match token {
        Token::Make(arguments) => make(arguments).await,
        Token::List(arguments) => list(arguments).await,
        Token::Revoke(arguments) => revoke(arguments).await,
    }
}

async fn make(arguments: &TokenMake) -> anyhow::Result<Outcome> {
    let scopes: Scopes = arguments.scope.iter().copied().map(scope).collect();
    let ends = Timestamp::now().checked_add(SignedDuration::from_hours(24 * i64::from(arguments.days)))?;
    // To the second, and a little less than the longest by another machine's clock.
    let ends = Timestamp::from_second(ends.as_second() - 60)?;
    let (secret, shown) = if arguments.place.remote.address.server.is_some() {
        let mut body = json!({ "scopes": scopes.words(), "ends": ends, "note": arguments.note });
        let of = arguments.of.as_deref().or(arguments.operator.then_some(OPERATOR));
        if let (Value::Object(body), Some(of)) = (&mut body, of) {
            body.insert("of".to_owned(), json!(of));
        }
        let answer = Client::new(&arguments.place.remote.address)?.post("/tokens", &body)?;
        let part = |name: &str| answer.get(name).cloned().unwrap_or_default();
        (part("secret").as_str().context("the server shows no token")?.to_owned(), part("token"))
    } else {
        if arguments.of.is_none() && !arguments.operator {
            bail!("whose? Name a person or service, or give --operator");
        }
        let new = NewToken { of: arguments.of.clone(), scopes, ends: Some(ends), note: arguments.note.clone() };
        let office = office(&arguments.place).await?;
        let made = office.make_token(&actor(), new).await?;
        office.store.close().await;
        (made.secret.reveal().to_owned(), view(&made.token))
    };
    if arguments.place.remote.json {
        return print(&json!({ "secret": secret, "token": shown }));
    }
    let shown: Shown = as_type(&shown)?;
    eprintln!("{} of {}, for {}, until {}; shown once:", shown.id, shown.of, shown.scopes.join(", "), shown.ends);
    println!("{secret}");
    Ok(Outcome::Done)
}

async fn list(arguments: &TokenList) -> anyhow::Result<Outcome> {
    let answer = if arguments.place.remote.address.server.is_some() {
        Client::new(&arguments.place.remote.address)?.get("/tokens", &[("limit", "200")])?
    } else {
        let office = office(&arguments.place).await?;
        let filter = TokenFilter { limit: 200, ..TokenFilter::default() };
        let tokens = office.tokens(&actor(), filter).await?;
        office.store.close().await;
        json!({ "items": tokens.iter().map(view).collect::<Vec<_>>() })
    };
    if arguments.place.remote.json {
        return print(&answer);
    }
    let tokens: Vec<Shown> = as_type(answer.get("items").unwrap_or(&Value::Null))?;
    for Shown { id, of, scopes, note, ends, revoked } in tokens {
        let end = revoked.map_or(format!("until {ends}"), |at| format!("revoked {at}"));
        println!("{id}  {of}  {}  {end}  {note}", scopes.join(","));
    }
    Ok(Outcome::Done)
}

async fn revoke(arguments: &TokenRevoke) -> anyhow::Result<Outcome> {
    let id = &arguments.id;
    if arguments.place.remote.address.server.is_some() {
        Client::new(&arguments.place.remote.address)?.post(&format!("/tokens/{}/revoke", segment(id)), &json!({}))?;
    } else {
        let office = office(&arguments.place).await?;
        office.revoke_token(&actor(), id).await?;
        office.store.close().await;
    }
    eprintln!("{id} is revoked.");
    Ok(Outcome::Done)
}

/// The local store, as its operator.
pub async fn office(place: &Anywhere) -> anyhow::Result<Office> {
    let policy = load::policy(&place.policy.policy)?;
    let path = place.place.store()?;
    let store = Store::open(&Options::new(&path, place.place.key()?)).await;
    let store = store.with_context(|| format!("cannot open the store {}", path.display()))?;
    Ok(Office::new(store, Arc::new(policy)))
}

fn view(token: &rolecall_control::store::Token) -> Value {
    json!({
        "id": token.id, "of": token.of.as_deref().unwrap_or(OPERATOR), "scopes": token.scopes.words(),
        "note": token.note, "made": token.made, "ends": token.ends, "revoked": token.revoked,
    })
}

fn scope(scope: TokenScope) -> Scope {
    match scope {
        TokenScope::Read => Scope::Read,
        TokenScope::Request => Scope::Request,
        TokenScope::Decide => Scope::Decide,
        TokenScope::Administer => Scope::Administer,
        TokenScope::Metrics => Scope::Metrics,
    }
}
