//! Text in which `*` matches any run of characters, unless it was quoted.

use std::fmt;

use super::PatternError;

/// PostgreSQL cuts longer names off without a word, so that two of them could mean the same object.
pub const LONGEST_NAME: usize = 63;

/// Text in which `*` matches any run of characters, unless it was quoted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Glob {
    /// The pieces between the stars.
    pieces: Vec<String>,
}

impl Glob {
    /// Reads one identifier: `*` is a star, double quotes make what is inside literal (`""` is one quote).
    /// Spaces and dots stand for themselves.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let glob = Self::of_any_length(text)?;
        let bytes: usize = glob.pieces.iter().map(String::len).sum();
        if bytes > LONGEST_NAME {
            return Err(PatternError::new(
                format!("`{text}` is {bytes} bytes long; PostgreSQL cuts names off after {LONGEST_NAME}"),
                "write the name as the database has it, or a shorter pattern with `*`",
            ));
        }
        Ok(glob)
    }

    /// As [`Glob::parse`], for names that PostgreSQL does not limit (configuration parameters).
    pub(super) fn of_any_length(text: &str) -> Result<Self, PatternError> {
        let mut pieces = vec![String::new()];
        let mut starred = false;
        let mut quoted = false;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '\0' => return Err(PatternError::new("a name cannot contain a NUL character", "take the NUL out")),
                '"' if quoted && characters.peek() == Some(&'"') => {
                    characters.next();
                    push(&mut pieces, '"');
                    starred = false;
                }
                '"' => quoted = !quoted,
                // `**` says no more than `*`.
                '*' if !quoted && starred => {}
                '*' if !quoted => {
                    pieces.push(String::new());
                    starred = true;
                }
                other => {
                    push(&mut pieces, other);
                    starred = false;
                }
            }
        }
        if quoted {
            return Err(PatternError::new(format!("`{text}` has a `\"` that is not closed"), "close the quote"));
        }
        if let [only] = pieces.as_slice()
            && only.is_empty()
        {
            return Err(PatternError::new("a name is empty", "write a name, or `*` for every name"));
        }
        Ok(Self { pieces })
    }

    /// Matches every name.
    pub fn everything() -> Self {
        Self { pieces: vec![String::new(), String::new()] }
    }

    /// Matches `name` and no other.
    pub fn literal(name: &str) -> Self {
        Self { pieces: vec![name.to_owned()] }
    }

    /// True when the name fits.
    pub fn matches(&self, name: &str) -> bool {
        let Some((first, rest)) = self.pieces.split_first() else { return false };
        let Some((last, middle)) = rest.split_last() else { return name == first };
        let Some(name) = name.strip_prefix(first.as_str()) else { return false };
        let Some(mut name) = name.strip_suffix(last.as_str()) else { return false };
        // The earliest place for each piece leaves the most room for the next.
        for piece in middle {
            let Some((_, after)) = name.split_once(piece.as_str()) else { return false };
            name = after;
        }
        true
    }

    /// The one name that it matches, if it has no star.
    pub fn exact(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// True for `*`.
    pub fn is_everything(&self) -> bool {
        self.pieces.len() > 1 && self.pieces.iter().all(String::is_empty)
    }

    /// The same with ASCII letters in lower case.
    pub(super) fn lower(mut self) -> Self {
        for piece in &mut self.pieces {
            piece.make_ascii_lowercase();
        }
        self
    }
}

fn push(pieces: &mut [String], character: char) {
    if let Some(last) = pieces.last_mut() {
        last.push(character);
    }
}

/// True when `text` means something else without quotes.
fn needs_quotes(text: &str) -> bool {
    text.chars().any(|c| c.is_whitespace() || matches!(c, '.' | '"' | '*' | '(' | ')' | ','))
}

/// With quotes where they are needed to be read back the same.
impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, piece) in self.pieces.iter().enumerate() {
            if index > 0 {
                f.write_str("*")?;
            }
            if needs_quotes(piece) {
                write!(f, "\"{}\"", piece.replace('"', "\"\""))?;
            } else {
                f.write_str(piece)?;
            }
        }
        Ok(())
    }
}
