//! The company: Bob asks, Lea and Max agree, Olga owns a role, Ada administers, Ivan audits, Carl is suspended, Gina has left.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rolecall_core::desire::Book;
use rolecall_core::lease::{Lease, Leases};
use rolecall_core::policy::model::Policy;
use rolecall_core::policy::{Sources, read};
use rolecall_core::request::{Draft, Facts, Outcome, Refusal, Request, RequestId, Until, file};

pub const TEXT: &str = "
rolecall: { administrators: [ada@acme.test], auditors: [ivan@acme.test], approvers: [leads] }
environments:
  production:
    rules:
      reason_pattern: 'T-[0-9]+'
      max_duration: 8h
      request_expiry: 1d
      break_glass: { allow: [agents], reviewers: [ivan@acme.test], max_duration: 1h }
      roles:
        writer: { approvals: 2, approvers: [leads, owner] }
        reader: { approvals: 0, extension: refuse }
    servers: { main: { url: '${A}', databases: [app] } }
  staging:
    rules: { approvals: 0 }
    servers: { main: { url: '${B}', databases: [app] } }
roles:
  reader: { grants: [{ database: app, allow: [select], on: 'shop.*' }] }
  writer: { owner: olga@acme.test, grants: [{ database: app, allow: [insert], on: 'shop.*' }] }
  support:
    parameters: { customer: bigint }
    grants: [{ database: app, allow: [select], on: shop.tickets, rows: { customer: $customer } }]
groups:
  agents: { may_request: { production: [support, reader, writer] } }
  leads: { may_request: { production: [support] } }
people:
  ada@acme.test: { may_request: { production: [support, writer] } }
  bob@acme.test: { groups: [agents] }
  carl@acme.test: { groups: [leads], standing: suspended }
  gina@acme.test: { groups: [leads], ends: 2026-01-01 }
  ivan@acme.test: {}
  lea@acme.test: { groups: [leads] }
  max@acme.test: { groups: [leads] }
  olga@acme.test: {}
services:
  bot: { owner: lea@acme.test, groups: [agents] }
";

pub fn policy() -> Policy {
    policy_with("", "")
}

/// The policy with one thing changed.
pub fn policy_with(old: &str, new: &str) -> Policy {
    assert!(TEXT.contains(old), "{old}");
    let outcome = read(&Sources::one("policy.yaml", TEXT.replacen(old, new, 1)), at(0));
    outcome.policy.unwrap_or_else(|| panic!("{:?}", outcome.problems))
}

/// Seconds after noon of the first of June.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_780_315_200 + seconds).unwrap()
}

pub fn nobody() -> &'static BTreeSet<String> {
    &rolecall_core::desire::NOBODY
}

pub fn facts<'a>(policy: &'a Policy, suspended: &'a BTreeSet<String>, seconds: i64) -> Facts<'a> {
    let (now, clock) = (at(seconds), at(seconds));
    Facts { policy, leases: Leases::none(), suspended, book: Book::default(), now, clock }
}

pub fn draft(who: &str, role: &str) -> Draft {
    let customer = ("customer".to_owned(), vec!["42".to_owned()]);
    Draft {
        requester: address(who),
        beneficiary: address(who),
        environment: "production".into(),
        role: role.into(),
        with: if role == "support" { [customer].into() } else { Default::default() },
        until: Until::For(3_600),
        reason: "T-9: cannot see the invoice".into(),
    }
}

pub fn address(who: &str) -> String {
    if who == "bot" { who.to_owned() } else { format!("{who}@acme.test") }
}

/// Bob's request for customer 42, waiting.
pub fn waiting(policy: &Policy) -> Request {
    filed(policy, draft("bob", "support"))
}

pub fn filed(policy: &Policy, draft: Draft) -> Request {
    match file(facts(policy, nobody(), 0), RequestId(17), draft, "one").unwrap() {
        Outcome::Waiting(request) => request,
        other => panic!("{other:?}"),
    }
}

/// What came of something, in a word or two.
pub fn word(result: &Result<Outcome, Refusal>) -> String {
    match result {
        Ok(Outcome::Waiting(request)) => format!("waiting {}", request.approvals.len()),
        Ok(Outcome::Granted(..)) => "granted".into(),
        Ok(Outcome::AskedAgain(_)) => "asked again".into(),
        Ok(Outcome::Closed(request)) => request.state.word().into(),
        Err(refusal) => refusal.code().into(),
    }
}

pub fn lease(policy: &Policy, who: &str, role: &str) -> Lease {
    let asks = draft(who, role);
    assert!(policy.roles.contains_key(role));
    Lease {
        id: RequestId(17),
        principal: asks.beneficiary,
        environment: asks.environment,
        role: asks.role,
        with: asks.with,
        reason: asks.reason,
        starts: at(0),
        ends: at(3_600),
        ended: None,
        break_glass: false,
        except: BTreeSet::new(),
    }
}
