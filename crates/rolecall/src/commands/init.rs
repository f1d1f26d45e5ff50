//! `rolecall init`: a commented starter policy, never over an existing file.

use std::fs::OpenOptions;
use std::io::Write;

use anyhow::Context;
use rolecall_core::policy::STARTER;

use crate::Outcome;
use crate::args::Init;

/// Writes the starter policy and the schema that editors complete and check it with.
pub fn run(init: &Init) -> anyhow::Result<Outcome> {
    let path = &init.path;
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).with_context(|| {
        let kept = if path.exists() { " (an existing file is left alone)" } else { "" };
        format!("cannot write {}{kept}", path.display())
    })?;
    file.write_all(STARTER.as_bytes())?;
    let (schema, text) = (path.with_file_name("rolecall.schema.json"), super::schema::text(false)?);
    let (own, other) = (path.display(), schema.display());
    match OpenOptions::new().write(true).create_new(true).open(&schema) {
        Ok(mut file) => {
            file.write_all(text.as_bytes()).with_context(|| format!("cannot write {other}"))?;
            println!("Wrote {own} and {other} (for your editor).");
        }
        Err(_) if std::fs::read_to_string(&schema).is_ok_and(|there| there == text) => {
            println!("Wrote {own}; {other} (for your editor) is there already.");
        }
        Err(_) if schema.exists() => {
            println!("Wrote {own}. {other} exists and is left alone: `rolecall schema > {other}` renews it.");
        }
        Err(error) => return Err(error).with_context(|| format!("cannot write {other}")),
    }
    println!("Next: edit it, then `rolecall check`, then `rolecall plan`.");
    Ok(Outcome::Done)
}
