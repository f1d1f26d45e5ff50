//! Every command, option and example of the command line. The reference in docs/ is generated from here.

use std::path::PathBuf;

mod audit;
mod remote;
mod serve;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use audit::{Audit, AuditExport, AuditLog, AuditVerify, ExportFormat};
pub use remote::{
    Address, Anywhere, Approve, Clock, ClockAccept, Connect, Deny, Leases, One, PrintAs, Remote, Request, Requests,
    Review, Standing, Token, TokenList, TokenMake, TokenRevoke, TokenScope,
};
pub use serve::{LogFormat, Serve};

/// One policy decides who may see and change which table, column and row; the database enforces it; Rolecall proves it.
#[derive(Debug, Parser)]
#[command(name = "rolecall", version, max_term_width = 110)]
#[command(after_help = "Exit status: 0 nothing to do or done, 1 an error, 2 a plan has changes.\n\n\
    See it work on a throw-away database:\n  rolecall demo")]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented starter policy.
    #[command(after_help = "Example:\n  rolecall init rolecall.yaml")]
    Init(Init),
    /// Read the policy and report every problem in it at once.
    #[command(after_help = "Examples:\n  rolecall check\n  rolecall check --policy policies/ --json")]
    Check(Check),
    /// Print the JSON Schema of the policy (for editors) or of a plan.
    #[command(after_help = "Example:\n  rolecall schema > rolecall.schema.json")]
    Schema(Schema),
    /// Show who gains and who loses what, the SQL for it, and its risk. Changes nothing.
    #[command(after_help = "Examples:\n  rolecall plan --environment production\n  \
        rolecall plan --out plan.json   # then: rolecall apply plan.json")]
    Plan(Plan),
    /// Change the servers to say what the policy says, and read back that they do.
    #[command(after_help = "Examples:\n  rolecall apply --environment staging\n  rolecall apply plan.json --yes")]
    Apply(Apply),
    /// Bring an existing role under Rolecall's management.
    #[command(after_help = "Example:\n  rolecall adopt alice --environment production")]
    Adopt(Adopt),
    /// Mint a password for an account: random, with an end, shown once.
    #[command(after_help = "Example:\n  rolecall credential alice@acme.test --environment production --for 8h")]
    Credential(Credential),
    /// Ask PostgreSQL itself whether everybody may do exactly what the policy means.
    #[command(after_help = "Example:\n  rolecall verify --environment production")]
    Verify(Verify),
    /// Read, export and verify the ledger of what happened, who did it and why.
    #[command(
        subcommand,
        after_help = "Examples:\n  rolecall audit log --subject bob@acme.test --since 7d\n  \
        rolecall audit export --out ledger.jsonl\n  rolecall audit verify ledger.jsonl --key ledger.pub"
    )]
    Audit(Audit),
    /// Copy the store to a file while it is used, and prove the copy.
    #[command(after_help = "Example:\n  rolecall backup /backup/rolecall-$(date +%F).db")]
    Backup(Backup),
    /// Put a backup in the store's place, once it is proved. Replaces nothing.
    #[command(after_help = "Example:\n  rolecall restore /backup/rolecall-2026-03-01.db")]
    Restore(Restore),
    /// Serve the pages and the API; end leases, watch the servers, tell webhooks.
    #[command(after_help = "Example:\n  rolecall serve --policy policies/ --public-url https://rolecall.acme.test")]
    Serve(Serve),
    /// Ask for access for a while.
    #[command(
        after_help = "Example:\n  rolecall request support --environment production --with customer=42 --until 2h \\\n    \
        --reason TICKET-9"
    )]
    Request(Request),
    /// List requests: those that wait, or others.
    #[command(after_help = "Example:\n  rolecall requests --state all --for bob@acme.test")]
    Requests(Requests),
    /// See what a request would do, and agree to just that.
    #[command(after_help = "Example:\n  rolecall approve 812")]
    Approve(Approve),
    /// Refuse a request.
    #[command(after_help = "Example:\n  rolecall deny 812 --reason \"ask for customer 42 only\"")]
    Deny(Deny),
    /// Take a request back.
    Withdraw(One),
    /// Say what came of looking at a break-glass.
    #[command(after_help = "Example:\n  rolecall review 812 --justified --note \"the shop was down\"")]
    Review(Review),
    /// List leases: access that runs, or has ended.
    Leases(Leases),
    /// End a lease before its time.
    End(One),
    /// Mint a password that dies by itself, and open psql with it.
    #[command(after_help = "Examples:\n  rolecall connect production/app\n  \
        rolecall connect production/app --print jdbc\n  rolecall connect production/app -- -c \"SELECT 1\"")]
    Connect(Connect),
    /// Shut somebody out at once, whatever the policy says; their leases end.
    #[command(after_help = "Example:\n  rolecall suspend bob@acme.test --reason \"stolen laptop\"")]
    Suspend(Standing),
    /// Let somebody back in who was suspended by an act.
    Reinstate(Standing),
    /// Say that the machine's clock is right.
    #[command(subcommand, after_help = "Example:\n  rolecall clock accept --reason \"the clock was a day ahead\"")]
    Clock(Clock),
    /// Make, list and revoke API tokens.
    #[command(subcommand)]
    Token(Token),
    /// See Rolecall work on a throw-away PostgreSQL server of its own.
    #[command(
        after_help = "Examples:\n  rolecall demo\n  rolecall demo --keep       # leaves the servers up to try by hand\n  rolecall demo --download   # where no PostgreSQL is installed"
    )]
    Demo(Demo),
    /// Print the generated reference documentation.
    #[command(hide = true)]
    Docs(Docs),
}

/// Where the policy is.
#[derive(Debug, Clone, Args)]
pub struct PolicyPath {
    /// The policy: a YAML file, or a folder of them.
    #[arg(long, short, env = "ROLECALL_POLICY", default_value = "rolecall.yaml", value_name = "PATH")]
    pub policy: PathBuf,
}

/// Which servers.
#[derive(Debug, Clone, Args)]
pub struct Selection {
    /// Only this environment.
    #[arg(long, short, value_name = "NAME")]
    pub environment: Option<String>,
    /// Only this server of it.
    #[arg(long, short, value_name = "NAME")]
    pub server: Option<String>,
}

/// Where the ledger is.
#[derive(Debug, Clone, Args, Default)]
pub struct LedgerPlace {
    /// The store with the ledger; made if there is none. Default: $XDG_STATE_HOME/rolecall/store.db, or
    /// /var/lib/rolecall/store.db for root.
    #[arg(long, env = "ROLECALL_STORE", value_name = "FILE")]
    pub store: Option<PathBuf>,
    /// The key that signs it; made together with the store. Default: $XDG_CONFIG_HOME/rolecall/ledger.key, or
    /// /etc/rolecall/ledger.key for root.
    #[arg(long, env = "ROLECALL_LEDGER_KEY", value_name = "FILE")]
    pub ledger_key: Option<PathBuf>,
}

/// `rolecall backup`
#[derive(Debug, Args)]
pub struct Backup {
    /// The file to make.
    pub file: PathBuf,
    /// Where the store is.
    #[command(flatten)]
    pub place: LedgerPlace,
}

/// `rolecall restore`
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup.
    pub file: PathBuf,
    /// Where the store was, and will be.
    #[command(flatten)]
    pub place: LedgerPlace,
}

/// Where the ledger is, or that there is none.
#[derive(Debug, Clone, Args, Default)]
pub struct Ledger {
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlace,
    /// Leave no record of this run in the ledger, and know nothing of its leases and suspensions.
    ///
    /// Where leases or suspensions hold, there is then no plan without --disregard-ledger.
    #[arg(long)]
    pub no_ledger: bool,
}

/// `rolecall init`
#[derive(Debug, Args)]
pub struct Init {
    /// The file to write; an existing one is left alone.
    #[arg(default_value = "rolecall.yaml")]
    pub path: PathBuf,
}

/// `rolecall check`
#[derive(Debug, Args)]
pub struct Check {
    /// Where the policy is.
    #[command(flatten)]
    pub policy: PolicyPath,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `rolecall schema`
#[derive(Debug, Args)]
pub struct Schema {
    /// The schema of `rolecall plan --json` instead.
    #[arg(long)]
    pub plan: bool,
}

/// `rolecall plan`
#[derive(Debug, Args)]
pub struct Plan {
    /// Where the policy is.
    #[command(flatten)]
    pub policy: PolicyPath,
    /// Which servers.
    #[command(flatten)]
    pub selection: Selection,
    /// Show who gains and who loses what, and not the SQL.
    #[arg(long, conflicts_with = "json")]
    pub brief: bool,
    /// Save the plan, for `rolecall apply FILE`.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Plan although leases or suspensions hold on the server that are in another ledger.
    ///
    /// For when that ledger is lost: its leases end, and whom it suspended is let in again.
    #[arg(long)]
    pub disregard_ledger: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Where it is recorded.
    #[command(flatten)]
    pub ledger: Ledger,
}

/// `rolecall apply`
#[derive(Debug, Args)]
pub struct Apply {
    /// A saved plan: applied only if nothing has moved since.
    pub plan: Option<PathBuf>,
    /// Where the policy is.
    #[command(flatten)]
    pub policy: PolicyPath,
    /// Which servers.
    #[command(flatten)]
    pub selection: Selection,
    /// Show who gains and who loses what, and not the SQL.
    #[arg(long, conflicts_with = "json")]
    pub brief: bool,
    /// Do not ask.
    #[arg(long, short)]
    pub yes: bool,
    /// Go on although more accounts would be shut out than the environment's `brake` allows.
    #[arg(long)]
    pub release_brake: bool,
    /// Go on although leases or suspensions hold on the server that are in another ledger.
    ///
    /// For when that ledger is lost: its leases end, and whom it suspended is let in again.
    #[arg(long)]
    pub disregard_ledger: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Where it is recorded.
    #[command(flatten)]
    pub ledger: Ledger,
}

/// `rolecall adopt`
#[derive(Debug, Args)]
pub struct Adopt {
    /// The role's name in the database.
    pub role: String,
    /// Where the policy is.
    #[command(flatten)]
    pub policy: PolicyPath,
    /// Which servers.
    #[command(flatten)]
    pub selection: Selection,
    /// Where it is recorded.
    #[command(flatten)]
    pub ledger: Ledger,
}

/// `rolecall credential`
#[derive(Debug, Args)]
pub struct Credential {
    /// The person's address or the service's name.
    pub principal: String,
    /// Where the policy is.
    #[command(flatten)]
    pub policy: PolicyPath,
    /// Which servers.
    #[command(flatten)]
    pub selection: Selection,
    /// How long it lives, such as `8h` or `30d`; at most, and by default, what the environment allows.
    #[arg(long = "for", value_name = "DURATION")]
    pub lifetime: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Where it is recorded.
    #[command(flatten)]
    pub ledger: Ledger,
}

/// `rolecall verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// Where the policy is.
    #[command(flatten)]
    pub policy: PolicyPath,
    /// Which servers.
    #[command(flatten)]
    pub selection: Selection,
    /// At most this many accounts and objects of each database are asked about; the sample is evenly spread.
    #[arg(long, default_value_t = 2_000_000, value_name = "QUESTIONS")]
    pub limit: usize,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Where it is recorded.
    #[command(flatten)]
    pub ledger: Ledger,
}

/// `rolecall demo`
#[derive(Debug, Args)]
pub struct Demo {
    /// The folder of PostgreSQL's binaries (`postgres`, `initdb`).
    #[arg(long, value_name = "FOLDER")]
    pub postgres: Option<PathBuf>,
    /// Fetch PostgreSQL's binaries with the npm client if none are found.
    #[arg(long)]
    pub download: bool,
    /// Leave the servers up and print how to connect, instead of opening the page.
    #[arg(long)]
    pub keep: bool,
    /// Open the page at the end although nobody is at a terminal.
    #[arg(long, conflicts_with_all = ["keep", "no_page"])]
    pub page: bool,
    /// End after the story.
    #[arg(long)]
    pub no_page: bool,
    /// Where the page is; another port if this one is taken.
    #[arg(long, default_value = "127.0.0.1:7654", value_name = "ADDRESS")]
    pub listen: std::net::SocketAddr,
}

/// `rolecall docs`
#[derive(Debug, Args)]
pub struct Docs {
    /// Which reference.
    pub what: Reference,
}

/// A generated reference.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Reference {
    /// The command line.
    Cli,
    /// The policy.
    Policy,
    /// The API, by OpenAPI.
    Openapi,
}
