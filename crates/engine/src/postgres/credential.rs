//! Passwords: minted and hashed here, so that the server and its log never see one.

use jiff::Timestamp;
use rand::RngExt;
use rolecall_core::plan::Change;
use rolecall_core::secret::Secret;
use rolecall_core::state::MARKER;
use sha2::{Digest, Sha256};
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use super::connect::execute;
use super::error::EngineError;
use super::quote::{Ident, Literal};
use super::render::{Context, render};

/// Letters and digits that nobody takes for one another, and that no shell or URL minds.
const ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
/// Some 160 bits.
const LENGTH: usize = 28;

/// What a statement that holds a verifier leaves no trace in: the log, `pg_stat_activity`, and what the two extensions
/// keep that record statements (where they are not loaded, the settings mean nothing). Only a superuser may.
const QUIET: &str = "SET LOCAL log_statement = 'none'; SET LOCAL log_min_error_statement = 'panic'; \
    SET LOCAL log_min_duration_statement = -1; SET LOCAL log_min_duration_sample = -1; \
    SET LOCAL log_transaction_sample_rate = 0; SET LOCAL log_duration = off; SET LOCAL track_activities = off; \
    SET LOCAL pg_stat_statements.track_utility = off; SET LOCAL pgaudit.log = 'none'";

/// What is told as done outlives a crash of the server, whatever its settings or the role's say.
const DURABLE: &str = "SELECT set_config('synchronous_commit', 'local', true)
    WHERE current_setting('synchronous_commit') = 'off'";

/// A new random password.
pub fn mint() -> Secret {
    let mut random = rand::rng();
    let letters = (0..LENGTH).filter_map(|_| ALPHABET.get(random.random_range(0..ALPHABET.len())).copied());
    Secret::new(letters.map(char::from).collect::<String>())
}

/// What the server keeps of a password: `SCRAM-SHA-256$…`, with fresh salt.
pub fn verifier(password: &Secret) -> Secret {
    Secret::new(postgres_protocol::password::scram_sha_256(password.reveal().as_bytes()))
}

/// Hex SHA-256 of a verifier: tells whether it is still the same one, and nothing else.
pub fn seal(verifier: &Secret) -> String {
    Sha256::digest(verifier.reveal().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Gives a role that Rolecall owns a password until `ends`, and notes it in the role's comment.
///
/// # Errors
/// [`EngineError::WrongRole`] for a role that does not bear the mark; what the server says.
pub async fn set(
    conn: &mut PgConnection,
    role: &str,
    verifier: &Secret,
    ends: Timestamp,
    comment: &str,
) -> Result<(), EngineError> {
    let what = format!("set the password of {role:?}");
    let asked = |error| EngineError::from_query(&what, error);
    let written = |cause| EngineError::Render { what: what.clone(), cause };
    let name = Ident::role(role).map_err(|error| written(error.into()))?;
    let password = Literal::new(verifier.reveal()).map_err(|error| written(error.into()))?;
    let change = Change::CommentRole { role: role.to_owned(), comment: comment.to_owned() };
    // Comments are written alike on every version.
    let comment = render(&change, Context { version: 140_000 }).map_err(written)?;

    let mut transaction = conn.begin().await.map_err(asked)?;
    execute(&mut transaction, &what, DURABLE).await?;
    let owned: Option<bool> = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_auth_members AS edge JOIN pg_roles AS held ON held.oid = edge.roleid
            WHERE held.rolname = $1 AND edge.member = pg_roles.oid) FROM pg_roles WHERE rolname = $2",
    )
    .bind(MARKER)
    .bind(role)
    .fetch_optional(&mut *transaction)
    .await
    .map_err(asked)?;
    match owned {
        Some(true) => {}
        Some(false) => {
            return Err(wrong(role, "is not Rolecall's own", "let `rolecall adopt` bring it under management first"));
        }
        None => return Err(wrong(role, "does not exist", "let `rolecall apply` make the account first")),
    }
    let superuser: bool = sqlx::query_scalar("SELECT current_setting('is_superuser')::boolean")
        .fetch_one(&mut *transaction)
        .await
        .map_err(asked)?;
    if superuser {
        execute(&mut transaction, &what, QUIET).await?;
    }
    let alter = format!("ALTER ROLE {name} PASSWORD {password} VALID UNTIL '{ends}'");
    execute(&mut transaction, &what, &alter).await?;
    for statement in comment {
        execute(&mut transaction, &what, &statement).await?;
    }
    transaction.commit().await.map_err(asked)
}

/// Brings a role under management: marks it, and changes nothing else about it. On a server that was never applied to,
/// the marker is made first, with `comment`: a role that must be adopted holds up the first apply.
///
/// # Errors
/// [`EngineError::WrongRole`] for superusers, PostgreSQL's own roles, the marker and the role that asks.
pub async fn adopt(conn: &mut PgConnection, role: &str, comment: &str) -> Result<(), EngineError> {
    let what = format!("adopt {role:?}");
    let asked = |error| EngineError::from_query(&what, error);
    if role.starts_with("pg_") || role == MARKER {
        return Err(wrong(role, "belongs to PostgreSQL or is Rolecall's marker", "choose an account or role of yours"));
    }
    let mut transaction = conn.begin().await.map_err(asked)?;
    execute(&mut transaction, &what, DURABLE).await?;
    let found: Option<(bool, bool, i32, bool)> = sqlx::query_as(
        "SELECT rolsuper, rolname IN (current_user, session_user), current_setting('server_version_num')::integer,
            EXISTS (SELECT FROM pg_roles WHERE rolname = $2) FROM pg_roles WHERE rolname = $1",
    )
    .bind(role)
    .bind(MARKER)
    .fetch_optional(&mut *transaction)
    .await
    .map_err(asked)?;
    let (version, marked) = match found {
        None => return Err(wrong(role, "does not exist", "check its name: case counts")),
        Some((_, true, _, _)) => {
            return Err(wrong(role, "is the one that Rolecall is connected as", "connect as another role"));
        }
        Some((true, false, _, _)) => {
            return Err(wrong(role, "is a superuser, whom no policy binds", "take SUPERUSER away from it first"));
        }
        Some((false, false, version, marked)) => {
            (u32::try_from(version).map_err(|_| EngineError::unexpected(&what, version))?, marked)
        }
    };
    let marker = Change::CreateMarker { comment: comment.to_owned() };
    let member = Change::GrantMembership { role: MARKER.to_owned(), members: vec![role.to_owned()] };
    for change in Some(marker).filter(|_| !marked).into_iter().chain([member]) {
        let statements = render(&change, Context { version });
        for statement in statements.map_err(|cause| EngineError::Render { what: what.clone(), cause })? {
            execute(&mut transaction, &what, &statement).await?;
        }
    }
    transaction.commit().await.map_err(asked)
}

fn wrong(role: &str, reason: &str, remedy: &str) -> EngineError {
    EngineError::WrongRole { role: role.to_owned(), reason: reason.to_owned(), remedy: remedy.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mints_passwords_that_differ() {
        let (one, other) = (mint(), mint());
        assert_eq!(one.reveal().len(), LENGTH);
        assert!(one.reveal().bytes().all(|byte| ALPHABET.contains(&byte)));
        assert!(one != other);
    }

    #[test]
    fn seals_verifiers() {
        let verifier = verifier(&Secret::new("s3cret"));
        assert!(verifier.reveal().starts_with("SCRAM-SHA-256$4096:"));
        assert_eq!(seal(&Secret::new("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
