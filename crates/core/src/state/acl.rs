//! Access control lists: parsed from PostgreSQL's text form, each distinct one kept once.

use std::collections::HashMap;

use super::names::{RoleId, RoleNames};
use crate::privilege::{Kind, Privilege, PrivilegeSet};

/// What one grantor gave one grantee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AclEntry {
    /// Who holds it; may be [`RoleId::PUBLIC`].
    pub grantee: RoleId,
    /// Who gave it.
    pub grantor: RoleId,
    /// What.
    pub privileges: PrivilegeSet,
    /// Which of it the grantee may pass on.
    pub grantable: PrivilegeSet,
}

/// An access control list.
pub type Acl = Box<[AclEntry]>;

/// An ACL's place in [`Acls`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AclId(u32);

/// Every distinct ACL, once: tables of a schema mostly share theirs.
#[derive(Debug, Clone, Default)]
pub struct Acls {
    list: Vec<Acl>,
    by_text: HashMap<Box<str>, AclId>,
    defaults: HashMap<(Kind, RoleId), AclId>,
}

impl Acls {
    /// The ACL behind `id`.
    pub fn get(&self, id: AclId) -> &[AclEntry] {
        self.list.get(id.0 as usize).map_or(&[], |acl| acl)
    }

    /// How many distinct ACLs there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    fn push(&mut self, acl: Vec<AclEntry>) -> AclId {
        let id = AclId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        self.list.push(acl.into_boxed_slice());
        id
    }

    /// The ACL in `text`, the text form of an `aclitem[]` (`{alice=r/owner,=r/owner}`).
    ///
    /// # Errors
    /// The text is no such array.
    pub fn parse(&mut self, text: &str, names: &mut RoleNames) -> Result<AclId, AclError> {
        if let Some(id) = self.by_text.get(text) {
            return Ok(*id);
        }
        let acl = parse_array(text, names)?;
        let id = self.push(acl);
        self.by_text.insert(text.into(), id);
        Ok(id)
    }

    /// What PostgreSQL takes an ACL of NULL for (`acldefault`).
    pub fn default_for(&mut self, kind: Kind, owner: RoleId, version: u32) -> AclId {
        if let Some(id) = self.defaults.get(&(kind, owner)) {
            return *id;
        }
        let mut acl = Vec::with_capacity(2);
        let entry =
            |grantee, privileges| AclEntry { grantee, grantor: owner, privileges, grantable: PrivilegeSet::EMPTY };
        if !kind.public_default().is_empty() {
            acl.push(entry(RoleId::PUBLIC, kind.public_default()));
        }
        acl.push(entry(owner, kind.privileges(version)));
        let id = self.push(acl);
        self.defaults.insert((kind, owner), id);
        id
    }

    /// An ACL without entries.
    pub fn empty(&mut self, names: &mut RoleNames) -> AclId {
        self.parse("{}", names).unwrap_or(AclId(0))
    }
}

/// The text is not an ACL as PostgreSQL writes them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the access control list {0:?}")]
pub struct AclError(pub String);

/// Splits the array into its elements, undoing the array's own quoting, and reads each.
fn parse_array(text: &str, names: &mut RoleNames) -> Result<Vec<AclEntry>, AclError> {
    let wrong = || AclError(text.to_owned());
    let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).ok_or_else(wrong)?;
    let mut entries = Vec::new();
    let mut item = String::new();
    let (mut quoted, mut chars) = (false, inner.chars());
    while let Some(char) = chars.next() {
        match char {
            '\\' => item.push(chars.next().ok_or_else(wrong)?),
            '"' => quoted = !quoted,
            ',' if !quoted => {
                entries.push(parse_item(&item, names).ok_or_else(wrong)?);
                item.clear();
            }
            other => item.push(other),
        }
    }
    if quoted {
        return Err(wrong());
    }
    if !item.is_empty() {
        entries.push(parse_item(&item, names).ok_or_else(wrong)?);
    } else if !inner.is_empty() {
        return Err(wrong());
    }
    Ok(entries)
}

/// `alice=r*w/owner`; an empty grantee is PUBLIC.
fn parse_item(item: &str, names: &mut RoleNames) -> Option<AclEntry> {
    let (grantee, rest) = parse_name(item)?;
    let rest = rest.strip_prefix('=')?;
    let (letters, grantor) = rest.split_at(rest.find('/')?);
    let (grantor, end) = parse_name(grantor.strip_prefix('/')?)?;
    if !end.is_empty() || grantor.is_empty() {
        return None;
    }
    let (mut privileges, mut grantable) = (PrivilegeSet::EMPTY, PrivilegeSet::EMPTY);
    let mut last = None;
    for letter in letters.bytes() {
        if letter == b'*' {
            grantable = grantable.union(PrivilegeSet::from(last?));
        } else {
            let privilege = Privilege::from_letter(letter)?;
            privileges = privileges.union(privilege.into());
            last = Some(privilege);
        }
    }
    let grantee = if grantee.is_empty() && !item.starts_with('"') { RoleId::PUBLIC } else { names.intern(&grantee) };
    Some(AclEntry { grantee, grantor: names.intern(&grantor), privileges, grantable })
}

/// A role name as PostgreSQL's `putid` writes it, and what follows it.
fn parse_name(text: &str) -> Option<(String, &str)> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find(['=', '/']).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        return Some((name.to_owned(), rest));
    };
    let mut name = String::new();
    loop {
        let (part, after) = rest.split_at(rest.find('"')?);
        name.push_str(part);
        let after = after.strip_prefix('"')?;
        match after.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, AclError> {
        let mut names = RoleNames::default();
        let mut acls = Acls::default();
        let id = acls.parse(text, &mut names)?;
        let show = |entry: &AclEntry| {
            format!(
                "{}={}*{}/{}",
                names.name(entry.grantee),
                entry.privileges,
                entry.grantable,
                names.name(entry.grantor)
            )
        };
        Ok(acls.get(id).iter().map(show).collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn reads_what_postgres_writes() {
        assert_eq!(read("{}").unwrap(), "");
        assert_eq!(read("{=r/o,a=r*w/o}").unwrap(), "PUBLIC=SELECT*/o; a=SELECT, UPDATE*SELECT/o");
        // A role named `a "b", c\d` inside an array element: quoted twice.
        assert_eq!(read(r#"{"\"a \"\"b\"\", c\\d\"=r/o"}"#).unwrap(), r#"a "b", c\d=SELECT*/o"#);
        assert_eq!(
            read("{\"\\\"a=b/c\\\"=arwdDxtm/\\\"o.o\\\"\"}").unwrap(),
            "a=b/c=SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER, MAINTAIN*/o.o"
        );
    }

    #[test]
    fn refuses_anything_else() {
        for text in ["", "{", "{a}", "{a=r}", "{a=r/}", "{a=?/o}", "{=*/o}", "{a=r/o,}", "{\"a=r/o}", "{a=r/o/x}"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
