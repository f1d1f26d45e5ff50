//! Row filters as SQL. Who has which values is asked of `rolecall.scope`, once per query and in a form that an index serves.

use std::collections::BTreeSet;

use rolecall_core::plan::{ColumnMatch, Filter, RawCondition, RowExpression};
use rolecall_core::policy::model::{ParameterType, RowValue};

use super::name::{cast_type, name_literal};
use super::{RenderError, text::list};
use crate::postgres::quote::{Ident, Literal, QuoteError};
use rolecall_core::policy::condition::{ConditionError, Piece, pieces};

/// The condition of a row policy.
pub fn rows(expression: &RowExpression) -> Result<String, RenderError> {
    any_of(expression, filter)
}

/// Joins filters: a row is seen when one lets it through.
pub fn any_of(
    expression: &RowExpression,
    filter: impl Fn(&Filter) -> Result<String, RenderError>,
) -> Result<String, RenderError> {
    let RowExpression::Any(filters) = expression else { return Ok("true".to_owned()) };
    let filters = filters.iter().map(filter).collect::<Result<Vec<_>, _>>()?;
    Ok(match filters.as_slice() {
        [] => "false".to_owned(),
        [one] => one.clone(),
        many => many.iter().map(|filter| format!("({filter})")).collect::<Vec<_>>().join("\nOR "),
    })
}

/// Joins what must all hold.
pub fn all_of(parts: &[String]) -> String {
    if parts.is_empty() { "true".to_owned() } else { parts.join("\nAND ") }
}

/// The role's parameters that the filter asks for.
pub fn parameters(filter: &Filter) -> Result<BTreeSet<&str>, ConditionError> {
    let mut names: BTreeSet<&str> = filter.matches.iter().flat_map(in_match).collect();
    if let Some(condition) = &filter.condition {
        names.extend(in_condition(condition)?);
    }
    Ok(names)
}

fn in_match(one: &ColumnMatch) -> impl Iterator<Item = &str> {
    one.values.iter().filter_map(|value| match value {
        RowValue::Parameter(name) => Some(name.as_str()),
        RowValue::Literal(_) => None,
    })
}

fn in_condition(condition: &RawCondition) -> Result<Vec<&str>, ConditionError> {
    let parameter = |piece| match piece {
        Piece::Parameter(name) => Some(name),
        Piece::Sql(_) => None,
    };
    Ok(pieces(&condition.sql)?.into_iter().filter_map(parameter).collect())
}

/// One filter: the account's values of each parameter and, where there are several parameters, their combinations.
fn filter(filter: &Filter) -> Result<String, RenderError> {
    let role = name_literal(&filter.role)?;
    let held = |parameter: &str, sql_type: &str| -> Result<String, QuoteError> {
        Ok(format!("(SELECT rolecall.scope({role}, {}))::{sql_type}[]", Literal::new(parameter)?))
    };
    let mut parts = Vec::new();
    for one in &filter.matches {
        parts.push(column(one, |parameter, sql_type| Ok(format!("ANY ({})", held(parameter, sql_type)?)))?);
    }
    if let Some(raw) = &filter.condition {
        parts.push(condition(raw, held)?);
    }
    if parameters(filter)?.len() > 1 {
        parts.push(format!(
            "EXISTS (\nSELECT FROM rolecall.scopes({role}) AS rolecall_scope (rolecall_values)\nWHERE {}\n)",
            all_of(&combination(filter)?)
        ));
    }
    Ok(all_of(&parts))
}

/// Who has customer 42 in one region and 43 in another must not see 42 in the other: all values of one scope at a time.
fn combination(filter: &Filter) -> Result<Vec<String>, RenderError> {
    let mut parts = Vec::new();
    let value = |parameter: &str| -> Result<String, QuoteError> {
        Ok(format!("rolecall_values ->> {}", Literal::new(parameter)?))
    };
    for one in filter.matches.iter().filter(|one| in_match(one).next().is_some()) {
        parts.push(column(one, |parameter, sql_type| Ok(format!("({})::{sql_type}", value(parameter)?)))?);
    }
    if let Some(raw) = &filter.condition
        && !in_condition(raw)?.is_empty()
    {
        parts.push(condition(raw, |parameter, sql_type| Ok(format!("(ARRAY[{}])::{sql_type}[]", value(parameter)?)))?);
    }
    Ok(parts)
}

/// `column = …`, with `source` saying what stands for a parameter (name, type).
pub fn column(
    one: &ColumnMatch,
    source: impl Fn(&str, &str) -> Result<String, QuoteError>,
) -> Result<String, RenderError> {
    let (name, sql_type) = (Ident::new(&one.column)?, cast_type(&one.sql_type)?);
    let (mut literals, mut alternatives) = (Vec::new(), Vec::new());
    for value in &one.values {
        match value {
            RowValue::Literal(value) => literals.push(Literal::new(value)?),
            RowValue::Parameter(parameter) => alternatives.push(format!("{name} = {}", source(parameter, sql_type)?)),
        }
    }
    match literals.as_slice() {
        [] => {}
        [one] => alternatives.insert(0, format!("{name} = {one}::{sql_type}")),
        many => alternatives.insert(0, format!("{name} = ANY (ARRAY[{}]::{sql_type}[])", list(many))),
    }
    Ok(match alternatives.as_slice() {
        [] => "false".to_owned(),
        [one] => one.clone(),
        many => format!("({})", many.join(" OR ")),
    })
}

/// Raw SQL in brackets on lines of their own, so that a comment at its end does not swallow the bracket.
pub fn condition(
    raw: &RawCondition,
    source: impl Fn(&str, &str) -> Result<String, QuoteError>,
) -> Result<String, RenderError> {
    let mut sql = String::new();
    for piece in pieces(&raw.sql)? {
        match piece {
            Piece::Sql(text) => sql += text,
            Piece::Parameter(name) => {
                let Some(kind) = raw.parameters.get(name) else {
                    return Err(ConditionError::Unknown(name.to_owned()).into());
                };
                // In brackets: what follows may bind closer than a cast, such as a subscript.
                sql += &format!("({})", source(name, type_name(*kind))?);
            }
        }
    }
    Ok(format!("(\n{sql}\n)"))
}

const fn type_name(kind: ParameterType) -> &'static str {
    match kind {
        ParameterType::Smallint => "smallint",
        ParameterType::Integer => "integer",
        ParameterType::Bigint => "bigint",
        ParameterType::Text => "text",
        ParameterType::Uuid => "uuid",
        ParameterType::Date => "date",
        ParameterType::Boolean => "boolean",
    }
}
