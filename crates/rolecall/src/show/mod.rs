//! What people see: problems with their place, plans, errors. Colours only where a terminal is.

mod document;
mod plan;
mod problems;

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use rolecall_core::finding::{Finding, Level};
use rolecall_engine::postgres::EngineError;

pub use document::{Document, FORMAT, PlanDocument};
pub use plan::{Detail, plan};
pub use problems::{problems, problems_json};

/// Green: gains, done.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Red: loses, fails.
pub const BAD: Style = AnsiColor::Red.on_default();
/// Yellow: warns.
pub const CARE: Style = AnsiColor::Yellow.on_default();
/// Dim: reasons beside SQL.
pub const QUIET: Style = Style::new().dimmed();
/// Bold: headings.
pub const STRONG: Style = Style::new().bold();

/// An error, what it came from, and what to do about it.
pub fn error(error: &anyhow::Error) {
    let mut text = format!("{BAD}error:{BAD:#} {error}");
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            let _ = write!(text, "\n  {cause}");
        }
    }
    let said = |cause: &'_ (dyn std::error::Error + 'static)| match cause.downcast_ref::<Box<EngineError>>() {
        Some(error) => error.help(),
        None => cause.downcast_ref::<EngineError>()?.help(),
    };
    let help = error.chain().find_map(said);
    if let Some(help) = help {
        let _ = write!(text, "\n{GOOD}help:{GOOD:#} {help}");
    }
    anstream::eprintln!("{text}");
}

/// One finding, with its help below it.
pub fn finding(finding: &Finding) -> String {
    let (style, word) = match finding.level {
        Level::Error => (BAD, "error"),
        Level::Warning => (CARE, "warning"),
        Level::Info => (QUIET, "note"),
    };
    let mut text = format!("    {style}{word}{style:#} [{}] {}: {}", finding.code, finding.subject, finding.message);
    if let Some(help) = &finding.help {
        let _ = write!(text, "\n      {QUIET}help: {help}{QUIET:#}");
    }
    text
}

/// `1 error`, `2 errors`.
pub fn count(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
