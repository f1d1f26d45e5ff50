//! Ends a server whose owner was killed: a shell that waits for the end of a pipe which only the owner holds.

use crate::error::{At, Error};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// `$1` is the server's directory. Each line that comes is the server's process id, the last one counts. A new server
/// may not have written its pid file yet; and a pid that is not in that file may be somebody else's by now.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
pid=
while read -r line; do pid=$line; done
first() { head -n 1 "$1/data/postmaster.pid" 2>/dev/null; }
n=0
while [ -n "$pid" ] && [ -z "$(first "$1")" ] && [ $n -lt 20 ]; do sleep 0.1; n=$((n + 1)); done
if [ -n "$pid" ] && [ "$(first "$1")" = "$pid" ]; then
    kill -QUIT "$pid"
    n=0
    while kill -0 "$pid" && [ $n -lt 50 ]; do sleep 0.1; n=$((n + 1)); done
    kill -KILL "$pid"
fi
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
rm -f "$1.kept" "$1.lock"
"#;

/// The shell. When this value goes, so does the shell, without doing anything.
#[derive(Debug)]
pub(crate) struct Watchdog(Child);

impl Watchdog {
    /// Begins to watch over `directory`. In a process group of its own: Ctrl-C in the terminal is for the owner alone.
    pub fn start(directory: &Path) -> Result<Self, Error> {
        let shell = Path::new("/bin/sh");
        let mut command = Command::new(shell);
        command.args(["-c", SCRIPT, "rolecall-watchdog"]).arg(directory).current_dir("/").process_group(0);
        // Not our output: whoever reads that to its end would wait for the watchdog too.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().at("run", shell).map(Self)
    }

    /// Tells it the process id of the server.
    pub fn watch(&mut self, pid: u32) -> Result<(), Error> {
        let Some(pipe) = &mut self.0.stdin else { return Ok(()) };
        pipe.write_all(format!("{pid}\n").as_bytes()).at("write to", Path::new("/bin/sh"))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Killed while the pipe is still open, so that it never sees its end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
