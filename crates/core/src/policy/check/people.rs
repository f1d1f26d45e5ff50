//! Services and the people who answer for them.

use jiff::Timestamp;

use super::super::model::Policy;
use super::report::Report;

/// A warning, not an error: suspending somebody must not wait until their services have found a new owner.
pub fn check(policy: &Policy, now: Timestamp, report: &mut Report<'_>) {
    for (name, service) in &policy.services {
        let Some(owner) = policy.people.get(&service.owner.value) else { continue };
        let away = match owner.principal.ends {
            _ if owner.principal.suspended => "is suspended",
            Some(ends) if ends <= now => "has left",
            _ => continue,
        };
        report.warning(
            "owner-away",
            service.owner.span,
            format!("`{}`, who answers for `{name}`, {away}", service.owner.value),
            "name somebody else as its `owner`, or take the service away",
        );
    }
}
