//! The arguments of `rolecall audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Address, LedgerPlace};

/// `rolecall audit`
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// List what happened, the newest last.
    #[command(after_help = "Examples:\n  rolecall audit log --kind apply_finished --environment production\n  \
        rolecall audit log --story 812\n  rolecall audit log --server https://rolecall.acme.test --follow --json")]
    Log(AuditLog),
    /// Write the whole ledger: with proof (jsonl), as a table (csv), or for a SIEM (ocsf).
    #[command(after_help = "Examples:\n  rolecall audit export --out ledger.jsonl\n  \
                      rolecall audit export --server https://rolecall.acme.test --out ledger.jsonl\n  \
                      rolecall audit export --format tiles --out ledger/   # again and again: only what is new is written")]
    Export(AuditExport),
    /// Check an export, or the store, with the public key alone; name the first bad entry.
    #[command(after_help = "Example:\n  rolecall audit verify ledger.jsonl --key ledger.pub --remember seen.note")]
    Verify(AuditVerify),
    /// Print the public key that checks the ledger.
    #[command(after_help = "Example:\n  rolecall audit key > ledger.pub")]
    Key(LedgerPlace),
}

/// `rolecall audit log`
#[derive(Debug, Args)]
pub struct AuditLog {
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlace,
    /// The Rolecall that keeps the ledger, where the store is not at hand.
    #[command(flatten)]
    pub remote: Address,
    /// Only what this actor did, as the log shows it: an address (by their tokens, too), or `alice on laptop`.
    #[arg(long, value_name = "WHO")]
    pub actor: Option<String>,
    /// Only this kind of entry, such as `apply_finished`; may be given several times.
    #[arg(long, value_name = "KIND")]
    pub kind: Vec<String>,
    /// Only what concerns this person or service: did it, is meant by it, gains or loses by it.
    #[arg(long, value_name = "PRINCIPAL")]
    pub subject: Option<String>,
    /// Only about this environment.
    #[arg(long, short, value_name = "NAME")]
    pub environment: Option<String>,
    /// Not before: a time, a date (UTC), or how long ago, such as `7d`.
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// Before: a time, a date (UTC), or how long ago.
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,
    /// Only with this text in it.
    #[arg(long, value_name = "TEXT")]
    pub text: Option<String>,
    /// Only the story that begins with this entry: what it brought about.
    #[arg(long, value_name = "ENTRY")]
    pub story: Option<u64>,
    /// At most so many, the newest.
    #[arg(long, default_value_t = 50, value_name = "COUNT")]
    pub limit: u32,
    /// Go on with what happens from now on, until interrupted.
    #[arg(long, short)]
    pub follow: bool,
    /// Print each entry as it stands in the ledger, one JSON per line.
    #[arg(long)]
    pub json: bool,
}

/// `rolecall audit export`
#[derive(Debug, Args)]
pub struct AuditExport {
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlace,
    /// The Rolecall that keeps the ledger, where the store is not at hand.
    #[command(flatten)]
    pub remote: Address,
    /// In which form; jsonl and tiles can be verified.
    #[arg(long, value_enum, default_value_t = ExportFormat::Jsonl)]
    pub format: ExportFormat,
    /// Where to; standard output if not given. Tiles want a folder, and bring one up to date that holds earlier ones.
    #[arg(long, value_name = "FILE", required_if_eq("format", "tiles"))]
    pub out: Option<PathBuf>,
}

/// The form of an export.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ExportFormat {
    /// JSON Lines with all that verifying needs.
    Jsonl,
    /// A table.
    Csv,
    /// Open Cybersecurity Schema Framework 1.5.0, one event per line.
    Ocsf,
    /// A folder for programs that read transparency logs (c2sp.org/tlog-tiles), with all that verifying needs.
    Tiles,
}

/// `rolecall audit verify`
#[derive(Debug, Args)]
pub struct AuditVerify {
    /// The export (`-`: standard input) or the folder of tiles; the store itself if not given.
    pub export: Option<PathBuf>,
    /// The public key, or a file that holds it; for the store itself, that of its own key if not given.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// A file that keeps the newest checkpoint seen: the ledger must go on from it, and it is written anew.
    #[arg(long, value_name = "FILE")]
    pub remember: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlace,
}
