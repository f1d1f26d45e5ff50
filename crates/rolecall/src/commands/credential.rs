//! `rolecall credential`: a password of its own for an account, shown once; the server gets its SCRAM verifier.

use anyhow::{Context, bail};
use jiff::{SpanRelativeTo, Timestamp};
use rolecall_control::credential::ends;
use rolecall_core::event::Kind;
use rolecall_core::mark::{CredentialMark, Mark};
use rolecall_core::policy::model::Policy;
use rolecall_core::policy::similar::nearest;
use rolecall_engine::postgres::credential::{mint, seal, set, verifier};

use crate::Outcome;
use crate::args::Credential;
use crate::ledger::Record;
use crate::load;
use crate::scene::places;

/// Mints one for each server of the selection.
pub async fn run(arguments: &Credential) -> anyhow::Result<Outcome> {
    let policy = load::policy(&arguments.policy.policy)?;
    let id = arguments.principal.as_str();
    let found = policy.principals().find(|(known, _, _)| *known == id);
    let (_, principal, _) = found.with_context(|| unknown(&policy, id))?;
    let places = places(&policy, &arguments.selection)?;
    if arguments.selection.environment.is_none() && places.len() > 1 {
        bail!("say which environment: --environment NAME");
    }
    let lifetime = arguments.lifetime.as_deref().map(seconds).transpose()?;
    let record = Record::open(&arguments.ledger).await?;
    for place in places {
        let ends = ends(place, principal, lifetime, Timestamp::now())?;
        let account = place.environment.account_name(place.environment_name, id, principal);
        let password = mint();
        let verifier = verifier(&password);
        let credential = Some(CredentialMark { ends: ends.to_string(), seal: seal(&verifier) });
        let comment = Mark { credential, ..Mark::account(id) }.comment();
        let mut conn = place.target()?.open(None).await.with_context(|| place.label())?;
        let (at, principal, login) = (place.event(), id.to_owned(), account.clone());
        let told = Kind::CredentialBegun { place: at.clone(), principal: id.to_owned(), account: login.clone(), ends };
        let begun = record.tell(told).await?;
        let done = set(&mut conn, &account, &verifier, ends, &comment).await.with_context(|| place.label());
        let told = match &done {
            Ok(_) => Kind::CredentialMinted { place: at, principal, account: login, ends },
            Err(error) => {
                let error = format!("{error:#}").into();
                Kind::CredentialFailed { place: at, principal, account: login, error }
            }
        };
        record.tell_outcome(told, begun).await?;
        done?;
        if arguments.json {
            let shown = serde_json::json!({
                "environment": place.environment_name, "server": place.server_name, "principal": id,
                "account": account, "password": password.reveal(), "ends": ends.to_string(),
            });
            println!("{shown:#}");
        } else {
            eprintln!("{} · account {account} · until {ends} · shown once:", place.label());
            println!("{}", password.reveal());
        }
    }
    Ok(Outcome::Done)
}

/// Who may be meant: people say their account's name, too.
fn unknown(policy: &Policy, word: &str) -> String {
    let known = || policy.principals().map(|(id, _, _)| id);
    let by_account = known().find(|id| id.split('@').next() == Some(word));
    let near = by_account.or_else(|| nearest(word, known()));
    let meant = near.map(|id| format!("; did you mean {id}?")).unwrap_or_default();
    format!("the policy has no person or service {word:?}{meant}")
}

fn seconds(text: &str) -> anyhow::Result<i64> {
    let span: jiff::Span = text.parse().with_context(|| format!("{text:?} is no duration; write 8h or 30d"))?;
    Ok(span.to_duration(SpanRelativeTo::days_are_24_hours())?.as_secs())
}
