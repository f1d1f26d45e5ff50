//! `cargo xtask postgres`: servers to test against, without installing any.

use rolecall_throwaway::{binaries, download};

#[derive(clap::Args)]
pub struct Arguments {
    /// Major versions; all that there are, if none is named
    majors: Vec<u32>,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let majors = if arguments.majors.is_empty() { download::majors() } else { arguments.majors.clone() };
    for major in majors {
        let found = download::fetch(major)?;
        println!("{:<8} {}", found.version_text, found.bin.display());
    }
    eprintln!("To test with one of them: {}=<folder> cargo test", binaries::VARIABLE);
    Ok(())
}
