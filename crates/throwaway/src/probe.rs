//! Asks a server on its socket whether it takes connections yet: as much of the protocol as that needs.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Protocol version 3.0.
const VERSION: u32 = 3 << 16;
/// `cannot_connect_now`: the server is starting up, or shutting down.
const NOT_NOW: &[u8] = b"57P03";
/// The message with which a client leaves.
const TERMINATE: &[u8] = &[b'X', 0, 0, 0, 4];

/// True when the server behind `socket` answers a login as `user` with anything but "not now". A refusal counts too:
/// pg_hba.conf may keep this user out.
pub(crate) fn answers(socket: &Path, user: &str) -> bool {
    ask(socket, user).unwrap_or(false)
}

fn ask(socket: &Path, user: &str) -> io::Result<bool> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(&startup(user))?;
    let (kind, body) = message(&mut stream)?;
    match kind {
        b'R' => {
            if body == [0; 4] {
                // Logged in: wait until our session is gone, or a test that counts sessions would see it.
                stream.write_all(TERMINATE)?;
                io::copy(&mut stream, &mut io::sink())?;
            }
            Ok(true)
        }
        b'E' => Ok(sqlstate(&body) != Some(NOT_NOW)),
        _ => Ok(false),
    }
}

fn startup(user: &str) -> Vec<u8> {
    let parameters = format!("user\0{user}\0database\0postgres\0\0");
    let length = u32::try_from(parameters.len() + 8).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), &VERSION.to_be_bytes(), parameters.as_bytes()].concat()
}

/// One message of the server: its type, and what follows the length.
fn message(stream: &mut UnixStream) -> io::Result<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    stream.read_exact(&mut head)?;
    let [kind, length @ ..] = head;
    let length = u64::from(u32::from_be_bytes(length)).saturating_sub(4);
    let mut body = Vec::new();
    stream.take(length.min(64 * 1024)).read_to_end(&mut body)?;
    Ok((kind, body))
}

/// Field `C` of an error: fields are a letter and a text, each ended by a zero byte.
fn sqlstate(body: &[u8]) -> Option<&[u8]> {
    body.split(|byte| *byte == 0).find_map(|field| field.strip_prefix(b"C"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_length() {
        let packet = startup("x");
        assert_eq!(packet[..8], [0, 0, 0, 33, 0, 3, 0, 0]);
        assert_eq!(packet.len(), 33);
    }

    #[test]
    fn finds_the_sqlstate() {
        assert_eq!(sqlstate(b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"), Some(NOT_NOW));
        assert_eq!(sqlstate(b"SFATAL\0\0"), None);
    }
}
