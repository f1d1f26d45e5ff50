//! The rules for requests, and who may do what in Rolecall itself.

use super::super::model::{BreakGlass, Policy, RequestRules, Rules, Spanned, UrlSource, Webhook, WebhookForm};
use super::super::problem::{Problem, Span};
use super::super::source::Sources;
use super::super::values;
use super::super::yaml::Node;
use super::environment::number;
use super::{entries, name, names, scalar};

pub(super) fn rules(node: &Node) -> Rules {
    let default = Rules::default();
    let roles = entries(node.get("roles"));
    Rules {
        requests: requests(node),
        roles: roles.map(|(key, span, value)| (key.to_owned(), (span, requests(value)))).collect(),
        brake: scalar(node, "brake").and_then(values::percent).unwrap_or(default.brake),
        allow_combination: scalar(node, "combination") == Some("allow"),
    }
}

fn requests(node: &Node) -> RequestRules {
    RequestRules {
        reason_required: scalar(node, "reason").map(|word| word == "required"),
        reason_pattern: name(node, "reason_pattern"),
        approvals: number(node, "approvals"),
        approvers: node.get("approvers").map(|approvers| names(Some(approvers))),
        max_duration: scalar(node, "max_duration").and_then(values::duration),
        request_expiry: scalar(node, "request_expiry").and_then(values::duration),
        extension: scalar(node, "extension").map(|word| word == "allow"),
        break_glass: node.get("break_glass").map(break_glass),
    }
}

fn break_glass(node: &Node) -> BreakGlass {
    BreakGlass {
        allow: names(node.get("allow")),
        reviewers: node.get("reviewers").map(|reviewers| names(Some(reviewers))),
        max_duration: scalar(node, "max_duration").and_then(values::duration),
        review_within: scalar(node, "review_within").and_then(values::duration),
        span: node.span,
    }
}

/// Names are merged from several files, who may do what in Rolecall is not: whoever reviews one file must see all of it.
pub(super) fn access(root: &Node, sources: &Sources, policy: &mut Policy, problems: &mut Vec<Problem>) {
    let Some(node) = root.get("rolecall") else { return };
    if let Some(earlier) = policy.access.span {
        problems.push(Problem::error(
            "duplicate-key",
            node.span,
            format!("`rolecall` is here and at {}", sources.place(earlier)),
            "keep one of the two",
        ));
        return;
    }
    policy.access.span = Some(node.span);
    policy.access.administrators = names(node.get("administrators"));
    policy.access.auditors = names(node.get("auditors"));
    policy.access.approvers = names(node.get("approvers"));
    let webhooks = entries(node.get("webhooks"));
    policy.access.webhooks = webhooks.map(|(key, span, value)| (key.to_owned(), webhook(span, value))).collect();
}

fn webhook(span: Span, node: &Node) -> Webhook {
    let source = |key| {
        let node = node.get(key)?;
        Some(Spanned { value: values::url(node.text()?)?, span: node.span })
    };
    Webhook {
        span,
        url: source("url").unwrap_or(Spanned { value: UrlSource::Variable(String::new()), span }),
        secret: source("secret"),
        form: if scalar(node, "form") == Some("slack") { WebhookForm::Slack } else { WebhookForm::Event },
        events: names(node.get("events")),
    }
}
