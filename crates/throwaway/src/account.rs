//! The operating system's user that runs initdb and postgres: whoever runs us, but never root, which PostgreSQL refuses.

use crate::error::{At, Error};
use nix::unistd::{Gid, Uid, User};
use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// A user for the server.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    uid: u32,
    gid: u32,
    name: String,
    /// True where we are root and have to become this user.
    drops: bool,
}

impl Account {
    /// Ourselves, or for root `postgres`, else `nobody`.
    pub fn choose() -> Result<Self, Error> {
        let (uid, gid) = (Uid::effective(), Gid::effective());
        if !uid.is_root() {
            return Ok(Self { uid: uid.as_raw(), gid: gid.as_raw(), name: uid.to_string(), drops: false });
        }
        ["postgres", "nobody"]
            .into_iter()
            .filter_map(|name| User::from_name(name).ok().flatten())
            .find(|user| !user.uid.is_root())
            .map(|user| Self { uid: user.uid.as_raw(), gid: user.gid.as_raw(), name: user.name, drops: true })
            .ok_or(Error::NoAccount)
    }

    /// True where we are root, and the server is somebody else's.
    pub fn drops(&self) -> bool {
        self.drops
    }

    /// A command that runs as this user, out of reach of Ctrl-C in our terminal, and unmoved by our environment.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        // PGDATA, PGPORT, PGOPTIONS and their like would turn up in a server that is meant to be the same everywhere.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PG")) {
            command.env_remove(name);
        }
        // With TZ set, initdb does not spend 50 ms on finding out which time zone this machine is in.
        command.env("LC_ALL", "C").env("TZ", "UTC").current_dir("/").stdin(Stdio::null()).process_group(0);
        if self.drops {
            // The standard library drops root's supplementary groups along with its user.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Hands a file or folder (not what is in it) to this user.
    pub fn own(&self, path: &Path) -> Result<(), Error> {
        if self.drops { chown(path, Some(self.uid), Some(self.gid)).at("hand over", path) } else { Ok(()) }
    }

    /// Fails where this user cannot get at `path`, because a folder on the way is closed to others.
    pub fn check_reach(&self, path: &Path) -> Result<(), Error> {
        let closed = |folder: &&Path| folder.metadata().is_ok_and(|meta| !self.enters(&meta));
        match path.ancestors().find(closed) {
            Some(closed) if self.drops => {
                let (path, closed) = (path.to_owned(), closed.to_owned());
                Err(Error::Unreachable { account: self.name.clone(), path, closed })
            }
            _ => Ok(()),
        }
    }

    /// True where the user may pass through, as owner, by group, or as anybody may.
    fn enters(&self, meta: &std::fs::Metadata) -> bool {
        let bit = if meta.uid() == self.uid {
            0o100
        } else if meta.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        meta.mode() & bit != 0
    }
}
