//! `rolecall docs`: reference documentation, generated from the code that it describes.

use clap::CommandFactory;
use rolecall_core::policy::reference_markdown;

use crate::Outcome;
use crate::args::{Arguments, Docs, Reference};

/// Prints a reference in Markdown.
pub fn run(docs: &Docs) -> anyhow::Result<Outcome> {
    match docs.what {
        Reference::Cli => print!("{}", cli()),
        Reference::Openapi => println!("{}", serde_json::to_string_pretty(&rolecall_server::api::description())?),
        Reference::Policy => print!("{}", reference_markdown()),
    }
    Ok(Outcome::Done)
}

/// The help of every command, as the terminal shows it.
fn cli() -> String {
    let mut root = Arguments::command().term_width(100);
    let mut text = "# Command line\n\nGenerated from the program's own help by `cargo xtask gen`.\n".to_owned();
    let mut section = |title: String, help: String| {
        let help: String = help.lines().map(|line| format!("{}\n", line.trim_end())).collect();
        text.push_str(&format!("\n## {title}\n\n```text\n{}\n```\n", help.trim_end()));
    };
    section("rolecall".into(), root.render_long_help().to_string());
    root.build();
    let names: Vec<String> = root
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .map(|command| command.get_name().to_owned())
        .collect();
    for name in names.into_iter().filter(|name| name != "help") {
        if let Some(command) = root.find_subcommand_mut(&name) {
            section(format!("rolecall {name}"), command.render_long_help().to_string());
        }
    }
    text
}
