//! Any text as an `aclitem[]`: refused, or read so that it means the same once PostgreSQL writes it again.

use std::fmt::Write as _;

use rolecall_core::privilege::{Privilege, PrivilegeSet};
use rolecall_core::state::{AclEntry, Acls, RoleId, RoleNames};

/// Reads, writes and reads again.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Some(first) = read(&text) else { return };
    let written = write(&first);
    let second = read(&written);
    assert_eq!(Some(&first), second.as_ref(), "{text:?} was read as {written:?}");
}

/// (grantee; None is PUBLIC, grantor, privileges, grantable).
type Entry = (Option<String>, String, PrivilegeSet, PrivilegeSet);

fn read(text: &str) -> Option<Vec<Entry>> {
    let (mut acls, mut names) = (Acls::default(), RoleNames::default());
    let id = acls.parse(text, &mut names).ok()?;
    let name = |id: RoleId| names.name(id).to_owned();
    let entry = |entry: &AclEntry| {
        assert!(
            entry.privileges.union(entry.grantable) == entry.privileges,
            "an option without its privilege: {text:?}"
        );
        let grantee = (!entry.grantee.is_public()).then(|| name(entry.grantee));
        (grantee, name(entry.grantor), entry.privileges, entry.grantable)
    };
    Some(acls.get(id).iter().map(entry).collect())
}

/// As PostgreSQL's `aclitemout` and `array_out` write.
fn write(entries: &[Entry]) -> String {
    let item = |(grantee, grantor, privileges, grantable): &Entry| {
        let letters = privileges.iter().fold(String::new(), |mut letters, privilege| {
            letters.push(char::from(letter(privilege)));
            let _ = write!(letters, "{}", if grantable.contains(privilege.into()) { "*" } else { "" });
            letters
        });
        format!("{}={letters}/{}", grantee.as_deref().map(putid).unwrap_or_default(), putid(grantor))
    };
    let items: Vec<String> = entries.iter().map(|entry| element(&item(entry))).collect();
    format!("{{{}}}", items.join(","))
}

fn letter(privilege: Privilege) -> u8 {
    let found = b"arwdDxtXUCTcsAm".iter().find(|letter| Privilege::from_letter(**letter) == Some(privilege));
    *found.unwrap_or_else(|| panic!("{privilege:?} has no letter"))
}

fn putid(name: &str) -> String {
    let safe = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if safe { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

fn element(item: &str) -> String {
    let special = |c: char| c.is_whitespace() || matches!(c, '"' | '\\' | '{' | '}' | ',');
    if item.contains(special) {
        format!("\"{}\"", item.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        item.to_owned()
    }
}
