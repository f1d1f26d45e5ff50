//! What can go wrong with a managed server, and what to do about each.

use std::fmt;

use sqlx::postgres::PgDatabaseError;

use super::render::RenderError;

/// A managed server could not be reached, read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The connection URL says nothing usable. The URL itself is a secret and is not repeated.
    #[error("the connection URL cannot be read: {reason}")]
    Url {
        /// What is wrong with it.
        reason: String,
    },
    /// No session came about.
    #[error("cannot connect to {server}: {cause}")]
    Connect {
        /// Host, port, database and user; never the password.
        server: String,
        /// Why not.
        cause: ConnectCause,
    },
    /// The server refused a statement.
    #[error("{what}: {message} ({sqlstate}){}", trailing(detail))]
    Query {
        /// The catalog question or the statement's label.
        what: String,
        /// Five characters, PostgreSQL's appendix A.
        sqlstate: String,
        /// The server's message.
        message: String,
        /// The server's detail line.
        detail: Option<String>,
        /// The server's hint.
        hint: Option<String>,
    },
    /// The session ended under way: what ran last may or may not have happened.
    #[error("{what}: the connection was lost: {cause}")]
    Lost {
        /// The catalog question or the statement's label.
        what: String,
        /// What was seen of it.
        cause: String,
    },
    /// The server let a session in, and did not answer what it was asked. Nothing was changed by that.
    #[error("{what}: no answer within {seconds} seconds")]
    Silent {
        /// What it was asked for.
        what: String,
        /// For how long.
        seconds: u64,
    },
    /// A statement of a plan failed, and with it all of its transaction.
    #[error("{}: {cause}{}", place(database), blocked(blocker))]
    Statement {
        /// The database; None: a server-wide change.
        database: Option<String>,
        /// The SQL.
        statement: String,
        /// Who holds the lock that was waited for.
        blocker: Option<String>,
        /// What the server said.
        cause: Box<Self>,
    },
    /// A step of a plan cannot be said in SQL. Nothing has run.
    #[error("the SQL for {what:?} cannot be written: {cause}")]
    Render {
        /// What the step is for.
        what: String,
        /// Why not.
        cause: RenderError,
    },
    /// A role is not one that this may be done to.
    #[error("the role {role:?} {reason}")]
    WrongRole {
        /// The role.
        role: String,
        /// What it is or is not.
        reason: String,
        /// What to do next.
        remedy: String,
    },
    /// The catalog says something that this version of Rolecall cannot read.
    #[error("{what}: unexpected catalog content: {found}")]
    Unexpected {
        /// The catalog question.
        what: String,
        /// What was found.
        found: String,
    },
    /// The host name leads to several servers, or to another one since a moment ago.
    #[error("the session on database {database:?} is on another server than the one before")]
    OtherServer {
        /// The database.
        database: String,
    },
    /// The server is older than PostgreSQL 14.
    #[error("PostgreSQL {version_text} is not supported: 14 is the oldest version that is")]
    UnsupportedVersion {
        /// `server_version_num`.
        version: u32,
        /// `server_version`.
        version_text: String,
    },
    /// The server only follows another one. Nothing has run.
    #[error("this server is a standby: it follows its primary and cannot be changed")]
    Standby,
    /// Another Rolecall is changing the server.
    #[error("another Rolecall is changing this server{}", by(holder))]
    LockHeld {
        /// What is known of the session that holds the lock.
        holder: Option<String>,
    },
    /// The role that Rolecall is connected as may not do what is needed.
    #[error("the role {role:?} may not {action}")]
    MissingRight {
        /// The role.
        role: String,
        /// What it may not do.
        action: String,
        /// How to let it.
        remedy: String,
    },
}

/// Why no session came about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectCause {
    /// The server answered, with a refusal.
    #[error("{message} ({sqlstate})")]
    Refused {
        /// Five characters.
        sqlstate: String,
        /// The server's message.
        message: String,
    },
    /// Nobody listens there.
    #[error("connection refused: nobody listens there")]
    NobodyListens,
    /// The Unix socket is not there.
    #[error("there is no such socket")]
    NoSocket,
    /// Somebody accepted the connection and closed it at once.
    #[error("the connection was closed before the server had let us in")]
    Closed,
    /// No answer within the limit.
    #[error("no answer within {0} seconds")]
    Timeout(u64),
    /// Encryption could not be agreed upon.
    #[error("TLS: {0}")]
    Tls(String),
    /// Something else on the way there.
    #[error("{0}")]
    Io(String),
}

impl EngineError {
    /// What a failed statement or catalog question means.
    pub fn from_query(what: &str, error: sqlx::Error) -> Self {
        let what = what.to_owned();
        match error {
            sqlx::Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
                // The server says goodbye with an error of its own before it closes the connection.
                Some(error) if ends_session(error.code()) => {
                    Self::Lost { what, cause: format!("{} ({})", error.message(), error.code()) }
                }
                Some(error) => Self::Query {
                    what,
                    sqlstate: error.code().to_owned(),
                    message: error.message().to_owned(),
                    detail: error.detail().map(str::to_owned),
                    hint: error.hint().map(str::to_owned),
                },
                None => Self::Unexpected { what, found: error.message().to_owned() },
            },
            sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                Self::Lost { what, cause: "it was closed without a word".to_owned() }
            }
            sqlx::Error::Io(error) => Self::Lost { what, cause: error.to_string() },
            sqlx::Error::Tls(error) => Self::Lost { what, cause: error.to_string() },
            other => Self::Unexpected { what, found: other.to_string() },
        }
    }

    /// Why `server` (described without secrets) could not be connected to.
    pub(crate) fn from_connect(server: String, error: sqlx::Error) -> Self {
        let cause = match error {
            sqlx::Error::Database(error) => ConnectCause::Refused {
                sqlstate: error.code().map(std::borrow::Cow::into_owned).unwrap_or_default(),
                message: error.message().to_owned(),
            },
            sqlx::Error::Io(error) => match error.kind() {
                std::io::ErrorKind::ConnectionRefused => ConnectCause::NobodyListens,
                std::io::ErrorKind::NotFound => ConnectCause::NoSocket,
                std::io::ErrorKind::UnexpectedEof => ConnectCause::Closed,
                _ => ConnectCause::Io(error.to_string()),
            },
            sqlx::Error::Tls(error) => ConnectCause::Tls(error.to_string()),
            other => ConnectCause::Io(other.to_string()),
        };
        Self::Connect { server, cause }
    }

    /// The catalog question `what` was answered with something unreadable.
    pub fn unexpected(what: &str, found: impl fmt::Display) -> Self {
        // An ACL that cannot be read may be kilobytes long; its beginning shows what it is.
        Self::Unexpected { what: what.to_owned(), found: found.to_string().chars().take(200).collect() }
    }

    /// The SQLSTATE, where the server gave one.
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Query { sqlstate, .. } | Self::Connect { cause: ConnectCause::Refused { sqlstate, .. }, .. } => {
                Some(sqlstate)
            }
            Self::Statement { cause, .. } => cause.sqlstate(),
            Self::Url { .. }
            | Self::Connect { .. }
            | Self::Lost { .. }
            | Self::Silent { .. }
            | Self::Unexpected { .. }
            | Self::OtherServer { .. }
            | Self::UnsupportedVersion { .. }
            | Self::Standby
            | Self::LockHeld { .. }
            | Self::Render { .. }
            | Self::WrongRole { .. }
            | Self::MissingRight { .. } => None,
        }
    }

    /// What to do next; None where the message says all there is to say.
    pub fn help(&self) -> Option<String> {
        let text = match self {
            Self::Url { .. } => {
                "write it as postgresql://user:password@host:5432/database; in the password, \
                 replace each of @ : / ? # % by its percent code, such as %40 for @"
            }
            Self::Connect { cause, .. } => return cause.help(),
            Self::Query { sqlstate, hint, .. } => {
                return match (help_for(sqlstate), hint) {
                    (Some(help), _) => Some(help.to_owned()),
                    (None, Some(hint)) => Some(format!("the server's hint: {hint}")),
                    (None, None) => None,
                };
            }
            Self::Statement { cause, .. } if matches!(**cause, Self::Lost { .. }) => return cause.help(),
            Self::Statement { cause, .. } => {
                let again = "its transaction was rolled back and what ran before it stays; running `rolecall apply` \
                             again goes on from there";
                return Some(match cause.help() {
                    Some(help) => format!("{help}; {again}"),
                    None => again.to_owned(),
                });
            }
            Self::Render { .. } => "nothing has run; change what the message names in the policy or on the server",
            Self::WrongRole { remedy, .. } => remedy,
            Self::Lost { .. } => {
                "run `rolecall plan` to see what was done and what is left; every stage is all or nothing, \
                 so running `rolecall apply` again is safe"
            }
            Self::Silent { .. } => {
                "the server, or what stands before it, has stopped while the connection stayed open: look into its log, \
                 its load and its disks"
            }
            Self::Unexpected { .. } => {
                "this may be a fork of PostgreSQL or a version newer than this Rolecall knows; \
                 please report it with the message above and the server's version"
            }
            Self::OtherServer { .. } => {
                "name one server in the URL, the primary: not a name that stands for several; if the server was just \
                 restarted, try again"
            }
            Self::UnsupportedVersion { .. } => "upgrade the server to PostgreSQL 14 or later",
            Self::Standby => "name the primary in the URL: what is changed there streams to its standbys by itself",
            Self::LockHeld { .. } => "wait until it is done, then try again; only one may change a server at a time",
            Self::MissingRight { remedy, .. } => remedy,
        };
        Some(text.to_owned())
    }
}

impl ConnectCause {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        let text = match self {
            Self::Refused { sqlstate, .. } => return help_for(sqlstate).map(str::to_owned),
            Self::NobodyListens => "check host and port, and that the server is running and listens on that address",
            Self::NoSocket => {
                "check the socket's directory in the URL (the server's unix_socket_directories), the port, \
                 and that the server is running"
            }
            Self::Closed => {
                "the server, or what stands before it (a proxy, a pooler, a load balancer), may be starting or stopping: \
                 try again, then look into its log"
            }
            Self::Timeout(_) => "check host and port, and that no firewall or security group drops the connection",
            Self::Tls(_) => {
                "check sslmode in the URL (disable, prefer, require, verify-ca, verify-full) and, with verify-ca or \
                 verify-full, that sslrootcert names the authority that signed the server's certificate"
            }
            Self::Io(_) => "check host and port, and that the host's name can be resolved from here",
        };
        Some(text.to_owned())
    }
}

/// What to do next when the server says `sqlstate`.
fn help_for(sqlstate: &str) -> Option<&'static str> {
    Some(match sqlstate {
        "28P01" => {
            "the user or the password in the URL is wrong; where the policy takes it from a variable, check that"
        }
        "28000" => "the server does not let this user in: check that the role exists and has LOGIN, and pg_hba.conf",
        "3D000" => {
            "there is no database of that name on the server: check `databases` in the policy, or the URL's path"
        }
        "42501" => {
            "the role that Rolecall is connected as lacks that right: connect as a superuser, or as a role with \
             CREATEROLE that owns or administers what the policy governs"
        }
        "55P03" => {
            "somebody else holds a lock on it and Rolecall does not queue behind running work: try again, or find \
             the session in pg_locks"
        }
        "53300" => "the server has no free connection: end idle sessions, raise max_connections, or try again later",
        "53200" => "the server is out of memory or lock slots: raise max_locks_per_transaction",
        "55000" => "the object or the server is not in a state that allows this now",
        "57014" => "the statement was cancelled, by statement_timeout or by somebody: try again",
        "57P01" | "57P02" => "the server is shutting down or ended the session: try again when it is up",
        "57P03" => "the server is starting up or in recovery: try again shortly",
        "25006" => "the server or the session is read-only: connect to the primary, not to a replica",
        "40001" | "40P01" | "XX000" => "somebody else changed the same thing at the same time: try again",
        _ => return None,
    })
}

/// FATAL errors by which the server ends a session.
fn ends_session(sqlstate: &str) -> bool {
    matches!(sqlstate, "57P01" | "57P02" | "57P05" | "25P03" | "08006" | "08003" | "08P01")
}

/// `: detail`, where there is one.
fn trailing(detail: &Option<String>) -> impl fmt::Display + '_ {
    Optional { before: ": ", text: detail.as_deref(), after: "" }
}

/// Where a statement ran.
fn place(database: &Option<String>) -> String {
    database.as_ref().map_or_else(|| "server-wide".to_owned(), |name| format!("in database {name:?}"))
}

/// `; the lock is held by …`, where it is known.
fn blocked(blocker: &Option<String>) -> impl fmt::Display + '_ {
    Optional { before: "; the lock is held by ", text: blocker.as_deref(), after: "" }
}

/// ` (holder)`, where it is known.
fn by(holder: &Option<String>) -> impl fmt::Display + '_ {
    Optional { before: " (", text: holder.as_deref(), after: ")" }
}

/// Text with something around it, or nothing.
struct Optional<'a> {
    before: &'static str,
    text: Option<&'a str>,
    after: &'static str,
}

impl fmt::Display for Optional<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text {
            Some(text) => write!(f, "{}{text}{}", self.before, self.after),
            None => Ok(()),
        }
    }
}
