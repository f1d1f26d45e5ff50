//! Parties: who the names of people, groups and a Role's owner stand for, and whose a Request is.

use std::collections::{BTreeMap, BTreeSet};

use super::{Draft, Facts, Refusal};
use crate::desire::{Standing, standing};
use crate::policy::model::{Policy, Principal, ROLE_OWNER, Spanned};

/// A person or service: its id, what it is, and whether it is a service.
pub fn principal<'a>(policy: &'a Policy, id: &str) -> Option<(&'a str, &'a Principal, bool)> {
    let person = policy.people.get_key_value(id).map(|(id, person)| (id.as_str(), &person.principal, false));
    person.or_else(|| policy.services.get_key_value(id).map(|(id, service)| (id.as_str(), &service.principal, true)))
}

/// Everybody whom some names stand for: people, and the people in groups. Services decide nothing.
///
/// `role` is the Role whose owner the word `owner` stands for.
pub fn members<'a>(policy: &'a Policy, names: &[Spanned<String>], role: Option<&str>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    for name in names {
        let owner = role.and_then(|role| policy.roles.get(role)?.owner.as_ref());
        let name = if name.value == ROLE_OWNER && role.is_some() { owner } else { Some(name) };
        let Some(name) = name.map(|name| name.value.as_str()) else { continue };
        if let Some((id, _)) = policy.people.get_key_value(name) {
            found.insert(id.as_str());
        } else if policy.groups.contains_key(name) {
            let inside = |principal: &Principal| principal.groups.iter().any(|group| group.value == name);
            let people = policy.people.iter().filter(|(_, person)| inside(&person.principal));
            found.extend(people.map(|(id, _)| id.as_str()));
        }
    }
    found
}

/// True when a Request is somebody's own: they asked, they would get it, or they answer for the service that would.
pub fn own(policy: &Policy, asks: &Draft, id: &str) -> bool {
    let answers = |service: &str| policy.services.get(service).is_some_and(|service| service.owner.value == id);
    [&asks.requester, &asks.beneficiary].into_iter().any(|party| party == id || answers(party))
}

/// Refuses whoever is not active.
pub(super) fn active<'a>(facts: Facts<'a>, id: &str) -> Result<&'a Principal, Refusal> {
    let (_, found, _) = principal(facts.policy, id).ok_or_else(|| Refusal::Unknown(id.to_owned()))?;
    match standing(id, found, facts.suspended, facts.now) {
        Standing::Active => Ok(found),
        Standing::Suspended => Err(Refusal::Suspended(id.to_owned())),
        Standing::Gone => Err(Refusal::Gone(id.to_owned())),
    }
}

/// Values as Rolecall's rules compare them.
pub(super) type Values = BTreeMap<String, Vec<String>>;
