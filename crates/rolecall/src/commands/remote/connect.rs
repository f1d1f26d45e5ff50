//! `rolecall connect`: a password that dies by itself, and psql with it. The password goes by the environment, never by
//! the command line, where everybody on the machine can read it.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, bail};
use jiff::SpanRelativeTo;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::print;
use crate::Outcome;
use crate::args::{Connect, PrintAs};
use crate::client::{Client, as_type};

/// What a server of Rolecall gives.
#[derive(Deserialize)]
struct Minted {
    account: String,
    password: String,
    ends: String,
    host: String,
    port: u16,
    database: String,
    sslmode: String,
}

/// Mints, then becomes psql, or prints.
pub fn run(arguments: &Connect) -> anyhow::Result<Outcome> {
    let wrong = "write ENVIRONMENT/DATABASE, such as production/app";
    let (environment, database) = arguments.place.split_once('/').context(wrong)?;
    let mut body = json!({ "environment": environment, "database": database });
    if let Value::Object(body) = &mut body {
        body.extend(arguments.of.as_ref().map(|of| ("of".to_owned(), json!(of))));
        if let Some(text) = &arguments.lifetime {
            body.insert("for_seconds".to_owned(), json!(seconds(text)?));
        }
    }
    let answer = Client::new(&arguments.remote.address)?.post("/credentials", &body)?;
    if arguments.remote.json {
        return print(&answer);
    }
    let minted: Minted = as_type(&answer)?;
    match arguments.print {
        None => psql(&minted, &arguments.psql),
        Some(form) => {
            eprintln!("Account {} until {}, shown once:", minted.account, minted.ends);
            println!("{}", printed(&minted, form));
            Ok(Outcome::Done)
        }
    }
}

fn seconds(text: &str) -> anyhow::Result<i64> {
    let span: jiff::Span = text.parse().with_context(|| format!("{text:?} is no duration; write 1h or 30m"))?;
    Ok(span.to_duration(SpanRelativeTo::days_are_24_hours())?.as_secs())
}

fn psql(minted: &Minted, more: &[String]) -> anyhow::Result<Outcome> {
    eprintln!("Account {} until {}.", minted.account, minted.ends);
    let mut command = Command::new("psql");
    for (name, value) in variables(minted) {
        command.env(name, value);
    }
    // On success it does not come back: this process is psql.
    let error = command.args(more).exec();
    match error.kind() {
        std::io::ErrorKind::NotFound => bail!("there is no psql here: install it, or give --print url"),
        _ => Err(error).context("cannot start psql"),
    }
}

fn variables(minted: &Minted) -> [(&'static str, String); 7] {
    [
        ("PGHOST", minted.host.clone()),
        ("PGPORT", minted.port.to_string()),
        ("PGDATABASE", minted.database.clone()),
        ("PGUSER", minted.account.clone()),
        ("PGPASSWORD", minted.password.clone()),
        ("PGSSLMODE", minted.sslmode.clone()),
        ("PGAPPNAME", "rolecall connect".to_owned()),
    ]
}

fn printed(minted: &Minted, form: PrintAs) -> String {
    let Minted { account, password, host, port, database, sslmode, .. } = minted;
    let (user, secret, name) = (escaped(account), escaped(password), escaped(database));
    match form {
        PrintAs::Url if host.starts_with('/') => {
            // Not every client of such URLs bears an empty host; where there is `host`, it counts.
            format!("postgresql://{user}:{secret}@localhost:{port}/{name}?host={}", escaped(host))
        }
        PrintAs::Url => format!("postgresql://{user}:{secret}@{}:{port}/{name}?sslmode={sslmode}", bracketed(host)),
        PrintAs::Jdbc => {
            let host = bracketed(host);
            format!("jdbc:postgresql://{host}:{port}/{name}?user={user}&password={secret}&sslmode={sslmode}")
        }
        PrintAs::Env => {
            let quoted = |value: String| format!("'{}'", value.replace('\'', r"'\''"));
            let lines = variables(minted).map(|(name, value)| format!("export {name}={}", quoted(value)));
            lines.join("\n")
        }
    }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minted(host: &str) -> Minted {
        Minted {
            account: "o'brien".into(),
            password: "p@ss".into(),
            ends: String::new(),
            host: host.into(),
            port: 5432,
            database: "a b".into(),
            sslmode: "require".into(),
        }
    }

    #[test]
    fn every_form_says_it_so_that_it_can_be_used() {
        let wanted = "postgresql://o%27brien:p%40ss@db.acme.test:5432/a%20b?sslmode=require";
        assert_eq!(printed(&minted("db.acme.test"), PrintAs::Url), wanted);
        let wanted = "postgresql://o%27brien:p%40ss@localhost:5432/a%20b?host=%2Frun%2Fpg";
        assert_eq!(printed(&minted("/run/pg"), PrintAs::Url), wanted);
        let wanted = "jdbc:postgresql://[::1]:5432/a%20b?user=o%27brien&password=p%40ss&sslmode=require";
        assert_eq!(printed(&minted("::1"), PrintAs::Jdbc), wanted);
        assert!(printed(&minted("h"), PrintAs::Env).contains(r"export PGUSER='o'\''brien'"));
    }
}
