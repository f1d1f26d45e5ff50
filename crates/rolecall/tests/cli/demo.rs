//! The demo as a newcomer meets it: the story, then the page, then Ctrl-C; nothing stays behind.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rolecall_throwaway::binaries;

fn get(address: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn the_story_then_the_page_then_nothing() {
    let folder = binaries::find(None).unwrap().bin;
    let mut demo = Command::new(env!("CARGO_BIN_EXE_rolecall"))
        .args(["demo", "--page", "--listen", "127.0.0.1:0", "--postgres"])
        .arg(folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
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
