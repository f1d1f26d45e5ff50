//! Privileges on objects and columns. All of them are spelled out, since ALL means something else in another version.

use std::collections::BTreeMap;

use rolecall_core::plan::{Grantee, ObjectRef};
use rolecall_core::privilege::PrivilegeSet;

use super::lend::{Lending, Need};
use super::name::{grantees as names, object, objects as objects_of, schemas};
use super::text::list;
use super::{Context, RenderError};
use crate::postgres::quote::Ident;

/// How something is revoked.
pub struct How<'a> {
    /// Who gave it; None: the owner, for whom a superuser or a member of the owner acts by itself.
    pub grantor: Option<&'a str>,
    /// Only GRANT OPTION FOR.
    pub option_only: bool,
    /// What was passed on by it goes too.
    pub cascade: bool,
}

/// Columns by the privileges on them.
type Columns = BTreeMap<PrivilegeSet, Vec<String>>;

/// Grants privileges on objects: one statement per kind of `GRANT`.
pub fn grant(
    privileges: PrivilegeSet,
    objects: &[ObjectRef],
    grantees: &[Grantee],
) -> Result<Vec<String>, RenderError> {
    if privileges.is_empty() || grantees.is_empty() {
        return Ok(vec![]);
    }
    let to = names(grantees)?;
    by_word(objects).map(|objects| Ok(format!("GRANT {privileges} ON {} TO {to}", targets(objects)?))).collect()
}

/// Revokes privileges on objects.
pub fn revoke(
    privileges: PrivilegeSet,
    objects: &[ObjectRef],
    grantees: &[Grantee],
    how: &How<'_>,
    context: Context,
) -> Result<Vec<String>, RenderError> {
    if privileges.is_empty() || grantees.is_empty() {
        return Ok(vec![]);
    }
    let statement = |objects| how.revoke(&privileges.to_string(), &targets(objects)?, grantees);
    let statements = by_word(objects).map(statement).collect::<Result<Vec<_>, _>>()?;
    how.as_grantor(statements, objects, context)
}

/// Grants privileges on columns of a table.
pub fn grant_columns(table: &ObjectRef, columns: &Columns, grantees: &[Grantee]) -> Result<Vec<String>, RenderError> {
    let privileges = column_privileges(columns)?;
    if privileges.is_empty() || grantees.is_empty() {
        return Ok(vec![]);
    }
    Ok(vec![format!("GRANT {privileges} ON TABLE {} TO {}", object(table)?, names(grantees)?)])
}

/// Revokes privileges on columns of a table.
pub fn revoke_columns(
    table: &ObjectRef,
    columns: &Columns,
    grantees: &[Grantee],
    how: &How<'_>,
    context: Context,
) -> Result<Vec<String>, RenderError> {
    let privileges = column_privileges(columns)?;
    if privileges.is_empty() || grantees.is_empty() {
        return Ok(vec![]);
    }
    let statement = how.revoke(&privileges, &format!("TABLE {}", object(table)?), grantees)?;
    how.as_grantor(vec![statement], std::slice::from_ref(table), context)
}

/// Runs of objects for which `GRANT` has the same word.
fn by_word(objects: &[ObjectRef]) -> impl Iterator<Item = &[ObjectRef]> {
    objects.chunk_by(|one, other| one.kind.grant_word() == other.kind.grant_word())
}

/// `TABLE a, b`.
fn targets(objects: &[ObjectRef]) -> Result<String, RenderError> {
    let word = objects.first().map_or("", |object| object.kind.grant_word());
    Ok(format!("{word} {}", objects_of(objects)?))
}

/// `SELECT (a, b), UPDATE (b)`.
fn column_privileges(columns: &Columns) -> Result<String, RenderError> {
    let mut by_privilege = BTreeMap::<_, Vec<_>>::new();
    for (privileges, columns) in columns {
        let columns = columns.iter().map(|column| Ident::new(column)).collect::<Result<Vec<_>, _>>()?;
        for privilege in privileges.iter() {
            by_privilege.entry(privilege).or_default().extend(columns.iter().cloned());
        }
    }
    by_privilege.retain(|_, columns| !columns.is_empty());
    Ok(list(by_privilege.iter().map(|(privilege, columns)| format!("{} ({})", privilege.sql(), list(columns)))))
}

impl How<'_> {
    fn revoke(&self, privileges: &str, targets: &str, grantees: &[Grantee]) -> Result<String, RenderError> {
        let option = if self.option_only { "GRANT OPTION FOR " } else { "" };
        let cascade = if self.cascade { " CASCADE" } else { "" };
        Ok(format!("REVOKE {option}{privileges} ON {targets} FROM {}{cascade}", names(grantees)?))
    }

    /// Runs the statements as the grantor: a plain REVOKE takes away only what the one who runs it gave.
    ///
    /// Two things may stand in the way: the grantor can no longer look into the schema; and Rolecall, where it is no
    /// superuser, is no member of the grantor.
    fn as_grantor(
        &self,
        statements: Vec<String>,
        objects: &[ObjectRef],
        context: Context,
    ) -> Result<Vec<String>, RenderError> {
        let Some(grantor) = self.grantor.filter(|_| !statements.is_empty()) else { return Ok(statements) };
        let role = Ident::role(grantor)?;
        let mut lending = Lending::default();
        lending.borrow_role(&role, Need::Set, context);
        for schema in schemas(objects)? {
            lending.lend_schema(&schema, &role);
        }
        let set = format!("SET LOCAL ROLE {role}");
        Ok(vec![lending.around(&[vec![set], statements, vec!["RESET ROLE".to_owned()]].concat())])
    }
}
