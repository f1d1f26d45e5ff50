//! `/credentials`: a password for an account, minted and shown once, with all that a client needs to use it.

use axum::Json;
use axum::http::StatusCode;
use jiff::Timestamp;
use rolecall_control::ControlError;
use rolecall_control::place::places;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::Write;
use crate::problem::{Document, Problem};

/// How long a password lives if nobody says, in seconds; less where the environment allows less.
const USUAL: i64 = 3_600;

/// A password to be minted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mint {
    /// The environment.
    #[schema(example = "production")]
    environment: String,
    /// The database, by its name in the policy.
    #[schema(example = "app")]
    database: String,
    /// The server, where several of the environment have a database of this name.
    server: Option<String>,
    /// For whose account: a person or service; for one's own if not given.
    of: Option<String>,
    /// How long it lives, in seconds; an hour if not given, or what the environment allows.
    for_seconds: Option<i64>,
}

/// A password and where it is good for something.
#[derive(Serialize, ToSchema)]
pub struct Minted {
    /// The account's name on the server.
    account: String,
    /// The password. It cannot be shown again.
    password: String,
    /// When it dies.
    #[schema(value_type = String, format = DateTime)]
    ends: Timestamp,
    /// The server's host, as Rolecall reaches it; a path: the folder of its socket.
    host: String,
    /// Its port.
    port: u16,
    /// The database's name on the server.
    database: String,
    /// libpq's `sslmode`, as Rolecall reaches it.
    sslmode: String,
}

/// Mint a password for an account
#[utoipa::path(
    post, path = "/credentials", tag = "credentials", request_body = Mint,
    params(("Idempotency-Key" = Option<String>, Header, description = "Asked for twice with one key, it is minted once and shown once.")),
    responses((status = CREATED, body = Minted), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn mint(write: Write<Mint>) -> Result<(StatusCode, Json<Minted>), Problem> {
    let minted = write.run(async |office, actor, mint: Mint| {
        let of = mint.of.as_deref().or(actor.principal()).unwrap_or_default().to_owned();
        // Who may not is told so before they learn which servers there are.
        office.may(&actor, rolecall_core::admit::Action::Credential { of: &of }).await?;
        let found = places(&office.policy, Some(&mint.environment)).into_iter().find(|place| {
            mint.server.as_deref().is_none_or(|server| server == place.server_name)
                && place.server.databases.contains_key(&mint.database)
        });
        let Some(place) = found else {
            let server = mint.server.unwrap_or_else(|| format!("with {}", mint.database));
            return Err(ControlError::NoPlace { environment: mint.environment, server });
        };
        let longest = place.environment.accounts.credential_max.and_then(|longest| i64::try_from(longest).ok());
        let seconds = mint.for_seconds.unwrap_or_else(|| longest.map_or(USUAL, |longest| longest.min(USUAL)));
        let minted = office.credential(&actor, &of, place.environment_name, place.server_name, Some(seconds)).await?;
        let address = place.target()?.address();
        let name = place.server.databases.get(&mint.database).map(|database| database.name.clone());
        Ok(Minted {
            account: minted.account,
            password: minted.password.reveal().to_owned(),
            ends: minted.ends,
            host: address.host,
            port: address.port,
            database: name.unwrap_or(mint.database),
            sslmode: address.sslmode.to_owned(),
        })
    });
    Ok((StatusCode::CREATED, Json(minted.await?.made()?)))
}
