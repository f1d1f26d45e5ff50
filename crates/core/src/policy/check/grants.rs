//! Grants that PostgreSQL can give: privileges that the kind has, columns and rows only where there are any.

use std::collections::BTreeSet;

use super::super::condition::{self, Piece};
use super::super::model::{Grant, Policy, PublicRule, Role, RowValue, Spanned};
use super::super::pattern::{Pattern, Selector};
use super::report::Report;
use crate::privilege::{COLUMN_PRIVILEGES, Kind, PrivilegeSet, ROW_PRIVILEGES};

/// The newest server: what an older one lacks is the plan's business.
const NEWEST: u32 = 180_000;

pub fn check(policy: &Policy, report: &mut Report<'_>) {
    for role in policy.roles.values() {
        for grant in &role.grants {
            privileges(grant.privileges, &grant.on, report);
            exceptions(grant, report);
            columns(grant, report);
            rows(grant, report);
            conditions(grant, report);
        }
        parameters(policy, role, report);
    }
    let servers = policy.environments.values().flat_map(|environment| environment.servers.values());
    for database in servers.flat_map(|server| server.databases.values()) {
        for PublicRule { privileges: set, on, .. } in database.public.revoke.iter().chain(&database.public.keep) {
            privileges(*set, on, report);
        }
    }
}

fn privileges(set: Option<PrivilegeSet>, on: &[Spanned<Pattern>], report: &mut Report<'_>) {
    for pattern in on {
        let has = pattern.value.privileges(NEWEST);
        let lacks = set.unwrap_or_default().minus(has);
        if !lacks.is_empty() {
            let noun = pattern.value.selector.noun();
            report.error(
                "privilege-not-on-kind",
                pattern.span,
                format!("a {noun} has no {lacks}"),
                format!("a {noun} has {has}; give other kinds a grant of their own"),
            );
        }
    }
}

/// An exception that misses would leave open what its author wanted shut.
fn exceptions(grant: &Grant, report: &mut Report<'_>) {
    for except in &grant.except {
        let meets = |on: &Spanned<Pattern>| on.value.kinds().iter().any(|kind| except.value.kinds().contains(kind));
        if !grant.on.is_empty() && !grant.on.iter().any(meets) {
            report.error(
                "except-misses",
                except.span,
                format!("`on` reaches no {}, so nothing is excepted", except.value.selector.noun()),
                "except the kind that `on` names: a pattern without a kind means tables and views",
            );
        }
    }
}

fn columns(grant: &Grant, report: &mut Report<'_>) {
    let Some(first) = grant.columns.first() else { return };
    let help = "take `columns` away, or give these objects a grant of their own";
    for pattern in grant.on.iter().filter(|on| !on.value.kinds().iter().all(|kind| kind.is_relation())) {
        let message = format!("a {} has no columns", pattern.value.selector.noun());
        report.error("columns-not-on-kind", pattern.span, message, help);
    }
    narrowed(grant, first, "columns", COLUMN_PRIVILEGES, report);
    let mut seen = BTreeSet::new();
    for column in grant.columns.iter().filter(|column| !seen.insert(&column.value)) {
        let message = format!("the column `{}` is listed twice", column.value);
        report.warning("duplicate-column", column.span, message, "take one of the two away");
    }
}

fn rows(grant: &Grant, report: &mut Report<'_>) {
    let first = grant.rows.first().map(|row| &row.column);
    let Some(first) = first.or(grant.condition.as_ref()) else { return };
    // A pattern without a kind reaches views too, but where they are is known only on the server.
    let has_rows = |on: &&Spanned<Pattern>| {
        on.value.selector == Selector::Relations || on.value.kinds().contains(&Kind::PartitionedTable)
    };
    for pattern in grant.on.iter().filter(|on| !has_rows(on)) {
        report.error(
            "rows-not-on-kind",
            pattern.span,
            format!("PostgreSQL cannot limit the rows of a {}", pattern.value.selector.noun()),
            "limit the rows of the tables, or take `rows` away",
        );
    }
    narrowed(grant, first, "rows", ROW_PRIVILEGES, report);
}

/// `columns` and `rows` beside a privilege that they do not narrow would give more than it looks.
fn narrowed(grant: &Grant, at: &Spanned<String>, word: &str, can: PrivilegeSet, report: &mut Report<'_>) {
    let code = if word == "columns" { "privilege-without-columns" } else { "privilege-without-rows" };
    let cannot = grant.privileges.map(|set| set.minus(can));
    let message = match cannot {
        None => format!("`all` holds privileges that `{word}` do not limit"),
        Some(set) if !set.is_empty() => format!("`{word}` do not limit {set}"),
        Some(_) => return,
    };
    report.error(code, at.span, message, format!("allow {can} here, and the rest in a grant of its own"));
}

fn parameters(policy: &Policy, role: &Role, report: &mut Report<'_>) {
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for grant in &role.grants {
        let matched = grant.rows.iter().flat_map(|row| row.values.iter().map(move |value| (value, row.column.span)));
        let matched = matched.filter_map(|(value, span)| match value {
            RowValue::Parameter(name) => Some((name.as_str(), span)),
            RowValue::Literal(_) => None,
        });
        let condition =
            grant.condition.iter().flat_map(|sql| dollar_names(&sql.value).into_iter().map(|n| (n, sql.span)));
        for (name, span) in matched.chain(condition) {
            used.insert(name);
            if !role.parameters.contains_key(name) {
                let near = report.suggestion(name, role.parameters.keys());
                let help = format!("{near}declare it under the role's `parameters`, as in `{name}: bigint`");
                report.error("unknown-parameter", span, format!("this role has no parameter `{name}`"), help);
            }
        }
    }
    for include in &role.includes {
        used.extend(include.with.values().flatten().filter_map(|value| match value {
            RowValue::Parameter(name) => Some(name.as_str()),
            RowValue::Literal(_) => None,
        }));
        let included = policy.roles.get(&include.role.value).map(|role| role.parameters.keys());
        used.extend(
            included.into_iter().flatten().map(String::as_str).filter(|name| !include.with.contains_key(*name)),
        );
    }
    for name in role.parameters.keys().filter(|name| !used.contains(name.as_str())) {
        report.warning(
            "unused-parameter",
            role.span,
            format!("the parameter `{name}` limits nothing"),
            format!("write `rows: {{ {name}: \"${name}\" }}` in a grant, or take the parameter away"),
        );
    }
}

/// The parameters in SQL. What does not keep to itself is reported by [`conditions`].
fn dollar_names(sql: &str) -> Vec<&str> {
    let names = condition::pieces(sql).unwrap_or_default().into_iter().filter_map(|piece| match piece {
        Piece::Parameter(name) => Some(name),
        Piece::Sql(_) => None,
    });
    names.collect()
}

fn conditions(grant: &Grant, report: &mut Report<'_>) {
    if let Some(sql) = &grant.condition
        && let Err(error) = condition::pieces(&sql.value)
    {
        let help = "write one SQL expression over the table's columns, as in `status = 'open'`";
        report.error("bad-condition", sql.span, format!("this SQL cannot limit rows: {error}"), help);
    }
}
