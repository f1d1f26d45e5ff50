//! An administrator without SUPERUSER, who is given what a plan says is missing, by the statement that it names.

use rolecall_core::finding::Finding;
use rolecall_core::plan::Plan;

/// Its name. It has CREATEROLE, and membership in those who own things.
pub const NAME: &str = "admin";

/// What helps with what a plan says is missing.
pub enum Help {
    /// Nothing is missing, or nothing is said to help.
    None,
    /// Statements for a superuser, each with its database.
    Statements(Vec<(String, String)>),
    /// Only a superuser can apply it.
    Superuser,
}

/// What a plan's findings say.
pub fn help(plan: &Plan) -> Help {
    let missing: Vec<&Finding> = plan.findings.iter().filter(|finding| finding.code == "missing-right").collect();
    let texts: Vec<&str> = missing.iter().filter_map(|finding| finding.help.as_deref()).collect();
    if texts.iter().any(|text| text.contains("a superuser must run this apply")) {
        return Help::Superuser;
    }
    let found: Vec<_> = texts.iter().flat_map(|text| statements(text)).collect();
    if found.is_empty() { Help::None } else { Help::Statements(found) }
}

fn statements(text: &str) -> Vec<(String, String)> {
    let parts = text.replace("; as a superuser", "\u{0}as a superuser");
    let found = |part: &str| {
        let (_, rest) = part.split_once("as an administrator of that role").or(part.split_once("as a superuser"))?;
        let (place, sql) = rest.split_once(": ")?;
        Some((place.strip_prefix(", in ").unwrap_or("postgres").to_owned(), sql.trim().to_owned()))
    };
    parts.split('\u{0}').filter_map(found).collect()
}
