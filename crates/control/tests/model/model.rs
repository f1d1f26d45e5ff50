//! The model: who asked, who agreed, until when, and what everybody has by it. It shares no code with Rolecall.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::{APPROVERS, Rules};

/// The number of a request that was just filed: the store says which one it got.
pub const NEW: u64 = u64::MAX;

/// Where a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Pending,
    Granted,
    Closed,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub who: String,
    pub environment: String,
    pub role: String,
    pub customer: Option<i64>,
    pub lasts: i64,
    pub extends: Option<u64>,
    pub filed: i64,
    pub expires: i64,
    pub agreed: BTreeSet<String>,
    pub state: State,
}

/// A lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub who: String,
    pub environment: String,
    /// Servers that nobody could see when it was granted: it is not for them.
    pub except: BTreeSet<String>,
    pub role: String,
    pub customer: Option<i64>,
    pub starts: i64,
    pub ends: i64,
    /// When it must be over by what has really passed.
    pub over_by: i64,
    /// It was found to be over.
    pub over: bool,
}

/// What an account can do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    pub login: bool,
    pub roles: BTreeSet<String>,
    pub rights: BTreeSet<String>,
    /// Customers whose tickets it sees.
    pub rows: BTreeSet<i64>,
}

/// All that the model knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    pub rules: Rules,
    pub suspended: BTreeSet<String>,
    pub asks: BTreeMap<u64, Ask>,
    pub leases: BTreeMap<u64, Lease>,
    /// The latest time that was decided for.
    pub decided: i64,
    /// The time to decide for.
    pub now: i64,
    /// What the clock shows.
    pub clock: i64,
    /// What has really passed.
    pub passed: i64,
}

/// A clock that is set back by so many seconds at most is waited for.
const SLACK: i64 = 60;

impl Model {
    pub fn new(rules: Rules, clock: i64) -> Self {
        Self {
            rules,
            suspended: BTreeSet::new(),
            asks: BTreeMap::new(),
            leases: BTreeMap::new(),
            decided: i64::MIN,
            now: clock,
            clock,
            passed: 0,
        }
    }

    /// Time passes.
    pub fn pass(&mut self, seconds: i64) {
        self.passed += seconds;
        self.clock += seconds;
        let goes_on = self.now + seconds;
        self.now = if goes_on > self.clock + SLACK { goes_on } else { self.now.max(self.clock) };
    }

    /// The clock is set to something else.
    pub fn set(&mut self, clock: i64) {
        self.clock = clock;
        self.now = self.now.max(clock);
        for lease in self.leases.values_mut() {
            lease.over_by += SLACK;
        }
    }

    /// The clock is taken for right: what began after what it shows is over, what had ended stays so, and all else ends by
    /// the clock.
    pub fn accept(&mut self) {
        let (from, to, before) = (self.now, self.clock, self.clone());
        for lease in self.leases.values_mut() {
            lease.over |= !before.live(lease, from) || !before.live(lease, to);
            lease.over_by += from - to;
        }
        for ask in self.asks.values_mut().filter(|ask| ask.state == State::Pending) {
            let waits = |now| ask.filed <= now && now < ask.expires && before.grantable(ask, now);
            if !waits(from) || !waits(to) {
                ask.state = State::Closed;
            }
        }
        (self.now, self.decided) = (to, to);
    }

    /// How far the clock is behind; 0 where it is waited for.
    pub fn behind(&self) -> i64 {
        let behind = self.now - self.clock;
        if behind > SLACK { behind } else { 0 }
    }

    /// Is in the policy, and not shut out.
    pub fn active(&self, who: &str, now: i64) -> bool {
        let person = self.rules.people.get(who);
        let here = person.is_some_and(|person| !person.suspended && person.ends.is_none_or(|ends| ends > now));
        who == "ada" || here && !self.suspended.contains(who)
    }

    pub fn agent(&self, who: &str) -> bool {
        self.rules.people.get(who).is_some_and(|person| person.agent)
    }

    /// Gives somebody something at this time.
    pub fn live(&self, lease: &Lease, now: i64) -> bool {
        !lease.over && lease.starts <= now && lease.ends > now && self.active(&lease.who, now) && self.agent(&lease.who)
    }

    /// Could become a lease.
    pub fn grantable(&self, ask: &Ask, now: i64) -> bool {
        let longer = |old: &Lease| {
            self.live(old, now)
                && (&old.who, &old.environment, &old.role, old.customer)
                    == (&ask.who, &ask.environment, &ask.role, ask.customer)
                && now + ask.lasts > old.ends
        };
        let continues = ask.extends.is_none_or(|id| self.leases.get(&id).is_some_and(longer));
        self.active(&ask.who, now) && self.agent(&ask.who) && continues
    }

    /// Waits for decisions that still count.
    pub fn waits(&self, id: u64, now: i64) -> Option<&Ask> {
        self.asks.get(&id).filter(|ask| ask.state == State::Pending && ask.expires > now)
    }

    /// Enough of those who may agree have agreed.
    pub fn agreed(&self, ask: &Ask, now: i64) -> bool {
        let counts = |by: &&String| APPROVERS.contains(&by.as_str()) && **by != ask.who && self.active(by, now);
        ask.agreed.iter().filter(counts).count() >= Rules::approvals(&ask.role)
    }

    /// Turns a request into a lease.
    pub fn grant(&mut self, id: u64, now: i64, except: &BTreeSet<String>) {
        let Some(ask) = self.asks.get_mut(&id) else { return };
        ask.state = State::Granted;
        let (who, environment, role) = (ask.who.clone(), ask.environment.clone(), ask.role.clone());
        let (customer, ends, except) = (ask.customer, now + ask.lasts, except.clone());
        let over_by = self.passed + ask.lasts + SLACK;
        let lease = Lease { who, environment, except, role, customer, starts: now, ends, over_by, over: false };
        self.leases.insert(id, lease);
    }

    /// What somebody has on a server by assignments and leases at this time.
    pub fn access(&self, who: &str, now: i64, (environment, server): (&str, &str)) -> Access {
        let mut access = Access::default();
        if !self.active(who, now) {
            return access;
        }
        let person = self.rules.people.get(who);
        let assigned = person.and_then(|person| person.assigned.as_ref());
        if let Some(held) =
            assigned.filter(|held| held.environment == environment && held.ends.is_none_or(|ends| ends > now))
        {
            access.add(held.role, held.customer);
        }
        let here = |lease: &&Lease| lease.environment == environment && !lease.except.contains(server);
        let own = self.leases.values().filter(|lease| lease.who == who && self.live(lease, now));
        for lease in own.filter(here) {
            access.add(&lease.role, lease.customer);
        }
        access
    }
}

impl Access {
    fn add(&mut self, role: &str, customer: Option<i64>) {
        self.login = true;
        self.roles.insert(role.to_owned());
        self.rows.extend(customer);
        match role {
            "lead" => {
                self.roles.insert("support".to_owned());
                self.rights.insert("INSERT on shop.notes".to_owned());
            }
            "reader" => {
                self.rights.insert("SELECT on shop.notes".to_owned());
            }
            _ => {}
        }
    }

    /// What is in one of two.
    pub fn or(&self, other: &Self) -> Self {
        Self {
            login: self.login || other.login,
            roles: self.roles.union(&other.roles).cloned().collect(),
            rights: self.rights.union(&other.rights).cloned().collect(),
            rows: self.rows.union(&other.rows).copied().collect(),
        }
    }

    pub fn within(&self, other: &Self) -> bool {
        self.or(other) == *other
    }
}
