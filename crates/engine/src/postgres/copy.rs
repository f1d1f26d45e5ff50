//! Rows of a catalog question, read by COPY: no type has to be known, and a row costs little more than its bytes.

use std::borrow::Cow;
use std::str::FromStr;

use futures_util::StreamExt;
use sqlx::postgres::PgConnection;

use super::error::EngineError;

/// One row: fields in COPY's text format, unescaped; None is NULL.
pub(super) struct Row<'a> {
    what: &'a str,
    fields: Vec<Option<Cow<'a, str>>>,
}

impl<'a> Row<'a> {
    fn parse(what: &'a str, line: &'a [u8]) -> Result<Self, EngineError> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = std::str::from_utf8(line).map_err(|error| EngineError::unexpected(what, error))?;
        let fields = line.split('\t').map(|field| (field != "\\N").then(|| unescape(field))).collect();
        Ok(Self { what, fields })
    }

    /// The field at `index`; None where it is NULL, or where the question has no such column.
    pub(super) fn get(&self, index: usize) -> Option<&str> {
        self.fields.get(index).and_then(Option::as_deref)
    }

    /// The field at `index`, which is never NULL.
    pub(super) fn text(&self, index: usize) -> Result<&str, EngineError> {
        self.get(index).ok_or_else(|| self.wrong(format!("no value in column {}", index + 1)))
    }

    /// The field at `index` as a boolean; NULL is false.
    pub(super) fn flag(&self, index: usize) -> bool {
        self.get(index) == Some("t")
    }

    /// The field at `index` as a number.
    pub(super) fn number<N: FromStr>(&self, index: usize) -> Result<N, EngineError> {
        let text = self.text(index)?;
        text.parse().map_err(|_| self.wrong(format!("{text:?} in column {}", index + 1)))
    }

    /// The field at `index` as the letter of an internal `"char"`.
    pub(super) fn letter(&self, index: usize) -> Result<char, EngineError> {
        let text = self.text(index)?;
        text.chars().next().ok_or_else(|| self.wrong(format!("nothing in column {}", index + 1)))
    }

    /// The row cannot be read, because of `found`.
    pub(super) fn wrong(&self, found: impl std::fmt::Display) -> EngineError {
        EngineError::unexpected(self.what, found)
    }
}

/// Hands each row of the question `sql` to `each`.
///
/// Where the server refuses the question as such, sqlx leaves an answer unread, and the session is of no further use.
pub(super) async fn copy(
    conn: &mut PgConnection,
    what: &str,
    sql: &str,
    mut each: impl FnMut(&Row<'_>) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    let lost = |error| EngineError::from_query(what, error);
    let mut lines = conn.copy_out_raw(&format!("COPY (\n{sql}\n) TO STDOUT")).await.map_err(lost)?;
    let mut result = Ok(());
    // The protocol promises one message per row. Whatever goes wrong with one, the rest must be read off the session.
    while let Some(line) = lines.next().await {
        let line = line.map_err(lost)?;
        if result.is_ok() {
            result = Row::parse(what, &line).and_then(|row| each(&row));
        }
    }
    result
}

/// Undoes the backslashes of COPY's text format.
fn unescape(field: &str) -> Cow<'_, str> {
    if !field.contains('\\') {
        return Cow::Borrowed(field);
    }
    let mut text = String::with_capacity(field.len());
    let mut chars = field.chars();
    while let Some(char) = chars.next() {
        let plain = match char {
            '\\' => chars.next().map_or('\\', unescaped),
            other => other,
        };
        text.push(plain);
    }
    Cow::Owned(text)
}

/// What a letter after a backslash stands for. COPY TO writes no numbers.
const fn unescaped(letter: char) -> char {
    match letter {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fields() {
        let row = Row::parse("test", b"a\t\\N\t\t\\\\N\tx\\ty\\nz\\\\\\r\\b\\f\\v\tt\t-7\n").unwrap();
        let fields: Vec<_> = (0..8).map(|index| row.get(index)).collect();
        let odd = "x\ty\nz\\\r\u{8}\u{c}\u{b}";
        let wanted = [Some("a"), None, Some(""), Some("\\N"), Some(odd), Some("t"), Some("-7"), None];
        assert_eq!(fields, wanted);
        assert!(row.flag(5) && !row.flag(0) && !row.flag(1));
        assert_eq!(row.number::<i16>(6).unwrap(), -7);
        assert!(row.number::<u32>(6).is_err() && row.text(1).is_err() && row.letter(2).is_err());
    }

    #[test]
    fn refuses_what_is_not_utf8() {
        assert!(Row::parse("test", b"\xff\n").is_err());
    }
}
