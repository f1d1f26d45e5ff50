//! The policy as the model knows it, and as Rolecall reads it: the two have nothing in common but this text.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::dice::Dice;

/// Whoever is in the policy, beside the administrator.
pub const EVERYBODY: [&str; 6] = ["bob", "cat", "dan", "eve", "lea", "mia"];
/// Who agrees to requests.
pub const APPROVERS: [&str; 2] = ["lea", "mia"];
/// Every server, by its environment and its name there.
pub const PLACES: [(&str, &str); 3] = [("production", "main"), ("production", "side"), ("staging", "main")];
/// The customers that the shop has.
pub const CUSTOMERS: [i64; 3] = [41, 42, 43];
/// The longest lease, and the longest that is taken by breaking the glass.
pub const LONGEST: i64 = 8 * HOUR;
pub const LONGEST_GLASS: i64 = 2 * HOUR;
/// How long a request waits.
pub const PATIENCE: i64 = 12 * HOUR;
pub const HOUR: i64 = 3_600;

/// What somebody holds by the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    pub environment: &'static str,
    pub role: &'static str,
    pub customer: Option<i64>,
    pub ends: Option<i64>,
}

/// One person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// May request every role, and break the glass.
    pub agent: bool,
    pub assigned: Option<Assigned>,
    pub suspended: bool,
    pub ends: Option<i64>,
}

/// What the policy says of people. All else in it stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    pub people: BTreeMap<&'static str, Person>,
}

impl Rules {
    pub fn first() -> Self {
        let agent = Person { agent: true, ..Person::default() };
        let held = |role, customer| Some(Assigned { environment: "production", role, customer, ends: None });
        let people = [
            ("bob", agent.clone()),
            ("cat", Person { assigned: held("support", Some(41)), ..agent.clone() }),
            ("dan", Person { assigned: held("reader", None), ..agent.clone() }),
            ("eve", agent.clone()),
            ("lea", agent),
            ("mia", Person::default()),
        ];
        Self { people: people.into() }
    }

    /// Another policy: one person comes, goes, or has something else.
    pub fn edit(&mut self, dice: &mut Dice, now: i64) {
        let Some(who) = dice.pick(&EVERYBODY) else { return };
        let coming = Person { agent: true, ..Person::default() };
        let Some(person) = self.people.get_mut(who) else {
            self.people.insert(who, coming);
            return;
        };
        // Approvers who went would leave nobody to agree.
        let approver = APPROVERS.contains(&who);
        match dice.below(10) {
            0 | 1 if !approver => _ = self.people.remove(who),
            2 | 3 => person.agent = !person.agent,
            4 => person.suspended = !person.suspended && !approver,
            5 => person.ends = (!approver && person.ends.is_none()).then(|| now + later(dice)),
            _ if person.assigned.is_some() => person.assigned = None,
            _ => {
                let role = dice.pick(&["support", "reader", "lead"]).unwrap_or("reader");
                let customer = if role == "reader" { None } else { dice.pick(&CUSTOMERS) };
                let ends = dice.chance(50).then(|| now + later(dice));
                let environment = dice.pick(&["production", "production", "staging"]).unwrap_or("staging");
                person.assigned = Some(Assigned { environment, role, customer, ends });
            }
        }
    }

    /// How many have to agree to a role.
    pub fn approvals(role: &str) -> usize {
        match role {
            "reader" => 0,
            "lead" => 2,
            _ => 1,
        }
    }

    /// As Rolecall reads it.
    pub fn text(&self, url: impl Fn(usize) -> String) -> String {
        let mut text = HEAD.replace("RULES", ENVIRONMENT);
        for place in 0..PLACES.len() {
            text = text.replace(&format!("URL{place}"), &url(place));
        }
        for (name, person) in &self.people {
            let mut keys = Vec::new();
            if person.agent {
                keys.push("groups: [agents]".to_owned());
            }
            if person.suspended {
                keys.push("standing: suspended".to_owned());
            }
            keys.extend(person.ends.map(|ends| format!("ends: {}", time(ends))));
            if let Some(held) = &person.assigned {
                let with = held.customer.map(|customer| format!(", with: {{ customer: {customer} }}"));
                let ends = held.ends.map(|ends| format!(", ends: {}", time(ends)));
                let (with, ends) = (with.unwrap_or_default(), ends.unwrap_or_default());
                keys.push(format!("assign: {{ {}: {{ role: {}{with}{ends} }} }}", held.environment, held.role));
            }
            writeln!(text, "  {name}@acme.test: {{ {} }}", keys.join(", ")).unwrap();
        }
        text
    }
}

fn later(dice: &mut Dice) -> i64 {
    HOUR * (1 + dice.below(30) as i64)
}

fn time(second: i64) -> String {
    jiff::Timestamp::from_second(second).unwrap().to_string()
}

const HEAD: &str = "
rolecall: { administrators: [ada@acme.test], approvers: [lea@acme.test, mia@acme.test] }
environments:
  production:
    servers:
      main: { url: '${file:URL0}', databases: [app] }
      side: { url: '${file:URL1}', databases: [app] }
RULES
  staging:
    servers: { main: { url: '${file:URL2}', databases: [app] } }
RULES
roles:
  support:
    parameters: { customer: bigint }
    grants: [{ database: app, allow: [select], on: shop.tickets, columns: [id, customer], rows: { customer: $customer } }]
  reader: { grants: [{ database: app, allow: [select], on: shop.notes }] }
  lead:
    parameters: { customer: bigint }
    includes: [{ role: support, with: { customer: $customer } }]
    grants: [{ database: app, allow: [insert], on: shop.notes }]
groups:
  agents: { may_request: { production: [support, reader, lead], staging: [support, reader, lead] } }
people:
  ada@acme.test: {}
";

const ENVIRONMENT: &str = "    rules:
      reason_pattern: 'T-[0-9]+'
      max_duration: 8h
      request_expiry: 12h
      brake: 100%
      break_glass: { allow: [agents], max_duration: 2h }
      roles: { reader: { approvals: 0 }, lead: { approvals: 2 } }
    known: [postgres]";
