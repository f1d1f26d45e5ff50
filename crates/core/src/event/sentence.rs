//! An Event in a sentence, for people: whoever reads a message, a page or a list.

use super::kind::{Access, Kind, LeaseEnd, Place, Standing};
use super::{Actor, Event};

impl Event {
    /// What happened, who did it, and why, in one line of plain text. Names come as they are: whoever shows it escapes it.
    pub fn sentence(&self) -> String {
        let text = what(&self.kind, &called(&self.actor));
        match &self.reason {
            Some(reason) => format!("{text} ({reason})"),
            None => text,
        }
    }
}

/// An actor as people speak of them: who it is comes before by which token.
fn called(actor: &Actor) -> String {
    match actor {
        Actor::Token { id, of } => format!("{of} (token {id})"),
        _ => actor.to_string(),
    }
}

fn what(kind: &Kind, actor: &str) -> String {
    match kind {
        Kind::StoreMade { origin, .. } => format!("the ledger {origin} begins"),
        Kind::StoreUpgraded { from, to } => format!("the store was brought from form {from} to {to}"),
        Kind::PolicyLoaded { version, source, .. } => {
            format!("version {version} of the policy is in force, from {source}")
        }
        Kind::PrincipalAdded { principal } => format!("{principal} is in the policy now"),
        Kind::PrincipalRemoved { principal } => format!("{principal} is not in the policy any more"),
        Kind::StandingChanged { principal, from: _, to } => match to {
            Standing::Active => format!("{actor} let {principal} back in"),
            Standing::Suspended => format!("{actor} suspended {principal}"),
            Standing::Gone => format!("{principal} is gone"),
        },
        Kind::GroupJoined { principal, group } => format!("{principal} joined {group}"),
        Kind::GroupLeft { principal, group } => format!("{principal} left {group}"),
        Kind::RequestFiled { access, break_glass: true, .. } => format!("{actor} broke the glass: {}", given(access)),
        Kind::RequestFiled { access, .. } => format!("{actor} asks for {}", given(access)),
        Kind::RequestApproved { access, automatic: true, .. } => format!("the policy grants {}", given(access)),
        Kind::RequestApproved { access, complete: true, .. } => format!("{actor} approved {}", given(access)),
        Kind::RequestApproved { access, .. } => format!("{actor} approved {}; others still have to", given(access)),
        Kind::RequestDenied { access, .. } => format!("{actor} denied {}", given(access)),
        Kind::RequestWithdrawn { access, .. } => format!("{actor} withdrew the request for {}", given(access)),
        Kind::RequestExpired { access, .. } => format!("the request for {} ended undecided", given(access)),
        Kind::RequestReopened { access, .. } => {
            format!("{} would do something else by now: it is asked again", given(access))
        }
        Kind::BreakGlassReviewed { access, justified, .. } => {
            let found = if *justified { "justified" } else { "not justified" };
            format!("{actor} found breaking the glass {found}: {}", given(access))
        }
        Kind::LeaseStarted { access, until, .. } => format!("{} begins, until {until}", given(access)),
        Kind::LeaseEnded { access, how, .. } => {
            let how = match how {
                LeaseEnd::Expired => "its time is up",
                LeaseEnd::Ended => "ended early",
                LeaseEnd::Forbidden => "the policy does not allow it any more",
                LeaseEnd::Suspended => "its holder is suspended or gone",
            };
            format!("{} is over: {how}", given(access))
        }
        Kind::LeaseOverdue { access, error, .. } => {
            format!("{} should be over and cannot be taken back: {error}", given(access))
        }
        Kind::LeaseRevoked { access, place, proof, .. } => {
            format!("{} was taken back on {}: {}", given(access), at(place), proof.as_str())
        }
        Kind::PlanMade { place, changes, .. } => {
            format!("{actor} planned {} on {}", count(*changes, "change"), at(place))
        }
        Kind::ApplyBegun { place, changes, .. } => {
            format!("{actor} begins {} on {}", count(*changes, "change"), at(place))
        }
        Kind::ApplyFinished { place, changes, proved, .. } => {
            let proof = if *proved { "read back and proved" } else { "not proved" };
            format!("{actor} made {} on {}, {proof}", count(*changes, "change"), at(place))
        }
        Kind::ApplyFailed { place, done, changes, error, .. } => {
            format!("changes on {} stopped after {done} of {changes}: {error}", at(place))
        }
        Kind::ApplyAbandoned { place, changes, .. } => {
            format!(
                "an apply of {changes} changes on {} was cut short: nobody told its end, and nobody carries it on",
                at(place)
            )
        }
        Kind::AdoptBegun { place, role } => format!("{actor} begins to adopt {role} on {}", at(place)),
        Kind::RoleAdopted { place, role } => format!("{actor} adopted {role} on {}", at(place)),
        Kind::AdoptFailed { place, role, error } => format!("{role} could not be adopted on {}: {error}", at(place)),
        Kind::CredentialBegun { place, account, .. } => {
            format!("{actor} begins to set a password for {account} on {}", at(place))
        }
        Kind::CredentialMinted { place, account, ends, .. } => {
            format!("{actor} got a password for {account} on {}, until {ends}", at(place))
        }
        Kind::CredentialFailed { place, account, error, .. } => {
            format!("the password for {account} on {} could not be set: {error}", at(place))
        }
        Kind::RightsVerified { place, questions, disagreements } => {
            format!("{} answered {questions} questions; {disagreements} disagree with the policy", at(place))
        }
        Kind::SignedIn { principal, how } => format!("{principal} signed in by {how}"),
        Kind::SignInRefused { claimed, why, .. } => format!("{claimed} was refused: {why}"),
        Kind::SignedOut { principal } => format!("{principal} signed out"),
        Kind::TokenMade { token, of, .. } => format!("{actor} made token {token} for {of}"),
        Kind::TokenRevoked { token, of } => format!("{actor} ended token {token} of {of}"),
        Kind::ClockAccepted { from, to } => {
            format!("{actor} took the clock for right: decisions were for {from:.0} and are for {to:.0} now")
        }
        Kind::DriftFound { place, changes, .. } => {
            format!("somebody changed {} by hand: {}", at(place), count(*changes, "difference"))
        }
        Kind::DriftHeld { place, changes, .. } => {
            let differences = count(*changes, "difference");
            let wait = if *changes == 1 { "waits" } else { "wait" };
            format!("somebody changed {} by hand: {differences} {wait} for an administrator", at(place))
        }
        Kind::DriftRepaired { place, .. } => format!("{} says again what the policy says", at(place)),
        Kind::ServerUnreachable { place, error } => format!("{} cannot be read: {error}", at(place)),
        Kind::ServerBack { place } => format!("{} can be read again", at(place)),
        Kind::WebhookGivenUp { webhook, event, error } => {
            format!("webhook {webhook} never took event {event}: {error}")
        }
        Kind::EffectsContinued { of, part } => format!("part {part} of the effects of {of}"),
    }
}

fn given(access: &Access) -> String {
    let with: Vec<String> = access.with.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let with = if with.is_empty() { String::new() } else { format!(" ({})", with.join(", ")) };
    format!("{}{with} in {} for {}", access.role, access.environment, access.principal)
}

/// `1 change`, `2 changes`.
fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn at(place: &Place) -> String {
    format!("{} · {}", place.environment, place.server)
}
