//! `cargo xtask gen`: the references and schemas that the program prints about itself, as files in the repository.

use crate::shell::{cargo_output, executable, output, root};
use anyhow::{Context, bail};
use std::fs;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Arguments {
    /// Write nothing; fail if a file is not what would be written
    #[arg(long)]
    check: bool,
}

/// A file, and the arguments with which `rolecall` prints its content.
struct Generated {
    path: &'static str,
    arguments: &'static [&'static str],
}

const FILES: &[Generated] = &[
    Generated { path: "docs/reference/cli.md", arguments: &["docs", "cli"] },
    Generated { path: "docs/reference/openapi.json", arguments: &["docs", "openapi"] },
    Generated { path: "docs/reference/policy.md", arguments: &["docs", "policy"] },
    Generated { path: "schema/policy.schema.json", arguments: &["schema"] },
    Generated { path: "schema/plan.schema.json", arguments: &["schema", "--plan"] },
];

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.check { check() } else { write() }
}

/// Fails, with the first difference of each, when files are stale.
pub fn check() -> anyhow::Result<()> {
    println!("\n==> generated files");
    let (mut stale, program) = (Vec::new(), program()?);
    for file in FILES {
        let wanted = content(&program, file)?;
        let found = fs::read_to_string(root().join(file.path)).unwrap_or_default();
        if let Some(difference) = difference(&found, &wanted) {
            println!("    {}: {difference}", file.path);
            stale.push(file.path);
        }
    }
    if !stale.is_empty() {
        bail!("not what the code generates: {}; run `cargo xtask gen` and commit the result", stale.join(", "));
    }
    println!("    {} files are up to date", FILES.len());
    crate::links::check()
}

fn write() -> anyhow::Result<()> {
    let program = program()?;
    for file in FILES {
        let (path, text) = (root().join(file.path), content(&program, file)?);
        // A file that is right keeps its time stamp.
        if fs::read_to_string(&path).is_ok_and(|found| found == text) {
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        fs::write(&path, text).with_context(|| format!("cannot write {}", file.path))?;
        println!("wrote {}", file.path);
    }
    Ok(())
}

/// The program as the tests use it. Built by itself, most of its dependencies would have other features, and be built again.
fn program() -> anyhow::Result<PathBuf> {
    let words = ["test", "--workspace", "--locked", "--quiet", "--no-run", "--test", "cli", "--message-format", "json"];
    let said = cargo_output(&words)?;
    let artifact = |line: &&str| line.contains("\"kind\":[\"bin\"]") && line.contains("\"name\":\"rolecall\"");
    let path = said.lines().find(artifact).and_then(executable);
    path.context("cargo built no rolecall")
}

fn content(program: &Path, file: &Generated) -> anyhow::Result<String> {
    let text = output(program, file.arguments)?;
    if text.trim().is_empty() {
        bail!("`rolecall {}` printed nothing for {}", file.arguments.join(" "), file.path);
    }
    Ok(text)
}

/// The first line that is not the same, or None.
fn difference(found: &str, wanted: &str) -> Option<String> {
    if found == wanted {
        return None;
    }
    if found.is_empty() {
        return Some("missing".to_owned());
    }
    let same = found.lines().zip(wanted.lines()).take_while(|(left, right)| left == right).count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("(end of file)").to_owned();
    Some(format!("line {}\n      in the file: {}\n      generated:   {}", same + 1, line(found), line(wanted)))
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn shows_the_first_difference() {
        assert_eq!(difference("a\n", "a\n"), None);
        assert_eq!(difference("", "a\n").unwrap(), "missing");
        let text = difference("a\nb\n", "a\nc\nd\n").unwrap();
        assert_eq!(text, "line 2\n      in the file: b\n      generated:   c");
        assert!(difference("a\n", "a\nb\n").unwrap().contains("(end of file)"));
    }
}
