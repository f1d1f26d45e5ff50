//! The Events that tell of Requests and Leases. A Request's number is the place of the Event that filed it, so that
//! everything that comes of it belongs to one story.

use rolecall_core::event::{Access, Draft, EventId, Kind, LeaseEnd};
use rolecall_core::lease::{Lease, Over};
use rolecall_core::request::{Request, RequestId, State, Until};

pub fn access(principal: &str, role: &str, environment: &str, with: &Values) -> Access {
    let with = with.iter().map(|(name, values)| (name.clone(), values.join(", "))).collect();
    Access { principal: principal.into(), role: role.into(), environment: environment.into(), with }
}

type Values = std::collections::BTreeMap<String, Vec<String>>;

pub fn asked(request: &Request) -> Access {
    let asks = &request.asks;
    access(&asks.beneficiary, &asks.role, &asks.environment, &asks.with)
}

pub fn given(lease: &Lease) -> Access {
    access(&lease.principal, &lease.role, &lease.environment, &lease.with)
}

/// An Event in the story of a Request.
pub fn of(id: RequestId, kind: Kind) -> Draft {
    Draft::new(kind).caused_by(EventId(id.0))
}

pub fn filed(request: &Request) -> Draft {
    let until = match request.asks.until {
        Until::At(time) => Some(time),
        Until::For(_) => None,
    };
    let (access, break_glass) = (asked(request), request.break_glass);
    let digest = Some(request.effects.clone());
    let kind = Kind::RequestFiled { request: request.id.to_string(), access, until, break_glass, digest };
    Draft::new(kind).because(request.asks.reason.as_str())
}

pub fn approved(request: &Request, automatic: bool, complete: bool) -> Draft {
    let (digest, access) = (Some(request.effects.clone()), asked(request));
    of(request.id, Kind::RequestApproved { request: request.id.to_string(), access, automatic, complete, digest })
}

/// A Request that came to its end without a decision.
pub fn closed(request: &Request) -> Draft {
    let kind = Kind::RequestExpired { request: request.id.to_string(), access: asked(request) };
    match &request.state {
        State::Broken { why, .. } => of(request.id, kind).because(why.as_str()),
        _ => of(request.id, kind),
    }
}

pub fn started(lease: &Lease) -> Draft {
    let id = lease.id.to_string();
    let kind = Kind::LeaseStarted { lease: id.clone(), request: Some(id), access: given(lease), until: lease.ends };
    of(lease.id, kind)
}

pub fn ended(lease: &Lease, why: &Over) -> Draft {
    let how = match why {
        Over::Expired => LeaseEnd::Expired,
        Over::Early { .. } => LeaseEnd::Ended,
        Over::Suspended | Over::Gone => LeaseEnd::Suspended,
        Over::Meaningless | Over::NotAllowed | Over::ClockBehind => LeaseEnd::Forbidden,
    };
    let kind = Kind::LeaseEnded { lease: lease.id.to_string(), access: given(lease), how };
    of(lease.id, kind).because(why.to_string().as_str())
}
