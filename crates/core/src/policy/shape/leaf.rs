//! Single values: what each kind of them accepts and what to say when it does not.

use crate::policy::pattern::{Glob, LONGEST_NAME, Pattern};
use crate::policy::{similar, values};
use crate::privilege::Privilege;

/// A kind of single value.
#[derive(Debug, Clone, Copy)]
pub enum Leaf {
    /// Any text; the word says what it is (`a description`).
    Text(&'static str),
    /// A name that must not be empty; the word says whose (`a role`).
    Name(&'static str),
    /// A whole number between the two.
    Whole(i64, i64),
    /// A share in percent.
    Percent,
    /// `8h`, `90d`, `1h30m`.
    Duration,
    /// A day or a time.
    Time,
    /// One of these words.
    Choice(&'static [Word]),
    /// A pattern over objects.
    Pattern,
    /// A privilege, or `all`.
    Privilege,
    /// A database role's name with stars.
    Glob,
    /// Where a connection URL comes from.
    Url,
    /// A name with a placeholder of this name in it.
    Template(&'static str),
    /// A value or `$parameter`.
    RowValue,
    /// A value of a parameter.
    Literal,
    /// A regular expression.
    Regex,
}

/// A word to choose.
#[derive(Debug)]
pub struct Word {
    /// The word.
    pub word: &'static str,
    /// What it means.
    pub doc: &'static str,
}

/// Why a text is not such a value.
#[derive(Debug)]
pub struct Refusal {
    /// The problem's code.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

fn refuse(code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Result<(), Refusal> {
    Err(Refusal { code, message: message.into(), help: help.into() })
}

impl Leaf {
    /// What should stand there, in words.
    pub fn expected(self) -> String {
        match self {
            Self::Text(what) => what.to_owned(),
            Self::Name(of) => format!("the name of {of}"),
            Self::Whole(least, most) => format!("a whole number from {least} to {most}"),
            Self::Percent => "a share such as `20%`".to_owned(),
            Self::Duration => "a duration such as `8h`, `90d` or `1h30m`".to_owned(),
            Self::Time => "a day (`2026-12-31`) or a time (`2026-12-31T18:00:00Z`)".to_owned(),
            Self::Choice(words) => one_of(words),
            Self::Pattern => "a pattern such as `shop.*`".to_owned(),
            Self::Privilege => "a privilege such as `select`, or `all`".to_owned(),
            Self::Glob => "a database role's name, in which `*` stands for any text".to_owned(),
            Self::Url => "a reference such as `${DATABASE_URL}` or `${file:/run/secrets/url}`".to_owned(),
            Self::Template(placeholder) => format!("a name with `{{{placeholder}}}` in it"),
            Self::RowValue => "a value, or `$parameter`".to_owned(),
            Self::Literal => "a value".to_owned(),
            Self::Regex => "a regular expression such as `[A-Z]+-[0-9]+`".to_owned(),
        }
    }

    /// Whether `text` is such a value.
    pub fn check(self, text: &str) -> Result<(), Refusal> {
        let number = |ok: bool| if ok { Ok(()) } else { self.no("bad-number", text) };
        match self {
            Self::Text(_) | Self::Literal => Ok(()),
            Self::Name(of) => name(of, text),
            Self::Whole(least, most) => number(values::whole(text).is_some_and(|n| (least..=most).contains(&n))),
            Self::Percent => number(values::percent(text).is_some()),
            Self::Duration if values::duration(text).is_none() => self.no("bad-duration", text),
            Self::Time if values::time(text).is_none() => self.no("bad-time", text),
            Self::Duration | Self::Time => Ok(()),
            Self::Choice(words) => choice(words, text),
            Self::Pattern => match Pattern::parse(text) {
                Ok(_) => Ok(()),
                Err(error) => refuse("bad-pattern", error.message, error.help),
            },
            Self::Privilege => privilege(text),
            Self::Glob => match Glob::parse(text) {
                Ok(_) => Ok(()),
                Err(error) => refuse("bad-name", error.message, error.help),
            },
            Self::Url => match values::url(text) {
                Some(_) => Ok(()),
                // The value may hold a password: it must not come back in a message.
                None => refuse(
                    "literal-url",
                    "a connection URL must not stand in a policy",
                    "name an environment variable, `url: \"${DATABASE_URL}\"`, or a file, `url: \"${file:/run/secrets/url}\"`; \
                     if the file was ever committed with a password, change that password",
                ),
            },
            Self::Template(placeholder) => template(placeholder, text),
            Self::Regex => match values::regex(text) {
                Some(_) => Ok(()),
                None => self.no("bad-regex", text),
            },
            Self::RowValue => match values::row_value(text) {
                Some(_) => Ok(()),
                None => refuse(
                    "bad-parameter-name",
                    format!("`{text}` is no parameter's name"),
                    "write `$name` with lower-case letters, digits and `_`; a value that begins with `$` is written with two: `$$5`",
                ),
            },
        }
    }

    fn no(self, code: &'static str, text: &str) -> Result<(), Refusal> {
        refuse(code, format!("`{text}` is not {}", self.expected()), format!("write {}", self.expected()))
    }
}

fn one_of(words: &[Word]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("`{}`", word.word)).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

fn choice(words: &[Word], text: &str) -> Result<(), Refusal> {
    if words.iter().any(|word| word.word == text) {
        return Ok(());
    }
    let near = similar::did_you_mean(text, words.iter().map(|word| word.word));
    refuse("bad-choice", format!("`{text}` is not {}", one_of(words)), format!("{near}write {}", one_of(words)))
}

fn name(of: &str, text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return refuse("bad-name", "this name is empty", format!("write the name of {of}"));
    }
    if text.trim() != text || text.contains('\n') {
        return refuse(
            "bad-name",
            format!("`{text}` begins or ends with a space, or has several lines"),
            "take them out",
        );
    }
    if text.len() > LONGEST_NAME && of.contains("database role") {
        return refuse(
            "name-too-long",
            format!("`{text}` has {} bytes; PostgreSQL cuts names off after {LONGEST_NAME}", text.len()),
            "write the name as the database has it",
        );
    }
    Ok(())
}

fn privilege(text: &str) -> Result<(), Refusal> {
    if text == "all" || Privilege::from_word(text).is_some() {
        return Ok(());
    }
    let words = privilege_words();
    let near = similar::did_you_mean(&text.to_lowercase(), words.iter().map(String::as_str));
    let hint = match text.to_ascii_lowercase().as_str() {
        "read" => "did you mean `select`? ",
        "write" => "did you mean `insert`, `update`, `delete`? ",
        _ => &near,
    };
    refuse(
        "bad-privilege",
        format!("`{text}` is no privilege"),
        format!("{hint}PostgreSQL has `{}`", words.join("`, `")),
    )
}

/// Every privilege as a policy writes it.
pub fn privilege_words() -> Vec<String> {
    Privilege::ALL.iter().map(|privilege| privilege.sql().to_ascii_lowercase()).collect()
}

fn template(placeholder: &str, text: &str) -> Result<(), Refusal> {
    let wanted = format!("{{{placeholder}}}");
    let rest = text.replace(&wanted, "").replace("{environment}", "");
    if !text.contains(&wanted) {
        return refuse(
            "template-without-placeholder",
            format!("`{text}` gives every {placeholder} the same name"),
            format!("put `{wanted}` where the {placeholder}'s own name goes: `{text}_{wanted}`"),
        );
    }
    if rest.contains(['{', '}']) {
        return refuse(
            "template-unknown-placeholder",
            format!("`{text}` has a placeholder that means nothing"),
            format!("`{wanted}` and `{{environment}}` are all there are"),
        );
    }
    Ok(())
}
