//! A standby: a second server on a copy of the first one's data, to which its changes stream.

use super::{DEFAULT_PORT, Server};
use crate::error::{At, Error};
use crate::options::Options;
use crate::watchdog::Watchdog;
use crate::workdir::Workdir;
use crate::{conf, copy};
use std::fs;
use std::path::Path;

impl Server {
    /// Starts a standby of this server, which must be [`Options::replicated`]; it answers to reading sessions.
    ///
    /// The copy is made by `pg_basebackup`. Downloads come without it: there, this server is stopped for a moment, and
    /// its sessions end.
    pub fn standby(&mut self) -> Result<Self, Error> {
        let root = self.work.path().parent().unwrap_or(Path::new("/")).to_owned();
        let work = Workdir::create(&root, "s")?;
        let watchdog = Some(Watchdog::start(work.path())?);
        self.account.own(work.path())?;
        self.copy_to(&work.path().join("data"))?;
        // Only the socket: two servers cannot have one TCP port.
        let options = Options { port: None, keep: false, ..self.options.clone() };
        let options = options.setting("primary_conninfo", self.conninfo());
        let (binaries, account) = (self.binaries.clone(), self.account.clone());
        let mut standby = Self { process: None, work, watchdog, binaries, options, port: DEFAULT_PORT, account };
        let data = standby.data_dir();
        conf::write(&data, standby.socket_dir(), standby.port, &standby.options, &standby.account)?;
        let signal = data.join("standby.signal");
        fs::write(&signal, "").at("write", &signal)?;
        standby.run()?;
        Ok(standby)
    }

    fn copy_to(&mut self, folder: &Path) -> Result<(), Error> {
        let program = self.binaries.bin.join("pg_basebackup");
        if !program.exists() {
            self.stop();
            copy::tree(&self.data_dir(), folder, Some(&self.account))?;
            return self.run();
        }
        let mut command = self.account.command(&program);
        command.args(["--checkpoint=fast", "--no-sync", "--dbname"]).arg(self.conninfo()).arg("--pgdata").arg(folder);
        let output = command.output().at("run", &program)?;
        let said = || String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if output.status.success() { Ok(()) } else { Err(Error::Copy(said())) }
    }

    /// How libpq gets to this server: the words have neither blanks nor quotes in them.
    fn conninfo(&self) -> String {
        let (folder, port, user) = (self.socket_dir().display(), self.port, &self.options.superuser);
        format!("host={folder} port={port} user={user} application_name=standby")
    }
}
