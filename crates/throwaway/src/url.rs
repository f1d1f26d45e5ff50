//! Writes a server's address for clients: URLs, and commands to paste into a shell.

use std::path::Path;

/// A URL for the socket in `folder`. A path does not fit into the place of a host, so it is in the query, where both
/// libpq and sqlx look for it.
pub(crate) fn socket(folder: &Path, port: u16, database: &str, user: &str) -> String {
    let folder = percent(&folder.to_string_lossy());
    format!("postgres://{}@localhost/{}?host={folder}&port={port}", percent(user), percent(database))
}

/// A URL for TCP on this machine.
pub(crate) fn tcp(port: u16, database: &str, user: &str) -> String {
    format!("postgres://{}@127.0.0.1:{port}/{}", percent(user), percent(database))
}

/// A `psql` command for a shell.
pub(crate) fn psql(program: &str, host: &str, port: u16, database: &str, user: &str) -> String {
    let words = [program, "-h", host, "-p", &port.to_string(), "-U", user, "-d", database];
    words.map(quote).join(" ")
}

/// Everything but unreserved characters, as `%20`.
fn percent(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes().map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// In single quotes, where a shell would read more than a word into it.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._/@:+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_names() {
        let url = socket(Path::new("/tmp/a b"), 5432, "müller&co", "o'neil@x");
        assert_eq!(url, "postgres://o%27neil%40x@localhost/m%C3%BCller%26co?host=%2Ftmp%2Fa%20b&port=5432");
        assert_eq!(tcp(1, "d", "a/b"), "postgres://a%2Fb@127.0.0.1:1/d");
    }

    #[test]
    fn quotes_for_the_shell() {
        let command = psql("psql", "/tmp/x", 5432, "$(rm)", "o'neil");
        assert_eq!(command, r"psql -h /tmp/x -p 5432 -U 'o'\''neil' -d '$(rm)'");
    }
}
