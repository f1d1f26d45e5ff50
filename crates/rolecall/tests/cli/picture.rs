//! The picture in README.md is what the program says on a terminal, of the demo's policy and shop.

use std::path::Path;

use rolecall_throwaway::{Options, binaries};

use crate::stage::{Stage, bare, ran};

const POLICY: &str = include_str!("../../src/commands/demo/policy.yaml");
const SHOP: &str = include_str!("../../src/commands/demo/shop.sql");

/// Set to write the picture anew.
const UPDATE: &str = "ROLECALL_UPDATE_PICTURE";

#[test]
fn the_readme_shows_what_plan_says() {
    // The memberships' options are written out from PostgreSQL 16 on: the picture is of an older one.
    if binaries::find(None).unwrap().version > 15 {
        return;
    }
    let stage = Stage::empty(&Options::new());
    stage.sql("postgres", "CREATE ROLE app_owner NOLOGIN");
    stage.sql("postgres", "CREATE DATABASE app OWNER app_owner");
    stage.sql("app", SHOP);
    stage.write("production.url", &stage.url());
    let policy = POLICY.replace("{folder}", &stage.folder.path().display().to_string());
    stage.write("rolecall.yaml", &policy);
    stage.run(&["apply", "--yes", "--environment", "production"]).says(0, &["read back"]);
    stage.write("rolecall.yaml", &format!("{policy}  dave@acme.test: {{ groups: [developers] }}\n"));
    stage.sql("app", "GRANT SELECT ON shop.payments TO bob");

    let words = ["plan", "--environment", "production"];
    let mut plan = bare(&words);
    let shown = ran(plan.current_dir(stage.folder.path()).env("CLICOLOR_FORCE", "1").env("TERM", "xterm-256color"));
    shown.says(2, &["dave@acme.test gains:", "bob@acme.test loses:"]);
    let lines = shown.out.lines().map(|line| {
        // What differs from server to server.
        let cut = |start: &str| line.split_once(start).map(|(before, _)| format!("{before}{start}"));
        match (cut("PostgreSQL "), cut("sha256:")) {
            (Some(start), _) => format!("{start}15, app\u{1b}[0m"),
            (None, Some(start)) => format!("{start}2ec70034c020…\u{1b}[0m"),
            (None, None) => line.to_owned(),
        }
    });
    let text = format!("$ rolecall {}\n{}", words.join(" "), lines.collect::<Vec<_>>().join("\n"));
    let picture = anstyle_svg::Term::new().render_svg(text.trim_end());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/plan.svg");
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&file, &picture).unwrap();
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        there == picture,
        "docs/plan.svg is not what plan says: {UPDATE}=1 cargo test -p rolecall --test cli picture"
    );
}
