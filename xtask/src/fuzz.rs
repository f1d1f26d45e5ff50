//! `cargo xtask fuzz`: drives `crates/fuzz` with libFuzzer, on the toolchain that builds everything else.

use crate::shell::{cargo_output_with, executable, root, timed};
use anyhow::{Context, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(clap::Args)]
pub struct Arguments {
    /// Only this target: a folder in crates/fuzz/corpus
    target: Option<String>,
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Keep in the corpus which of the inputs found so far lead somewhere new
    #[arg(long)]
    keep: bool,
}

const TARGETS: [&str; 4] = ["policy", "acl", "quoting", "saved_plan"];

/// Inputs are small: what goes wrong with long ones goes wrong with short ones, and is found sooner.
const LONGEST: &str = "-max_len=4096";

/// Fuzzes each target for so long; fails, and says where the input is, where one goes wrong.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let chosen: Vec<&str> = match &arguments.target {
        Some(name) => vec![TARGETS.into_iter().find(|target| target == name).context("there is no such target")?],
        None => TARGETS.to_vec(),
    };
    let programs = build(&chosen)?;
    for (target, program) in chosen.iter().zip(programs) {
        fuzz(target, &program, arguments)?;
    }
    Ok(())
}

/// Builds them, and says where they are. The wrapper alone turns the counters on, and only for our own crates: cargo keeps
/// what it made apart, and takes the dependencies from the ordinary build.
fn build(targets: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
    let names: Vec<String> = targets.iter().map(|target| format!("fuzz_{target}")).collect();
    let mut words = vec!["test", "--workspace", "--locked", "--features", "rolecall-fuzz/libfuzzer", "--no-run"];
    words.extend(["--message-format", "json"]);
    words.extend(names.iter().flat_map(|name| ["--test", name]));
    let wrapper = root().join("crates/fuzz/rustc");
    let said = cargo_output_with(&words, &[("RUSTC_WORKSPACE_WRAPPER", &wrapper.to_string_lossy())])?;
    let found = |name: &String| {
        let own = said.lines().filter(|line| line.contains(&format!("\"name\":\"{name}\"")));
        own.filter_map(executable).next().with_context(|| format!("cargo built no {name}"))
    };
    names.iter().map(found).collect()
}

fn fuzz(target: &str, program: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let kept = root().join("crates/fuzz/corpus").join(target);
    let work = root().join("target/fuzz").join(target);
    let artifacts = root().join("target/fuzz/found").join(target);
    fs::create_dir_all(&work)?;
    fs::create_dir_all(&artifacts)?;
    let mut command = Command::new(program);
    command.current_dir(root()).arg(LONGEST).args(["-timeout=20", "-rss_limit_mb=2048", "-verbosity=0"]);
    command.arg(format!("-artifact_prefix={}/", artifacts.display()));
    if arguments.keep {
        command.args(["-merge=1", "-set_cover_merge=1"]).arg(&kept).arg(&work);
        return timed(&format!("keep what {target} found"), &mut command);
    }
    let dictionary = root().join("crates/fuzz/dictionaries").join(format!("{target}.txt"));
    if dictionary.exists() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    command.arg(format!("-max_total_time={}", arguments.seconds)).args(["-print_final_stats=1"]).arg(&work).arg(&kept);
    if let Err(error) = timed(&format!("fuzz {target} for {} s", arguments.seconds), &mut command) {
        bail!(
            "{error}: {target} goes wrong with what lies in {}; once mended, it belongs into {}",
            artifacts.display(),
            kept.display()
        );
    }
    Ok(())
}
