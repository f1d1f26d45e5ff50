//! A throw-away server with the generated database on it, and the programs that are run against it.

use std::path::{Path, PathBuf};
use std::process::Command;

use rolecall_throwaway::{Binaries, Options, Server};

use crate::generate::Size;
use crate::measure::{Cost, run};

/// A server with the generated database.
pub struct Stage {
    server: Server,
    folder: tempfile::TempDir,
    psql: PathBuf,
}

impl Stage {
    /// Starts a server and makes the database.
    pub fn new(size: Size, binaries: &Binaries) -> anyhow::Result<Self> {
        let options = Options::new()
            .setting("max_locks_per_transaction", "4096")
            .setting("shared_buffers", "256MB")
            .setting("max_wal_size", "4GB");
        let server = options.start(binaries)?;
        let stage = Self { server, folder: tempfile::tempdir()?, psql: binaries.bin.join("psql") };
        stage.script("postgres", "database", &size.database())?;
        Ok(stage)
    }

    /// A file of this server's own, gone together with it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The administrator's URL.
    pub fn url(&self, database: &str) -> String {
        self.server.url(database, "postgres")
    }

    /// Runs SQL by psql.
    pub fn script(&self, database: &str, name: &str, sql: &str) -> anyhow::Result<Cost> {
        let file = self.file(name).with_extension("sql");
        std::fs::write(&file, sql)?;
        let mut psql = Command::new(&self.psql);
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d"]).arg(self.url(database));
        run(psql.arg("-f").arg(file), |ended| ended.success())
    }

    /// `rolecall` with a policy and a store of this server's own.
    pub fn rolecall(&self, program: &Path, size: Size, command: &[&str]) -> anyhow::Result<Command> {
        let policy = self.file("policy.yaml");
        if !policy.exists() {
            std::fs::write(&policy, size.policy())?;
        }
        let mut rolecall = Command::new(program);
        rolecall
            .args(command)
            .env("URL", self.url("postgres"))
            .env("ROLECALL_POLICY", policy)
            .env("ROLECALL_STORE", self.file("store.db"))
            .env("ROLECALL_LEDGER_KEY", self.file("ledger.key"));
        Ok(rolecall)
    }
}
