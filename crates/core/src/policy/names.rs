//! Database names: how a Role or an Account of the policy is called on a server.

use super::model::{Environment, Policy, Principal};

impl Policy {
    /// Every principal: its id, what it is, and whether it is a service.
    pub fn principals(&self) -> impl Iterator<Item = (&str, &Principal, bool)> {
        let people = self.people.iter().map(|(id, person)| (id.as_str(), &person.principal, false));
        let services = self.services.iter().map(|(id, service)| (id.as_str(), &service.principal, true));
        people.chain(services)
    }
}

impl Environment {
    /// What a Role is called on this environment's servers.
    pub fn role_name(&self, environment: &str, role: &str) -> String {
        self.names.role.replace("{role}", role).replace("{environment}", environment)
    }

    /// What a principal's Account is called on this environment's servers.
    pub fn account_name(&self, environment: &str, id: &str, principal: &Principal) -> String {
        let base = account_base_name(id, principal);
        self.names.account.replace("{account}", base).replace("{environment}", environment)
    }
}

/// The given account name, or the part of the address before the `@`, or a service's name.
pub fn account_base_name<'a>(id: &'a str, principal: &'a Principal) -> &'a str {
    match &principal.account {
        Some(account) => &account.value,
        None => id.split_once('@').map_or(id, |(local, _)| local),
    }
}
