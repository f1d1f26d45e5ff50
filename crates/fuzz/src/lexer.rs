//! PostgreSQL's lexer, written a second time from its `scan.l` with `standard_conforming_strings` on: what SQL text says
//! where its names and values end.

/// A piece of SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A keyword, or a name without quotes, in small letters.
    Word(String),
    /// A name in quotes.
    Quoted(String),
    /// A string constant.
    Text(String),
    /// Any other character.
    Sign(char),
}

/// Takes SQL apart. Comments are refused: Rolecall puts none into a statement with names or values.
///
/// # Errors
/// Something is open at the end, or there is a comment.
pub fn tokens(sql: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let tail = rest.get(first.len_utf8()..).unwrap_or_default();
        if rest.starts_with("--") || rest.starts_with("/*") {
            return Err("a comment".to_owned());
        }
        rest = match first {
            ' ' | '\t' | '\n' | '\r' | '\u{c}' | '\u{b}' => tail,
            '\'' => constant(tail, false, &mut tokens)?,
            'e' | 'E' if tail.starts_with('\'') => constant(tail.get(1..).unwrap_or_default(), true, &mut tokens)?,
            '"' => {
                let (name, after) = quoted(tail, '"', false)?;
                tokens.push(Token::Quoted(name));
                after
            }
            '$' => dollar(tail, &mut tokens)?,
            c if c.is_ascii_alphabetic() || c == '_' || !c.is_ascii() => {
                let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii();
                let (word, after) = rest.split_at(rest.find(|c| !inside(c)).unwrap_or(rest.len()));
                tokens.push(Token::Word(word.to_ascii_lowercase()));
                after
            }
            sign => {
                tokens.push(Token::Sign(sign));
                tail
            }
        };
    }
    Ok(tokens)
}

/// A constant, and those that follow it after a line break, which are parts of it.
fn constant<'a>(tail: &'a str, escapes: bool, tokens: &mut Vec<Token>) -> Result<&'a str, String> {
    let (mut text, mut after) = quoted(tail, '\'', escapes)?;
    loop {
        let next = after.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}', '\u{b}']);
        let between = after.get(..after.len() - next.len()).unwrap_or_default();
        let Some(more) = next.strip_prefix('\'').filter(|_| between.contains(['\n', '\r'])) else { break };
        let (part, rest) = quoted(more, '\'', escapes)?;
        text.push_str(&part);
        after = rest;
    }
    tokens.push(Token::Text(text));
    Ok(after)
}

fn quoted(tail: &str, quote: char, escapes: bool) -> Result<(String, &str), String> {
    let mut text = String::new();
    let mut chars = tail.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if escapes && c == '\\' {
            text.extend(chars.next().map(|(_, c)| c));
        } else if c != quote {
            text.push(c);
        } else if chars.next_if(|(_, next)| *next == quote).is_some() {
            text.push(quote);
        } else {
            return Ok((text, tail.get(at + 1..).unwrap_or_default()));
        }
    }
    Err(format!("a {quote} is open"))
}

/// `$tag$…$tag$`, `$1`, or the sign alone.
fn dollar<'a>(tail: &'a str, tokens: &mut Vec<Token>) -> Result<&'a str, String> {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii();
    let (tag, after) = tail.split_at(tail.find(|c| !inside(c)).unwrap_or(tail.len()));
    let Some(body) = after.strip_prefix('$').filter(|_| !tag.starts_with(|c: char| c.is_ascii_digit())) else {
        tokens.push(Token::Sign('$'));
        return Ok(tail);
    };
    let (text, after) = body.split_once(&format!("${tag}$")).ok_or("a dollar quote is open")?;
    tokens.push(Token::Text(text.to_owned()));
    Ok(after)
}
