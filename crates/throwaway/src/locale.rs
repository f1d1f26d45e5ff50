//! Locales that the machine may not have, compiled into a folder of one's own.

use crate::error::{At, Error};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiles a locale such as `de_DE` for UTF-8 into `folder`, and returns what the server calls it (`de_DE.UTF-8`).
///
/// # Errors
/// There is no `localedef` (Debian's package `locales`), or it does not know the locale.
pub fn make(name: &str, folder: &Path) -> Result<String, Error> {
    let called = format!("{name}.UTF-8");
    let program = PathBuf::from("localedef");
    let mut localedef = Command::new(&program);
    localedef.args(["--no-archive", "-i", name, "-f", "UTF-8"]).arg(folder.join(&called));
    let output = localedef.output().at("run", &program)?;
    // It warns of what is missing in a locale, and then says 1.
    if output.status.code().is_some_and(|code| code <= 1) && folder.join(&called).is_dir() {
        return Ok(called);
    }
    Err(Error::Initdb(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}
