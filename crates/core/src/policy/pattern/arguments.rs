//! A routine's input types, written as PostgreSQL prints them, whatever alias the policy used.

use super::PatternError;

/// Normalises the text between the parentheses: `int,  varchar(10)[]` becomes `integer, character varying[]`.
pub fn normalise(text: &str) -> Result<String, PatternError> {
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    let types: Result<Vec<_>, _> = split(text).into_iter().map(one_type).collect();
    Ok(types?.join(", "))
}

/// Cuts at commas outside quotes and parentheses: `numeric(10,2), text` has two parts.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut rest_from) = (Vec::new(), 0);
    let (mut depth, mut quoted) = (0_usize, false);
    for (at, character) in text.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                parts.push(text.get(rest_from..at).unwrap_or_default());
                rest_from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(rest_from..).unwrap_or_default());
    parts
}

fn one_type(text: &str) -> Result<String, PatternError> {
    let (words, array) = without_modifiers(text);
    if words.is_empty() {
        return Err(PatternError::new(
            "a type is missing between two commas",
            "write the input types as in `function shop.price(integer, text)`",
        ));
    }
    let suffix = if array { "[]" } else { "" };
    let lower = words.to_ascii_lowercase();
    let lower = lower.strip_prefix("pg_catalog.").unwrap_or(&lower);
    match canonical(lower) {
        Some(name) => Ok(format!("{name}{suffix}")),
        None => Ok(format!("{}{suffix}", quote_capitals(&words))),
    }
}

/// Single spaces; neither `(10)` nor dimensions, which are no part of a routine's identity.
fn without_modifiers(text: &str) -> (String, bool) {
    let (mut kept, mut array, mut quoted) = (String::new(), false, false);
    let (mut parentheses, mut brackets) = (0_usize, 0_usize);
    for character in text.chars() {
        match character {
            '"' if parentheses + brackets == 0 => {
                quoted = !quoted;
                kept.push('"');
            }
            _ if quoted => kept.push(character),
            '(' => parentheses += 1,
            ')' => parentheses = parentheses.saturating_sub(1),
            '[' => {
                brackets += 1;
                array = true;
            }
            ']' => brackets = brackets.saturating_sub(1),
            _ if parentheses + brackets > 0 => {}
            space if space.is_whitespace() => {
                if !kept.is_empty() && !kept.ends_with(' ') {
                    kept.push(' ');
                }
            }
            other => kept.push(other),
        }
    }
    (kept.trim_end().to_owned(), array)
}

/// PostgreSQL's own spelling of a built-in type.
fn canonical(lower: &str) -> Option<&'static str> {
    Some(match lower {
        "int" | "int4" | "integer" => "integer",
        "int8" | "bigint" => "bigint",
        "int2" | "smallint" => "smallint",
        "bool" | "boolean" => "boolean",
        "varchar" | "character varying" | "char varying" => "character varying",
        "char" | "character" | "bpchar" => "character",
        "float8" | "float" | "double precision" => "double precision",
        "float4" | "real" => "real",
        "timestamptz" | "timestamp with time zone" => "timestamp with time zone",
        "timestamp" | "timestamp without time zone" => "timestamp without time zone",
        "timetz" | "time with time zone" => "time with time zone",
        "time" | "time without time zone" => "time without time zone",
        "decimal" | "dec" | "numeric" => "numeric",
        "varbit" | "bit varying" => "bit varying",
        _ => return None,
    })
}

/// PostgreSQL prints `MyType` as `"MyType"`; names in a policy are verbatim, so both mean that type.
fn quote_capitals(words: &str) -> String {
    if words.contains('"') || !words.contains(|c: char| c.is_ascii_uppercase()) {
        return words.to_owned();
    }
    let quoted = |part: &str| {
        if part.contains(|c: char| c.is_ascii_uppercase()) { format!("\"{part}\"") } else { part.to_owned() }
    };
    words.split('.').map(quoted).collect::<Vec<_>>().join(".")
}
