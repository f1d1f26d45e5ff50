//! Links from promises to the tests that keep them: the files are there, and so are the tests that are named.

use crate::shell::root;
use anyhow::{Context, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// Pages that point at tests.
const PAGES: &[&str] = &["docs/security.md", "SECURITY.md", "crates/rolecall/tests/scenarios/README.md"];

/// Fails with every link that leads nowhere.
pub fn check() -> anyhow::Result<()> {
    let mut broken = Vec::new();
    for page in PAGES {
        let path = root().join(page);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {page}"))?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        broken.extend(links(&text).filter_map(|link| trouble(&folder, &link)).map(|why| format!("{page}: {why}")));
    }
    if !broken.is_empty() {
        bail!("links that lead nowhere:\n    {}", broken.join("\n    "));
    }
    println!("    links to tests of {} pages lead somewhere", PAGES.len());
    Ok(())
}

/// `[text](target)`.
struct Link<'a> {
    text: &'a str,
    target: &'a str,
}

fn links(page: &str) -> impl Iterator<Item = Link<'_>> {
    page.split("](").zip(page.split("](").skip(1)).filter_map(|(before, after)| {
        let text = before.rsplit('[').next()?;
        let target = after.split(')').next()?;
        (!target.contains("://")).then_some(Link { text, target })
    })
}

/// Why a link is no good: no such file, or no test of the name that the link's text gives in backticks.
fn trouble(folder: &Path, link: &Link<'_>) -> Option<String> {
    let path: PathBuf = folder.join(link.target.split('#').next().unwrap_or_default());
    if !path.exists() {
        return Some(format!("{} does not exist", link.target));
    }
    let test = link.text.strip_prefix('`')?.strip_suffix('`')?;
    if path.extension().is_none_or(|end| end != "rs") {
        return None;
    }
    let source = fs::read_to_string(&path).unwrap_or_default();
    (!source.contains(&format!("fn {test}("))).then(|| format!("{} has no test {test}", link.target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_links_and_tests_that_are_gone() {
        let page = "a [`one`](a.rs), [two](b.md#c) and [out](https://acme.test)";
        let found: Vec<_> = links(page).map(|link| (link.text, link.target)).collect();
        assert_eq!(found, [("`one`", "a.rs"), ("two", "b.md#c")]);
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let why = |text, target| trouble(&here, &Link { text, target });
        assert_eq!(why("`finds_links_and_tests_that_are_gone`", "links.rs"), None);
        assert_eq!(why("`never_written_at_all`", "links.rs").unwrap(), "links.rs has no test never_written_at_all");
        assert_eq!(why("x", "nowhere.md").unwrap(), "nowhere.md does not exist");
    }
}
