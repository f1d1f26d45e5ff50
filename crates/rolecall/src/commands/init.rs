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
    let schema = path.with_file_name("rolecall.schema.json");
    std::fs::write(&schema, super::schema::text(false)?)
        .with_context(|| format!("cannot write {}", schema.display()))?;
    println!("Wrote {} and {} (for your editor).", path.display(), schema.display());
    println!("Next: edit it, then `rolecall check`, then `rolecall plan`.");
    Ok(Outcome::Done)
}
