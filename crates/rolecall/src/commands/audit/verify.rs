//! `rolecall audit verify`: an export or the store, with the public key alone.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, bail};
use rolecall_control::audit::export::lines;
use rolecall_control::audit::tiles;
use rolecall_control::audit::verify::{Report, Verifier, Wrong};
use rolecall_control::ledger::checkpoint::Checkpoint;
use rolecall_control::ledger::key;
use rolecall_control::ledger::note::PublicKey;
use rolecall_control::store::Reader;

use crate::Outcome;
use crate::args::AuditVerify;
use crate::show::GOOD;

/// A line of an export is no longer than an entry, or the hashes of 256.
const LONGEST: u64 = 1 << 20;

/// Verifies, and says what it found.
pub async fn run(arguments: &AuditVerify) -> anyhow::Result<Outcome> {
    let key = public_key(arguments)?;
    let seen = arguments.remember.as_deref().map(|path| remembered(path, &key)).transpose()?.flatten();
    let mut verifier = Verifier::new(&key, seen);
    match &arguments.export {
        Some(folder) if folder.is_dir() => tiles::lines(folder, &mut |line| verifier.line(line))?,
        Some(path) => read(path, &mut verifier)?,
        None => hold(super::reader(&arguments.place).await?, &mut verifier).await?,
    }
    let note = verifier.note().to_owned();
    let report = verifier.finish()?;
    if let Some(path) = &arguments.remember {
        std::fs::write(path, note).with_context(|| format!("cannot write {}", path.display()))?;
    }
    say(&report, arguments.json)?;
    Ok(Outcome::Done)
}

/// Verifies a store's whole ledger.
pub async fn whole(store: &Path, key: &PublicKey) -> anyhow::Result<Report> {
    let mut verifier = Verifier::new(key, None);
    hold(Reader::open(store).await?, &mut verifier).await?;
    Ok(verifier.finish()?)
}

/// Reads a store to the verifier, and holds what lists are made from against the entries.
async fn hold(reader: Reader, verifier: &mut Verifier) -> anyhow::Result<()> {
    let mut snapshot = reader.snapshot().await?;
    lines(&mut snapshot, &mut |line| verifier.line(line).map(|()| true)).await?;
    if let Some(entry) = snapshot.misfiled().await? {
        bail!(
            "entry {entry} is filed under what it does not say: lists may leave it out. Entries themselves are checked \
             without that by `rolecall audit export` and `audit verify FILE`"
        );
    }
    Ok(())
}

fn public_key(arguments: &AuditVerify) -> anyhow::Result<PublicKey> {
    let Some(given) = &arguments.key else {
        if arguments.export.is_some() {
            bail!("say with which public key: --key KEY, as `rolecall audit key` printed it where the ledger is");
        }
        return Ok(key::read(&arguments.place.key()?)?.public().clone());
    };
    if let Ok(key) = PublicKey::parse(given) {
        return Ok(key);
    }
    let text = std::fs::read_to_string(given).with_context(|| format!("{given:?} is no public key, and no file"))?;
    PublicKey::parse(&text).with_context(|| format!("{given} holds no public key"))
}

/// The checkpoint of an earlier time. None: this is the first time.
fn remembered(path: &Path, key: &PublicKey) -> anyhow::Result<Option<Checkpoint>> {
    match std::fs::read_to_string(path) {
        Ok(note) => Ok(Some(Checkpoint::open(&note, key).with_context(|| path.display().to_string())?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn read(path: &Path, verifier: &mut Verifier) -> anyhow::Result<()> {
    let what = || format!("cannot read {}", path.display());
    let source: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(std::io::stdin()),
        _ => Box::new(std::fs::File::open(path).with_context(what)?),
    };
    let mut source = BufReader::with_capacity(1 << 16, source);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = source.by_ref().take(LONGEST).read_until(b'\n', &mut line).with_context(what)?;
        if read == 0 {
            return Ok(());
        }
        let text = std::str::from_utf8(line.strip_suffix(b"\n").unwrap_or(&line)).unwrap_or_default();
        verifier.line(text)?;
    }
}

fn say(report: &Report, json: bool) -> Result<(), Wrong> {
    if json {
        println!("{:#}", serde_json::to_value(report).unwrap_or_default());
        return Ok(());
    }
    anstream::println!("{GOOD}Good:{GOOD:#} {} entries of {}", report.entries, report.origin);
    if let (Some(first), Some(last)) = (report.first, report.last) {
        println!("  from {first} to {last}");
    }
    println!("  root {}", report.root);
    if let Some(entry) = report.backwards.first() {
        println!(
            "  note: a clock ran backwards {} times, first at entry {entry}; that is no sign of tampering",
            report.backwards.len()
        );
    }
    Ok(())
}
