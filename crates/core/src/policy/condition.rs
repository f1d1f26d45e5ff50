//! Reads SQL that somebody else wrote, far enough to know that it keeps to itself and where its parameters stand.
//!
//! It follows PostgreSQL's own lexer with `standard_conforming_strings` on. What it is not sure of it refuses.

/// A condition from the policy cannot stand in a row policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// A bracket without its counterpart.
    #[error("the brackets do not match up")]
    Brackets,
    /// It would end the statement that it stands in.
    #[error("it contains a semicolon")]
    Semicolon,
    /// A constant, a quoted name or a comment goes on to the end.
    #[error("a {0} is not closed")]
    Open(&'static str),
    /// A character that has no business in an expression.
    #[error("the character {0:?} stands outside of quotes")]
    Character(char),
    /// Two constants without anything between them: PostgreSQL would make them one.
    #[error("two constants follow each other")]
    Adjacent,
    /// A `$name` that the role does not have as a parameter.
    #[error("the role has no parameter {0:?}")]
    Unknown(String),
}

/// A part of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// SQL as it is.
    Sql(&'a str),
    /// `$name`.
    Parameter(&'a str),
}

/// Takes a condition apart at its parameters.
///
/// # Errors
/// It does not keep to itself.
pub fn pieces(sql: &str) -> Result<Vec<Piece<'_>>, ConditionError> {
    let scan = scan(sql)?;
    if scan.empty { Err(ConditionError::Empty) } else { Ok(scan.pieces) }
}

/// True for SQL that can stand inside brackets on one line: no comment, no parameter, no loose ends.
pub fn is_self_contained(sql: &str) -> bool {
    scan(sql).is_ok_and(|scan| !scan.comment && !scan.pieces.iter().any(|piece| matches!(piece, Piece::Parameter(_))))
}

/// What was seen so far.
struct Scan<'a> {
    pieces: Vec<Piece<'a>>,
    /// Nothing but space and comments.
    empty: bool,
    /// There is a comment.
    comment: bool,
}

fn scan(sql: &str) -> Result<Scan<'_>, ConditionError> {
    let mut scan = Scan { pieces: vec![], empty: true, comment: false };
    let (mut closers, mut rest, mut start) = (vec![], sql, sql);
    while let Some(char) = rest.chars().next() {
        let (head, tail) = rest.split_at(char.len_utf8());
        let is_comment = rest.starts_with("--") || rest.starts_with("/*");
        scan.comment |= is_comment;
        scan.empty &= is_comment || char.is_ascii_whitespace();
        rest = match char {
            '-' if is_comment => tail.find(['\n', '\r']).and_then(|end| tail.get(end..)).unwrap_or(""),
            '/' if is_comment => after_comment(rest)?,
            '\'' => after_constant(tail, false)?,
            '"' => after_quoted(tail, '"', false).ok_or(ConditionError::Open("quoted name"))?,
            '$' => match dollar(tail)? {
                Dollar::Constant(after) => after,
                Dollar::Parameter(name, after) => {
                    let before = start.get(..start.len() - rest.len()).unwrap_or(start);
                    scan.pieces.extend([Piece::Sql(before), Piece::Parameter(name)]);
                    start = after;
                    after
                }
            },
            '(' | '[' => {
                closers.push(if char == '(' { ')' } else { ']' });
                tail
            }
            ')' | ']' if closers.pop() == Some(char) => tail,
            ')' | ']' => return Err(ConditionError::Brackets),
            ';' => return Err(ConditionError::Semicolon),
            // psql would take it for one of its own commands, and some of those run programs.
            '\\' | '\0' => return Err(ConditionError::Character(char)),
            first if begins_name(first) => match (head, after_name(rest)) {
                ("e" | "E", after) if after.len() == tail.len() && tail.starts_with('\'') => {
                    after_constant(after.get(1..).unwrap_or(""), true)?
                }
                (_, after) => after,
            },
            _ => tail,
        };
    }
    if !closers.is_empty() {
        return Err(ConditionError::Brackets);
    }
    scan.pieces.push(Piece::Sql(start));
    Ok(scan)
}

/// What a `$` begins.
enum Dollar<'a> {
    /// `$tag$…$tag$`; what follows it.
    Constant(&'a str),
    /// `$name`, and what follows it.
    Parameter(&'a str, &'a str),
}

fn dollar(tail: &str) -> Result<Dollar<'_>, ConditionError> {
    let wrong = ConditionError::Character('$');
    let named = tail.chars().next().is_some_and(begins_name);
    // A tag, unlike a name, holds no `$`.
    let length = if named { tail.find(|char| !continues_tag(char)).unwrap_or(tail.len()) } else { 0 };
    let (name, after) = tail.split_at_checked(length).ok_or_else(|| wrong.clone())?;
    if let Some(body) = after.strip_prefix('$') {
        let (_, after) = body.split_once(&format!("${name}$")).ok_or(ConditionError::Open("constant"))?;
        return Ok(Dollar::Constant(after));
    }
    if named { Ok(Dollar::Parameter(name, after)) } else { Err(wrong) }
}

fn begins_name(char: char) -> bool {
    char.is_ascii_alphabetic() || char == '_' || !char.is_ascii()
}

fn continues_tag(char: char) -> bool {
    begins_name(char) || char.is_ascii_digit()
}

fn after_name(rest: &str) -> &str {
    rest.trim_start_matches(|char| continues_tag(char) || char == '$')
}

/// What follows a constant whose opening quote is gone.
fn after_constant(tail: &str, escapes: bool) -> Result<&str, ConditionError> {
    let after = after_quoted(tail, '\'', escapes).ok_or(ConditionError::Open("constant"))?;
    // On a new line it would go on with the first one's rules for backslashes: nothing to guess at.
    if after.trim_ascii_start().starts_with('\'') { Err(ConditionError::Adjacent) } else { Ok(after) }
}

/// What follows the closing quote; a doubled one stands for itself.
fn after_quoted(tail: &str, quote: char, escapes: bool) -> Option<&str> {
    let mut chars = tail.chars();
    loop {
        match chars.next()? {
            '\\' if escapes => {
                chars.next()?;
            }
            char if char == quote => match chars.as_str().strip_prefix(quote) {
                Some(more) => chars = more.chars(),
                None => return Some(chars.as_str()),
            },
            _ => {}
        }
    }
}

/// What follows a `/* … */`, in which others may stand.
fn after_comment(rest: &str) -> Result<&str, ConditionError> {
    let (mut rest, mut depth) = (rest, 0_u32);
    loop {
        if let Some(after) = rest.strip_prefix("/*") {
            (rest, depth) = (after, depth + 1);
        } else if let Some(after) = rest.strip_prefix("*/") {
            (rest, depth) = (after, depth - 1);
            if depth == 0 {
                return Ok(rest);
            }
        } else {
            let mut chars = rest.chars();
            chars.next().ok_or(ConditionError::Open("comment"))?;
            rest = chars.as_str();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(sql: &str) -> Vec<&str> {
        let parameter = |piece| match piece {
            Piece::Parameter(name) => Some(name),
            Piece::Sql(_) => None,
        };
        pieces(sql).unwrap().into_iter().filter_map(parameter).collect()
    }

    #[test]
    fn finds_parameters_where_postgres_would_see_them() {
        assert_eq!(parameters("a = ANY ($a) AND b <> ALL($b2) -- $c"), ["a", "b2"]);
        assert_eq!(parameters("a = '$a' OR \"$a\" = $$ $a $$ OR $x$ $$ $a $x$ = $y"), ["y"]);
        assert_eq!(parameters("a$b = 1 /* $c /* $d */ $e */"), [""; 0]);
        assert_eq!(parameters("a = E'\\'$b' OR name'$c' IS NULL OR a = $d"), ["d"]);
        let sql = "a = ANY ($ä) AND true";
        assert_eq!(pieces(sql).unwrap(), [Piece::Sql("a = ANY ("), Piece::Parameter("ä"), Piece::Sql(") AND true")]);
    }

    #[test]
    fn refuses_what_does_not_keep_to_itself() {
        use ConditionError::{Adjacent, Brackets, Character, Empty, Open, Semicolon};
        for (sql, error) in [
            ("", Empty),
            (" -- nothing\n /* at all */", Empty),
            ("true) OR (true", Brackets),
            ("(true", Brackets),
            ("a[1)", Brackets),
            ("true; DROP TABLE x", Semicolon),
            ("a = 'b", Open("constant")),
            ("a = 'b''", Open("constant")),
            ("a = E'b\\'", Open("constant")),
            ("\"a = 1", Open("quoted name")),
            ("a = $x$ $y$", Open("constant")),
            ("true /* /* */", Open("comment")),
            ("a = $1", Character('$')),
            ("true \\! ls", Character('\\')),
            ("a = 'b'\n'c'", Adjacent),
            ("a = E'b' 'c\\'", Adjacent),
        ] {
            assert_eq!(pieces(sql), Err(error), "{sql}");
        }
    }

    #[test]
    fn knows_types() {
        for sql in ["", "integer, \"odd)type\"", "numeric(3,2)", "s.t[]", "timestamp with time zone"] {
            assert!(is_self_contained(sql), "{sql}");
        }
        for sql in ["integer) --", "integer --", "text/**/", "$a", "a;b"] {
            assert!(!is_self_contained(sql), "{sql}");
        }
    }
}
