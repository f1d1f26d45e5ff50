//! Writes a throw-away server's postgresql.conf and pg_hba.conf.

use crate::account::Account;
use crate::error::{At, Error};
use crate::options::Options;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

/// Quick to start and to stop, small, and careless of a power cut.
const DEFAULTS: &[(&str, &str)] = &[
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    // A vacuum in the midst of a test is noise; whoever wants statistics says ANALYZE.
    ("autovacuum", "off"),
    ("shared_buffers", "16MB"),
    ("huge_pages", "off"),
    // No replication: less WAL, and one process less.
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("max_logical_replication_workers", "0"),
    // The data may be in memory.
    ("min_wal_size", "32MB"),
    ("max_wal_size", "256MB"),
    ("logging_collector", "off"),
    ("log_destination", "stderr"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
];

/// The socket is in a folder that only its owner can enter; TCP is open to every user of the machine.
const HBA: &str = "local all,replication all trust\nhost all all 127.0.0.1/32 scram-sha-256\n";

/// Writes both files into `data`. Whole, so that a second call (for another port) leaves nothing of the first.
pub(crate) fn write(data: &Path, socket: &Path, port: u16, options: &Options, account: &Account) -> Result<(), Error> {
    let file = data.join("postgresql.rolecall.conf");
    fs::write(&file, render(socket, port, options)?).at("write", &file)?;
    account.own(&file)?;
    let hba = data.join("pg_hba.conf");
    fs::write(&hba, options.hba.as_deref().unwrap_or(HBA)).at("write", &hba)
}

/// Makes the postgresql.conf of a template read the file that [`write()`] writes.
pub(crate) fn include(data: &Path) -> Result<(), Error> {
    let file = data.join("postgresql.conf");
    let mut opened = OpenOptions::new().append(true).open(&file).at("open", &file)?;
    opened.write_all(b"\ninclude 'postgresql.rolecall.conf'\n").at("write", &file)
}

fn render(socket: &Path, port: u16, options: &Options) -> Result<String, Error> {
    let listen = if options.port.is_some() { "127.0.0.1" } else { "" };
    let (port, connections) = (port.to_string(), options.max_connections.to_string());
    // A list of folders, hence quotes of its own.
    let folder = format!("\"{}\"", socket.display());
    let own = [
        ("unix_socket_directories", folder.as_str()),
        ("listen_addresses", listen),
        ("port", &port),
        ("max_connections", &connections),
    ];
    let asked = options.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    DEFAULTS.iter().copied().chain(own).chain(asked).map(|(name, value)| line(name, value)).collect()
}

fn line(name: &str, value: &str) -> Result<String, Error> {
    let refuse = |why| Err(Error::Option { name: name.to_owned(), value: value.to_owned(), why });
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.') {
        return refuse("that is no name of a setting");
    }
    if value.contains(['\n', '\0']) {
        return refuse("a setting is one line");
    }
    Ok(format!("{name} = '{}'\n", value.replace('\\', r"\\").replace('\'', "''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_values() {
        assert_eq!(line("search_path", r#""a\b", 'c'"#).unwrap(), "search_path = '\"a\\\\b\", ''c'''\n");
        assert!(line("a b", "c").is_err());
        assert!(line("a", "b\nc = d").is_err());
    }

    #[test]
    fn what_was_asked_for_comes_last() {
        let options = Options::new().setting("fsync", "on").port(0);
        let text = render(Path::new("/tmp/s"), 6000, &options).unwrap();
        assert!(text.ends_with("fsync = 'on'\n"), "{text}");
        assert!(text.contains("listen_addresses = '127.0.0.1'\nport = '6000'\n"), "{text}");
    }
}
