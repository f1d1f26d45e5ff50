//! How SQL names objects, grantees and types.

use std::collections::BTreeSet;

use rolecall_core::plan::{Grantee, ObjectRef};
use rolecall_core::privilege::Kind;

use super::RenderError;
use super::text::list;
use crate::postgres::quote::{Ident, Literal, QuoteError};
use rolecall_core::policy::condition::is_self_contained;

/// `schema.name`, `schema.routine(types)`, a large object's number or a parameter's dotted name.
pub fn object(object: &ObjectRef) -> Result<String, RenderError> {
    match object.kind {
        Kind::Table
        | Kind::PartitionedTable
        | Kind::View
        | Kind::MaterializedView
        | Kind::ForeignTable
        | Kind::Sequence
        | Kind::Type
        | Kind::Domain => qualified(object),
        Kind::Function | Kind::Procedure => {
            Ok(format!("{}({})", qualified(object)?, sql_type(object.arguments.as_deref().unwrap_or(""))?))
        }
        Kind::Schema
        | Kind::Database
        | Kind::Language
        | Kind::ForeignDataWrapper
        | Kind::ForeignServer
        | Kind::Tablespace => Ok(Ident::new(&object.name)?.to_string()),
        Kind::Parameter => Ok(parameter(&object.name)?),
        Kind::LargeObject => match object.name.parse::<u32>() {
            Ok(number) => Ok(number.to_string()),
            Err(_) => Err(RenderError::NotANumber(object.name.to_string())),
        },
    }
}

/// `schema.name`.
pub fn qualified(object: &ObjectRef) -> Result<String, RenderError> {
    let name = Ident::new(&object.name)?;
    Ok(match &object.schema {
        Some(schema) => format!("{}.{name}", Ident::new(schema)?),
        None => name.to_string(),
    })
}

/// The objects' names, separated by commas.
pub fn objects(objects: &[ObjectRef]) -> Result<String, RenderError> {
    Ok(list(objects.iter().map(object).collect::<Result<Vec<_>, _>>()?))
}

/// The schemas that the names of `objects` are looked up in.
pub fn schemas(objects: &[ObjectRef]) -> Result<BTreeSet<Ident>, RenderError> {
    Ok(objects.iter().filter_map(|object| object.schema.as_deref()).map(Ident::new).collect::<Result<_, _>>()?)
}

/// A configuration parameter: each part of `extension.parameter` is a name of its own.
pub fn parameter(name: &str) -> Result<String, QuoteError> {
    let parts = name.split('.').map(Ident::new).collect::<Result<Vec<_>, _>>()?;
    Ok(parts.iter().map(Ident::to_string).collect::<Vec<_>>().join("."))
}

/// Who is granted something.
pub fn grantees(grantees: &[Grantee]) -> Result<String, QuoteError> {
    let name = |grantee: &Grantee| match grantee {
        Grantee::Public => Ok("PUBLIC".to_owned()),
        Grantee::Role(role) => Ident::role(role).map(|role| role.to_string()),
    };
    Ok(list(grantees.iter().map(name).collect::<Result<Vec<_>, _>>()?))
}

/// Roles, separated by commas.
pub fn roles(roles: &[String]) -> Result<String, QuoteError> {
    Ok(list(roles.iter().map(|role| Ident::role(role)).collect::<Result<Vec<_>, _>>()?))
}

/// A name as a constant; refused where PostgreSQL would cut it to fit the type `name`.
pub fn name_literal(name: &str) -> Result<Literal, QuoteError> {
    Ident::new(name).map(|name| name.literal())
}

/// A type (or several, with commas between) as PostgreSQL printed it: SQL already, so it must keep to itself.
pub fn sql_type(text: &str) -> Result<&str, RenderError> {
    if is_self_contained(text) { Ok(text) } else { Err(RenderError::NotAType(text.to_owned())) }
}

/// A type to cast to. Without a length, `character` and `bit` mean a length of one: a cast to them cuts.
pub fn cast_type(text: &str) -> Result<&str, RenderError> {
    match text {
        "" => Err(RenderError::NotAType(text.to_owned())),
        "character" => Ok("bpchar"),
        "bit" => Ok("\"bit\""),
        other => sql_type(other),
    }
}
