//! Runs other programs in the repository's root.

use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// The repository's root.
pub fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// Runs `cargo` with these words, under a heading and above the time it took; fails if it fails.
pub fn cargo(words: &[&str]) -> anyhow::Result<()> {
    timed(&format!("cargo {}", words.join(" ")), &mut command(words))
}

/// Likewise, with variables in the environment.
pub fn cargo_with(words: &[&str], environment: &[(&str, &str)]) -> anyhow::Result<()> {
    timed(&format!("cargo {}", words.join(" ")), command(words).envs(environment.iter().copied()))
}

/// Runs a script with `bash`, likewise.
pub fn bash(script: &str) -> anyhow::Result<()> {
    timed(script, Command::new("bash").args(["-euo", "pipefail", "-c", script]).current_dir(root()))
}

/// Runs a program under a heading and above the time it took; fails if it fails.
pub fn timed(line: &str, command: &mut Command) -> anyhow::Result<()> {
    println!("\n==> {line}");
    let begin = Instant::now();
    let status = command.status().with_context(|| format!("cannot run `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed");
    }
    println!("    {:.1} s", begin.elapsed().as_secs_f32());
    Ok(())
}

/// What `cargo` with these words prints on stdout; its stderr is shown.
pub fn cargo_output(words: &[&str]) -> anyhow::Result<String> {
    cargo_output_with(words, &[])
}

/// Likewise, with variables in the environment.
pub fn cargo_output_with(words: &[&str], environment: &[(&str, &str)]) -> anyhow::Result<String> {
    said(&format!("cargo {}", words.join(" ")), command(words).envs(environment.iter().copied()))
}

/// What a program prints on stdout; its stderr is shown.
pub fn output(program: &Path, words: &[&str]) -> anyhow::Result<String> {
    said(&format!("{} {}", program.display(), words.join(" ")), Command::new(program).args(words).current_dir(root()))
}

fn said(line: &str, command: &mut Command) -> anyhow::Result<String> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot run `{line}`"))?;
    if !output.status.success() {
        bail!("`{line}` failed");
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{line}` printed something else than text"))
}

/// The program in a line of what cargo says of itself as JSON.
pub fn executable(line: &str) -> Option<PathBuf> {
    line.split_once("\"executable\":\"")?.1.split('"').next().map(PathBuf::from)
}

/// True when `cargo` with these words succeeds; prints nothing.
pub fn cargo_succeeds(words: &[&str]) -> bool {
    command(words).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn command(words: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // `cargo run` sets it for us. Build scripts that look at it, such as ring's, would run again, and all that is above them.
    command.args(words).current_dir(root()).env_remove("CARGO_MANIFEST_DIR");
    command
}
