//! The arguments of the commands that ask a server of Rolecall.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::LedgerPlace;

/// Which Rolecall, and by which token one is known there.
#[derive(Debug, Clone, Args)]
pub struct Address {
    /// Rolecall's address, such as https://rolecall.acme.test.
    #[arg(long, env = "ROLECALL_SERVER", value_name = "URL")]
    pub server: Option<String>,
    /// A file whose first line is the token; without it, the environment variable ROLECALL_TOKEN holds it.
    #[arg(long, env = "ROLECALL_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// The same, and how to answer.
#[derive(Debug, Clone, Args)]
pub struct Remote {
    /// Which Rolecall.
    #[command(flatten)]
    pub address: Address,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `rolecall request`
#[derive(Debug, Args)]
pub struct Request {
    /// The role.
    pub role: String,
    /// The environment.
    #[arg(long, short, value_name = "NAME")]
    pub environment: String,
    /// How long, such as `2h`, or until when, such as 2026-06-01T17:00:00Z.
    #[arg(long, value_name = "WHEN")]
    pub until: String,
    /// For whom: a person's address or a service's name; for yourself if not given.
    #[arg(long = "for", value_name = "PRINCIPAL")]
    pub beneficiary: Option<String>,
    /// A value of a parameter of the role; may be given several times.
    #[arg(long, value_name = "PARAMETER=VALUE", value_parser = pair)]
    pub with: Vec<(String, String)>,
    /// Why.
    #[arg(long, default_value = "", value_name = "TEXT")]
    pub reason: String,
    /// Take it at once, where the rules let you; it is reviewed afterwards.
    #[arg(long, conflicts_with = "extends")]
    pub break_glass: bool,
    /// The lease that it is to continue.
    #[arg(long, value_name = "LEASE")]
    pub extends: Option<u64>,
    /// Which Rolecall.
    #[command(flatten)]
    pub remote: Remote,
}

/// `rolecall requests`
#[derive(Debug, Args)]
pub struct Requests {
    /// In this state: pending, granted, denied, withdrawn, expired, broken; or `all`.
    #[arg(long, default_value = "pending", value_name = "STATE")]
    pub state: String,
    /// Whose access it is.
    #[arg(long = "for", value_name = "PRINCIPAL")]
    pub principal: Option<String>,
    /// In this environment.
    #[arg(long, short, value_name = "NAME")]
    pub environment: Option<String>,
    /// At most so many, the newest.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200), value_name = "COUNT")]
    pub limit: u32,
    /// Which Rolecall.
    #[command(flatten)]
    pub remote: Remote,
}

/// `rolecall leases`
#[derive(Debug, Args)]
pub struct Leases {
    /// In this state: opening, open, closing, overdue, closed; `running` is all but closed; or `all`.
    #[arg(long, default_value = "running", value_name = "STATE")]
    pub state: String,
    /// Whose.
    #[arg(long = "for", value_name = "PRINCIPAL")]
    pub principal: Option<String>,
    /// In this environment.
    #[arg(long, short, value_name = "NAME")]
    pub environment: Option<String>,
    /// At most so many, the newest.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200), value_name = "COUNT")]
    pub limit: u32,
    /// Which Rolecall.
    #[command(flatten)]
    pub remote: Remote,
}

/// `rolecall approve`
#[derive(Debug, Args)]
pub struct Approve {
    /// The request's number.
    pub id: u64,
    /// Do not ask.
    #[arg(long, short)]
    pub yes: bool,
    /// Which Rolecall.
    #[command(flatten)]
    pub remote: Remote,
}

/// `rolecall deny`
#[derive(Debug, Args)]
pub struct Deny {
    /// The request's number.
    pub id: u64,
    /// Why.
    #[arg(long, default_value = "", value_name = "TEXT")]
    pub reason: String,
    /// Which Rolecall.
    #[command(flatten)]
    pub remote: Remote,
}

/// `rolecall withdraw`, `rolecall end`
#[derive(Debug, Args)]
pub struct One {
    /// Its number.
    pub id: u64,
    /// Which Rolecall.
    #[command(flatten)]
    pub remote: Remote,
}

/// `rolecall review`
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("found").required(true).args(["justified", "unjustified"]))]
pub struct Review {
    /// The request's number.
    pub id: u64,
    /// It was right to take the access.
    #[arg(long)]
    pub justified: bool,
    /// It was not.
    #[arg(long)]
    pub unjustified: bool,
    /// What you found.
    #[arg(long, default_value = "", value_name = "TEXT")]
    pub note: String,
    /// Which Rolecall.
    #[command(flatten)]
    pub remote: Remote,
}

/// `rolecall suspend`, `rolecall reinstate`
#[derive(Debug, Args)]
pub struct Standing {
    /// The person's address or the service's name.
    pub principal: String,
    /// Why.
    #[arg(long, default_value = "", value_name = "TEXT")]
    pub reason: String,
    /// Which Rolecall.
    #[command(flatten)]
    pub remote: Remote,
}

/// `rolecall connect`
#[derive(Debug, Args)]
pub struct Connect {
    /// The environment and the database's name in the policy: ENVIRONMENT/DATABASE.
    #[arg(value_name = "ENVIRONMENT/DATABASE")]
    pub place: String,
    /// How long the password lives, such as `30m`; an hour if not given, or what the environment allows.
    #[arg(long = "for", value_name = "DURATION")]
    pub lifetime: Option<String>,
    /// A service that you answer for, instead of yourself.
    #[arg(long, value_name = "PRINCIPAL")]
    pub of: Option<String>,
    /// Print how to connect instead of starting psql.
    #[arg(long, value_enum, value_name = "FORM")]
    pub print: Option<PrintAs>,
    /// Which Rolecall.
    #[command(flatten)]
    pub remote: Remote,
    /// More arguments for psql.
    #[arg(last = true)]
    pub psql: Vec<String>,
}

/// How to connect, in the words of others.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum PrintAs {
    /// A URL for libpq.
    Url,
    /// A URL for JDBC.
    Jdbc,
    /// Variables for a shell.
    Env,
}

/// `rolecall clock`
#[derive(Debug, Subcommand)]
pub enum Clock {
    /// Take the machine's clock for right, where it is behind what was decided for: it was ahead, and was set right.
    ///
    /// What began by the clock that was ahead is over, and what has ended stays ended. Without a server it is done in the
    /// local store, by the operator.
    Accept(ClockAccept),
}

/// `rolecall clock accept`
#[derive(Debug, Args)]
pub struct ClockAccept {
    /// Why.
    #[arg(long, default_value = "", value_name = "TEXT")]
    pub reason: String,
    /// Where.
    #[command(flatten)]
    pub place: Anywhere,
}

/// `rolecall token`
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a token and show it once. Without a server it is made in the local store, by the operator.
    #[command(after_help = "Examples:\n  rolecall token make bob@acme.test --scope read --scope request --days 30\n  \
        rolecall token make --operator --scope administer")]
    Make(TokenMake),
    /// List tokens, the newest first, those that have ended too.
    List(TokenList),
    /// Revoke a token, and with it the sessions begun with it.
    Revoke(TokenRevoke),
}

/// `rolecall token make`
#[derive(Debug, Args)]
pub struct TokenMake {
    /// Whose: a person's address or a service's name; your own if not given.
    #[arg(conflicts_with = "operator")]
    pub of: Option<String>,
    /// The operator's: whoever runs Rolecall. Needs the local store.
    #[arg(long)]
    pub operator: bool,
    /// What it is for; may be given several times.
    #[arg(long, value_enum, required = true)]
    pub scope: Vec<TokenScope>,
    /// In how many days it ends.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=366), value_name = "DAYS")]
    pub days: u16,
    /// What it is for, in your words.
    #[arg(long, default_value = "", value_name = "TEXT")]
    pub note: String,
    /// Where.
    #[command(flatten)]
    pub place: Anywhere,
}

/// `rolecall token list`
#[derive(Debug, Args)]
pub struct TokenList {
    /// Where.
    #[command(flatten)]
    pub place: Anywhere,
}

/// `rolecall token revoke`
#[derive(Debug, Args)]
pub struct TokenRevoke {
    /// The token's public id, such as t812.
    pub id: String,
    /// Where.
    #[command(flatten)]
    pub place: Anywhere,
}

/// A server of Rolecall, or the store on this machine.
#[derive(Debug, Args)]
pub struct Anywhere {
    /// Which Rolecall.
    #[command(flatten)]
    pub remote: Remote,
    /// Where the policy is, for the local store.
    #[command(flatten)]
    pub policy: super::PolicyPath,
    /// Where the local store is.
    #[command(flatten)]
    pub place: LedgerPlace,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum TokenScope {
    /// See what its holder may see.
    Read,
    /// Ask for access, use it, end it.
    Request,
    /// Agree to requests, refuse and review them.
    Decide,
    /// Everything that changes Rolecall or a server beside requests.
    Administer,
    /// Read the numbers at /metrics, and nothing else.
    Metrics,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write PARAMETER=VALUE")?;
    if name.is_empty() { Err("write PARAMETER=VALUE".to_owned()) } else { Ok((name.to_owned(), value.to_owned())) }
}
