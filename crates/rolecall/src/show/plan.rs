//! A plan for people: first who gains and who loses what, then the SQL with its reasons, then the risk.

use std::fmt::Write as _;

use rolecall_core::finding::Level;
use rolecall_core::plan::{Direction, Effect, Risk};

use super::document::PlanDocument;
use super::{BAD, CARE, GOOD, QUIET, STRONG, finding, plain};

/// More than this of anything is counted, not shown; `--json` has it all.
const MOST: usize = 200;

/// The most statements that are shown of one change.
const PER_CHANGE: usize = 12;

/// The most characters that are shown of one statement.
const WIDEST: usize = 240;

/// How much of a plan is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// People and risk.
    Brief,
    /// The SQL too.
    Full,
}

impl Detail {
    /// What `--brief` means.
    pub const fn brief(brief: bool) -> Self {
        if brief { Self::Brief } else { Self::Full }
    }
}

/// The text of one server's plan.
pub fn plan(plan: &PlanDocument, detail: Detail) -> String {
    let mut text = format!(
        "{STRONG}{} · {}{STRONG:#} {QUIET}PostgreSQL {}, {}{QUIET:#}\n",
        plan.environment,
        plan.server,
        plan.identity.version_text,
        plain(&plan.databases.join(", "))
    );
    if !plan.changes {
        let _ = writeln!(text, "  {GOOD}Nothing to do:{GOOD:#} the server says what the policy says.");
    } else {
        effects(&mut text, plan);
        statements(&mut text, plan, detail);
    }
    findings(&mut text, plan);
    if plan.changes {
        let _ = writeln!(text, "\n  {STRONG}Risk{STRONG:#}  {}", risk(plan));
        let _ = writeln!(text, "  {QUIET}{}{QUIET:#}", plan.digest);
    }
    text
}

fn effects(text: &mut String, plan: &PlanDocument) {
    let _ = writeln!(text, "\n  {STRONG}Who gains and who loses what{STRONG:#}");
    if plan.effects.is_empty() {
        let _ = writeln!(text, "    nobody: the changes below touch no one's access");
    }
    for effect in plan.effects.iter().take(MOST) {
        let _ = writeln!(text, "{}", one(effect, &plan.environment));
    }
    more(text, plan.effects.len(), "effects");
}

fn one(effect: &Effect, environment: &str) -> String {
    let several = effect.who.len() > 1;
    let (style, sign, verb) = match effect.direction {
        Direction::Gains => (GOOD, '+', if several { "gain" } else { "gains" }),
        Direction::Loses => (BAD, '-', if several { "lose" } else { "loses" }),
        Direction::Keeps => (QUIET, '=', if several { "keep" } else { "keeps" }),
        Direction::Changes => (CARE, '~', if several { "see other rows" } else { "sees other rows" }),
    };
    let names = names(&effect.who);
    let who = plain(&match &effect.holders_of {
        Some(role) if effect.who.is_empty() => format!("{role} (held by nobody)"),
        Some(role) => format!("{names} (holding {role})"),
        None => names,
    });
    let access = plain(&effect.access.join("; "));
    format!(
        "    {style}{sign} {who} {verb}:{style:#} {access}, in {environment} {QUIET}— because {}{QUIET:#}",
        plain(&effect.because)
    )
}

fn names(who: &[String]) -> String {
    match who {
        [] => "nobody".to_owned(),
        [a, b, c, rest @ ..] if !rest.is_empty() => format!("{a}, {b}, {c} and {} more", rest.len()),
        few => few.join(", "),
    }
}

fn statements(text: &mut String, plan: &PlanDocument, detail: Detail) {
    let count: usize = plan.statements.iter().map(|step| step.sql.len()).sum();
    let (sql, changes) = (super::count(count, "statement"), super::count(plan.statements.len(), "change"));
    let _ = writeln!(text, "\n  {STRONG}What runs{STRONG:#} {QUIET}{sql} in {changes}{QUIET:#}");
    if detail == Detail::Brief {
        return;
    }
    let mut place = None;
    for step in plan.statements.iter().take(MOST) {
        if place != Some(&step.database) {
            let name = step.database.as_deref().map_or("server".to_owned(), |name| format!("database {}", plain(name)));
            let _ = writeln!(text, "    {QUIET}-- {name}{QUIET:#}");
            place = Some(&step.database);
        }
        let _ = writeln!(text, "    {QUIET}-- {}{QUIET:#}", plain(&step.reason));
        let shown: Vec<&String> = step.sql.iter().filter(|sql| !is_bookkeeping(sql)).collect();
        for sql in shown.iter().take(PER_CHANGE) {
            let _ = writeln!(text, "    {};", shorten(sql));
        }
        if shown.len() > PER_CHANGE {
            let more = super::count(shown.len() - PER_CHANGE, "more statement");
            let _ = writeln!(text, "    {QUIET}… and {more}{QUIET:#}");
        }
    }
    more(text, plan.statements.len(), "changes");
}

/// What Rolecall notes for itself in its own schema.
fn is_bookkeeping(sql: &str) -> bool {
    ["INSERT INTO rolecall.seal", "INSERT INTO rolecall.row_security", "DELETE FROM rolecall.seal"]
        .iter()
        .any(|start| sql.starts_with(start))
}

/// A statement on a line; long ones (thousands of tables, code) are cut. `--json` has them whole.
fn shorten(sql: &str) -> String {
    let lines = sql.lines().filter(|line| !line.trim_start().starts_with("--"));
    let line = plain(&lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" "));
    let mut shown: String = line.chars().take(WIDEST).collect();
    if shown.len() < line.len() {
        shown.push_str(" …");
    }
    shown
}

fn findings(text: &mut String, plan: &PlanDocument) {
    let shown: Vec<_> = plan.findings.iter().filter(|finding| finding.level > Level::Info || plan.changes).collect();
    if shown.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n  {STRONG}Findings{STRONG:#}");
    for item in shown.iter().take(MOST) {
        let _ = writeln!(text, "{}", finding(item));
    }
    more(text, shown.len(), "findings");
}

fn more(text: &mut String, count: usize, what: &str) {
    if count > MOST {
        let _ = writeln!(text, "    {QUIET}… and {} more {what}; --json shows all{QUIET:#}", count - MOST);
    }
}

fn risk(plan: &PlanDocument) -> String {
    let count = |risk: Risk| plan.statements.iter().filter(|step| step.risks.contains(&risk)).count();
    let words = [
        (Risk::Widens, GOOD, "widens"),
        (Risk::Narrows, CARE, "narrows"),
        (Risk::Destroys, BAD, "destroys"),
        (Risk::LocksTable, BAD, "locks a table"),
        (Risk::EndsSessions, CARE, "ends sessions"),
    ];
    let said: Vec<String> = words
        .into_iter()
        .filter(|(risk, _, _)| count(*risk) > 0)
        .map(|(risk, style, word)| format!("{style}{word}{style:#} {}×", count(risk)))
        .collect();
    if said.is_empty() { "none".to_owned() } else { said.join(", ") }
}
