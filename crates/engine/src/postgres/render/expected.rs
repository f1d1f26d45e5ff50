//! The rows that an account should see, without asking the database who has which: the other side of the proof.

use rolecall_core::plan::{Filter, RowExpression};
use rolecall_core::state::Scope;

use super::filter::{all_of, any_of, column, condition, parameters};
use super::{RenderError, text::list};
use crate::postgres::quote::{Literal, QuoteError};

/// What `expression` means for the account whose scopes (in force now) are given. It calls nothing of Rolecall's own.
///
/// # Errors
/// As [`super::render`].
pub fn expected_condition(expression: &RowExpression, scopes: &[&Scope]) -> Result<String, RenderError> {
    any_of(expression, |filter| expected(filter, scopes))
}

fn expected(filter: &Filter, scopes: &[&Scope]) -> Result<String, RenderError> {
    let mine: Vec<&Scope> = scopes.iter().copied().filter(|scope| scope.role == filter.role).collect();
    let mut parts = all(filter, &mine)?;
    if parameters(filter)?.len() > 1 {
        // Each scope by itself: values of one do not combine with values of another.
        let each = mine.iter().map(|scope| Ok(all_of(&all(filter, std::slice::from_ref(scope))?)));
        let each = each.collect::<Result<Vec<_>, RenderError>>()?;
        let alternatives: Vec<_> = each.iter().map(|one| format!("({one})")).collect();
        parts.push(if each.is_empty() { "false".to_owned() } else { format!("({})", alternatives.join("\nOR ")) });
    }
    Ok(all_of(&parts))
}

fn all(filter: &Filter, scopes: &[&Scope]) -> Result<Vec<String>, RenderError> {
    let values = |parameter: &str, sql_type: &str| -> Result<String, QuoteError> {
        let values = scopes.iter().filter_map(|scope| scope.values.get(parameter));
        let values = values.map(|value| Literal::new(value)).collect::<Result<Vec<_>, _>>()?;
        Ok(format!("ARRAY[{}]::{sql_type}[]", list(values)))
    };
    let mut parts = Vec::new();
    for one in &filter.matches {
        parts.push(column(one, |parameter, sql_type| Ok(format!("ANY ({})", values(parameter, sql_type)?)))?);
    }
    if let Some(raw) = &filter.condition {
        parts.push(condition(raw, values)?);
    }
    Ok(parts)
}
