//! A running throw-away server.

mod standby;

use crate::account::Account;
use crate::binaries::Binaries;
use crate::error::{At, Error};
use crate::options::Options;
use crate::postmaster::{Postmaster, Stop};
use crate::watchdog::Watchdog;
use crate::workdir::Workdir;
use crate::{conf, copy, root, sweep, template, url};
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Once;

/// The port in the socket's name where there is no TCP: any will do, each socket has a folder of its own.
const DEFAULT_PORT: u16 = 5432;
/// How often to try another free port when somebody is faster.
const PORT_TRIES: usize = 5;

static SWEPT: Once = Once::new();

/// A server that lives as long as this value, unless it is kept.
#[derive(Debug)]
pub struct Server {
    // Fields are dropped in this order: the server is gone by then, the watchdog outlives the directory.
    process: Option<Postmaster>,
    work: Workdir,
    watchdog: Option<Watchdog>,
    binaries: Binaries,
    options: Options,
    port: u16,
    account: Account,
}

impl Server {
    /// Starts a server with the default options, and returns once it answers.
    pub fn start(binaries: &Binaries) -> Result<Self, Error> {
        Self::start_with(binaries, &Options::default())
    }

    /// Starts a server, and returns once it answers.
    pub fn start_with(binaries: &Binaries, options: &Options) -> Result<Self, Error> {
        let account = Account::choose()?;
        account.check_reach(&binaries.bin)?;
        let root = root::choose(&account)?;
        let mut swept = Ok(());
        SWEPT.call_once(|| swept = root::all().iter().try_for_each(|root| sweep::sweep(root, &account)));
        swept?;
        let template = template::get(binaries, options, &root, &account)?;
        let work = Workdir::create(&root, "s")?;
        let watchdog = Some(Watchdog::start(work.path())?);
        let (binaries, options) = (binaries.clone(), options.clone());
        let port = options.port.unwrap_or(DEFAULT_PORT);
        let mut server = Self { process: None, work, watchdog, binaries, options, port, account };
        copy::tree(&template.path, &server.data_dir(), Some(&server.account))?;
        server.first_start()?;
        if server.options.keep { server.leave().map(|()| server) } else { Ok(server) }
    }

    /// Starts with the port that was asked for, or with free ones until nobody else is on it.
    fn first_start(&mut self) -> Result<(), Error> {
        let tries = if self.options.port == Some(0) { PORT_TRIES } else { 1 };
        let mut result = Ok(());
        for _ in 0..tries {
            if self.options.port == Some(0) {
                self.port = free_port()?;
            }
            conf::write(&self.data_dir(), self.socket_dir(), self.port, &self.options, &self.account)?;
            // Up to here the directory was ours alone, so nobody could play tricks with links in it.
            self.account.own(self.work.path())?;
            result = self.run();
            let taken = matches!(&result, Err(Error::Start { log, .. }) if log.contains("Address already in use"));
            if !taken {
                break;
            }
        }
        result
    }

    fn run(&mut self) -> Result<(), Error> {
        let (data, log) = (self.data_dir(), self.log_file());
        let mut process = Postmaster::spawn(&self.binaries, &data, &log, &self.account, &self.options)?;
        let watched = self.watchdog.as_mut().map_or(Ok(()), |watchdog| watchdog.watch(process.id()));
        let socket = self.socket_dir().join(format!(".s.PGSQL.{}", self.port));
        let result = watched.and_then(|()| process.wait(&self.binaries, &socket, &self.options.superuser, &log));
        match result {
            Ok(()) => self.process = Some(process),
            Err(_) => process.stop(Stop::Immediate),
        }
        result
    }

    /// The folder with the server's Unix socket.
    pub fn socket_dir(&self) -> &Path {
        self.work.path()
    }

    /// The server's port: on 127.0.0.1 if one was asked for, and in the name of its socket.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id of `postgres`; none while it is stopped.
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Postmaster::id)
    }

    /// The name of the superuser.
    pub fn superuser(&self) -> &str {
        &self.options.superuser
    }

    /// A `postgres://` URL for the socket, as libpq and sqlx understand it.
    pub fn url(&self, database: &str, user: &str) -> String {
        url::socket(self.socket_dir(), self.port, database, user)
    }

    /// A `postgres://` URL for TCP, without a password. None where no port was asked for.
    pub fn tcp_url(&self, database: &str, user: &str) -> Option<String> {
        self.options.port.map(|_| url::tcp(self.port, database, user))
    }

    /// A `psql` command for the socket, quoted for a shell.
    pub fn psql_command(&self, database: &str, user: &str) -> String {
        self.psql(&self.socket_dir().to_string_lossy(), database, user)
    }

    /// A `psql` command for TCP, quoted for a shell. None where no port was asked for.
    pub fn tcp_psql_command(&self, database: &str, user: &str) -> Option<String> {
        self.options.port.map(|_| self.psql("127.0.0.1", database, user))
    }

    fn psql(&self, host: &str, database: &str, user: &str) -> String {
        url::psql("psql", host, self.port, database, user)
    }

    /// The data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.work.path().join("data")
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        fs::read(self.log_file()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.work.path().join("log")
    }

    /// What it was started from.
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// Stops the server in an orderly way; its data stay, for [`Server::restart`].
    pub fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop(Stop::Fast);
        }
    }

    /// Stops the server if it runs, and starts it again on the same data and port.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.stop();
        self.run()
    }

    /// Ends the server's processes at once, as a crash does; its data stay, for [`Server::restart`].
    pub fn crash(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop(Stop::Immediate);
        }
    }

    /// Stops the server in an orderly way, and copies its data to `folder`, which must not exist.
    pub fn save(&mut self, folder: &Path) -> Result<(), Error> {
        self.stop();
        copy::tree(&self.data_dir(), folder, None)
    }

    /// Goes back to what [`Server::save`] copied, of this server or of another one of the same version.
    pub fn load(&mut self, folder: &Path) -> Result<(), Error> {
        self.crash();
        let data = self.data_dir();
        fs::remove_dir_all(&data).at("remove", &data)?;
        copy::tree(folder, &data, Some(&self.account))?;
        conf::write(&data, self.socket_dir(), self.port, &self.options, &self.account)?;
        self.run()
    }

    /// Leaves the server running when this process ends. A later start of any server clears its directory away once
    /// somebody has stopped it.
    pub fn keep(mut self) -> Result<(), Error> {
        self.leave()
    }

    fn leave(&mut self) -> Result<(), Error> {
        self.work.keep()?;
        self.watchdog = None;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(process) = self.process.take().filter(|_| !self.work.is_kept()) {
            process.stop(Stop::Immediate);
        }
    }
}

fn free_port() -> Result<u16, Error> {
    let address = (Ipv4Addr::LOCALHOST, 0);
    let bound = TcpListener::bind(address).and_then(|listener| listener.local_addr());
    bound.map(|address| address.port()).at("find a free port on", Path::new("127.0.0.1"))
}
