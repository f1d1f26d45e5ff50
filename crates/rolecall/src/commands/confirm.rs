//! A question that only a person on a terminal answers.

use std::io::{IsTerminal, Write};

use anyhow::bail;

/// True for yes, and for nothing else: an empty line and the end of the input mean no. An error where nobody is there.
pub fn confirm(question: &str, instead: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("nobody to ask here: {instead}");
    }
    eprint!("{question} [y/N] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    if std::io::stdin().read_line(&mut answer)? == 0 {
        eprintln!();
    }
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
