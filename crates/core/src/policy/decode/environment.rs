//! Environments, their servers and databases.

use std::collections::BTreeMap;

use super::super::model::{
    AccountRules, Credential, Database, Drift, Engine, Environment, Leavers, Names, Public, PublicRule, Server,
    Spanned, Unmanaged, UrlSource,
};
use super::super::problem::{Problem, Span};
use super::super::values;
use super::super::yaml::{Node, Value};
use super::role::{items, patterns, privileges};
use super::{entries, name, names, scalar, text};

pub(super) fn environment(span: Span, node: &Node) -> Environment {
    let unmanaged = match scalar(node, "unmanaged") {
        Some("fail") => Unmanaged::Fail,
        Some("disable") => Unmanaged::Disable,
        _ => Unmanaged::Report,
    };
    let drift = match scalar(node, "drift") {
        Some("repair") => Drift::Repair,
        Some("hold") => Drift::Hold,
        _ => Drift::Report,
    };
    Environment {
        span,
        rules: node.get("rules").map(super::requests::rules).unwrap_or_default(),
        servers: entries(node.get("servers")).map(|(key, span, value)| (key.to_owned(), server(span, value))).collect(),
        known: names(node.get("known")),
        unmanaged,
        drift,
        names: node.get("names").map(templates).unwrap_or_default(),
        accounts: node.get("accounts").map(accounts).unwrap_or_default(),
        leavers: node.get("leavers").map(leavers).unwrap_or_default(),
    }
}

pub(super) fn number(node: &Node, key: &str) -> Option<u32> {
    scalar(node, key).and_then(values::whole).and_then(|number| u32::try_from(number).ok())
}

fn templates(node: &Node) -> Names {
    let default = Names::default();
    // A template without its placeholder would make every name clash, on top of what the shape has said.
    let given = |key: &str| text(node, key).filter(|template| template.contains(&format!("{{{key}}}")));
    Names { role: given("role").unwrap_or(default.role), account: given("account").unwrap_or(default.account) }
}

fn accounts(node: &Node) -> AccountRules {
    let credential = match scalar(node, "credential") {
        Some("external") => Credential::External,
        _ => Credential::Password,
    };
    let settings = entries(node.get("settings"));
    AccountRules {
        credential,
        credential_max: scalar(node, "credential_max").and_then(values::duration),
        connection_limit: number(node, "connection_limit"),
        settings: settings.filter_map(|(key, _, value)| Some((key.to_owned(), value.text()?.to_owned()))).collect(),
        suspended_keeps_memberships: scalar(node, "suspended") == Some("keep_memberships"),
    }
}

fn leavers(node: &Node) -> Leavers {
    Leavers {
        reassign_to: name(node, "reassign_to"),
        reassign_security_definer: scalar(node, "security_definer") == Some("reassign"),
    }
}

fn server(span: Span, node: &Node) -> Server {
    let url = node.get("url").and_then(|url| Some(Spanned { value: values::url(url.text()?)?, span: url.span }));
    let missing = Spanned { value: UrlSource::Variable(String::new()), span };
    Server {
        span,
        engine: Engine::Postgres,
        url: url.unwrap_or(missing),
        databases: node.get("databases").map(databases).unwrap_or_default(),
    }
}

fn databases(node: &Node) -> BTreeMap<String, Database> {
    match &node.value {
        Value::Map(_) => {
            entries(Some(node)).map(|(key, span, value)| (key.to_owned(), database(key, span, value))).collect()
        }
        Value::List(_) | Value::Scalar(..) => names(Some(node))
            .into_iter()
            .map(|name| (name.value.clone(), database(&name.value, name.span, node)))
            .collect(),
    }
}

fn database(key: &str, span: Span, node: &Node) -> Database {
    Database {
        span,
        name: text(node, "name").unwrap_or_else(|| key.to_owned()),
        public: node.get("public").map(public).unwrap_or_default(),
        creators: names(node.get("creators")),
    }
}

fn public(node: &Node) -> Public {
    let rules = |key| items(node, key).into_iter().map(public_rule).collect();
    Public { revoke: rules("revoke"), keep: rules("keep") }
}

fn public_rule(node: &Node) -> PublicRule {
    let words = node.get("privileges").or_else(|| node.get("allow"));
    PublicRule { span: node.span, privileges: privileges(words), on: patterns(node, "on") }
}

/// What single keys cannot show: a rule for PUBLIC with both or neither of two words for one thing, a database listed twice.
pub(super) fn contradictions(root: &Node, problems: &mut Vec<Problem>) {
    let servers = entries(root.get("environments")).flat_map(|(_, _, environment)| entries(environment.get("servers")));
    for databases in servers.filter_map(|(_, _, server)| server.get("databases")) {
        listed_twice(databases, problems);
        let public = entries(Some(databases)).filter_map(|(_, _, database)| database.get("public"));
        for rule in public.flat_map(|public| [items(public, "revoke"), items(public, "keep")].concat()) {
            one_word(rule, problems);
        }
    }
}

fn listed_twice(databases: &Node, problems: &mut Vec<Problem>) {
    let Value::List(_) = &databases.value else { return };
    let mut seen = std::collections::BTreeSet::new();
    for name in names(Some(databases)) {
        if !seen.insert(name.value.clone()) {
            problems.push(Problem::error(
                "duplicate-key",
                name.span,
                format!("the database `{}` is listed twice", name.value),
                "take one of the two away",
            ));
        }
    }
}

fn one_word(rule: &Node, problems: &mut Vec<Problem>) {
    let (code, message) = match (rule.get("privileges"), rule.get("allow")) {
        (None, None) => ("missing-key", "a rule for PUBLIC needs `privileges`"),
        (Some(_), Some(_)) => ("duplicate-key", "`privileges` and `allow` mean the same here"),
        (Some(_), None) | (None, Some(_)) => return,
    };
    if matches!(rule.value, Value::Map(_)) {
        problems.push(Problem::error(code, rule.span, message, "write `privileges: [execute]`"));
    }
}
