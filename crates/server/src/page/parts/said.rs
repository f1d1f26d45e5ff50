//! Entries of the ledger in sentences.

use jiff::Timestamp;
use maud::{Markup, html};
use rolecall_core::event::{Access, Event, Kind, LeaseEnd, Place, Standing};

use super::{effects, exact, name};

/// How many effects of an entry stand in a list.
const FEW: usize = 3;

/// Entries, each with its time and a way to all of it; `linked` where the reader may see the ledger.
pub fn entries<'a>(list: impl Iterator<Item = &'a Event>, now: Timestamp, linked: bool) -> Markup {
    html! { ol.entries { @for event in list { (entry(event, now, linked)) } } }
}

/// One entry in a list.
pub fn entry(event: &Event, now: Timestamp, linked: bool) -> Markup {
    html! {
        li class={ "entry " (tone(&event.kind)) } data-entry=(event.id) {
            div.when { (super::ago(event.at, now))
                @if linked { a.number href={ "/ledger/" (event.id) } aria-label={ "Entry " (event.id) } { "#" (event.id) } }
            }
            div.what {
                p { (said(&event.kind)) " " span.quiet { "by " bdi { (event.actor) } } }
                @if let Some(reason) = &event.reason { blockquote { bdi { (reason) } } }
                @if !event.effects.is_empty() { (effects(&event.effects, FEW)) }
            }
        }
    }
}

fn tone(kind: &Kind) -> &'static str {
    match kind {
        Kind::RequestDenied { .. }
        | Kind::LeaseOverdue { .. }
        | Kind::ApplyFailed { .. }
        | Kind::ApplyAbandoned { .. }
        | Kind::AdoptFailed { .. }
        | Kind::CredentialFailed { .. }
        | Kind::SignInRefused { .. }
        | Kind::DriftFound { .. }
        | Kind::DriftHeld { .. }
        | Kind::ServerUnreachable { .. }
        | Kind::WebhookGivenUp { .. } => "bad",
        Kind::RequestFiled { break_glass: true, .. } => "bad",
        Kind::LeaseStarted { .. } | Kind::RequestApproved { .. } | Kind::ApplyFinished { .. } => "good",
        _ => "plain",
    }
}

/// What happened, as a sentence without who did it.
pub fn said(kind: &Kind) -> Markup {
    match kind {
        Kind::StoreMade { origin, .. } => html! { "The ledger " (name(origin)) " was begun" },
        Kind::StoreUpgraded { from, to } => html! { "The store was upgraded from version " (from) " to " (to) },
        Kind::PolicyLoaded { version, .. } => html! { "Policy version " (version) " came into force" },
        Kind::PrincipalAdded { principal } => html! { (name(principal)) " came into the policy" },
        Kind::PrincipalRemoved { principal } => html! { (name(principal)) " left the policy" },
        Kind::StandingChanged { principal, to, .. } => {
            let word = match to {
                Standing::Active => "was let back in",
                Standing::Suspended => "was suspended",
                Standing::Gone => "is gone",
            };
            html! { (name(principal)) " " (word) }
        }
        Kind::GroupJoined { principal, group } => html! { (name(principal)) " joined " (name(group)) },
        Kind::GroupLeft { principal, group } => html! { (name(principal)) " left " (name(group)) },
        Kind::RequestFiled { .. }
        | Kind::RequestApproved { .. }
        | Kind::RequestDenied { .. }
        | Kind::RequestWithdrawn { .. }
        | Kind::RequestExpired { .. }
        | Kind::RequestReopened { .. }
        | Kind::BreakGlassReviewed { .. } => requests(kind),
        Kind::LeaseStarted { access, until, .. } => {
            html! { (name(&access.principal)) " holds " (given(access)) " until " (exact(*until)) }
        }
        Kind::LeaseEnded { access, how, .. } => {
            let why = match how {
                LeaseEnd::Expired => "its time is up",
                LeaseEnd::Ended => "ended early",
                LeaseEnd::Forbidden => "not allowed any more",
                LeaseEnd::Suspended => "suspended or gone",
            };
            html! { (name(&access.principal)) " no longer holds " (given(access)) " (" (why) ")" }
        }
        Kind::LeaseOverdue { access, error, .. } => {
            html! { "OVERDUE: " (given(access)) " of " (name(&access.principal)) " could not be taken back: " bdi { (error) } }
        }
        Kind::LeaseRevoked { access, place, proof, .. } => {
            html! { (given(access)) " of " (name(&access.principal)) " is proved to be gone from " (at(place)) ": " bdi { (proof.as_str()) } }
        }
        _ => servers(kind),
    }
}

fn requests(kind: &Kind) -> Markup {
    let Some(access) = kind.access() else { return html! { (kind.name()) } };
    let what = html! { (given(access)) " for " (name(&access.principal)) };
    match kind {
        Kind::RequestFiled { break_glass: true, .. } => {
            html! { strong { "Break-glass" } ": " (what) " was taken at once" }
        }
        Kind::RequestFiled { .. } => html! { "Asked for " (what) },
        Kind::RequestApproved { automatic: true, .. } => html! { "Approved by the policy itself: " (what) },
        Kind::RequestApproved { complete: true, .. } => html! { "Approved " (what) },
        Kind::RequestApproved { .. } => html! { "Approved " (what) "; more must agree" },
        Kind::RequestDenied { .. } => html! { "Denied " (what) },
        Kind::RequestWithdrawn { .. } => html! { "Withdrew the request: " (what) },
        Kind::RequestExpired { .. } => html! { "The request ended undecided: " (what) },
        Kind::RequestReopened { .. } => html! { "Asked again, because its effects changed: " (what) },
        Kind::BreakGlassReviewed { justified: true, .. } => html! { "Reviewed a break-glass, justified: " (what) },
        Kind::BreakGlassReviewed { .. } => html! { "Reviewed a break-glass, " strong { "not justified" } ": " (what) },
        _ => html! { (kind.name()) },
    }
}

fn servers(kind: &Kind) -> Markup {
    let changes = |number: &u64| super::count(usize::try_from(*number).unwrap_or(usize::MAX), "change");
    match kind {
        Kind::PlanMade { place, changes: 0, .. } => html! { (at(place)) " says what the policy says" },
        Kind::PlanMade { place, changes: number, .. } => html! { "A plan for " (at(place)) ": " (changes(number)) },
        Kind::ApplyBegun { place, changes: number, .. } => {
            html! { "Began to apply " (changes(number)) " to " (at(place)) }
        }
        Kind::ApplyFinished { place, changes: number, proved, .. } => {
            html! { "Applied " (changes(number)) " to " (at(place)) @if *proved { ", proved" } }
        }
        Kind::ApplyFailed { place, done, changes: all, error, .. } => {
            html! { "Applying to " (at(place)) " stopped after " (done) " of " (changes(all)) ": " bdi { (error) } }
        }
        Kind::ApplyAbandoned { place, changes: number, .. } => {
            html! { "Applying " (changes(number)) " to " (at(place)) " was cut short: nobody told its end, and nobody carries it on" }
        }
        Kind::AdoptBegun { place, role } => html! { "Began to adopt " (name(role)) " on " (at(place)) },
        Kind::AdoptFailed { place, role, error } => {
            html! { (name(role)) " on " (at(place)) " could not be adopted: " bdi { (error) } }
        }
        Kind::RoleAdopted { place, role } => html! { "Adopted " (name(role)) " on " (at(place)) },
        Kind::CredentialBegun { place, principal, .. } => {
            html! { "Began to set a password for " (name(principal)) " on " (at(place)) }
        }
        Kind::CredentialMinted { place, principal, ends, .. } => {
            html! { "A password for " (name(principal)) " on " (at(place)) ", until " (exact(*ends)) }
        }
        Kind::CredentialFailed { place, principal, error, .. } => {
            html! { "No password for " (name(principal)) " on " (at(place)) ": " bdi { (error) } }
        }
        Kind::RightsVerified { place, questions, disagreements } => {
            html! { "PostgreSQL was asked " (questions) " questions on " (at(place)) "; it disagreed " (disagreements) " times" }
        }
        Kind::DriftFound { place, changes: number, .. } => {
            html! { "Somebody changed " (at(place)) " by hand: " (changes(number)) " from the policy" }
        }
        Kind::DriftHeld { place, changes: number, .. } => {
            html! { "Somebody changed " (at(place)) " by hand: " (changes(number)) " wait for an administrator" }
        }
        Kind::DriftRepaired { place, .. } => html! { (at(place)) " says again what the policy says" },
        Kind::ServerUnreachable { place, error } => html! { (at(place)) " cannot be reached: " bdi { (error) } },
        Kind::ServerBack { place } => html! { (at(place)) " can be reached again" },
        _ => people(kind),
    }
}

fn people(kind: &Kind) -> Markup {
    match kind {
        Kind::SignedIn { principal, .. } => html! { (name(principal)) " signed in" },
        Kind::SignedOut { principal } => html! { (name(principal)) " signed out" },
        Kind::SignInRefused { why, .. } => html! { "A sign-in was refused: " bdi { (why) } },
        Kind::TokenMade { token, of, scopes, .. } => {
            html! { "Token " (token) " was made for " (name(of)) " (" (scopes.join(", ")) ")" }
        }
        Kind::TokenRevoked { token, of } => html! { "Token " (token) " of " (name(of)) " was revoked" },
        Kind::ClockAccepted { from, to } => {
            html! { "The clock was taken for right: decisions were for " (exact(*from)) " and are for " (exact(*to)) " now" }
        }
        Kind::WebhookGivenUp { webhook, event, error } => {
            html! { "Webhook " (name(webhook)) " did not take entry " (event) ": " bdi { (error) } }
        }
        Kind::EffectsContinued { of, .. } => html! { "More effects of entry " (of) },
        other => html! { (other.name().replace('_', " ")) },
    }
}

fn given(access: &Access) -> Markup {
    html! {
        (name(&access.role))
        @for (parameter, value) in &access.with { " " bdi.values { (parameter) " = " (value) } }
        " in " (name(&access.environment))
    }
}

fn at(place: &Place) -> Markup {
    html! { bdi.name { (place.environment) " · " (place.server) } }
}
