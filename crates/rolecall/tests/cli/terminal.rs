//! The program on a terminal: a pseudo-terminal that it sits on, keys that are pressed, what the screen shows.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's own terminal")]

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};

use crate::stage::Stage;

/// What the keyboard sends for Ctrl-C and Ctrl-D.
pub const INTERRUPT: &str = "\x03";
const END: &str = "\x04";

/// How long a test waits for the next word before it gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal with a program on it.
pub struct Terminal {
    child: Child,
    keys: File,
    screen: Receiver<String>,
    /// All that was shown so far.
    pub shown: String,
}

impl Terminal {
    /// Starts it with the terminal as its own, as a shell does: Ctrl-C reaches it.
    pub fn open(command: &Command) -> Self {
        // Not openpty: what other tests start at this moment would inherit it, and it would never end.
        let keyboard = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
        grantpt(&keyboard).and_then(|()| unlockpt(&keyboard)).unwrap();
        let screen = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlag::O_NOCTTY.bits())
            .open(ptsname_r(&keyboard).unwrap())
            .unwrap();
        let mut session = Command::new("setsid");
        session.arg("--ctty").arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => session.env(name, value),
                None => session.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            session.current_dir(folder);
        }
        session.env("TERM", "xterm").env_remove("NO_COLOR").env_remove("CI");
        session.stdin(screen.try_clone().unwrap()).stdout(screen.try_clone().unwrap()).stderr(screen);
        let child = session.spawn().unwrap();
        let keys = File::from(OwnedFd::from(keyboard));
        Self { child, screen: read(keys.try_clone().unwrap()), keys, shown: String::new() }
    }

    /// Waits until it shows `text`.
    #[track_caller]
    pub fn until(&mut self, text: &str) {
        let from = self.shown.len();
        while !self.shown.get(from..).is_some_and(|new| new.contains(text)) {
            assert!(self.more(), "no {text:?} in\n{}", self.shown);
        }
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until it is over.
    pub fn end(mut self) -> (ExitStatus, String) {
        while self.more() {}
        (self.child.wait().unwrap(), self.shown)
    }

    /// False: nobody is there any more.
    #[track_caller]
    fn more(&mut self) -> bool {
        match self.screen.recv_timeout(PATIENCE) {
            Ok(text) => self.shown.push_str(&text),
            Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => panic!("nothing new for {PATIENCE:?} after\n{}", self.shown),
        }
        true
    }
}

/// What the screen shows, until its last program left: that ends in an error, not in an end of the file.
fn read(mut screen: File) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(read @ 1..) = screen.read(&mut bytes) {
            if sender.send(String::from_utf8_lossy(bytes.get(..read).unwrap_or_default()).into_owned()).is_err() {
                break;
            }
        }
    });
    receiver
}

const QUESTION: &str = "Apply this to test · main? [y/N] ";

#[test]
fn whoever_says_yes_gets_it_with_colours_and_progress() {
    let stage = Stage::new();
    let mut terminal = stage.terminal(&["apply"]);
    terminal.until(QUESTION);
    terminal.press("y\n");
    let (status, shown) = terminal.end();
    assert!(status.success(), "{shown}");
    assert!(shown.contains("a second plan is empty") && shown.contains("\x1b["), "{shown}");
    stage.run(&["plan"]).says(0, &[]);
}

#[test]
fn anything_else_changes_nothing() {
    let stage = Stage::new();
    for keys in ["n\n", "\n", "yes please\n", END] {
        stage.unchanged(|| {
            let mut terminal = stage.terminal(&["apply"]);
            terminal.until(QUESTION);
            terminal.press(keys);
            let (status, shown) = terminal.end();
            assert_eq!(status.code(), Some(1), "{keys:?}: {shown}");
            assert!(shown.contains("Not applied."), "{keys:?}: {shown}");
        });
    }
}

#[test]
fn ctrl_c_at_the_question_changes_nothing_and_lets_go_of_the_lock() {
    let stage = Stage::new();
    stage.unchanged(|| {
        let mut terminal = stage.terminal(&["apply"]);
        terminal.until(QUESTION);
        terminal.press(INTERRUPT);
        let (status, shown) = terminal.end();
        assert!(!status.success() && !shown.contains("Applied"), "{status}: {shown}");
    });
    stage.run(&["apply", "--yes"]).says(0, &["a second plan is empty"]);
}

#[test]
fn the_question_is_no_part_of_the_json() {
    let stage = Stage::new();
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "exec \"$0\" apply --json > out.json", env!("CARGO_BIN_EXE_rolecall")]);
    let mut terminal = stage.terminal_for(command);
    terminal.until(QUESTION);
    terminal.press("y\n");
    let (status, shown) = terminal.end();
    assert!(status.success(), "{shown}");
    let document: serde_json::Value = serde_json::from_str(&stage.read("out.json")).unwrap();
    assert_eq!(document["plans"][0]["environment"], "test");
}

#[test]
fn names_neither_steer_the_terminal_nor_pose_as_lines() {
    let stage = Stage::new();
    stage.sql("app", "SET ROLE app_owner; CREATE TABLE shop.\"x\u{1b}[2J\u{202e}y\n  Risk  none\" (id int)");
    stage.sql("app", "CREATE ROLE \"stranger\u{1b}[2J\n  Applied\" LOGIN");
    let mut terminal = stage.terminal(&["apply"]);
    terminal.until(QUESTION);
    terminal.press("y\n");
    let (status, shown) = terminal.end();
    assert!(status.success() && shown.contains("stranger\u{fffd}[2J\u{fffd}"), "{shown}");
    for steering in ["\u{1b}[2J", "\u{202e}", "\n  Risk  none", "\n  Applied\""] {
        assert!(!shown.replace('\r', "").contains(steering), "{steering:?} in {shown}");
    }
}
