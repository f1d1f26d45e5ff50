//! The policy's files and the places in them.

use super::problem::{Problem, Span};

/// The most that a policy may weigh, all files together, in bytes.
pub const LARGEST: usize = 8 * 1024 * 1024;

/// One file of a policy.
#[derive(Debug, Clone)]
pub struct Source {
    /// What to call it in messages, usually its path.
    pub name: String,
    /// What stands in it.
    pub text: String,
    /// Where its bytes stop being UTF-8.
    broken_at: Option<usize>,
}

/// The files of a policy, in the order in which spans count them.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Source>,
}

/// A place as editors show it: both numbers begin with 1, columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

impl Sources {
    /// No file yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A policy of one file.
    pub fn one(name: impl Into<String>, text: impl Into<String>) -> Self {
        let mut sources = Self::new();
        sources.add(name, text);
        sources
    }

    /// Adds a file.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.files.push(Source { name: name.into(), text: text.into(), broken_at: None });
    }

    /// Adds a file as it was read from disk; reading the policy reports it if it is not UTF-8.
    pub fn add_bytes(&mut self, name: impl Into<String>, bytes: &[u8]) {
        let broken_at = std::str::from_utf8(bytes).err().map(|error| error.valid_up_to());
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.files.push(Source { name: name.into(), text, broken_at });
    }

    /// The files.
    pub fn files(&self) -> &[Source] {
        &self.files
    }

    /// The file in which a span lies.
    pub fn file(&self, span: Span) -> Option<&Source> {
        self.files.get(span.file as usize)
    }

    /// What a file is called; empty if there is none of that number.
    pub fn name(&self, file: u32) -> &str {
        self.files.get(file as usize).map(|file| file.name.as_str()).unwrap_or_default()
    }

    /// All of a file's text; empty if there is none of that number.
    pub fn text(&self, file: u32) -> &str {
        self.files.get(file as usize).map(|file| file.text.as_str()).unwrap_or_default()
    }

    /// What stands at a span.
    pub fn excerpt(&self, span: Span) -> &str {
        self.file(span).and_then(|file| file.text.get(span.start as usize..span.end as usize)).unwrap_or_default()
    }

    /// Where a span begins.
    pub fn position(&self, span: Span) -> Position {
        let text = self.file(span).map(|file| file.text.as_str()).unwrap_or_default();
        let before = text.get(..span.start as usize).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        Position { line: before.matches('\n').count() + 1, column }
    }

    /// `policy.yaml:12:3`.
    pub fn place(&self, span: Span) -> String {
        let Position { line, column } = self.position(span);
        format!("{}:{line}:{column}", self.file(span).map(|file| file.name.as_str()).unwrap_or_default())
    }

    /// What keeps the files from being looked at as YAML at all.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let bytes: usize = self.files.iter().map(|file| file.text.len()).sum();
        if bytes > LARGEST {
            return vec![Problem::error(
                "too-large",
                Span::default(),
                format!("the policy has {bytes} bytes; {LARGEST} are the most that Rolecall reads"),
                "check that the path leads to a policy; generated policies can use groups instead of one entry per person",
            )];
        }
        let files = self.files.iter().enumerate();
        files.filter_map(|(index, file)| file.problem(u32::try_from(index).unwrap_or(u32::MAX))).collect()
    }
}

/// Files from names and texts.
impl<N: Into<String>, T: Into<String>> FromIterator<(N, T)> for Sources {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(files: I) -> Self {
        let mut sources = Self::new();
        files.into_iter().for_each(|(name, text)| sources.add(name, text));
        sources
    }
}

impl Source {
    fn problem(&self, file: u32) -> Option<Problem> {
        if let Some(at) = self.broken_at {
            return Some(Problem::error(
                "not-utf8",
                span(file, at, 0),
                "the file is not UTF-8 text",
                "save it as UTF-8",
            ));
        }
        let (at, character) = self.text.char_indices().find(|(at, character)| is_unprintable(*at, *character))?;
        Some(Problem::error(
            "unprintable-character",
            span(file, at, character.len_utf8()),
            format!("the character U+{:04X} cannot be seen and has no place in a policy", u32::from(character)),
            "delete it; what a reviewer cannot see must not decide access",
        ))
    }
}

/// Control characters, among them NUL, at which a parser may stop, and those that make text look other than it reads.
pub(super) fn is_unprintable(at: usize, character: char) -> bool {
    let byte_order_mark = character == '\u{feff}' && at > 0;
    let reorders = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}');
    let line_breaks = matches!(character, '\u{2028}' | '\u{2029}');
    let control = character.is_control() && !matches!(character, '\n' | '\r' | '\t');
    byte_order_mark || reorders || line_breaks || control
}

fn span(file: u32, start: usize, length: usize) -> Span {
    let clip = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { file, start: clip(start), end: clip(start.saturating_add(length)) }
}
