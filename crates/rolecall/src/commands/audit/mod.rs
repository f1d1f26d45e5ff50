//! `rolecall audit`: reads the ledger, takes exports and verifies them.

mod log;
mod remote;
pub mod verify;

use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use rolecall_control::audit::export::{Format, export};
use rolecall_control::audit::tiles;
use rolecall_control::ledger::key;
use rolecall_control::store::Reader;

use crate::Outcome;
use crate::args::{Audit, AuditExport, ExportFormat, LedgerPlace};

/// Runs the sub-command.
pub async fn run(audit: &Audit) -> anyhow::Result<Outcome> {
    match audit {
        Audit::Log(arguments) => log::run(arguments).await,
        Audit::Export(arguments) => write(arguments).await,
        Audit::Verify(arguments) => verify::run(arguments).await,
        Audit::Key(place) => {
            println!("{}", key::read(&place.key()?)?.public());
            Ok(Outcome::Done)
        }
    }
}

/// Opens the store to read it; needs no key.
async fn reader(place: &LedgerPlace) -> anyhow::Result<Reader> {
    Ok(Reader::open(&place.store()?).await?)
}

async fn write(arguments: &AuditExport) -> anyhow::Result<Outcome> {
    if arguments.remote.server.is_some() {
        return remote::export(arguments);
    }
    let mut snapshot = reader(&arguments.place).await?.snapshot().await?;
    let format = match (arguments.format, &arguments.out) {
        (ExportFormat::Jsonl, _) => Format::Jsonl,
        (ExportFormat::Csv, _) => Format::Csv,
        (ExportFormat::Ocsf, _) => Format::Ocsf,
        (ExportFormat::Tiles, None) => bail!("say which folder: --out FOLDER"),
        (ExportFormat::Tiles, Some(folder)) => {
            let entries = tiles::write(&mut snapshot, folder).await?;
            eprintln!("{entries} entries in {}", folder.display());
            return Ok(Outcome::Done);
        }
    };
    let mut out = open(arguments.out.as_deref())?;
    let entries = export(&mut snapshot, format, &mut *out).await?;
    out.flush().context("cannot write the export")?;
    if let Some(path) = &arguments.out {
        eprintln!("{entries} entries in {}", path.display());
    }
    Ok(Outcome::Done)
}

/// The file, or standard output.
fn open(path: Option<&Path>) -> anyhow::Result<Box<dyn Write + Send>> {
    Ok(match path {
        Some(path) => {
            let file = std::fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            Box::new(std::io::BufWriter::new(file))
        }
        None => Box::new(std::io::BufWriter::new(std::io::stdout())),
    })
}
