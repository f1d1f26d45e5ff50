//! Asking for access: which Role, for whom, with which values, until when, and why.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use maud::{Markup, html};
use rolecall_control::ControlError;
use rolecall_core::admit::Action;
use rolecall_core::policy::model::ParameterType;
use rolecall_core::policy::type_word;
use rolecall_core::request::{Draft, Refusal, RequestId, Terms, Until, may_request};

use super::failure::{Failure, hidden};
use super::gate::{Fields, Submitted, Viewer};
use super::parts::{self, Field, csrf, duration, link, problem};
use super::shell::{Html, Place, page};
use crate::problem::Problem;

/// Lengths of time to choose from, in seconds.
const LENGTHS: &[u64] = &[120, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 259_200, 604_800];

/// A Role in an environment, and those for whom the viewer may ask for it.
struct Choice<'a> {
    environment: &'a str,
    role: &'a str,
    terms: Terms<'a>,
    beneficiaries: Vec<&'a str>,
}

pub async fn form(viewer: Viewer, fields: Fields) -> Result<Html, Failure> {
    if viewer.id().is_none() {
        return Err(Problem::new("forbidden")
            .detail("People and services ask for access; the operator is neither")
            .into());
    }
    if let Some(id) = fields.some("extends") {
        return extension(&viewer, id);
    }
    match (fields.some("environment"), fields.some("role")) {
        (Some(environment), Some(role)) => {
            let choice = choose(&viewer, environment, role).ok_or_else(hidden)?;
            Ok(show(&viewer, &choice, &Filled::default()))
        }
        _ => Ok(list(&viewer)),
    }
}

/// The form filled with what a Lease gives.
fn extension(viewer: &Viewer, id: &str) -> Result<Html, Failure> {
    let lease = viewer.sight.leases().map(|kept| &kept.lease).find(|lease| lease.id.to_string() == id);
    let lease = lease.ok_or_else(hidden)?;
    let choice = choose(viewer, &lease.environment, &lease.role).ok_or_else(hidden)?;
    let mut filled = Filled { extends: id.to_owned(), ..Filled::default() };
    filled.fields.insert("for".into(), lease.principal.clone());
    filled.fields.insert("reason".into(), lease.reason.clone());
    for (name, values) in &lease.with {
        filled.fields.insert(format!("with.{name}"), values.join(separator(viewer, &lease.role, name)));
    }
    Ok(show(viewer, &choice, &filled))
}

/// Everything that the viewer may ask for.
fn choices<'a>(viewer: &'a Viewer) -> Vec<Choice<'a>> {
    let policy = viewer.sight.policy();
    let pairs =
        policy.environments.keys().flat_map(|environment| policy.roles.keys().map(move |role| (environment, role)));
    pairs.filter_map(|(environment, role)| choose(viewer, environment, role)).collect()
}

fn choose<'a>(viewer: &'a Viewer, environment: &str, role: &str) -> Option<Choice<'a>> {
    let policy = viewer.sight.policy();
    let (environment, _) = policy.environments.get_key_value(environment)?;
    let (role, _) = policy.roles.get_key_value(role)?;
    let may = |id: &str| viewer.sight.may(Action::FileRequest { beneficiary: id, environment, role });
    let principals = policy.principals().filter(|(_, principal, _)| may_request(policy, principal, environment, role));
    let mut beneficiaries: Vec<&str> = principals.map(|(id, ..)| id).filter(|id| may(id)).collect();
    // Oneself first: that is what most ask for.
    beneficiaries.sort_by_key(|id| (!viewer.is(id), *id));
    let terms = Terms::of(policy, environment, role).ok()?;
    (!beneficiaries.is_empty()).then_some(Choice { environment, role, terms, beneficiaries })
}

fn list(viewer: &Viewer) -> Html {
    let policy = viewer.sight.policy();
    let all = choices(viewer);
    let environments: BTreeSet<&str> = all.iter().map(|choice| choice.environment).collect();
    let body = html! {
        p.crumbs { a href="/requests" { "Requests" } }
        h1 { "Ask for access" }
        @if all.is_empty() {
            (parts::empty("There is nothing that you may ask for.", &html! { "The policy's " code { "may_request" } " says who may ask for what. Whoever keeps the policy can add you." }))
        }
        @for environment in environments {
            section aria-label=(environment) {
                h2 { (parts::name(environment)) }
                ul.cards.grid { @for choice in all.iter().filter(|choice| choice.environment == environment) {
                    li.card {
                        h3 { a href=(link("/requests/new", &[("environment", choice.environment.into()), ("role", choice.role.into())])) { (parts::name(choice.role)) } }
                        @if let Some(role) = policy.roles.get(choice.role) {
                            @if let Some(description) = &role.description { p { (description) } }
                            (parts::grants(&role.grants, None))
                        }
                        p.quiet { (terms(&choice.terms)) }
                    }
                } }
            }
        }
    };
    page(viewer, Place::Requests, "Ask for access", &body)
}

/// The rules in a sentence.
fn terms(terms: &Terms<'_>) -> String {
    let approval = match terms.approvals {
        0 => "Granted at once".to_owned(),
        1 => "One person must agree".to_owned(),
        many => format!("{many} people must agree"),
    };
    format!("{approval}; for at most {}.", duration(terms.max_duration))
}

/// What stands in the form, and what is wrong with it.
#[derive(Default)]
struct Filled {
    extends: String,
    fields: BTreeMap<String, String>,
    wrong: Option<(String, String)>,
}

impl Filled {
    fn value(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    fn wrong(&self, name: &str) -> Option<&str> {
        self.wrong.as_ref().filter(|(field, _)| field == name).map(|(_, why)| why.as_str())
    }
}

fn show(viewer: &Viewer, choice: &Choice<'_>, filled: &Filled) -> Html {
    let Choice { environment, role, terms: rules, beneficiaries } = choice;
    let policy = viewer.sight.policy();
    let parameters = policy.roles.get(*role).map(|role| &role.parameters);
    let title = if filled.extends.is_empty() { "Ask for access" } else { "Ask for longer" };
    let glass = viewer.sight.may(Action::BreakGlass { environment, role }) && filled.extends.is_empty();
    let people: Vec<_> = beneficiaries.iter().map(|id| ((*id).to_owned(), (*id).to_owned())).collect();
    let body = html! {
        p.crumbs { a href="/requests" { "Requests" } " / " a href="/requests/new" { "Ask for access" } }
        h1 { (title) }
        p.lead { (parts::role(viewer, role)) " in " (parts::name(environment)) ". " (terms(rules)) }
        @if let Some((_, why)) = &filled.wrong { (problem(why)) }
        @if let Some(found) = policy.roles.get(*role) {
            details.given { summary { "What it gives" } (parts::grants(&found.grants, None))
                @if !found.includes.is_empty() { p.quiet { "and what it includes: " @for include in &found.includes { (parts::role(viewer, &include.role.value)) " " } } } }
        }
        form.sheet method="post" action="/requests" {
            (csrf(viewer))
            input type="hidden" name="environment" value=(environment);
            input type="hidden" name="role" value=(role);
            input type="hidden" name="extends" value=(filled.extends);
            @if let [only] = beneficiaries.as_slice() {
                input type="hidden" name="for" value=(only);
                @if !viewer.is(only) { p { "For " (parts::person(viewer, only)) } }
            } @else {
                (Field { name: "for", label: "For whom", value: filled.value("for"), wrong: filled.wrong("for"), required: true, ..Field::default() }.choice(&people))
            }
            @for (name, kind) in parameters.into_iter().flatten() { (parameter(filled, name, *kind)) }
            (until(rules, filled))
            (reason(rules, filled))
            div.buttons {
                button type="submit" name="how" value="ask" { "Ask" }
                @if glass { (break_glass(rules)) }
            }
        }
    };
    page(viewer, Place::Requests, title, &body)
}

fn parameter(filled: &Filled, name: &str, kind: ParameterType) -> Markup {
    let (id, text) = (format!("with.{name}"), kind == ParameterType::Text);
    let hint = format!(
        "{}; several {}",
        type_word(kind),
        if text { "on lines of their own" } else { "with commas between them" }
    );
    let label = name.replace('_', " ");
    let field = Field {
        name: &id,
        label: &label,
        hint: Some(&hint),
        value: filled.value(&id),
        wrong: filled.wrong(&id),
        required: true,
        ..Field::default()
    };
    if text { field.lines(2) } else { field.line() }
}

fn until(rules: &Terms<'_>, filled: &Filled) -> Markup {
    let longest = rules.max_duration;
    let mut lengths: Vec<u64> = LENGTHS.iter().copied().filter(|length| *length < longest).collect();
    lengths.push(longest);
    let options: Vec<_> = lengths.iter().map(|length| (length.to_string(), duration(*length))).collect();
    let usual = lengths.iter().rev().find(|length| **length <= 7_200).unwrap_or(&longest).to_string();
    let length = Some(filled.value("length")).filter(|value| !value.is_empty()).unwrap_or(&usual);
    html! {
        div.pair {
            (Field { name: "length", label: "For how long", hint: Some("From the moment it is granted"), value: length, wrong: filled.wrong("length"), required: true, ..Field::default() }.choice(&options))
            (Field { name: "until", label: "Or until (UTC)", hint: Some("If filled, this holds"), value: filled.value("until"), wrong: filled.wrong("until"), kind: "datetime-local", ..Field::default() }.line())
        }
    }
}

fn reason(rules: &Terms<'_>, filled: &Filled) -> Markup {
    let hint = match rules.reason_pattern {
        Some(pattern) => format!("Required. Must contain what fits {pattern}"),
        None if rules.reason_required => "Required. Those who decide, and the ledger, read it.".to_owned(),
        None => "Those who decide, and the ledger, read it.".to_owned(),
    };
    let field = Field {
        name: "reason",
        label: "Why",
        hint: Some(&hint),
        value: filled.value("reason"),
        wrong: filled.wrong("reason"),
        required: rules.reason_required,
        ..Field::default()
    };
    field.lines(3)
}

fn break_glass(rules: &Terms<'_>) -> Markup {
    let longest = rules.break_glass.as_ref().map_or(rules.max_duration, |glass| glass.max_duration);
    html! {
        details.glass {
            summary { "It is an emergency" }
            p { "You can take this at once, for at most " (duration(longest)) ", without anybody's approval. Everybody hears of it, and somebody reviews it afterwards. A reason is required." }
            button.danger type="submit" name="how" value="break-glass" { "Break the glass" }
        }
    }
}

/// Values that are no text may stand beside each other.
fn separator(viewer: &Viewer, role: &str, parameter: &str) -> &'static str {
    let kind = viewer.sight.policy().roles.get(role).and_then(|role| role.parameters.get(parameter));
    if kind == Some(&ParameterType::Text) { "\n" } else { ", " }
}

pub async fn file(Submitted { viewer, fields }: Submitted) -> Result<Response, Failure> {
    let requester = viewer.id().ok_or_else(|| Problem::new("forbidden"))?.to_owned();
    let (environment, role) = (fields.get("environment").to_owned(), fields.get("role").to_owned());
    let choice = choose(&viewer, &environment, &role).ok_or_else(hidden)?;
    let (actor, office) = (viewer.identity.actor.clone(), viewer.sight.office());
    let filed = match draft(&viewer, &fields, requester) {
        Err(wrong) => Err(wrong),
        Ok(draft) => {
            let extends = fields.some("extends").and_then(|id| id.parse().ok()).map(RequestId);
            let done = if fields.get("how") == "break-glass" {
                office.break_glass(&actor, draft).await
            } else {
                office.request(&actor, draft, extends).await
            };
            match done {
                Ok(outcome) => Ok(outcome.request().id),
                Err(ControlError::Refused(refusal)) => Err((field_of(&refusal), sentence(&refusal.to_string()))),
                Err(
                    other @ (ControlError::Server { .. } | ControlError::NotReady { .. } | ControlError::NoUrl { .. }),
                ) => Err((String::new(), sentence(&Problem::from(other).message()))),
                Err(other) => return Err(other.into()),
            }
        }
    };
    match filed {
        Ok(id) => {
            viewer.app.keeper().nudge();
            Ok(Redirect::to(&format!("/requests/{id}?done=filed")).into_response())
        }
        Err(wrong) => {
            let names = policy_fields(&viewer, &role);
            let filled = names.map(|name| (name.clone(), fields.get(&name).to_owned())).collect();
            let filled = Filled { extends: fields.get("extends").to_owned(), fields: filled, wrong: Some(wrong) };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, show(&viewer, &choice, &filled)).into_response())
        }
    }
}

fn policy_fields<'a>(viewer: &'a Viewer, role: &str) -> impl Iterator<Item = String> + use<'a> {
    let parameters = viewer.sight.policy().roles.get(role).map(|role| &role.parameters);
    let with = parameters.into_iter().flatten().map(|(name, _)| format!("with.{name}"));
    ["for", "length", "until", "reason"].map(str::to_owned).into_iter().chain(with)
}

fn draft(viewer: &Viewer, fields: &Fields, requester: String) -> Result<Draft, (String, String)> {
    let role = fields.get("role").to_owned();
    let until = match fields.some("until") {
        Some(text) => Until::At(
            utc(text).ok_or_else(|| ("until".to_owned(), "This is no time; write 2026-03-01T18:00.".to_owned()))?,
        ),
        None => {
            let length = fields.get("length").parse();
            Until::For(length.map_err(|_| ("length".to_owned(), "Say for how long.".to_owned()))?)
        }
    };
    let parameters = viewer.sight.policy().roles.get(&role).map(|role| &role.parameters);
    let with = parameters.into_iter().flatten().map(|(name, kind)| {
        let text = fields.get(&format!("with.{name}"));
        let separator = |c: char| if *kind == ParameterType::Text { c == '\n' } else { c == ',' || c.is_whitespace() };
        let values = text.split(separator).map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned);
        (name.clone(), values.collect())
    });
    Ok(Draft {
        beneficiary: fields.some("for").unwrap_or(&requester).to_owned(),
        requester,
        environment: fields.get("environment").to_owned(),
        with: with.collect(),
        role,
        until,
        reason: fields.get("reason").to_owned(),
    })
}

/// What browsers write for a date and a time.
fn utc(text: &str) -> Option<Timestamp> {
    let time: jiff::civil::DateTime = text.parse().ok()?;
    Some(time.in_tz("UTC").ok()?.timestamp())
}

/// Beside which field a refusal stands; empty: above them all.
fn field_of(refusal: &Refusal) -> String {
    match refusal {
        Refusal::MissingValue { parameter, .. }
        | Refusal::UnknownParameter { parameter, .. }
        | Refusal::BadValue { parameter, .. } => format!("with.{parameter}"),
        Refusal::ReasonMissing | Refusal::ReasonUnfit(_) | Refusal::ReasonUnreadable(_) => "reason".into(),
        Refusal::EndsInThePast => "until".into(),
        Refusal::TooLong(_) | Refusal::NotAnExtension => "length".into(),
        Refusal::NotAllowed { .. } | Refusal::NotForOthers { .. } => "for".into(),
        _ => String::new(),
    }
}

/// With a capital letter and a full stop.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
