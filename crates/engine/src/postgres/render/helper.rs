//! Rolecall's own schema in a database with row filters: who has which rows, and the functions that say so.

/// The statements, with an empty line between each two and none inside of one. The last one notes what the others made,
/// so that the next plan sees whether somebody changed it by hand.
const STATEMENTS: &str = concat!(
    include_str!("helper.sql"),
    "\nDO $rolecall$\nBEGIN\n    EXECUTE format('COMMENT ON SCHEMA rolecall IS %L', 'rolecall: ' || (\n",
    include_str!("helper_fingerprint.sql"),
    "    ));\nEND\n$rolecall$;\n"
);

/// Creates the schema, or repairs it: run twice, it changes nothing the second time.
pub fn install() -> Vec<String> {
    let statement = |text: &str| text.trim().trim_end_matches(';').to_owned();
    STATEMENTS.split("\n\n").map(statement).collect()
}
