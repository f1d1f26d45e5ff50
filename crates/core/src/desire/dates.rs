//! What time alone changes: the beginnings and ends that the policy itself names.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::policy::model::{Assignment, Policy, Principal};

/// The dates in a policy that concern one environment.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Dates<'a> {
    /// Principals for whom one of them has passed.
    pub passed: BTreeSet<&'a str>,
    /// The next one.
    pub next: Option<Timestamp>,
}

/// Looks for them in what principals and their groups hold, and in when principals begin and end.
pub fn dates<'a>(policy: &'a Policy, environment: &str, now: Timestamp) -> Dates<'a> {
    let mut found = Dates::default();
    for (id, principal, _) in policy.principals() {
        for date in of(policy, principal, environment) {
            if date <= now {
                found.passed.insert(id);
            } else {
                found.next = Some(found.next.map_or(date, |next| next.min(date)));
            }
        }
    }
    found
}

fn of(policy: &Policy, principal: &Principal, environment: &str) -> Vec<Timestamp> {
    let groups = principal.groups.iter().filter_map(|name| policy.groups.get(&name.value));
    let grouped = groups.filter_map(|group| group.assign.get(environment));
    let held = principal.assign.get(environment).into_iter().chain(grouped).flatten();
    let own = [principal.starts, principal.ends].into_iter().flatten();
    own.chain(held.flat_map(|given: &Assignment| [given.starts, given.ends]).flatten()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Sources, read};

    #[test]
    fn tells_passed_dates_from_those_to_come() {
        let text = "
environments: { production: { servers: { main: { url: '${URL}', databases: [app] } } } }
roles: { reader: { grants: [{ database: app, allow: [select], on: 'shop.*' }] } }
groups: { night: { assign: { production: { role: reader, ends: 2026-02-01 } } } }
people:
  ann@acme.test: { groups: [night] }
  bob@acme.test: { starts: 2026-03-01 }
  cat@acme.test: { assign: { production: { role: reader, starts: 2026-01-01 } } }
  dan@acme.test: { assign: { production: reader } }
";
        let now = "2026-02-15T00:00:00Z".parse().unwrap();
        let policy = read(&Sources::one("p.yaml", text), now).policy.unwrap();
        let found = dates(&policy, "production", now);
        assert_eq!(found.passed, ["ann@acme.test", "cat@acme.test"].into());
        assert_eq!(found.next, Some("2026-03-01T00:00:00Z".parse().unwrap()));
        assert_eq!(dates(&policy, "elsewhere", now).passed, BTreeSet::new());
    }
}
