//! From what use cases say to problems. What servers and the store say stays here, in the log: it can name machines.

use rolecall_control::ControlError;
use rolecall_control::identity::TokenRefusal;
use rolecall_control::store::StoreError;
use rolecall_core::admit::Denied;
use rolecall_core::request::Refusal;

use super::Problem;

impl From<ControlError> for Problem {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::Refused(refusal) => refusal.into(),
            ControlError::Denied(denied) => denied.into(),
            ControlError::Token(refusal) => refusal.into(),
            ControlError::Store(error) => error.into(),
            ControlError::NoRequest(_) => Self::new("no-request").detail(error.to_string()),
            ControlError::NoLease(_) => Self::new("no-lease").detail(error.to_string()),
            ControlError::NoPlace { .. } => Self::new("no-server").detail(error.to_string()),
            ControlError::Moved { .. } => Self::new("moved").detail(error.to_string()),
            ControlError::Blocked { .. } => Self::new("blocked").detail(error.to_string()),
            ControlError::Braked { .. } => Self::new("braked").detail(error.to_string()),
            ControlError::Credential(_) => Self::new("no-credential").detail(error.to_string()),
            ControlError::Untold => logged(&error, "untold"),
            ControlError::OtherLedger { .. } => Self::new("other-ledger").detail(error.to_string()),
            ControlError::Unmarked { .. } => Self::new("unmarked").detail(error.to_string()),
            ControlError::NotReady { .. } => Self::new("not-ready").detail(error.to_string()),
            ControlError::Server { ref place, .. } => {
                let detail = format!("{place} does not answer as it should; the server's log says more");
                logged(&error, "server").detail(detail)
            }
            ControlError::NoUrl { ref place, .. } => {
                let detail = format!("{place} has no URL; the server's log says more");
                logged(&error, "server-not-configured").detail(detail)
            }
            ControlError::NotProved { .. } => logged(&error, "not-proved").detail(error.to_string()),
        }
    }
}

fn logged(error: &dyn std::error::Error, code: &'static str) -> Problem {
    tracing::error!(%error, code, "a use case failed");
    Problem::new(code)
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code()).detail(refusal.to_string())
    }
}

impl From<TokenRefusal> for Problem {
    fn from(refusal: TokenRefusal) -> Self {
        Self::new(refusal.code()).detail(refusal.to_string())
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Nobody => Self::new("not-active"),
            Denied::Own => Self::new("own").detail(denied.to_string()),
            Denied::Lacks(_) => Self::new("forbidden").detail(denied.to_string()),
            Denied::Scope(_) => Self::new("scope").detail(denied.to_string()),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::KeyReused => Self::new("key-reused"),
            StoreError::Repeated(_) => Self::new("repeated").detail(error.to_string()),
            StoreError::TooLong(_) => Self::new("too-large").detail(error.to_string()),
            StoreError::Locked => logged(&error, "store-busy"),
            StoreError::Full => logged(&error, "store-full"),
            StoreError::ReadOnly
            | StoreError::Corrupt(_)
            | StoreError::Replaced(_)
            | StoreError::Io(_)
            | StoreError::Open { .. }
            | StoreError::Missing(_)
            | StoreError::Foreign(_)
            | StoreError::Newer { .. }
            | StoreError::OtherKey { .. }
            | StoreError::Key(_)
            | StoreError::Note(_)
            | StoreError::UnknownCause(_)
            | StoreError::Taken(_)
            | StoreError::Query(_) => logged(&error, "store"),
        }
    }
}
