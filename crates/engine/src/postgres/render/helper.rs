//! Rolecall's own schema in a database with row filters: who has which rows, and the functions that say so.

/// The statements, with an empty line between each two and none inside of one.
const STATEMENTS: &str = include_str!("helper.sql");

/// Creates the schema, or repairs it: run twice, it changes nothing the second time.
pub fn install() -> Vec<String> {
    let statement = |text: &str| text.trim().trim_end_matches(';').to_owned();
    STATEMENTS.split("\n\n").map(statement).collect()
}
