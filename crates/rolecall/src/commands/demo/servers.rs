//! The demo's two servers, their shop and the policy's files.

use std::path::PathBuf;

use anyhow::Context;
use rolecall_core::secret::Secret;
use rolecall_engine::postgres::Target;
use rolecall_throwaway::{Binaries, Options, Server};

const POLICY: &str = include_str!("policy.yaml");

/// One server for each environment, and a folder with the policy.
pub struct Servers {
    production: Server,
    staging: Server,
    folder: tempfile::TempDir,
}

impl Servers {
    /// Starts both.
    pub fn start(binaries: &Binaries) -> anyhow::Result<Self> {
        println!("Starting two throw-away PostgreSQL {} servers: production and staging.", binaries.version_text);
        let start = || Options::new().start(binaries).context("cannot start PostgreSQL");
        let servers = Self { production: start()?, staging: start()?, folder: tempfile::tempdir()? };
        for (name, server) in [("production", &servers.production), ("staging", &servers.staging)] {
            std::fs::write(servers.folder.path().join(format!("{name}.url")), server.url("postgres", "postgres"))?;
        }
        servers.write_policy(POLICY)?;
        Ok(servers)
    }

    /// Where the policy is.
    pub fn policy(&self) -> PathBuf {
        self.folder.path().join("rolecall.yaml")
    }

    /// A place in the demo's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// How its superuser connects to an environment's shop.
    pub fn psql(&self, environment: &str) -> String {
        self.server(environment).psql_command("app", "postgres")
    }

    fn server(&self, environment: &str) -> &Server {
        if environment == "production" { &self.production } else { &self.staging }
    }

    /// The policy as it was at first.
    pub fn first_policy(&self) -> &'static str {
        POLICY
    }

    /// Replaces the policy.
    pub fn write_policy(&self, text: &str) -> anyhow::Result<()> {
        let text = text.replace("{folder}", &self.folder.path().display().to_string());
        Ok(std::fs::write(self.policy(), text)?)
    }

    /// Where somebody connects to.
    pub fn target(&self, environment: &str, database: &str, user: &str) -> anyhow::Result<Target> {
        Ok(Target::parse(&Secret::new(self.server(environment).url(database, user)))?)
    }

    /// Leaves both up and says how to connect and how to end them.
    pub fn keep(self) -> anyhow::Result<()> {
        let policy = self.policy();
        let _ = self.folder.keep();
        println!("\nThe servers stay up. Connect as anybody:");
        for (environment, server, people) in [
            ("production", self.production, &["alice", "bob", "dave"][..]),
            ("staging", self.staging, &["alice", "dave"]),
        ] {
            println!("  {environment}:");
            for person in people.iter().chain(&["postgres"]) {
                println!("    {}", server.psql_command("app", person));
            }
            let pid = server.pid().map_or_else(|| "?".to_owned(), |pid| pid.to_string());
            println!("    end it: kill -INT {pid}");
            server.keep()?;
        }
        println!("  policy: {}\n    {} plan --policy {0}", policy.display(), super::program());
        Ok(())
    }
}
