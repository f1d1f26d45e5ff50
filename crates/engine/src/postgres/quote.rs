//! `Ident` and `Literal`: the only way in which a name or a value gets into SQL text.

use std::fmt;

use super::keywords::is_keyword;

/// The longest name that PostgreSQL keeps, in bytes. It cuts longer ones, which would make two names one.
const NAME_BYTES: usize = 63;

/// A name or value cannot stand in SQL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    /// The empty name.
    #[error("a name may not be empty")]
    Empty,
    /// Text with a NUL, which PostgreSQL cannot hold.
    #[error("{0:?} contains a NUL character")]
    Nul(String),
    /// A name that PostgreSQL would cut.
    #[error("the name {0:?} is longer than {NAME_BYTES} bytes")]
    TooLong(String),
    /// Even in quotes PostgreSQL takes these words for something else than a role of that name.
    #[error("no role can be called {0:?}")]
    NoRole(String),
}

impl QuoteError {
    /// What to do next.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Empty => "give it a name",
            Self::Nul(_) => "take the NUL character out",
            Self::TooLong(_) => "choose a shorter name, or one with fewer characters outside of ASCII",
            Self::NoRole(_) => "choose another name: PostgreSQL reserves this one",
        }
    }
}

/// A name: shown plain where PostgreSQL reads it back as it is, quoted otherwise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ident(String);

impl Ident {
    /// Takes a name as it stands in the catalog.
    ///
    /// # Errors
    /// Empty, with a NUL, or longer than 63 bytes.
    pub fn new(name: &str) -> Result<Self, QuoteError> {
        if name.is_empty() {
            Err(QuoteError::Empty)
        } else if name.contains('\0') {
            Err(QuoteError::Nul(name.to_owned()))
        } else if name.len() > NAME_BYTES {
            Err(QuoteError::TooLong(name.to_owned()))
        } else {
            Ok(Self(name.to_owned()))
        }
    }

    /// Takes the name of a role. PostgreSQL reads `"public"` as everybody and refuses `"none"`, in quotes or not.
    ///
    /// # Errors
    /// As [`Ident::new`], and for those two words.
    pub fn role(name: &str) -> Result<Self, QuoteError> {
        if matches!(name, "public" | "none") { Err(QuoteError::NoRole(name.to_owned())) } else { Self::new(name) }
    }

    /// The name as a value, for catalogs and functions that take it as text.
    pub fn literal(&self) -> Literal {
        Literal(self.0.clone())
    }

    fn is_plain(&self) -> bool {
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        self.0.bytes().next().is_some_and(letter)
            && self.0.bytes().all(|byte| letter(byte) || byte.is_ascii_digit())
            && !is_keyword(&self.0)
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_plain() { f.write_str(&self.0) } else { doubled(f, &self.0, '"') }
    }
}

/// A value as a string constant. Backslashes stay as they are: every session has `standard_conforming_strings` on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Literal(String);

impl Literal {
    /// Takes any text.
    ///
    /// # Errors
    /// It contains a NUL.
    pub fn new(value: &str) -> Result<Self, QuoteError> {
        if value.contains('\0') { Err(QuoteError::Nul(value.to_owned())) } else { Ok(Self(value.to_owned())) }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        doubled(f, &self.0, '\'')
    }
}

/// Writes `text` between quotes, with every such quote in it twice.
fn doubled(f: &mut fmt::Formatter<'_>, text: &str, quote: char) -> fmt::Result {
    use fmt::Write;
    f.write_char(quote)?;
    for (index, part) in text.split(quote).enumerate() {
        if index > 0 {
            f.write_char(quote)?;
            f.write_char(quote)?;
        }
        f.write_str(part)?;
    }
    f.write_char(quote)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_names_only_where_it_must() {
        for (name, sql) in [
            ("app_writer", "app_writer"),
            ("_1", "_1"),
            ("1_", "\"1_\""),
            ("Alice", "\"Alice\""),
            ("nightly-report", "\"nightly-report\""),
            ("user", "\"user\""),
            ("json_table", "\"json_table\""),
            ("name", "name"),
            ("a\"b", "\"a\"\"b\""),
            ("a$", "\"a$\""),
            ("é", "\"é\""),
            ("PUBLIC", "\"PUBLIC\""),
        ] {
            assert_eq!(Ident::role(name).unwrap().to_string(), sql);
        }
    }

    #[test]
    fn refuses_names_that_would_become_others() {
        assert_eq!(Ident::new(""), Err(QuoteError::Empty));
        assert_eq!(Ident::new("a\0"), Err(QuoteError::Nul("a\0".into())));
        assert!(Ident::new(&"é".repeat(31)).is_ok());
        assert!(matches!(Ident::new(&"é".repeat(32)), Err(QuoteError::TooLong(_))));
        assert!(Ident::new("public").is_ok(), "a schema is called that");
        assert!(matches!(Ident::role("public"), Err(QuoteError::NoRole(_))));
        assert!(matches!(Ident::role("none"), Err(QuoteError::NoRole(_))));
    }

    #[test]
    fn doubles_quotes_in_values() {
        assert_eq!(Literal::new(r"it's \n").unwrap().to_string(), r"'it''s \n'");
        assert_eq!(Literal::new("").unwrap().to_string(), "''");
        assert!(Literal::new("\0").is_err());
    }
}
