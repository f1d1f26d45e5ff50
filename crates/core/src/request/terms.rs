//! The terms of a Request: what the rules of its environment and Role say together, and what holds where they are silent.

use std::collections::{BTreeMap, BTreeSet};

use super::party::{Values, members};
use super::{Facts, Refusal, Until};
use crate::policy::model::{BreakGlass, Policy, Principal, ROLE_OWNER, RequestRules, Spanned};
use crate::policy::{canonical, type_word};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// The longest that access lasts where the rules do not say.
const MAX_DURATION: u64 = DAY;
/// How long a Request waits where the rules do not say.
const REQUEST_EXPIRY: u64 = 7 * DAY;
/// By when a break-glass must have been looked at where the rules do not say.
const REVIEW_WITHIN: u64 = DAY;
/// The most bytes of a reason.
const LONGEST_REASON: usize = 2_000;
/// The most combinations of values that a Request may ask for.
const MOST_VALUES: usize = 1_000;

/// What holds for Requests of one Role in one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms<'a> {
    /// A reason must be given.
    pub reason_required: bool,
    /// What must be found in the reason: a regular expression.
    pub reason_pattern: Option<&'a str>,
    /// How many must agree; 0: it is granted at once.
    pub approvals: u32,
    /// Who may agree: people's ids. Whose Request it is, is not considered here.
    pub approvers: BTreeSet<&'a str>,
    /// The longest that access lasts, in seconds.
    pub max_duration: u64,
    /// How long a Request waits, in seconds.
    pub request_expiry: u64,
    /// Access that runs may be extended.
    pub extension: bool,
    /// Who may take it at once; None: nobody.
    pub break_glass: Option<BreakGlassTerms<'a>>,
}

/// What holds for access without approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakGlassTerms<'a> {
    /// People who may.
    pub allowed: BTreeSet<&'a str>,
    /// People who review it afterwards.
    pub reviewers: BTreeSet<&'a str>,
    /// The longest that it lasts, in seconds.
    pub max_duration: u64,
    /// By when it must have been reviewed, in seconds.
    pub review_within: u64,
}

impl<'a> Terms<'a> {
    /// The terms of a Role in an environment.
    pub fn of(policy: &'a Policy, environment: &str, role: &str) -> Result<Self, Refusal> {
        let unknown = || Refusal::UnknownEnvironment(environment.to_owned());
        let rules = &policy.environments.get(environment).ok_or_else(unknown)?.rules;
        let definition = policy.roles.get(role).ok_or_else(|| Refusal::UnknownRole(role.to_owned()))?;
        let layers = [rules.roles.get(role).map(|(_, rules)| rules), Some(&rules.requests)];
        let pattern = first(layers, |rules| rules.reason_pattern.as_ref());
        let named = first(layers, |rules| rules.approvers.as_ref());
        let owner: Vec<Spanned<String>> = definition.owner.iter().cloned().collect();
        let default = if owner.is_empty() { &policy.access.approvers } else { &owner };
        let approvers = members(policy, named.unwrap_or(default), Some(role));
        let max_duration = first(layers, |rules| rules.max_duration).unwrap_or(MAX_DURATION);
        let glass = first(layers, |rules| rules.break_glass.as_ref());
        Ok(Self {
            reason_required: pattern.is_some() || first(layers, |rules| rules.reason_required).unwrap_or(false),
            reason_pattern: pattern.map(|pattern| pattern.value.as_str()),
            approvals: first(layers, |rules| rules.approvals).unwrap_or(1),
            max_duration,
            request_expiry: first(layers, |rules| rules.request_expiry).unwrap_or(REQUEST_EXPIRY),
            extension: first(layers, |rules| rules.extension).unwrap_or(true),
            break_glass: glass.map(|glass| break_glass(policy, role, glass, &approvers, max_duration)),
            approvers,
        })
    }

    /// Refuses words that are too long or that a terminal would not show as they are.
    pub(super) fn readable(&self, words: &str) -> Result<(), Refusal> {
        let unreadable = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        let readable = words.len() <= LONGEST_REASON && !words.contains(unreadable);
        if readable { Ok(()) } else { Err(Refusal::ReasonUnreadable(LONGEST_REASON)) }
    }

    /// Refuses a reason that does not do.
    pub(super) fn reason(&self, reason: &str, needed: bool) -> Result<(), Refusal> {
        self.readable(reason)?;
        if (self.reason_required || needed) && reason.trim().is_empty() {
            return Err(Refusal::ReasonMissing);
        }
        let Some(pattern) = self.reason_pattern else { return Ok(()) };
        // A pattern that cannot be read fits nothing.
        let fits = crate::policy::regex(pattern).is_some_and(|regex| regex.is_match(reason));
        if fits { Ok(()) } else { Err(Refusal::ReasonUnfit(pattern.to_owned())) }
    }
}

/// True when somebody is among those who decide on Requests of a Role in an environment, or review its break-glass. It
/// is asked for every Role at once, and so does not list everybody whom a group stands for.
pub fn decides(policy: &Policy, environment: &str, role: &str, id: &str) -> bool {
    let (Some(environment), Some(definition), Some(person)) =
        (policy.environments.get(environment), policy.roles.get(role), policy.people.get(id))
    else {
        return false;
    };
    let inside = |group: &str| person.principal.groups.iter().any(|own| own.value == group);
    let stands_for = |name: &str| if policy.people.contains_key(name) { name == id } else { inside(name) };
    let owner = definition.owner.as_ref().map(|owner| owner.value.as_str());
    let named = |name: &Spanned<String>| match owner {
        _ if name.value != ROLE_OWNER => stands_for(&name.value),
        owner => owner.is_some_and(stands_for),
    };
    let rules = &environment.rules;
    let layers = [rules.roles.get(role).map(|(_, rules)| rules), Some(&rules.requests)];
    let agrees = match (first(layers, |rules| rules.approvers.as_ref()), owner) {
        (Some(approvers), _) => approvers.iter().any(named),
        (None, Some(owner)) => stands_for(owner),
        (None, None) => policy.access.approvers.iter().any(named),
    };
    let glass = first(layers, |rules| rules.break_glass.as_ref());
    agrees || glass.and_then(|glass| glass.reviewers.as_ref()).is_some_and(|names| names.iter().any(named))
}

fn first<'a, T>(layers: [Option<&'a RequestRules>; 2], key: impl Fn(&'a RequestRules) -> Option<T>) -> Option<T> {
    layers.into_iter().flatten().find_map(key)
}

fn break_glass<'a>(
    policy: &'a Policy,
    role: &str,
    glass: &'a BreakGlass,
    approvers: &BTreeSet<&'a str>,
    max_duration: u64,
) -> BreakGlassTerms<'a> {
    let reviewers = glass.reviewers.as_ref().map(|names| members(policy, names, Some(role)));
    BreakGlassTerms {
        allowed: members(policy, &glass.allow, None),
        reviewers: reviewers.unwrap_or_else(|| approvers.clone()),
        max_duration: glass.max_duration.unwrap_or(max_duration).min(max_duration),
        review_within: glass.review_within.unwrap_or(REVIEW_WITHIN),
    }
}

/// True when a principal, or one of its groups, may request a Role in an environment.
pub fn may_request(policy: &Policy, principal: &Principal, environment: &str, role: &str) -> bool {
    requestable(policy, principal).any(|(named, roles)| named == environment && roles.iter().any(|r| r.value == role))
}

/// What somebody may request, by themselves or through each group: an environment with Roles, maybe several times.
pub fn requestable<'a>(
    policy: &'a Policy,
    principal: &'a Principal,
) -> impl Iterator<Item = (&'a str, &'a [Spanned<String>])> {
    let groups = principal.groups.iter().filter_map(|group| policy.groups.get(&group.value));
    let lists = groups.map(|group| &group.may_request).chain([&principal.may_request]);
    lists.flatten().map(|(environment, roles)| (environment.as_str(), roles.as_slice()))
}

/// Values for a Role's parameters in PostgreSQL's text form: one or more for each parameter, none for anything else.
pub fn values(policy: &Policy, role: &str, with: &Values) -> Result<Values, Refusal> {
    let definition = policy.roles.get(role).ok_or_else(|| Refusal::UnknownRole(role.to_owned()))?;
    if let Some(parameter) = with.keys().find(|key| !definition.parameters.contains_key(*key)) {
        return Err(Refusal::UnknownParameter { role: role.to_owned(), parameter: parameter.clone() });
    }
    let combinations = with.values().fold(1_usize, |sum, values| sum.saturating_mul(values.len().max(1)));
    if combinations > MOST_VALUES {
        return Err(Refusal::TooManyValues(MOST_VALUES));
    }
    let mut found = BTreeMap::new();
    for (parameter, wanted) in &definition.parameters {
        let given = with.get(parameter).map(Vec::as_slice).unwrap_or_default();
        if given.is_empty() {
            return Err(Refusal::MissingValue { role: role.to_owned(), parameter: parameter.clone() });
        }
        let bad = || Refusal::BadValue { parameter: parameter.clone(), wanted: type_word(*wanted) };
        let readable = |text: &&String| text.len() <= 1_000 && !text.contains('\0');
        let one = |text: &String| Some(text).filter(readable).and_then(|text| canonical(*wanted, text)).ok_or_else(bad);
        let list: BTreeSet<String> = given.iter().map(one).collect::<Result<_, _>>()?;
        found.insert(parameter.clone(), list.into_iter().collect());
    }
    Ok(found)
}

/// When access would begin and end if it were granted now, to the second: a finer time would not survive a database.
pub(super) fn period(
    facts: Facts<'_>,
    until: Until,
    longest: u64,
) -> Result<(jiff::Timestamp, jiff::Timestamp), Refusal> {
    let starts = facts.now.as_second();
    let ends = match until {
        Until::For(seconds) => i64::try_from(seconds).ok().and_then(|seconds| starts.checked_add(seconds)),
        Until::At(time) => Some(time.as_second()),
    };
    let ends = ends.ok_or(Refusal::TooLong(longest))?;
    if ends <= starts {
        return Err(Refusal::EndsInThePast);
    }
    if u64::try_from(ends - starts).map_or(true, |seconds| seconds > longest) {
        return Err(Refusal::TooLong(longest));
    }
    let time = |second| jiff::Timestamp::from_second(second).map_err(|_| Refusal::TooLong(longest));
    Ok((time(starts)?, time(ends)?))
}
