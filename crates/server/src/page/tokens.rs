//! API tokens: whose there are, new ones, and their end.

use axum::extract::Path;
use axum::response::Redirect;
use jiff::SignedDuration;
use maud::{Markup, html};
use rolecall_control::ControlError;
use rolecall_control::identity::{LONGEST_DAYS, NewToken, USUAL_DAYS};
use rolecall_control::store::{Token, TokenFilter};
use rolecall_core::admit::{Action, OPERATOR, Scope, Scopes};

use super::ask::sentence;
use super::failure::Failure;
use super::gate::{Fields, Submitted, Viewer};
use super::parts::{self, Field, ago, badge, csrf, left, problem};
use super::shell::{Html, Place, page};

/// How many are listed.
const MOST: u32 = 200;

const DONE: &[(&str, &str)] =
    &[("revoked", "The token is revoked, and every session that was begun with it has ended.")];

pub async fn get(viewer: Viewer, fields: Fields) -> Result<Html, Failure> {
    show(&viewer, &fields, &html! { (parts::done(&fields, DONE)) }, &fields).await
}

async fn show(viewer: &Viewer, _: &Fields, above: &Markup, filled: &Fields) -> Result<Html, Failure> {
    let office = viewer.sight.office();
    let tokens = office.tokens(&viewer.identity.actor, TokenFilter { limit: MOST, ..TokenFilter::default() }).await?;
    let body = html! {
        h1 { "Tokens" }
        p.lead { "A token lets a program, or you on another machine, act in its holder's name. It is shown once, when it is made." }
        (above)
        @if tokens.is_empty() {
            (parts::empty("There is no token that you may see.", &html! { "Make one below." }))
        } @else { (table(viewer, &tokens)) }
        (make_form(viewer, filled))
    };
    Ok(page(viewer, Place::Tokens, "Tokens", &body))
}

fn table(viewer: &Viewer, tokens: &[Token]) -> Markup {
    let now = viewer.sight.now();
    html! {
        section { div.scroll { table {
            caption.away { "Tokens, the newest first" }
            thead { tr {
                th scope="col" { "Token" } th scope="col" { "Whose" } th scope="col" { "For" } th scope="col" { "Made" }
                th scope="col" { "Ends" } th scope="col" { span.away { "Revoke" } }
            } }
            tbody { @for token in tokens { tr {
                td data-label="Token" { span { code { (token.id) } @if !token.note.is_empty() { " " span.quiet { bdi { (token.note) } } } } }
                td data-label="Whose" { (parts::principal_or_operator(token.of.as_deref())) }
                td data-label="For" { (token.scopes.words().join(", ")) }
                td data-label="Made" { (ago(token.made, now)) }
                td data-label="Ends" {
                    @if token.revoked.is_some() { (badge("quiet", "revoked")) }
                    @else if token.ends <= now { (badge("quiet", "ended")) }
                    @else { (left(token.ends, now)) }
                }
                td data-label="" { (revoke_form(viewer, token)) }
            } } }
        } } }
    }
}

fn revoke_form(viewer: &Viewer, token: &Token) -> Markup {
    let of = token.of.as_deref().unwrap_or(OPERATOR);
    let lives = token.revoked.is_none() && token.ends > viewer.sight.now();
    html! {
        @if lives && viewer.sight.may(Action::RevokeToken { of }) {
            form method="post" action={ "/tokens/" (token.id) "/revoke" } { (csrf(viewer))
                button.plain type="submit" { "Revoke" span.away { " " (token.id) } } }
        }
    }
}

/// Those for whom the viewer may make a token. The operator may for everybody, and says for whom.
fn holders(viewer: &Viewer) -> Vec<String> {
    let policy = viewer.sight.policy();
    let may = |id: &str| viewer.sight.may(Action::MakeToken { of: id });
    let mut ids: Vec<String> = policy.principals().map(|(id, ..)| id).filter(|id| may(id)).map(str::to_owned).collect();
    ids.sort_by_key(|id| (!viewer.is(id), id.clone()));
    ids
}

fn make_form(viewer: &Viewer, filled: &Fields) -> Markup {
    let mut options: Vec<_> = holders(viewer).into_iter().map(|id| (id.clone(), id)).collect();
    if viewer.sight.may(Action::MakeToken { of: OPERATOR }) {
        options.push((OPERATOR.to_owned(), "the operator".to_owned()));
    }
    let asked = |scope: Scope| filled.all("scope").any(|word| word == scope.word());
    let days = filled.some("days").map_or(USUAL_DAYS.to_string(), str::to_owned);
    let longest = format!("Days, {LONGEST_DAYS} at most");
    html! {
        @if !options.is_empty() {
            section aria-labelledby="make" {
                h2 id="make" { "Make a token" }
                form method="post" action="/tokens" {
                    (csrf(viewer))
                    (Field { name: "of", label: "Whose", value: filled.get("of"), ..Field::default() }.choice(&options))
                    fieldset.checks {
                        legend.label { "What it is for" }
                        @for scope in Scope::ALL {
                            label { input type="checkbox" name="scope" value=(scope.word()) checked[asked(scope) || (scope == Scope::Read && filled.get("of").is_empty())]; span { strong { (scope.word()) } ": " (meaning(scope)) } }
                        }
                    }
                    (Field { name: "days", label: "For how long", hint: Some(&longest), value: &days, kind: "number", required: true, ..Field::default() }.line())
                    (Field { name: "note", label: "Note", hint: Some("Where it is used, to know it again"), value: filled.get("note"), ..Field::default() }.line())
                    button type="submit" { "Make it" }
                }
            }
        }
    }
}

fn meaning(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "see what its holder may see",
        Scope::Request => "ask for access, use it, end it",
        Scope::Decide => "approve, deny and review",
        Scope::Administer => "everything else that changes something",
        Scope::Metrics => "read the numbers at /metrics, and nothing else",
    }
}

pub async fn make(Submitted { viewer, fields }: Submitted) -> Result<Html, Failure> {
    let scopes: Scopes = fields.all("scope").filter_map(|word| word.parse().ok()).collect();
    let days: i64 = fields.get("days").parse().unwrap_or(0);
    let ends = viewer.sight.now().checked_add(SignedDuration::from_hours(24 * days.clamp(0, 10_000))).ok();
    let of = fields.some("of").filter(|of| *of != OPERATOR).map(str::to_owned);
    let new = NewToken { of, scopes, ends, note: fields.get("note").to_owned() };
    let above = match viewer.sight.office().make_token(&viewer.identity.actor, new).await {
        Ok(made) => html! {
            div.done role="status" {
                p { strong { "Token " (made.token.id) " is made." } " Copy it now: it is not shown again." }
                p.secret { (made.secret.reveal()) }
                p { "Send it as " code { "Authorization: Bearer" } ", or set " code { "ROLECALL_TOKEN" } " for the command line." }
            }
        },
        Err(ControlError::Token(refusal)) => problem(&sentence(&refusal.to_string())),
        Err(ControlError::Denied(denied)) => problem(&sentence(&denied.to_string())),
        Err(other) => return Err(other.into()),
    };
    show(&viewer, &fields, &above, &fields).await
}

pub async fn revoke(Path(id): Path<String>, Submitted { viewer, .. }: Submitted) -> Result<Redirect, Failure> {
    viewer.sight.office().revoke_token(&viewer.identity.actor, &id).await?;
    Ok(Redirect::to("/tokens?done=revoked"))
}
