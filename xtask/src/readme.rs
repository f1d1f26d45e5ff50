//! The test command that README.md tells people to type.

use crate::shell::root;
use anyhow::{Context, bail};
use std::fs;

/// The line above the block.
const MARK: &str = "<!-- test-command -->";

/// The first block of shell below the mark.
pub fn test_command() -> anyhow::Result<String> {
    let text = fs::read_to_string(root().join("README.md")).context("cannot read README.md")?;
    match block(&text) {
        Some(command) => Ok(command),
        None => bail!("README.md has no ```sh block below the line {MARK}"),
    }
}

fn block(text: &str) -> Option<String> {
    let lines = text.lines().skip_while(|line| *line != MARK).skip_while(|line| *line != "```sh").skip(1);
    let commands: Vec<_> = lines.take_while(|line| *line != "```").collect();
    (!commands.is_empty()).then(|| commands.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::block;

    #[test]
    fn finds_the_marked_block() {
        let text = "```sh\nno\n```\n<!-- test-command -->\n\n```sh\nyes\nand yes\n```\n```sh\nno\n```\n";
        assert_eq!(block(text).unwrap(), "yes\nand yes");
        assert_eq!(block("```sh\nno\n```\n"), None);
        assert_eq!(block("<!-- test-command -->\n```sh\n```\n"), None);
    }
}
