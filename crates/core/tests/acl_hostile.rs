//! Hostile catalogs: whatever the text, the reader of ACLs takes or refuses it without a panic, and names that
//! PostgreSQL wrote come back. Texts that matter are kept in `tests/corpus/acl`: a word, and the text.

#![expect(clippy::unwrap_used, reason = "a test's own files")]

use std::path::Path;

use proptest::prelude::*;
use rolecall_core::state::{Acls, RoleNames};

/// Pieces that an `aclitem[]` is made of, and some that it is not.
const PIECES: &[&str] = &[
    "{",
    "}",
    ",",
    "=",
    "/",
    "\"",
    "\\",
    "\\\"",
    "\"\"",
    "r",
    "r*",
    "arwdDxtm",
    "*",
    "alice",
    "postgres",
    " ",
    "é",
    "\u{0}",
    "NULL",
    "=r/postgres",
    "alice=r*w/postgres",
    "\"a b=r/postgres\"",
    "\"\\\"x\\\"=U/postgres\"",
];

fn acl(text: &str) -> bool {
    Acls::default().parse(text, &mut RoleNames::default()).is_ok()
}

/// As PostgreSQL writes a role's name in an ACL, and then the ACL as an element of an array.
fn written(name: &str, grantor: &str) -> String {
    let putid = |name: &str| match name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    };
    let item = format!("{}=r*w/{}", putid(name), putid(grantor));
    format!("{{\"{}\"}}", item.replace('\\', "\\\\").replace('"', "\\\""))
}

fn corpus(kind: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(kind);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()).collect()
}

#[test]
fn the_corpus_of_acls() {
    let texts = corpus("acl");
    assert!(texts.len() >= 4);
    for text in texts {
        let (wanted, text) = text.trim_end().split_once(' ').unwrap();
        assert_eq!(acl(text), wanted == "reads", "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_pieces_of_an_acl_read_or_fail(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..30)) {
        acl(&pieces.concat());
    }

    #[test]
    fn any_text_as_an_acl_reads_or_fails(text in any::<String>()) {
        acl(&text);
    }

    #[test]
    fn names_in_an_acl_come_back(name in "[^\u{0}]{1,20}", grantor in "[^\u{0}]{1,20}") {
        let (mut acls, mut names) = (Acls::default(), RoleNames::default());
        let id = acls.parse(&written(&name, &grantor), &mut names);
        let id = id.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let entries = acls.get(id);
        prop_assert_eq!(entries.len(), 1);
        prop_assert_eq!(names.name(entries[0].grantee), name);
        prop_assert_eq!(names.name(entries[0].grantor), grantor);
    }
}
