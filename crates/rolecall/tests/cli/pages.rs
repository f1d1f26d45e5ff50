//! What people are told to type: every `rolecall …` in a page names commands and options that there are.

#![expect(clippy::unwrap_used, reason = "a test's own files")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::stage::bare;

#[test]
fn commands_in_pages_are_commands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (mut helps, mut wrong, mut seen) = (BTreeMap::new(), Vec::new(), 0);
    for page in pages(&root) {
        for command in commands(&std::fs::read_to_string(&page).unwrap()) {
            seen += 1;
            if let Some(why) = trouble(&command, &mut helps) {
                wrong.push(format!("{}: `{command}`: {why}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 50, "{seen}");
}

fn pages(root: &Path) -> Vec<PathBuf> {
    let mut pages = vec![root.join("README.md"), root.join("CHANGELOG.md")];
    for folder in ["docs", "docs/guide"] {
        let entries = std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        pages.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    pages
}

/// In backticks, over line ends too, and on lines of their own.
fn commands(page: &str) -> Vec<String> {
    let joined = page.replace("\\\n", " ");
    let lines = joined.lines().map(|line| line.trim().trim_start_matches("$ "));
    let lines = lines.map(|line| line.split(" #").next().unwrap_or_default().trim_end().to_owned());
    let inline = page.split('`').skip(1).step_by(2).map(|code| code.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.chain(inline).filter(|text| text.starts_with("rolecall ") && !text.starts_with("rolecall : ")).collect()
}

/// What is wrong with it, by what `--help` of its command says.
fn trouble(command: &str, helps: &mut BTreeMap<Vec<String>, String>) -> Option<String> {
    let mut path = Vec::new();
    let mut words = command.split_whitespace().skip(1).peekable();
    loop {
        let help = helps.entry(path.clone()).or_insert_with(|| help(&path));
        let listed = help.split_once("\nCommands:\n").map(|(_, rest)| rest.split("\n\n").next().unwrap_or_default());
        let Some(listed) = listed else { break };
        let Some(word) = words.next_if(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
        else {
            break;
        };
        if !listed.lines().any(|line| line.split_whitespace().next() == Some(word)) && !word.starts_with('-') {
            return Some(format!("there is no command {word}"));
        }
        path.push(word.to_owned());
    }
    let help = helps.get(&path)?;
    // What stands after `--` is for another program.
    let given = words.take_while(|word| *word != "--").filter_map(|word| word.strip_prefix("--"));
    let options = given.map(|word| word.split(['=', '`', ',', '.', ')', ']']).next().unwrap_or_default());
    options.filter(|name| !name.is_empty()).find_map(|name| {
        let there = help
            .split_whitespace()
            .any(|word| word.trim_end_matches(',').split(['[', '=']).next() == Some(&format!("--{name}")));
        (!there).then(|| format!("there is no option --{name}"))
    })
}

fn help(path: &[String]) -> String {
    let words: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
    let output = bare(&words).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
