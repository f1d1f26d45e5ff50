//! What pages point at: the files are there, and so are the tests that a link names.

use crate::shell::root;
use anyhow::{Context, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// Folders whose paths pages give in backticks, from the repository's root.
const FOLDERS: &[&str] = &["crates/", "docs/", "packaging/", "xtask/", ".ci/"];

/// Fails with every link and path that leads nowhere.
pub fn check() -> anyhow::Result<()> {
    let (root, mut broken) = (root(), Vec::new());
    let pages = pages(root)?;
    for page in &pages {
        let text = fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
        let folder = page.parent().map(Path::to_owned).unwrap_or_default();
        let links = links(&text).filter_map(|link| trouble(&folder, &link));
        let gone = paths(&text).filter(|path| !root.join(path).exists()).map(|path| format!("there is no {path}"));
        broken.extend(links.chain(gone).map(|why| format!("{}: {why}", page.display())));
    }
    if !broken.is_empty() {
        bail!("what leads nowhere:\n    {}", broken.join("\n    "));
    }
    println!("    links and paths of {} pages lead somewhere", pages.len());
    Ok(())
}

/// The Markdown that people read, but for what a program wrote.
fn pages(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut pages = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" && name != "reference" {
                folders.push(path);
            } else if name.ends_with(".md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    Ok(pages)
}

/// Paths in backticks.
fn paths(page: &str) -> impl Iterator<Item = &str> {
    let whole =
        |text: &&str| FOLDERS.iter().any(|folder| text.starts_with(folder)) && !text.contains([' ', '*', '<', '…']);
    page.split('`').filter(whole)
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
        let told = "see `crates/core/src/`, `docs/x.md` and `crates/*/tests`; crates/none is no path";
        assert_eq!(paths(told).collect::<Vec<_>>(), ["crates/core/src/", "docs/x.md"]);
        assert_eq!(why("x", "nowhere.md").unwrap(), "nowhere.md does not exist");
    }
}
