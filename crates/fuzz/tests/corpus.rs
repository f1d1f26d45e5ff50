//! What is kept in `corpus/`: inputs that lead far into the code, and every one that once went wrong.

#![expect(clippy::unwrap_used, reason = "a test's own files")]

use std::path::{Path, PathBuf};

use rolecall_fuzz::TARGETS;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn nothing_in_the_corpus_goes_wrong() {
    for (name, run) in TARGETS {
        let files = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name));
        assert!(files.len() >= 3, "{name}");
        for file in files {
            println!("{}", file.display());
            run(&std::fs::read(file).unwrap());
        }
    }
}

#[test]
fn policies_of_the_scenarios() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rolecall/tests/scenarios");
    let mut played = 0;
    for file in files(&scenarios) {
        let text = std::fs::read_to_string(file).unwrap();
        for policy in text.split("\n```yaml").skip(1).filter_map(|part| part.split("\n```").next()) {
            rolecall_fuzz::policy::run(policy.split_once('\n').unwrap().1.as_bytes());
            played += 1;
        }
    }
    assert!(played > 50);
}
