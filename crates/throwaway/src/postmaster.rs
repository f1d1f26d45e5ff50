//! The server's process: started directly (`pg_ctl -w` polls in steps of 100 ms), awaited, and ended.

use crate::account::Account;
use crate::binaries::Binaries;
use crate::error::{At, Error};
use crate::options::Options;
use crate::probe;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const STEP: Duration = Duration::from_millis(2);
/// Far more than a start takes, even on a machine that is busy with hundreds of tests.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long an orderly stop may take before the server is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// How many lines of the log an error shows.
const TAIL: usize = 20;

/// How to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Ends sessions and writes a checkpoint; the data can be started again.
    Fast,
    /// At once, for data that nobody needs any more.
    Immediate,
}

/// A running `postgres`.
#[derive(Debug)]
pub(crate) struct Postmaster(Child);

impl Postmaster {
    /// Starts `postgres` on `data`; its messages are added to `log`.
    pub fn spawn(
        binaries: &Binaries,
        data: &Path,
        log: &Path,
        account: &Account,
        options: &Options,
    ) -> Result<Self, Error> {
        let output = File::options().create(true).append(true).open(log).at("open", log)?;
        let program = binaries.bin.join("postgres");
        let mut command = account.command(&program);
        command.arg("-D").arg(data).stdout(output.try_clone().at("open", log)?).stderr(output).stdin(Stdio::null());
        if let Some(folder) = &options.locales {
            command.env("LOCPATH", folder);
        }
        command.spawn().at("run", &program).map(Self)
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Returns when the server answers on `socket`.
    pub fn wait(&mut self, binaries: &Binaries, socket: &Path, user: &str, log: &Path) -> Result<(), Error> {
        let fail = |why: String| {
            let (version, log) = (binaries.version_text.clone(), tail(log));
            Err(Error::Start { version, why, log })
        };
        let deadline = Instant::now() + START_TIMEOUT;
        while !probe::answers(socket, user) {
            if let Some(status) = self.0.try_wait().at("wait for", &binaries.bin)? {
                return fail(format!("stopped while starting ({status})"));
            }
            if Instant::now() > deadline {
                return fail(format!("did not answer within {} seconds", START_TIMEOUT.as_secs()));
            }
            sleep(STEP);
        }
        Ok(())
    }

    /// Ends the server and returns when it is gone.
    pub fn stop(mut self, how: Stop) {
        let signal = match how {
            Stop::Fast => Signal::SIGINT,
            Stop::Immediate => Signal::SIGQUIT,
        };
        if let Ok(pid) = i32::try_from(self.id()) {
            // Fails only where it is gone already, and then the loop ends at once.
            let _ = kill(Pid::from_raw(pid), signal);
        }
        let deadline = Instant::now() + STOP_TIMEOUT;
        while matches!(self.0.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let _ = self.0.kill();
                let _ = self.0.wait();
                return;
            }
            sleep(STEP);
        }
    }
}

fn tail(log: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines.get(lines.len().saturating_sub(TAIL)..).unwrap_or_default().join("\n")
}
