//! `rolecall request`, `requests`, `approve`, `deny`, `withdraw`, `review`, `leases`, `end`: access for a while, through
//! a server of Rolecall.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::confirm::confirm;
use crate::Outcome;
use crate::args::{Approve, Deny, Leases, One, Request, Requests, Review};
use crate::client::{Client, as_type};
use crate::show::{CARE, GOOD, plain};

/// What is shown of a Request or Lease.
#[derive(Debug, Deserialize)]
struct Access {
    id: u64,
    state: String,
    principal: String,
    environment: String,
    role: String,
    #[serde(default)]
    with: BTreeMap<String, Vec<String>>,
    for_seconds: Option<i64>,
    until: Option<String>,
    ends: Option<String>,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    break_glass: bool,
    requester: Option<String>,
    /// Servers on which it does not hold.
    #[serde(default)]
    except: Vec<String>,
    /// Servers from which it should be gone, and is not known to be.
    #[serde(default)]
    late: Vec<String>,
}

/// What a Request would do.
#[derive(Debug, Deserialize)]
struct Effects {
    effects: Vec<Effect>,
    digest: String,
}

#[derive(Debug, Deserialize)]
struct Effect {
    direction: String,
    who: Vec<String>,
    access: Vec<String>,
}

/// Asks for access.
pub fn request(arguments: &Request) -> anyhow::Result<Outcome> {
    let mut with: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in &arguments.with {
        with.entry(name).or_default().push(value);
    }
    let mut body = json!({
        "role": arguments.role, "environment": arguments.environment, "until": arguments.until,
        "with": with, "reason": arguments.reason, "break_glass": arguments.break_glass,
    });
    if let Value::Object(body) = &mut body {
        body.extend(arguments.beneficiary.as_ref().map(|who| ("for".to_owned(), json!(who))));
        body.extend(arguments.extends.map(|lease| ("extends".to_owned(), json!(lease))));
    }
    let answer = Client::new(&arguments.remote.address)?.post("/requests", &body)?;
    if arguments.remote.json {
        return print(&answer);
    }
    let filed: Access = as_type(&answer)?;
    match filed.state.as_str() {
        "granted" => anstream::println!("{GOOD}Granted{GOOD:#}: {}", line(&filed)),
        _ => {
            anstream::println!("Asked: {}", line(&filed));
            println!("It waits for approval: rolecall approve {}", filed.id);
        }
    }
    Ok(Outcome::Done)
}

/// Lists Requests.
pub fn requests(arguments: &Requests) -> anyhow::Result<Outcome> {
    let state = if arguments.state == "all" { "" } else { &arguments.state };
    let filter = [
        ("state", Some(state)),
        ("principal", arguments.principal.as_deref()),
        ("environment", arguments.environment.as_deref()),
    ];
    list("/requests", &filter, arguments.limit, &arguments.remote)
}

/// Lists Leases.
pub fn leases(arguments: &Leases) -> anyhow::Result<Outcome> {
    let state = match arguments.state.as_str() {
        "all" => "",
        "running" => "opening,open,closing,overdue",
        state => state,
    };
    let filter = [
        ("state", Some(state)),
        ("principal", arguments.principal.as_deref()),
        ("environment", arguments.environment.as_deref()),
    ];
    list("/leases", &filter, arguments.limit, &arguments.remote)
}

fn list(
    path: &str,
    filter: &[(&str, Option<&str>)],
    limit: u32,
    remote: &crate::args::Remote,
) -> anyhow::Result<Outcome> {
    let limit = limit.to_string();
    let given = filter.iter().filter_map(|(name, value)| Some((*name, value.filter(|value| !value.is_empty())?)));
    let query: Vec<_> = given.chain([("limit", limit.as_str())]).collect();
    let answer = Client::new(&remote.address)?.get(path, &query)?;
    if remote.json {
        return print(&answer);
    }
    let items: Vec<Access> = as_type(answer.get("items").unwrap_or(&Value::Null))?;
    for item in &items {
        anstream::println!("{}", line(item));
    }
    if items.is_empty() {
        eprintln!("None.");
    }
    if answer.get("next").is_some() {
        eprintln!("There are more: --limit");
    }
    Ok(Outcome::Done)
}

/// Shows what a Request would do, asks, and agrees to just that.
pub fn approve(arguments: &Approve) -> anyhow::Result<Outcome> {
    let (client, id) = (Client::new(&arguments.remote.address)?, arguments.id);
    let asked: Access = as_type(&client.get(&format!("/requests/{id}"), &[])?)?;
    let effects: Effects = as_type(&client.get(&format!("/requests/{id}/effects"), &[])?)?;
    let shown = |text: &str| if arguments.remote.json { eprintln!("{text}") } else { println!("{text}") };
    shown(&line(&asked));
    for effect in &effects.effects {
        shown(&format!("  {} {}:", effect.who.join(", "), effect.direction));
        effect.access.iter().for_each(|access| shown(&format!("    {access}")));
    }
    if effects.effects.is_empty() {
        shown("  Nobody gains or loses anything by it now.");
    }
    if !arguments.yes && !confirm("Approve this?", "give --yes")? {
        anstream::eprintln!("Not approved.");
        return Ok(Outcome::Failed);
    }
    let answer = client.post(&format!("/requests/{id}/approve"), &json!({ "digest": effects.digest }))?;
    if arguments.remote.json {
        return print(&answer);
    }
    let now: Access = as_type(&answer)?;
    match now.state.as_str() {
        "granted" => anstream::println!("{GOOD}Granted.{GOOD:#}"),
        "pending" => anstream::println!("Noted; it waits for more approvals."),
        state => anstream::println!("{CARE}It is {state}.{CARE:#}"),
    }
    Ok(Outcome::Done)
}

/// Refuses a Request.
pub fn deny(arguments: &Deny) -> anyhow::Result<Outcome> {
    let path = format!("/requests/{}/deny", arguments.id);
    done(
        &Client::new(&arguments.remote.address)?.post(&path, &json!({ "reason": arguments.reason }))?,
        arguments.remote.json,
    )
}

/// Takes a Request back.
pub fn withdraw(arguments: &One) -> anyhow::Result<Outcome> {
    let path = format!("/requests/{}/withdraw", arguments.id);
    done(&Client::new(&arguments.remote.address)?.post(&path, &json!({}))?, arguments.remote.json)
}

/// Says what came of looking at a break-glass.
pub fn review(arguments: &Review) -> anyhow::Result<Outcome> {
    let path = format!("/requests/{}/review", arguments.id);
    let body = json!({ "justified": arguments.justified, "note": arguments.note });
    done(&Client::new(&arguments.remote.address)?.post(&path, &body)?, arguments.remote.json)
}

/// Ends a Lease before its time.
pub fn end(arguments: &One) -> anyhow::Result<Outcome> {
    let path = format!("/leases/{}/end", arguments.id);
    done(&Client::new(&arguments.remote.address)?.post(&path, &json!({}))?, arguments.remote.json)
}

fn done(answer: &Value, json: bool) -> anyhow::Result<Outcome> {
    if json {
        return print(answer);
    }
    anstream::println!("{}", line(&as_type(answer)?));
    Ok(Outcome::Done)
}

/// `812  pending  bob@acme.test  support (customer=42) in production, for 2h: T-9`
fn line(access: &Access) -> String {
    let with = access.with.iter().map(|(name, values)| format!("{name}={}", values.join(","))).collect::<Vec<_>>();
    let with = if with.is_empty() { String::new() } else { format!(" ({})", with.join(" ")) };
    let when = match (access.for_seconds, &access.until, &access.ends) {
        (Some(seconds), ..) => format!(", for {:#}", jiff::SignedDuration::from_secs(seconds)),
        (_, Some(time), _) | (.., Some(time)) => format!(", until {time}"),
        _ => String::new(),
    };
    let glass = if access.break_glass { ", break-glass" } else { "" };
    let listed = |before: &str, servers: &[String]| match servers {
        [] => String::new(),
        _ => format!(", {before} {}", servers.join(", ")),
    };
    let but = listed("not on", &access.except) + &listed("not known to be gone from", &access.late);
    let by = access.requester.as_ref().filter(|by| **by != access.principal).map(|by| format!(", asked by {by}"));
    let why = if access.reason.is_empty() { String::new() } else { format!(": {}", plain(&access.reason)) };
    let Access { id, state, principal, role, environment, .. } = access;
    let by = by.unwrap_or_default();
    format!("{id}  {state}  {principal}  {role}{with} in {environment}{but}{when}{glass}{by}{why}")
}

/// The answer as it is.
pub fn print(answer: &Value) -> anyhow::Result<Outcome> {
    println!("{answer:#}");
    Ok(Outcome::Done)
}
