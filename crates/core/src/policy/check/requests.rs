//! Who decides on requests: names that must lead somewhere, and requests that nobody could agree to.

use std::collections::{BTreeMap, BTreeSet};

use super::super::model::{Policy, ROLE_OWNER, RequestRules, Spanned};
use super::super::problem::Span;
use super::report::Report;
use crate::event::Kind;
use crate::request::{Terms, requestable};

/// Every person, group and role that is named must be there, and be one thing.
pub fn check(policy: &Policy, report: &mut Report<'_>) {
    let access = &policy.access;
    for name in access.administrators.iter().chain(&access.auditors).chain(&access.approvers) {
        party(policy, name, false, report);
    }
    let kinds: Vec<String> = Kind::ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    for event in access.webhooks.values().flat_map(|webhook| &webhook.events) {
        if !kinds.contains(&event.value) {
            let help = "docs/audit.md lists them: request_filed, lease_overdue, drift_found and more";
            report.unknown("unknown-event", "kind of event", event, &kinds, help);
        }
    }
    for owner in policy.roles.values().filter_map(|role| role.owner.as_ref()) {
        party(policy, owner, false, report);
    }
    for environment in policy.environments.values() {
        rules(policy, &environment.rules.requests, report);
        for (role, (span, of_role)) in &environment.rules.roles {
            if !policy.roles.contains_key(role) {
                let name = Spanned { value: role.clone(), span: *span };
                report.unknown("unknown-role", "role", &name, policy.roles.keys(), "define it under `roles`");
            }
            rules(policy, of_role, report);
        }
    }
}

fn rules(policy: &Policy, rules: &RequestRules, report: &mut Report<'_>) {
    let glass = rules.break_glass.as_ref();
    let reviewers = glass.and_then(|glass| glass.reviewers.as_ref());
    for name in rules.approvers.iter().chain(reviewers).flatten() {
        party(policy, name, true, report);
    }
    for name in glass.into_iter().flat_map(|glass| &glass.allow) {
        party(policy, name, false, report);
    }
}

fn party(policy: &Policy, name: &Spanned<String>, owner: bool, report: &mut Report<'_>) {
    let (person, group) = (policy.people.contains_key(&name.value), policy.groups.contains_key(&name.value));
    if owner && name.value == ROLE_OWNER {
        if person || group {
            let message = "`owner` stands for the role's owner here, and is also somebody's name";
            report.error("ambiguous-name", name.span, message, "give the person or group another name");
        }
        return;
    }
    match (person, group) {
        (true, true) => report.error(
            "ambiguous-name",
            name.span,
            format!("`{}` is a person and a group", name.value),
            "give one of them another name",
        ),
        (false, false) if policy.services.contains_key(&name.value) => report.error(
            "service-decides",
            name.span,
            format!("`{}` is a service; only people decide", name.value),
            "name the person who answers for it",
        ),
        (false, false) => {
            let known: BTreeSet<&String> = policy.people.keys().chain(policy.groups.keys()).collect();
            report.unknown(
                "unknown-party",
                "person or group",
                name,
                known,
                "name somebody from `people`, or one of the `groups`",
            );
        }
        (true, false) | (false, true) => {}
    }
}

/// Requests that somebody may file and to which too few could agree; once for each role in an environment.
pub fn usage(policy: &Policy, report: &mut Report<'_>) {
    let askers = askers(policy);
    for (environment, definition) in &policy.environments {
        for (role, askers) in askers.get(environment.as_str()).into_iter().flatten() {
            let Ok(terms) = Terms::of(policy, environment, role) else { continue };
            let of_role = definition.rules.roles.get(*role).map(|(span, _)| *span);
            let span = of_role.unwrap_or(definition.span);
            let asked = Asked { policy, environment, role, askers, span };
            approvers(asked, &terms, report);
            reviewers(asked, &terms, report);
        }
    }
}

/// Who may request each role, by environment and role. Everybody's lists are read once, however many roles there are.
type Askers<'a> = BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<&'a str>>>;

fn askers(policy: &Policy) -> Askers<'_> {
    let mut askers = Askers::new();
    for (id, principal, _) in policy.principals() {
        for (environment, roles) in requestable(policy, principal) {
            let by_role = askers.entry(environment).or_default();
            for role in roles.iter().filter(|role| policy.roles.contains_key(&role.value)) {
                by_role.entry(role.value.as_str()).or_default().insert(id);
            }
        }
    }
    askers
}

/// A role that somebody may request in an environment.
#[derive(Clone, Copy)]
struct Asked<'a> {
    policy: &'a Policy,
    environment: &'a str,
    role: &'a str,
    askers: &'a BTreeSet<&'a str>,
    /// Where its rules stand.
    span: Span,
}

/// Who is left of some people when somebody's own requests are not theirs to decide.
fn others(policy: &Policy, people: &BTreeSet<&str>, asker: &str) -> usize {
    let owner = policy.services.get(asker).map(|service| service.owner.value.as_str());
    people.iter().filter(|id| **id != asker && Some(**id) != owner).count()
}

fn approvers(asked: Asked<'_>, terms: &Terms<'_>, report: &mut Report<'_>) {
    let Asked { policy, environment, role, askers, span } = asked;
    let wanted = usize::try_from(terms.approvals).unwrap_or(usize::MAX);
    if wanted == 0 {
        return;
    }
    if terms.approvers.is_empty() {
        report.warning(
            "nobody-approves",
            span,
            format!("`{role}` may be requested in `{environment}`, but nobody could agree to it"),
            "name `approvers` under the rules, an `owner` of the role, or `approvers` under `rolecall`; \
             `approvals: 0` grants it at once",
        );
        return;
    }
    let short = |asker: &&&str| others(policy, &terms.approvers, asker) < wanted;
    if let Some(asker) = askers.iter().find(short) {
        let left = others(policy, &terms.approvers, asker);
        report.warning(
            "too-few-approvers",
            span,
            format!(
                "`{asker}` may request `{role}` in `{environment}`, which needs {wanted} to agree, but beside \
                 themselves only {left} could"
            ),
            "name more `approvers`: nobody agrees to their own request",
        );
    }
}

fn reviewers(asked: Asked<'_>, terms: &Terms<'_>, report: &mut Report<'_>) {
    let Asked { policy, environment, role, askers, span } = asked;
    let Some(glass) = &terms.break_glass else { return };
    let alone = |asker: &&&str| glass.allowed.contains(*asker) && others(policy, &glass.reviewers, asker) == 0;
    if let Some(asker) = askers.iter().find(alone) {
        report.warning(
            "nobody-reviews",
            span,
            format!(
                "`{asker}` may break the glass for `{role}` in `{environment}`, but nobody else could review it; \
                 so it would be refused"
            ),
            "name `reviewers` under `break_glass`",
        );
    }
}
