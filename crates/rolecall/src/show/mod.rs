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
    let mut text = format!("{BAD}error:{BAD:#} {}", plain_lines(&error.to_string()));
    for cause in error.chain().skip(1) {
        let cause = plain_lines(&cause.to_string());
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
        let _ = write!(text, "\n{GOOD}help:{GOOD:#} {}", plain_lines(&help));
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
    let (subject, message) = (plain(&finding.subject), plain(&finding.message));
    let mut text = format!("    {style}{word}{style:#} [{}] {subject}: {message}", finding.code);
    if let Some(help) = &finding.help {
        let _ = write!(text, "\n      {QUIET}help: {}{QUIET:#}", plain(help));
    }
    text
}

/// Text on one line that neither steers a terminal nor poses as another line: names come from policies, servers and
/// requests, and may hold anything.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

/// The same for a text of several lines.
pub fn plain_lines(text: &str) -> String {
    text.chars().map(|c| if steers(c) && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// Control characters, other ends of lines, and what turns the direction of writing.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// `1 error`, `2 errors`.
pub fn count(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
