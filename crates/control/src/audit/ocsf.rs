//! Events in the Open Cybersecurity Schema Framework (schema.ocsf.io), version 1.5.0, for a SIEM to take in.

use rolecall_core::event::{Access, Actor, Event, Kind, Place, Standing};
use serde_json::{Value, json};

/// The version of the schema.
const VERSION: &str = "1.5.0";

/// Severities of OCSF.
const INFORMATIONAL: u32 = 1;
const MEDIUM: u32 = 3;
const HIGH: u32 = 4;

/// A class and activity with what the class demands.
struct Told {
    class: u32,
    activity: u32,
    severity: u32,
    failed: bool,
    fields: Value,
}

/// One event of OCSF. The entry itself stands in `raw_data`.
pub fn event(origin: &str, event: &Event) -> Value {
    let told = tell(&event.kind);
    let mut value = json!({
        "activity_id": told.activity,
        "category_uid": 3,
        "class_uid": told.class,
        "type_uid": told.class * 100 + told.activity,
        "severity_id": told.severity,
        "status_id": if told.failed { 2 } else { 1 },
        "time": event.at.as_millisecond(),
        "actor": actor(&event.actor),
        "metadata": {
            "version": VERSION,
            "product": { "name": "Rolecall", "vendor_name": "Rolecall", "version": env!("CARGO_PKG_VERSION") },
            "uid": format!("{origin}/{}", event.id),
            "correlation_uid": format!("{origin}/{}", event.correlation),
            "event_code": event.kind.name(),
            "log_name": origin,
        },
        "raw_data": String::from_utf8_lossy(&event.bytes()),
    });
    if let (Value::Object(value), Value::Object(fields)) = (&mut value, told.fields) {
        value.extend(fields);
        if let Some(reason) = &event.reason {
            let name = if told.class == 3004 { "comment" } else { "message" };
            value.insert(name.to_owned(), json!(reason));
        }
    }
    value
}

fn actor(actor: &Actor) -> Value {
    match actor {
        Actor::Person { id } => json!({ "user": { "name": id, "uid": id, "type_id": 1 } }),
        Actor::Service { id } => json!({ "user": { "name": id, "uid": id, "type_id": 4 } }),
        Actor::Token { id, of } => json!({ "user": { "name": of, "uid": of, "credential_uid": id } }),
        Actor::Operator { token } => json!({ "user": { "name": "operator", "type_id": 2, "credential_uid": token } }),
        Actor::System { part } => json!({ "app_name": format!("rolecall {part}") }),
        Actor::OsUser { user, host } => json!({ "user": { "name": user, "domain": host } }),
        Actor::Nobody { from } => json!({ "user": { "name": "unknown", "type_id": 0 }, "app_name": from }),
    }
}

fn account(activity: u32, principal: &str) -> Told {
    let fields = json!({ "user": { "name": principal, "uid": principal } });
    Told { class: 3001, activity, severity: INFORMATIONAL, failed: false, fields }
}

fn authentication(activity: u32, principal: &str, failed: bool) -> Told {
    let fields = json!({ "user": { "name": principal, "uid": principal }, "service": { "name": "rolecall" } });
    let severity = if failed { MEDIUM } else { INFORMATIONAL };
    Told { class: 3002, activity, severity, failed, fields }
}

/// Of anything that is no account: 1 create, 2 read, 3 update, 4 delete, 99 other.
fn entity(activity: u32, kind: &str, name: &str) -> Told {
    let fields = json!({ "entity": { "type": kind, "name": name, "uid": name } });
    Told { class: 3004, activity, severity: INFORMATIONAL, failed: false, fields }
}

fn server(activity: u32, place: &Place) -> Told {
    entity(activity, "server", &format!("{}/{}", place.environment, place.server))
}

fn privileges(activity: u32, access: &Access) -> Told {
    let with: Vec<String> = access.with.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let fields = json!({
        "user": { "name": access.principal, "uid": access.principal },
        "privileges": [format!("{} {}", access.role, with.join(" ")).trim_end()],
        "resources": [{ "name": access.environment, "type": "environment" }],
    });
    Told { class: 3005, activity, severity: INFORMATIONAL, failed: false, fields }
}

fn group(activity: u32, principal: &str, group: &str) -> Told {
    let fields = json!({ "group": { "name": group, "uid": group }, "user": { "name": principal, "uid": principal } });
    Told { class: 3006, activity, severity: INFORMATIONAL, failed: false, fields }
}

impl Told {
    fn severe(mut self, severity: u32) -> Self {
        self.severity = severity;
        self
    }

    fn failed(mut self) -> Self {
        self.failed = true;
        self.severe(MEDIUM)
    }
}

fn tell(kind: &Kind) -> Told {
    match kind {
        Kind::StoreMade { origin, .. } => entity(1, "ledger", origin),
        Kind::StoreUpgraded { to, .. } => entity(3, "store", &to.to_string()),
        Kind::PolicyLoaded { digest, .. } => entity(3, "policy", digest),
        Kind::PrincipalAdded { principal } => account(1, principal),
        Kind::PrincipalRemoved { principal } => account(6, principal),
        Kind::StandingChanged { principal, to: Standing::Active, .. } => account(2, principal),
        Kind::StandingChanged { principal, to: Standing::Suspended, .. } => account(5, principal),
        Kind::StandingChanged { principal, to: Standing::Gone, .. } => account(6, principal),
        Kind::GroupJoined { principal, group: name } => group(3, principal, name),
        Kind::GroupLeft { principal, group: name } => group(4, principal, name),
        Kind::RequestFiled { request, break_glass, .. } => {
            entity(1, "request", request).severe(if *break_glass { HIGH } else { INFORMATIONAL })
        }
        Kind::RequestApproved { request, .. }
        | Kind::RequestDenied { request, .. }
        | Kind::RequestWithdrawn { request, .. }
        | Kind::RequestExpired { request, .. }
        | Kind::RequestReopened { request, .. }
        | Kind::BreakGlassReviewed { request, .. } => entity(3, "request", request),
        Kind::LeaseStarted { access, .. } => privileges(1, access),
        Kind::LeaseEnded { access, .. } | Kind::LeaseRevoked { access, .. } => privileges(2, access),
        Kind::LeaseOverdue { access, .. } => privileges(2, access).failed().severe(HIGH),
        Kind::PlanMade { place, .. } | Kind::RightsVerified { place, .. } | Kind::ServerBack { place } => {
            server(2, place)
        }
        Kind::ApplyBegun { place, .. }
        | Kind::ApplyFinished { place, .. }
        | Kind::AdoptBegun { place, .. }
        | Kind::RoleAdopted { place, .. }
        | Kind::DriftRepaired { place, .. } => server(3, place),
        Kind::ApplyFailed { place, .. } | Kind::ApplyAbandoned { place, .. } | Kind::AdoptFailed { place, .. } => {
            server(3, place).failed()
        }
        Kind::CredentialBegun { principal, .. } => account(99, principal),
        Kind::CredentialMinted { principal, .. } => account(3, principal),
        Kind::CredentialFailed { principal, .. } => account(3, principal).failed(),
        Kind::SignedIn { principal, .. } => authentication(1, principal, false),
        Kind::SignInRefused { claimed, .. } => authentication(1, claimed.as_str(), true),
        Kind::SignedOut { principal } => authentication(2, principal, false),
        Kind::TokenMade { token, .. } => entity(1, "token", token),
        Kind::TokenRevoked { token, .. } => entity(4, "token", token),
        Kind::ClockAccepted { to, .. } => entity(3, "clock", &to.to_string()).severe(MEDIUM),
        Kind::DriftFound { place, .. } | Kind::DriftHeld { place, .. } => server(2, place).severe(MEDIUM),
        Kind::ServerUnreachable { place, .. } => server(2, place).failed(),
        Kind::WebhookGivenUp { webhook, .. } => entity(99, "webhook", webhook).failed(),
        Kind::EffectsContinued { of, .. } => entity(99, "effects", &of.to_string()),
    }
}
