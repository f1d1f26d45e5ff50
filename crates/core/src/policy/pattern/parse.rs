//! Text to [`Pattern`].

use super::{Glob, Pattern, PatternError, Selector, arguments};
use crate::privilege::Kind;

/// What may stand before a name; longer ones first, because `foreign table` begins with a word too.
const WORDS: [(&[&str], Selector); 20] = [
    (&["foreign", "data", "wrapper"], Selector::One(Kind::ForeignDataWrapper)),
    (&["foreign-data", "wrapper"], Selector::One(Kind::ForeignDataWrapper)),
    (&["foreign", "table"], Selector::One(Kind::ForeignTable)),
    (&["foreign", "server"], Selector::One(Kind::ForeignServer)),
    (&["materialized", "view"], Selector::One(Kind::MaterializedView)),
    (&["partitioned", "table"], Selector::One(Kind::PartitionedTable)),
    (&["large", "object"], Selector::One(Kind::LargeObject)),
    (&["table"], Selector::One(Kind::Table)),
    (&["view"], Selector::One(Kind::View)),
    (&["sequence"], Selector::One(Kind::Sequence)),
    (&["function"], Selector::One(Kind::Function)),
    (&["procedure"], Selector::One(Kind::Procedure)),
    (&["routine"], Selector::Routines),
    (&["type"], Selector::One(Kind::Type)),
    (&["domain"], Selector::One(Kind::Domain)),
    (&["schema"], Selector::One(Kind::Schema)),
    (&["database"], Selector::One(Kind::Database)),
    (&["language"], Selector::One(Kind::Language)),
    (&["parameter"], Selector::One(Kind::Parameter)),
    (&["tablespace"], Selector::One(Kind::Tablespace)),
];

pub(super) fn pattern(text: &str) -> Result<Pattern, PatternError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(PatternError::new("a pattern is empty", "write a schema and a name, as in `shop.*`"));
    }
    let (selector, rest) = selector(text);
    if selector == Selector::One(Kind::Database) {
        return database(rest);
    }
    if rest.is_empty() {
        return Err(no_name(selector));
    }
    let (name, types) = types(rest)?;
    if types.is_some() && !selector.kinds().iter().all(|kind| kind.is_routine()) {
        return Err(PatternError::new(
            format!("a {} has no argument types", selector.noun()),
            format!("write `routine {rest}` for a function or procedure, or quote the name if `(` is part of it"),
        ));
    }
    let arguments = types.map(arguments::normalise).transpose()?;
    let (schema, name) = if selector == Selector::One(Kind::Parameter) {
        // The server compares parameter names without case and stores them in lower case.
        (None, Glob::of_any_length(unbroken(name)?)?.lower())
    } else {
        names(selector, name)?
    };
    if selector == Selector::One(Kind::LargeObject) && name.exact().is_some_and(|oid| oid.parse::<u32>().is_err()) {
        return Err(PatternError::new(
            format!("`{name}` is no large object: they have numbers"),
            "write `large object 16404`, or `large object *` for all of them",
        ));
    }
    Ok(Pattern { selector, schema, name: Some(name), arguments })
}

/// Takes the kind words off the front.
fn selector(text: &str) -> (Selector, &str) {
    'next: for (words, selector) in WORDS {
        let mut rest = text;
        for word in words {
            let Some(after) = rest.strip_prefix(word) else { continue 'next };
            if !after.is_empty() && !after.starts_with(char::is_whitespace) {
                continue 'next;
            }
            rest = after.trim_start();
        }
        return (selector, rest);
    }
    (Selector::Relations, text)
}

fn database(rest: &str) -> Result<Pattern, PatternError> {
    if !rest.is_empty() {
        return Err(PatternError::new(
            format!("`database {rest}` names the database twice"),
            "write `database` alone: it means the database that `database:` beside it names",
        ));
    }
    Ok(Pattern { selector: Selector::One(Kind::Database), schema: None, name: None, arguments: None })
}

fn no_name(selector: Selector) -> PatternError {
    let word = selector.word();
    let example = match selector.in_schemas() {
        true => format!("{word} shop.*"),
        false if selector == Selector::One(Kind::LargeObject) => format!("{word} 16404"),
        false => format!("{word} shop"),
    };
    PatternError::new(
        format!("`{word}` is not followed by a name"),
        format!("write a name after it, as in `{example}`"),
    )
}

/// Cuts `name(types)` in two.
fn types(text: &str) -> Result<(&str, Option<&str>), PatternError> {
    let Some(open) = find_unquoted(text, |c| c == '(') else { return Ok((text, None)) };
    let (name, types) = text.split_at(open);
    match types.strip_prefix('(').and_then(|types| types.strip_suffix(')')) {
        Some(types) => Ok((name.trim_end(), Some(types))),
        None => Err(PatternError::new(
            format!("`{text}` has a `(` without a `)` at its end"),
            "close it; between `[` and `]`, a pattern with a comma needs quotes: `[\"function shop.price(integer, text)\"]`",
        )),
    }
}

/// `schema.name` for kinds in schemas, `name` for the others.
fn names(selector: Selector, text: &str) -> Result<(Option<Glob>, Glob), PatternError> {
    let mut parts = Vec::new();
    let mut rest = unbroken(text)?;
    while let Some(dot) = find_unquoted(rest, |c| c == '.') {
        let (part, after) = rest.split_at(dot);
        parts.push(part);
        rest = after.strip_prefix('.').unwrap_or_default();
    }
    parts.push(rest);
    let word = selector.word();
    let lead = if word.is_empty() { String::new() } else { format!("{word} ") };
    match (parts.as_slice(), selector.in_schemas()) {
        ([name], false) => Ok((None, Glob::parse(name)?)),
        ([schema, name], true) => Ok((Some(Glob::parse(schema)?), Glob::parse(name)?)),
        ([name], true) => Err(PatternError::new(
            format!("`{lead}{name}` does not say in which schema"),
            format!("write `{lead}public.{name}`, or `{lead}*.{name}` for every schema"),
        )),
        (_, true) => Err(PatternError::new(
            format!("`{lead}{text}` has too many parts"),
            "write `schema.name`; the database is given by `database:`, and a dot inside a name needs quotes: `shop.\"a.b\"`",
        )),
        (_, false) => Err(PatternError::new(
            format!("a {} is in no schema, so `{text}` has a part too many", selector.noun()),
            format!("write its name alone, and in quotes if the dot is part of it: `{lead}\"{text}\"`"),
        )),
    }
}

/// A name with a space in it must be quoted, or is it a misspelt kind?
fn unbroken(text: &str) -> Result<&str, PatternError> {
    match find_unquoted(text, char::is_whitespace) {
        None => Ok(text),
        Some(space) => {
            let first = text.get(..space).unwrap_or(text);
            Err(PatternError::new(
                format!("`{first}` is no kind of object"),
                format!("{}put a name with a space in double quotes: `shop.\"Odd Name\"`", suggestion(first)),
            ))
        }
    }
}

fn suggestion(word: &str) -> String {
    let kinds = WORDS.iter().filter_map(|(words, selector)| words.first().map(|first| (*first, *selector)));
    let near = kinds.map(|(first, selector)| (strsim::osa_distance(&word.to_lowercase(), first), selector.word()));
    match near.min_by_key(|(distance, _)| *distance) {
        Some((distance, kind)) if distance <= 2 => format!("did you mean `{kind}`? Otherwise "),
        _ => String::new(),
    }
}

/// Byte offset of the first such character outside double quotes.
fn find_unquoted(text: &str, wanted: impl Fn(char) -> bool) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, character)| {
        if character == '"' {
            quoted = !quoted;
        }
        (!quoted && wanted(character)).then_some(at)
    })
}
