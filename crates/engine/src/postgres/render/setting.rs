//! `ALTER ROLE … SET`: what sessions of a role start with.

use super::RenderError;
use super::name::parameter;
use crate::postgres::quote::{Ident, Literal, QuoteError};

/// Parameters whose value is a list of names (`GUC_LIST_QUOTE`). Given as one constant, the list would be one name.
const LISTS: [&str; 6] = [
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

/// Sets the parameter, or resets it where there is no value.
pub fn set(role: &str, database: Option<&str>, name: &str, value: Option<&str>) -> Result<Vec<String>, RenderError> {
    let mut sql = format!("ALTER ROLE {}", Ident::role(role)?);
    if let Some(database) = database {
        sql += &format!(" IN DATABASE {}", Ident::new(database)?);
    }
    sql += &match value {
        Some(value) => format!(" SET {} TO {}", parameter(name)?, constants(name, value)?),
        None => format!(" RESET {}", parameter(name)?),
    };
    Ok(vec![sql])
}

fn constants(name: &str, value: &str) -> Result<String, QuoteError> {
    if !LISTS.iter().any(|list| list.eq_ignore_ascii_case(name)) {
        return Ok(Literal::new(value)?.to_string());
    }
    let names = split(value).iter().map(|name| Literal::new(name)).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<_> = names.iter().map(Literal::to_string).collect();
    Ok(if names.is_empty() { "''".to_owned() } else { names.join(", ") })
}

/// Takes `a, "b c"` apart as PostgreSQL does, but keeps the case: `"$user"` and paths are not lowered by SET either.
fn split(value: &str) -> Vec<String> {
    let (mut names, mut name, mut quoted, mut any) = (vec![], String::new(), false, false);
    let mut chars = value.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                name.push('"');
            }
            '"' => (quoted, any) = (!quoted, true),
            ',' if !quoted => {
                names.push(std::mem::take(&mut name));
                any = true;
            }
            char if char.is_whitespace() && !quoted => {}
            other => {
                name.push(other);
                any = true;
            }
        }
    }
    if any {
        names.push(name);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_lists_of_names_apart() {
        for (value, sql) in [
            ("analytics, public", "'analytics', 'public'"),
            ("\"$user\", \"a, \"\"b\"", "'$user', 'a, \"b'"),
            ("", "''"),
            ("\"\"", "''"),
        ] {
            assert_eq!(constants("search_path", value).unwrap(), sql);
        }
        assert_eq!(constants("statement_timeout", "5s").unwrap(), "'5s'");
    }
}
