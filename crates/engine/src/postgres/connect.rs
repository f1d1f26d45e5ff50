//! Sessions on a managed server: where it is, and how every session is set up.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use rolecall_core::secret::Secret;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions};

use super::error::{ConnectCause, EngineError};

/// How long a server may take to let a session in.
const CONNECT_SECONDS: u64 = 10;
/// How long it may take to answer what is read of it in one go: all that is server-wide, or one database. The largest that
/// were measured take seconds; who has not answered by then has stopped.
const READ_SECONDS: u64 = 120;

/// Settings that reading and writing rely on: nothing that a role's or database's own settings say may change what
/// names mean, how values are printed, or how long Rolecall waits for a lock. Names outside `pg_catalog` come
/// qualified, because no other schema is on the path.
const SETTINGS: &str = "SET client_min_messages = warning; SET search_path = ''; SET lock_timeout = '5s'; \
    SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex'; \
    SET standard_conforming_strings = on; SET quote_all_identifiers = off; SET row_security = on; SET jit = off";

/// Where a server is, for whoever wants to connect to it as somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Its host; a path: the folder of its socket.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// libpq's `sslmode`.
    pub sslmode: &'static str,
}

/// A server, the user that Rolecall is on it, and the database that it connects to first.
#[derive(Clone)]
pub struct Target {
    options: PgConnectOptions,
    patience: Duration,
    reading: Duration,
}

impl Target {
    /// Reads a `postgresql://` URL. What it leaves out comes from `PG…` variables and `~/.pgpass`, as with psql.
    ///
    /// # Errors
    /// [`EngineError::Url`], which never repeats the URL.
    pub fn parse(url: &Secret) -> Result<Self, EngineError> {
        let wrong = |reason: String| EngineError::Url { reason };
        let text = url.reveal();
        if !(text.starts_with("postgres://") || text.starts_with("postgresql://")) {
            return Err(wrong("it does not start with postgresql://".to_owned()));
        }
        let options = PgConnectOptions::from_str(text).map_err(|error| wrong(url_problem(&error)))?;
        // Statements hold names that not every reader of a log may know, and sometimes verifiers.
        let options = options.application_name("rolecall").disable_statement_logging();
        Ok(Self { options, patience: Duration::from_secs(CONNECT_SECONDS), reading: Duration::from_secs(READ_SECONDS) })
    }

    /// The same for whoever does not wait as long for a session.
    #[must_use]
    pub fn patient(mut self, patience: Duration) -> Self {
        self.patience = self.patience.min(patience);
        self
    }

    /// The same for whoever does not wait as long for what is read.
    #[must_use]
    pub fn answering_within(mut self, reading: Duration) -> Self {
        self.reading = self.reading.min(reading);
        self
    }

    /// Waits for an answer as long as a server may take for it. The session is of no further use after that.
    pub(super) async fn answered<T>(
        &self,
        what: &str,
        answer: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, EngineError> {
        match tokio::time::timeout(self.reading, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(EngineError::Silent { what: what.to_owned(), seconds: self.reading.as_secs() }),
        }
    }

    /// Host, port, database and user, without the password: `db.acme.test:5432/app as admin`.
    pub fn describe(&self) -> String {
        self.describe_with(&self.database())
    }

    /// Where the server is, without who Rolecall is there.
    pub fn address(&self) -> Address {
        let socket = self.options.get_socket().map(|path| path.display().to_string());
        let sslmode = match self.options.get_ssl_mode() {
            PgSslMode::Disable => "disable",
            PgSslMode::Allow => "allow",
            PgSslMode::Prefer => "prefer",
            PgSslMode::Require => "require",
            PgSslMode::VerifyCa => "verify-ca",
            PgSslMode::VerifyFull => "verify-full",
        };
        let host = socket.unwrap_or_else(|| self.options.get_host().to_owned());
        Address { host, port: self.options.get_port(), sslmode }
    }

    /// The database in the URL; without one, the user's name, as PostgreSQL has it.
    pub fn database(&self) -> String {
        self.options.get_database().unwrap_or(self.options.get_username()).to_owned()
    }

    fn describe_with(&self, database: &str) -> String {
        let options = &self.options;
        let socket = options.get_socket().map(|path| path.display().to_string());
        let host = socket.as_deref().unwrap_or(options.get_host());
        format!("{host}:{}/{database} as {}", options.get_port(), options.get_username())
    }

    /// Opens a session on `database`, or on the URL's own.
    ///
    /// # Errors
    /// [`EngineError::Connect`]: not reached, not let in, or no answer within ten seconds, or what [`Self::patient`] says.
    pub async fn open(&self, database: Option<&str>) -> Result<PgConnection, EngineError> {
        let (options, server) = match database {
            Some(name) => (self.options.clone().database(name), self.describe_with(name)),
            None => (self.options.clone(), self.describe()),
        };
        let connect = async {
            let mut conn = options.connect().await?;
            sqlx::raw_sql(SETTINGS).execute(&mut conn).await?;
            Ok(conn)
        };
        match tokio::time::timeout(self.patience, connect).await {
            Ok(connected) => connected.map_err(|error| EngineError::from_connect(server, error)),
            Err(_) => Err(EngineError::Connect { server, cause: ConnectCause::Timeout(self.patience.as_secs()) }),
        }
    }
}

/// Shows no more than [`Target::describe`]: the options hold the password.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({})", self.describe())
    }
}

/// What is wrong with a URL, without any part of it.
fn url_problem(error: &sqlx::Error) -> String {
    let sqlx::Error::Configuration(cause) = error else {
        return "it is not a connection URL".to_owned();
    };
    let text = cause.to_string();
    // Causes are fixed texts ("invalid port number"), but for those that quote the value in question.
    if text.contains("ssl_mode") {
        "sslmode is none of disable, allow, prefer, require, verify-ca, verify-full".to_owned()
    } else if text.contains(['"', '`', '\'']) {
        "one of the values after the question mark is wrong".to_owned()
    } else {
        text
    }
}

/// Runs statements by the simple protocol: nothing is prepared, and several may stand in one text.
///
/// `what` names them in errors. Only text made of `Ident` and `Literal` parts may come here.
///
/// # Errors
/// [`EngineError::Query`] or [`EngineError::Lost`].
pub async fn execute(conn: &mut PgConnection, what: &str, sql: &str) -> Result<(), EngineError> {
    let run = sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await;
    run.map(drop).map_err(|error| EngineError::from_query(what, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Target, EngineError> {
        Target::parse(&Secret::new(url))
    }

    #[test]
    fn describes_without_the_password() {
        let target = parse("postgresql://ad%40min:s3cret@db.acme.test:6543/my%20app?sslmode=require").unwrap();
        assert_eq!(target.describe(), "db.acme.test:6543/my app as ad@min");
        assert_eq!(format!("{target:?}"), "Target(db.acme.test:6543/my app as ad@min)");
        assert_eq!(target.database(), "my app");
        let socket = parse("postgres://me:s3cret@%2Frun%2Fpg:5433").unwrap();
        assert_eq!(socket.describe(), "/run/pg:5433/me as me");
    }

    #[test]
    fn never_repeats_the_url() {
        for url in [
            "s3cret",
            "mysql://a:s3cret@b/c",
            "postgres://a:s3cret/x@b:1/c",
            "postgres://a:b@c/d?sslmode=s3cret",
            "postgres://a:s3cret@[::1/c",
            "postgres://a:b@c:1/d?port=s3cret",
            "postgres://a:b@c:1/d?hostaddr=s3cret",
        ] {
            let error = parse(url).unwrap_err();
            assert!(!format!("{error} {error:?} {:?}", error.help()).contains("s3cret"), "{url}: {error}");
        }
    }
}
