//! What the story is told with: headings, statements as somebody, plans and applies.

use rolecall_engine::postgres::probe::{Answer, probe};
use rolecall_engine::postgres::{EngineError, Target};

use super::servers::Servers;
use crate::args::{Apply, PolicyPath, Selection};
use crate::commands::apply;
use crate::show::{BAD, GOOD, QUIET, STRONG, count};

/// A chapter of the story.
pub fn chapter(title: &str, text: &str) {
    anstream::println!("\n{STRONG}━━ {title}{STRONG:#}\n{text}\n");
}

/// Runs a statement as the server's superuser, as somebody would by hand.
pub async fn by_hand(servers: &Servers, environment: &str, sql: &str) -> anyhow::Result<()> {
    let mut conn = servers.target(environment, "app", "postgres")?.open(None).await?;
    anstream::println!("  {QUIET}postgres@{environment}/app>{QUIET:#} {sql};");
    probe(&mut conn, sql).await?;
    Ok(())
}

/// What somebody's statement should come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// It is answered.
    Answer,
    /// It is refused.
    Refusal,
}

/// Runs a statement as somebody, in a new session, and shows what PostgreSQL answered.
pub async fn as_person(
    servers: &Servers,
    who: &str,
    environment: &str,
    sql: &str,
    expect: Expect,
) -> anyhow::Result<()> {
    let target = servers.target(environment, "app", who)?;
    let answer = ask(&target, sql).await;
    show(who, environment, sql, &answer);
    if answer.is_ok() != (expect == Expect::Answer) {
        anyhow::bail!("this is not what the demo promised; please report it");
    }
    Ok(())
}

async fn ask(target: &Target, sql: &str) -> Result<Answer, EngineError> {
    let mut conn = target.open(None).await?;
    probe(&mut conn, sql).await
}

/// Shows a statement and its answer.
pub fn show(who: &str, environment: &str, sql: &str, answer: &Result<Answer, EngineError>) {
    anstream::println!("  {QUIET}{who}@{environment}/app>{QUIET:#} {sql};");
    match answer {
        Ok(answer) if answer.columns.is_empty() => {
            let touched = count(usize::try_from(answer.affected).unwrap_or(usize::MAX), "row");
            anstream::println!("    {GOOD}{touched} touched{GOOD:#}");
        }
        Ok(answer) => {
            anstream::println!("    {QUIET}{}{QUIET:#}", answer.columns.join(" | "));
            for row in answer.rows.iter().take(5) {
                let cells: Vec<&str> = row.iter().map(|cell| cell.as_deref().unwrap_or("∅")).collect();
                anstream::println!("    {GOOD}{}{GOOD:#}", cells.join(" | "));
            }
        }
        Err(EngineError::Query { message, sqlstate, .. }) => {
            anstream::println!("    {BAD}ERROR: {message}{BAD:#} {QUIET}({sqlstate}){QUIET:#}");
        }
        Err(error) => anstream::println!("    {BAD}{}{BAD:#}", error.to_string().lines().next().unwrap_or_default()),
    }
}

/// Plans and applies, as `rolecall apply --yes` does. `brief`: without the SQL.
pub async fn apply(servers: &Servers, environment: Option<&str>, brief: bool) -> anyhow::Result<()> {
    let selection = Selection { environment: environment.map(str::to_owned), server: None };
    let arguments = Apply {
        plan: None,
        policy: PolicyPath { policy: servers.policy() },
        selection,
        brief,
        yes: true,
        release_brake: false,
        disregard_ledger: false,
        json: false,
        ledger: crate::args::Ledger { no_ledger: true, ..Default::default() },
    };
    let mut shown = environment.map(|name| format!(" --environment {name}")).unwrap_or_default();
    shown.push_str(if brief { " --brief" } else { "" });
    anstream::println!("  {QUIET}$ rolecall apply{shown}{QUIET:#}");
    match apply::run(&arguments).await? {
        crate::Outcome::Done => Ok(()),
        _ => anyhow::bail!("the demo's policy could not be applied"),
    }
}
