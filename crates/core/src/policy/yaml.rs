//! YAML text to a tree of nodes that know their place, within limits that hold against hostile files.

use std::collections::HashMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};

use super::problem::{Problem, Span};

/// How deep lists and maps may be nested.
const DEEPEST: u32 = 64;
/// How many nodes a file may have.
const MOST_NODES: usize = 1_000_000;
/// How many nodes aliases may add to those that are written out.
const MOST_ALIASED: u64 = 200_000;

/// One value of a YAML file.
#[derive(Debug)]
pub struct Node {
    /// Where it was written; of a list or map over several lines, the first line.
    pub span: Span,
    /// What it is.
    pub value: Value,
    /// Nodes in it, with itself, aliases counted in full.
    weight: u64,
    /// Levels in it, with itself.
    height: u32,
}

/// What a node is.
#[derive(Debug)]
pub enum Value {
    /// Text, with whether quotes (or `|`, `>`) mark it as such.
    Scalar(String, bool),
    /// `[…]` or lines with `-`.
    List(Vec<Rc<Node>>),
    /// `{…}` or lines with `:`; no key stands twice.
    Map(Vec<(Rc<Node>, Rc<Node>)>),
}

impl Node {
    fn new(span: Span, value: Value) -> Self {
        let children: Vec<&Rc<Self>> = match &value {
            Value::Scalar(..) => Vec::new(),
            Value::List(items) => items.iter().collect(),
            Value::Map(entries) => entries.iter().flat_map(|(key, value)| [key, value]).collect(),
        };
        let weight = children.iter().fold(1_u64, |sum, child| sum.saturating_add(child.weight));
        let height = children.iter().map(|child| child.height).max().unwrap_or(0) + 1;
        Self { span, value, weight, height }
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text, _) => Some(text),
            Value::List(_) | Value::Map(_) => None,
        }
    }

    /// True when nothing is written, or `null` or `~`.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(text, false) if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// Keys and values; none if it is no map.
    pub fn entries(&self) -> &[(Rc<Self>, Rc<Self>)] {
        match &self.value {
            Value::Map(entries) => entries,
            Value::Scalar(..) | Value::List(_) => &[],
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(found, _)| found.text() == Some(key)).map(|(_, value)| &**value)
    }

    /// The items of a list, or the node itself where one thing stands instead of a list; none if nothing stands there.
    pub fn items(&self) -> Vec<&Self> {
        match &self.value {
            Value::List(items) => items.iter().map(|item| &**item).collect(),
            Value::Scalar(..) if self.is_null() => Vec::new(),
            Value::Scalar(..) | Value::Map(_) => vec![self],
        }
    }
}

/// Reads one file. None where there is nothing to go on with; `problems` says why, or the file is empty.
pub fn parse(file: u32, text: &str, problems: &mut Vec<Problem>) -> Option<Rc<Node>> {
    let mut builder = Builder {
        file,
        text,
        offsets: Offsets::of(text),
        lines: text.match_indices('\n').map(|(at, _)| at).collect(),
        open: Vec::new(),
        anchors: HashMap::new(),
        nodes: 0,
        aliased: 0,
        root: None,
        problems,
    };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let event = event.map_err(|error| builder.syntax(&error));
        let outcome = event.and_then(|(event, span)| builder.event(event, span.start.index(), span.end.index()));
        if let Err(problem) = outcome {
            builder.problems.push(*problem);
            return None;
        }
    }
    builder.root
}

/// Byte offsets of characters: the parser counts characters, everybody else bytes.
struct Offsets {
    length: usize,
    /// None where every character is one byte.
    starts: Option<Vec<u32>>,
}

impl Offsets {
    fn of(text: &str) -> Self {
        let starts = || text.char_indices().map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX)).collect();
        Self { length: text.len(), starts: (!text.is_ascii()).then(starts) }
    }

    fn byte(&self, character: usize) -> usize {
        match &self.starts {
            None => character.min(self.length),
            Some(starts) => starts.get(character).map_or(self.length, |at| *at as usize),
        }
    }
}

/// A list or map whose end has not come yet.
struct Open {
    anchor: usize,
    start: usize,
    content: Content,
}

enum Content {
    List(Vec<Rc<Node>>),
    Map(Vec<(Rc<Node>, Rc<Node>)>, Option<Rc<Node>>),
}

struct Builder<'a> {
    file: u32,
    text: &'a str,
    offsets: Offsets,
    /// Where the lines end: counting them anew for each duplicate takes minutes where there are thousands.
    lines: Vec<usize>,
    open: Vec<Open>,
    /// Finished nodes by the number of their anchor.
    anchors: HashMap<usize, Rc<Node>>,
    nodes: usize,
    aliased: u64,
    root: Option<Rc<Node>>,
    problems: &'a mut Vec<Problem>,
}

type Step = Result<(), Box<Problem>>;

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, start: usize, end: usize) -> Step {
        let (start, end) = (self.offsets.byte(start), self.offsets.byte(end));
        let tagged = match &event {
            Event::Scalar(_, _, _, tag) | Event::SequenceStart(_, tag) | Event::MappingStart(_, tag) => tag.is_some(),
            _ => false,
        };
        if tagged {
            self.problems.push(Problem::error(
                "yaml-tag",
                self.span(start, end),
                "a policy has no use for YAML tags (`!…`)",
                "take the tag away; to write a text that begins with `!`, quote it",
            ));
        }
        match event {
            Event::DocumentStart(_) if self.root.is_some() => Err(Box::new(Problem::error(
                "several-documents",
                self.span(start, end),
                "a second YAML document begins here",
                "take the `---` away, or put the second part into a file of its own in the same folder",
            ))),
            Event::Scalar(text, style, anchor, _) => {
                let quoted = style != ScalarStyle::Plain;
                // The text itself has none, but `"\0"` makes one.
                if text.contains('\0') {
                    self.problems.push(Problem::error(
                        "unprintable-character",
                        self.span(start, end),
                        "this text has a NUL character in it, which PostgreSQL cannot store",
                        "take the `\\0` out",
                    ));
                }
                self.finish(start, end, Value::Scalar(text.into_owned(), quoted), anchor)
            }
            Event::SequenceStart(anchor, _) => self.begin(start, anchor, Content::List(Vec::new())),
            Event::MappingStart(anchor, _) => self.begin(start, anchor, Content::Map(Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                None => Ok(()),
                Some(Open { anchor, start, content }) => {
                    let value = match content {
                        Content::List(items) => Value::List(items),
                        Content::Map(entries, _) => Value::Map(self.without_duplicates(entries)),
                    };
                    self.finish(start, end, value, anchor)
                }
            },
            Event::Alias(anchor) => self.alias(start, end, anchor),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, start: usize, anchor: usize, content: Content) -> Step {
        self.open.push(Open { anchor, start, content });
        self.check_depth(0, start)
    }

    fn check_depth(&self, below: u32, start: usize) -> Step {
        let depth = u32::try_from(self.open.len()).unwrap_or(u32::MAX).saturating_add(below);
        if depth <= DEEPEST {
            return Ok(());
        }
        Err(Box::new(Problem::error(
            "yaml-too-deep",
            self.span(start, start + 1),
            format!("lists and maps are nested more than {DEEPEST} deep"),
            "no part of a policy needs that; look for a bracket that is not closed",
        )))
    }

    fn finish(&mut self, start: usize, end: usize, value: Value, anchor: usize) -> Step {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err(Box::new(Problem::error(
                "too-large",
                self.span(start, end),
                format!("the file has more than {MOST_NODES} values"),
                "use groups instead of one entry per person and role",
            )));
        }
        let node = Rc::new(Node::new(self.span(start, end), value));
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.place(node);
        Ok(())
    }

    fn alias(&mut self, start: usize, end: usize, anchor: usize) -> Step {
        let Some(node) = self.anchors.get(&anchor).map(Rc::clone) else {
            return Err(Box::new(Problem::error(
                "yaml-alias",
                self.span(start, end),
                "this alias stands inside what it refers to",
                "write the value out",
            )));
        };
        self.check_depth(node.height.saturating_sub(1), start)?;
        self.aliased = self.aliased.saturating_add(node.weight);
        if self.aliased > MOST_ALIASED {
            return Err(Box::new(Problem::error(
                "yaml-too-many-aliases",
                self.span(start, end),
                format!("aliases (`*name`) blow the file up by more than {MOST_ALIASED} values"),
                "write the values out, or use groups and `includes`",
            )));
        }
        self.place(node);
        Ok(())
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: Rc<Node>) {
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map(entries, key)) => match key.take() {
                None => *key = Some(node),
                Some(key) => entries.push((key, node)),
            },
        }
    }

    /// The first of each key stays; keys that are no text go.
    fn without_duplicates(&mut self, entries: Vec<(Rc<Node>, Rc<Node>)>) -> Vec<(Rc<Node>, Rc<Node>)> {
        let mut first: HashMap<String, Span> = HashMap::with_capacity(entries.len());
        let mut kept = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let Some(text) = key.text().filter(|_| !key.is_null()) else {
                self.problems.push(Problem::error(
                    "key-not-text",
                    key.span,
                    "what stands before a `:` must be text",
                    "write a name there; a name that is a list, a map or `null` to YAML needs quotes",
                ));
                continue;
            };
            match first.get(text) {
                None => {
                    first.insert(text.to_owned(), key.span);
                    kept.push((key, value));
                }
                Some(earlier) => self.problems.push(Problem::error(
                    "duplicate-key",
                    key.span,
                    format!("`{text}` stands here a second time; the first is on line {}", self.line(*earlier)),
                    "keep one of the two, or put what they say together",
                )),
            }
        }
        kept
    }

    fn syntax(&self, error: &ScanError) -> Box<Problem> {
        let at = self.offsets.byte(error.marker().index());
        // The end of the text is no place to point at.
        let at = at.min(self.text.trim_end().len());
        let help = match error.info() {
            info if info.contains("tab") => "indent with spaces: YAML forbids tabs there",
            info if info.contains("alias") || info.contains("anchor") => {
                "a text that begins with `*` or `&` needs quotes"
            }
            _ => "check the indentation, quotes and brackets here and on the line before",
        };
        Box::new(Problem::error(
            "yaml-syntax",
            self.span(at, at + 1),
            format!("this is not YAML: {}", error.info()),
            help,
        ))
    }

    fn line(&self, span: Span) -> usize {
        self.lines.partition_point(|newline| *newline < span.start as usize) + 1
    }

    /// At most to the end of the line: a span over half the file points at nothing.
    fn span(&self, start: usize, end: usize) -> Span {
        let end = end.clamp(start, self.text.len().max(start));
        let text = self.text.get(start..end).unwrap_or_default();
        let first_line = text.lines().next().unwrap_or_default().trim_end();
        let clip = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { file: self.file, start: clip(start), end: clip(start + first_line.len()) }
    }
}
