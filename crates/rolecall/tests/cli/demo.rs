//! The demo as a newcomer meets it: the story, then the page, then Ctrl-C; nothing stays behind.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's own files and processes")]

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rolecall_throwaway::binaries;

use crate::terminal::{INTERRUPT, Terminal};

fn get(address: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn demo(arguments: &[&str]) -> Command {
    let folder = binaries::find(None).unwrap().bin;
    let mut demo = Command::new(env!("CARGO_BIN_EXE_rolecall"));
    demo.arg("demo").args(arguments).arg("--postgres").arg(folder).env_remove("ROLECALL_POLICY");
    demo
}

/// A folder that the test gives the demo for its own, so that what stays behind is seen.
fn scratch(demo: &mut Command) -> tempfile::TempDir {
    let folder = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
    demo.env("TMPDIR", folder.path());
    folder
}

/// All but the empty house of the servers and the lock on its door.
fn left_in(folder: &Path) -> Vec<PathBuf> {
    let entries = |folder: &Path| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let house = format!("rolecall-{}", nix::unistd::Uid::effective());
    let within = |path: PathBuf| if path.ends_with(&house) { entries(&path).collect() } else { vec![path] };
    entries(folder).flat_map(within).filter(|path| !path.ends_with("sweep")).collect()
}

/// Servers are ended by a watchdog where the program itself was killed: that takes a moment.
fn nothing_is_left_in(folder: &Path) {
    for _ in 0..200 {
        if left_in(folder).is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("still there: {:?}", left_in(folder));
}

#[test]
fn ctrl_c_in_the_middle_of_the_story_leaves_nothing_behind() {
    for chapter in ["Starting two throw-away", "rolecall apply", "3. The support agent", "5. The leaver"] {
        let mut demo = demo(&["--no-page"]);
        let folder = scratch(&mut demo);
        let mut terminal = Terminal::open(&demo);
        terminal.until(chapter);
        terminal.press(INTERRUPT);
        let (status, shown) = terminal.end();
        assert!(!status.success() && !shown.contains("panicked"), "{chapter}: {status}: {shown}");
        // By itself, not because the signal killed it: nobody would have removed the policy's folder then.
        assert!(shown.contains("Interrupted; the servers are gone."), "{chapter}: {status}: {shown}");
        nothing_is_left_in(folder.path());
    }
}

#[test]
fn what_is_kept_can_be_connected_to_as_each_person_and_ended() {
    let mut demo = demo(&["--keep"]);
    let folder = scratch(&mut demo);
    let output = demo.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    let (_, kept) = said.split_once("The servers stay up.").unwrap();
    let lines: Vec<&str> = kept.lines().map(str::trim).collect();
    let ways: Vec<_> = lines.iter().filter(|line| line.starts_with("psql ")).collect();
    let ends: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix("end it: ")).collect();
    let plan = lines.iter().find(|line| line.contains(" plan --policy ")).unwrap();
    let asked: Vec<_> = ways.iter().map(|way| shell(&format!("{way} -Atc 'SELECT current_user'"))).collect();
    let planned = Command::new("sh").args(["-c", plan]).output().unwrap();
    let ended: Vec<_> = ends.iter().map(|end| shell(end)).collect();
    assert_eq!(asked, ["alice", "bob", "dave", "postgres", "alice", "dave", "postgres"], "{kept}");
    assert_eq!(planned.status.code(), Some(0), "{}", String::from_utf8_lossy(&planned.stdout));
    assert_eq!(ended, ["", ""]);
    for _ in 0..200 {
        if ways.iter().all(|way| !shell_ok(&format!("{way} -c 'SELECT 1'"))) {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("a server still answers; see {}", folder.path().display());
}

fn shell(command: &str) -> String {
    let output = Command::new("sh").args(["-c", command]).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn shell_ok(command: &str) -> bool {
    Command::new("sh").args(["-c", command]).output().unwrap().status.success()
}

#[test]
fn the_story_then_the_page_then_nothing() {
    let mut demo = demo(&["--page", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut story = String::new();
    let address = loop {
        let line = lines.next().unwrap_or_else(|| panic!("no page after:\n{story}"));
        if let Some((_, address)) = line.split_once("The page: http://") {
            break address.split('/').next().unwrap().to_owned();
        }
        story = story + &line + "\n";
    };
    assert_eq!(story.matches("It agrees with the policy everywhere").count(), 2, "{story}");
    let page = get(&address, "/sign-in").unwrap();
    assert!(page.starts_with("HTTP/1.1 200 ") && page.contains("Bob, support agent"), "{page}");
    let psql = lines.by_ref().find(|line| line.contains("GRANT SELECT ON shop.payments TO support")).unwrap();
    let bob = lines.by_ref().find(|line| line.contains("role \"bob\" does not exist"));
    assert!(bob.is_some(), "Bob sees nothing before he has asked");
    let socket = psql.split_whitespace().skip_while(|word| *word != "-h").nth(1).unwrap().to_owned();
    kill(Pid::from_raw(demo.id().cast_signed()), Signal::SIGINT).unwrap();
    assert!(lines.by_ref().any(|line| line.contains("The servers are gone")));
    assert!(demo.wait().unwrap().success());
    assert!(!std::path::Path::new(&socket).exists(), "{socket} is still there");
}
