//! Collects problems, with suggestions for as long as somebody reads them.

use super::super::model::Spanned;
use super::super::problem::{Problem, Span};
use super::super::similar;

/// Looking for similar names takes time for each: beyond this many problems nobody reads the suggestions.
const MOST_SUGGESTIONS: usize = 100;

pub struct Report<'a> {
    problems: &'a mut Vec<Problem>,
    suggestions: usize,
}

impl<'a> Report<'a> {
    pub fn new(problems: &'a mut Vec<Problem>) -> Self {
        Self { problems, suggestions: 0 }
    }

    pub fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Problem::error(code, span, message, help));
    }

    pub fn warning(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Problem::warning(code, span, message, help));
    }

    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(Problem::is_error)
    }

    /// `did you mean …? `, or nothing.
    pub fn suggestion<'k>(&mut self, word: &str, known: impl IntoIterator<Item = &'k String>) -> String {
        self.suggestions += 1;
        if self.suggestions > MOST_SUGGESTIONS {
            return String::new();
        }
        similar::did_you_mean(word, known.into_iter().map(String::as_str))
    }

    /// A name that leads nowhere. An empty one stands for a name that is missing, which the shape has reported.
    pub fn unknown<'k>(
        &mut self,
        code: &'static str,
        what: &str,
        name: &Spanned<String>,
        known: impl IntoIterator<Item = &'k String>,
        help: &str,
    ) {
        if name.value.is_empty() {
            return;
        }
        let near = self.suggestion(&name.value, known);
        self.error(code, name.span, format!("there is no {what} `{}`", clipped(&name.value)), format!("{near}{help}"));
    }
}

/// A text short enough for a message.
pub fn clipped(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}
