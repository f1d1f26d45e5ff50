//! What a throw-away server can be told.

use crate::error::Error;
use crate::{Binaries, Server};
use std::path::PathBuf;

/// How to start a server. The default is right for tests: socket only, everybody on it trusted, nothing synced.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Lines for postgresql.conf, after our own and therefore stronger: name and value.
    pub settings: Vec<(String, String)>,
    /// Listen on 127.0.0.1 at this port (0: any free one), as well as on the socket. None: the socket only.
    pub port: Option<u16>,
    /// The name of the superuser.
    pub superuser: String,
    /// The text of pg_hba.conf. None: trust on the socket, which only the same user can get at, and SCRAM over TCP.
    pub hba: Option<String>,
    /// How many connections to allow.
    pub max_connections: u16,
    /// Arguments for initdb, after our own (`--encoding=UTF8 --locale=C …`) and therefore stronger.
    pub initdb: Vec<String>,
    /// A folder with locales beside those that the machine has, as [`locale::make`](crate::locale::make) makes them.
    pub locales: Option<PathBuf>,
    /// Leave the server running when the value is dropped or the process dies.
    pub keep: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            settings: Vec::new(),
            port: None,
            superuser: "postgres".to_owned(),
            hba: None,
            max_connections: 100,
            initdb: Vec::new(),
            locales: None,
            keep: false,
        }
    }
}

impl Options {
    /// The default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line to postgresql.conf.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Listens on 127.0.0.1 at `port` too; 0 means any free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Names the superuser.
    #[must_use]
    pub fn superuser(mut self, name: impl Into<String>) -> Self {
        self.superuser = name.into();
        self
    }

    /// Replaces pg_hba.conf.
    #[must_use]
    pub fn hba(mut self, text: impl Into<String>) -> Self {
        self.hba = Some(text.into());
        self
    }

    /// Allows `count` connections.
    #[must_use]
    pub fn max_connections(mut self, count: u16) -> Self {
        self.max_connections = count;
        self
    }

    /// Adds an argument for initdb, such as `--locale=en_US.UTF-8`.
    #[must_use]
    pub fn initdb(mut self, argument: impl Into<String>) -> Self {
        self.initdb.push(argument.into());
        self
    }

    /// Gives the server locales beside those that the machine has.
    #[must_use]
    pub fn locales(mut self, folder: impl Into<PathBuf>) -> Self {
        self.locales = Some(folder.into());
        self
    }

    /// Lets the server have standbys, for [`Server::standby`].
    #[must_use]
    pub fn replicated(self) -> Self {
        self.setting("wal_level", "replica").setting("max_wal_senders", "4")
    }

    /// Leaves the server running when the value is dropped or the process dies.
    #[must_use]
    pub fn keep(mut self) -> Self {
        self.keep = true;
        self
    }

    /// Starts a server, and returns once it answers.
    pub fn start(&self, binaries: &Binaries) -> Result<Server, Error> {
        Server::start_with(binaries, self)
    }
}
