//! The programs that are measured: Rolecall, and peers where they are installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::generate::Size;
use crate::peers::{ldap2pg, pgroles, pgsesame};
use crate::stage::Stage;

/// A program that makes a database say what a file says.
#[derive(Debug, Clone)]
pub struct Tool {
    /// What it is called in the table.
    pub name: &'static str,
    /// Where it is.
    program: PathBuf,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Rolecall,
    Ldap2pg,
    Pgroles,
    Pgsesame,
}

impl Tool {
    /// Rolecall itself.
    pub fn rolecall(program: PathBuf) -> Self {
        Self { name: "Rolecall", program, kind: Kind::Rolecall }
    }

    /// The peers that stand in a folder.
    pub fn peers(folder: &Path) -> Vec<Self> {
        let all = [("ldap2pg", Kind::Ldap2pg), ("pgroles", Kind::Pgroles), ("pgsesame", Kind::Pgsesame)].into_iter();
        let tools = all.map(|(name, kind)| Self { name, program: folder.join(name), kind });
        let (found, missing): (Vec<_>, Vec<_>) = tools.partition(|tool| tool.program.exists());
        for tool in missing {
            eprintln!("{} is not measured: there is no {}", tool.name, tool.program.display());
        }
        found
    }

    /// Shows what would change.
    pub fn plan(&self, stage: &Stage, size: Size) -> anyhow::Result<Command> {
        match self.kind {
            Kind::Rolecall => stage.rolecall(&self.program, size, &["plan"]),
            Kind::Ldap2pg => ldap2pg::command(&self.program, stage, size, &["--check", "--dry"]),
            Kind::Pgroles => pgroles::command(&self.program, stage, size, &["diff", "--exit-code"]),
            Kind::Pgsesame => pgsesame::command(&self.program, stage, size, "plan"),
        }
    }

    /// Changes it.
    pub fn apply(&self, stage: &Stage, size: Size) -> anyhow::Result<Command> {
        match self.kind {
            Kind::Rolecall => stage.rolecall(&self.program, size, &["apply", "--yes"]),
            Kind::Ldap2pg => ldap2pg::command(&self.program, stage, size, &["--real"]),
            Kind::Pgroles => pgroles::command(&self.program, stage, size, &["apply"]),
            Kind::Pgsesame => pgsesame::command(&self.program, stage, size, "apply"),
        }
    }
}
