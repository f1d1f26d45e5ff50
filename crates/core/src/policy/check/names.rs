//! Names on servers: everyone's own, of a length that PostgreSQL keeps, and none that means something else there.

use std::collections::{BTreeMap, BTreeSet};

use super::super::model::{Environment, Policy, Principal, Spanned};
use super::super::pattern::{Glob, LONGEST_NAME};
use super::super::problem::Span;
use super::look_alikes;
use super::report::{Report, clipped};

/// Who bears a name: in words, and where to point.
pub type Bearer = (String, Span);

pub fn check(policy: &Policy, report: &mut Report<'_>) {
    for (name, environment) in &policy.environments {
        let taken = bearers(policy, name, environment, report);
        case_only(name, &taken, report);
        look_alikes::among(name, &taken, report);
        foreign(environment, &taken, report);
    }
}

fn bearers(
    policy: &Policy,
    name: &str,
    environment: &Environment,
    report: &mut Report<'_>,
) -> BTreeMap<String, Bearer> {
    let roles = policy.roles.iter().map(|(role, found)| {
        (environment.role_name(name, role), (format!("the role `{}`", clipped(role)), found.span))
    });
    let here = policy.principals().filter(|(_, principal, _)| has_account(policy, name, principal));
    let accounts = here.map(|(id, principal, service)| {
        let span = principal.account.as_ref().map_or(principal.span, |account| account.span);
        let what = if service { "service" } else { "person" };
        (environment.account_name(name, id, principal), (format!("the {what} `{}`", clipped(id)), span))
    });
    let mut taken: BTreeMap<String, Bearer> = BTreeMap::new();
    for (given, (who, span)) in roles.chain(accounts) {
        possible(&given, &who, span, report);
        if let Some((earlier, _)) = taken.get(&given) {
            report.error(
                "name-clash",
                span,
                format!("{who} and {earlier} are both called `{given}` in `{name}`"),
                "give one of them another name: `account` for a person or service, or a template under the environment's `names`",
            );
            continue;
        }
        taken.insert(given, (who, span));
    }
    taken
}

/// Whoever holds or may request something there.
pub fn has_account(policy: &Policy, environment: &str, principal: &Principal) -> bool {
    let own = principal.assign.contains_key(environment) || principal.may_request.contains_key(environment);
    let groups = || principal.groups.iter().filter_map(|group| policy.groups.get(&group.value));
    own || groups().any(|group| group.assign.contains_key(environment) || group.may_request.contains_key(environment))
}

fn possible(given: &str, who: &str, span: Span, report: &mut Report<'_>) {
    if given.is_empty() {
        let help = "write a name: `account` for a person or service";
        report.error("bad-name", span, format!("{who} has an empty name on servers"), help);
    }
    if given.len() > LONGEST_NAME {
        let (short, bytes) = (clipped(given), given.len());
        report.error(
            "name-too-long",
            span,
            format!("the name of {who}, `{short}`, has {bytes} bytes; PostgreSQL cuts names off after {LONGEST_NAME}"),
            "use a shorter name, `account`, or a shorter template under the environment's `names`",
        );
    }
    if given.starts_with("pg_") || matches!(given, "public" | "none" | "rolecall") {
        report.error(
            "reserved-name",
            span,
            format!("`{given}`, the name of {who}, is reserved"),
            "names that begin with `pg_`, `public` and `none` are PostgreSQL's, and `rolecall` is Rolecall's; use another",
        );
    }
}

fn case_only(environment: &str, taken: &BTreeMap<String, Bearer>, report: &mut Report<'_>) {
    let mut lower: BTreeMap<String, &str> = BTreeMap::new();
    for (name, (_, span)) in taken {
        match lower.get(&name.to_lowercase()) {
            Some(other) => {
                let message = format!("`{other}` and `{name}` in `{environment}` differ only by capitals");
                report.warning(
                    "case-only-difference",
                    *span,
                    message,
                    "people will take one for the other: rename one",
                );
            }
            None => {
                lower.insert(name.to_lowercase(), name);
            }
        }
    }
}

/// Names that are not to be Rolecall's must not be.
fn foreign(environment: &Environment, taken: &BTreeMap<String, Bearer>, report: &mut Report<'_>) {
    if let Some(heir) = &environment.leavers.reassign_to
        && let Some((who, _)) = taken.get(&heir.value)
    {
        report.error(
            "managed-heir",
            heir.span,
            format!("`{}` is {who}, which Rolecall may remove one day", heir.value),
            "name a database role that Rolecall does not own, such as the application's owner role",
        );
    }
    let mut seen = BTreeSet::new();
    for known in environment.known.iter().filter(|known| seen.insert(&known.value)) {
        known_is_managed(known, taken, report);
    }
}

fn known_is_managed(known: &Spanned<String>, taken: &BTreeMap<String, Bearer>, report: &mut Report<'_>) {
    let Ok(glob) = Glob::parse(&known.value) else { return };
    let help = "`known` is for roles that Rolecall does not own: take the name away";
    match glob.exact() {
        Some(name) => {
            if let Some((who, _)) = taken.get(name) {
                report.error("known-is-managed", known.span, format!("`{name}` is {who} of this policy"), help);
            }
        }
        None if glob.is_everything() => {
            let message = "every role is known here: a stranger will not be noticed";
            report.warning("known-is-everything", known.span, message, "name the roles, or a prefix such as `rds*`");
        }
        None => {
            if let Some((name, (who, _))) = taken.iter().find(|(name, _)| glob.matches(name)) {
                let message = format!("`{}` also covers `{name}`, {who} of this policy", known.value);
                report.warning(
                    "known-is-managed",
                    known.span,
                    message,
                    "write a pattern that leaves Rolecall's roles out",
                );
            }
        }
    }
}
