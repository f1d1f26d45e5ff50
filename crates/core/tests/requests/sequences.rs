//! Random sequences of what people do to a request: whatever happens, the rules hold.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use rolecall_core::admit::Caller;
use rolecall_core::desire::Book;
use rolecall_core::lease::{self, Lease, Leases, SLACK};
use rolecall_core::policy::model::Policy;
use rolecall_core::request::{
    Facts, Outcome, Request, RequestId, State, approve, deny, end_early, expire, file, withdraw,
};

use crate::company::{address, at, draft, nobody, policy, policy_with};

const PEOPLE: [&str; 8] = ["ada", "bob", "carl", "gina", "ivan", "lea", "max", "olga"];

#[derive(Debug, Clone)]
enum Act {
    Approve(usize, bool),
    Deny(usize),
    Withdraw(usize),
    Expire,
    End(usize),
    Suspend(usize),
    Reinstate(usize),
    /// What the request would do changes.
    Change,
    /// The policy changes to another of three.
    Policy(usize),
    /// Time passes.
    Pass(i64),
    /// The clock is set, forth or back.
    Clock(i64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let who = 0..PEOPLE.len();
    let act = prop_oneof![
        6 => (who.clone(), any::<bool>()).prop_map(|(who, shown)| Act::Approve(who, shown || who % 2 == 0)),
        1 => who.clone().prop_map(Act::Deny),
        1 => who.clone().prop_map(Act::Withdraw),
        1 => Just(Act::Expire),
        1 => who.clone().prop_map(Act::End),
        1 => who.clone().prop_map(Act::Suspend),
        1 => who.prop_map(Act::Reinstate),
        1 => Just(Act::Change),
        1 => (0..3_usize).prop_map(Act::Policy),
        2 => (0..40_000_i64).prop_map(Act::Pass),
        1 => (-90_000..40_000_i64).prop_map(Act::Clock),
        1 => (-90..0_i64).prop_map(Act::Clock),
    ];
    prop::collection::vec(act, 1..40)
}

struct World {
    policies: Vec<Policy>,
    policy: usize,
    suspended: BTreeSet<String>,
    clock: i64,
    /// What was decided for last, and when that really was.
    latest: (Timestamp, i64),
    /// What really has passed.
    passed: i64,
    /// When the lease must really be over.
    over_by: i64,
    effects: u32,
    request: Request,
    lease: Option<Lease>,
    /// Whom the test has seen agree to the present effects.
    agreed: BTreeSet<usize>,
    was_over: bool,
}

impl World {
    fn new(role: &str) -> Self {
        let policies = vec![
            policy(),
            policy_with("bob@acme.test: { groups: [agents] }", "bob@acme.test: {}"),
            policy_with("approvals: 2, approvers: [leads, owner]", "approvals: 1, approvers: [olga@acme.test]"),
        ];
        let facts = Facts {
            policy: &policies[0],
            leases: Leases::none(),
            suspended: nobody(),
            book: Book::default(),
            now: at(0),
            clock: at(0),
        };
        let outcome = file(facts, RequestId(1), draft("bob", role), "0").unwrap();
        let request = outcome.request().clone();
        let agreed = BTreeSet::new();
        let (suspended, lease) = (BTreeSet::new(), None);
        Self {
            policies,
            policy: 0,
            suspended,
            clock: 0,
            latest: (at(0), 0),
            passed: 0,
            over_by: 0,
            effects: 0,
            request,
            lease,
            agreed,
            was_over: false,
        }
    }

    fn take(&mut self, outcome: Outcome) {
        self.request = outcome.request().clone();
        if let Outcome::Granted(_, lease) = outcome {
            assert!(self.lease.is_none(), "granted twice");
            self.lease = Some(lease);
        }
    }

    fn now(&mut self) -> Timestamp {
        let (latest, then) = self.latest;
        let passed = Duration::from_secs(self.passed.abs_diff(then));
        let now = lease::steady(Some(latest), at(self.clock), Some((latest, passed)));
        assert!(now >= latest);
        self.latest = (now, self.passed);
        now
    }

    fn act(&mut self, act: &Act) {
        let (now, clock) = (self.now(), at(self.clock));
        let (policy, suspended) = (self.policies[self.policy].clone(), self.suspended.clone());
        let (leases, book) = (Leases::none(), Book::default());
        let facts = Facts { policy: &policy, leases, suspended: &suspended, book, now, clock };
        let (request, current) = (self.request.clone(), self.effects.to_string());
        match act {
            Act::Approve(who, shown) => {
                let shown = if *shown { current.clone() } else { "nothing".to_owned() };
                if let Ok(outcome) = approve(facts, request, &address(PEOPLE[*who]), &shown, &current) {
                    match &outcome {
                        Outcome::AskedAgain(_) => self.agreed.clear(),
                        Outcome::Waiting(_) | Outcome::Granted(..) => {
                            assert_eq!(shown, current);
                            self.agreed.insert(*who);
                        }
                        Outcome::Closed(_) => {}
                    }
                    if let Outcome::Granted(_, lease) = &outcome {
                        self.granted(facts, lease);
                        let lasts = lease.ends.duration_since(lease.starts);
                        self.over_by = self.passed + (lasts + SLACK).as_secs();
                    }
                    self.take(outcome);
                }
            }
            Act::Deny(who) => {
                deny(facts, request, &address(PEOPLE[*who]), "no").into_iter().for_each(|outcome| self.take(outcome));
            }
            Act::Withdraw(who) => {
                withdraw(facts, request, &address(PEOPLE[*who])).into_iter().for_each(|outcome| self.take(outcome));
            }
            Act::Expire => expire(facts, &request).into_iter().for_each(|outcome| self.take(outcome)),
            Act::End(who) => {
                if let Some(lease) = &self.lease
                    && let Ok(ended) = end_early(facts, lease, Caller::principal(&address(PEOPLE[*who])))
                {
                    self.lease = Some(ended);
                }
            }
            Act::Suspend(who) => drop(self.suspended.insert(address(PEOPLE[*who]))),
            Act::Reinstate(who) => drop(self.suspended.remove(&address(PEOPLE[*who]))),
            Act::Change => self.effects += 1,
            Act::Policy(which) => self.policy = *which,
            Act::Pass(seconds) => {
                self.passed += seconds;
                self.clock += seconds;
            }
            Act::Clock(seconds) => {
                self.clock += seconds;
                // A small correction is waited for.
                self.over_by += SLACK.as_secs();
            }
        }
    }

    /// A lease has begun: enough others agreed, to this, in time, and its holder may have it.
    fn granted(&self, facts: Facts<'_>, lease: &Lease) {
        let terms = rolecall_core::request::Terms::of(facts.policy, "production", &lease.role).unwrap();
        let count = |who: &&usize| {
            let id = address(PEOPLE[**who]);
            terms.approvers.contains(id.as_str()) && !self.suspended.contains(&id) && id != lease.principal
        };
        assert!(self.agreed.iter().filter(count).count() >= terms.approvals as usize);
        assert!(!self.suspended.contains(&lease.principal));
        assert!(facts.now < self.request.expires && lease.ends > facts.now);
        assert!(facts.now <= facts.clock + SLACK, "granted by a clock that is behind");
        assert!(lease.ends.duration_since(lease.starts).as_secs() <= terms.max_duration as i64);
        assert_ne!(self.policy, 1);
        assert_eq!(lease::over(lease, facts.policy, facts.suspended, facts.now), None);
    }

    /// What holds after every act.
    fn check(&mut self) {
        let granted = matches!(self.request.state, State::Granted { .. });
        assert_eq!(granted, self.lease.is_some());
        let Some(open) = self.lease.clone() else { return };
        let now = self.now();
        // What the control plane does: what is due is ended for good.
        let leases = [open];
        let due = lease::due(&leases, &self.policies[self.policy], &self.suspended, now);
        for (lease, why) in due {
            self.lease = Some(lease::ended(lease.clone(), now, why));
        }
        let lease = self.lease.as_ref().unwrap();
        let over = lease::over(lease, &self.policies[self.policy], &self.suspended, now).is_some();
        assert!(over || !self.was_over, "a lease that was over holds again");
        assert!(over || self.passed < self.over_by, "a lease lives longer than was agreed");
        assert!(over || (!self.suspended.contains(&lease.principal) && now < lease.ends && self.policy != 1));
        self.was_over = over;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nothing_is_granted_that_the_rules_do_not_give(acts in acts(), two in any::<bool>()) {
        let mut world = World::new(if two { "writer" } else { "support" });
        for act in &acts {
            world.act(act);
            world.check();
        }
    }
}
