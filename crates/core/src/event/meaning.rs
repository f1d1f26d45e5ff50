//! The name of each kind of Event, and what it means to an auditor. docs/audit.md is held against it.

use super::Kind;

/// One line per kind: its variant, its name and its meaning.
macro_rules! kinds {
    ($($variant:ident $name:literal $meaning:literal)*) => {
        impl Kind {
            /// As it is written in the ledger.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $name,)* }
            }

            /// Every kind: its name, and what it means.
            pub const ALL: &'static [(&'static str, &'static str)] = &[$(($name, $meaning),)*];
        }
    };
}

kinds! {
    StoreMade "store_made" "A store and its ledger were made, with this origin and public key."
    StoreUpgraded "store_upgraded" "A newer Rolecall changed the store's tables. The ledger's entries stay as they are."
    PolicyLoaded "policy_loaded" "A policy was taken over; from here on it decides. The digest is SHA-256 of its text."
    PrincipalAdded "principal_added" "A Person or Service became known."
    PrincipalRemoved "principal_removed" "A Person or Service is no longer known."
    StandingChanged "standing_changed" "A Principal was suspended, reinstated, or is gone."
    GroupJoined "group_joined" "A Principal came into a Group."
    GroupLeft "group_left" "A Principal left a Group."
    RequestFiled "request_filed" "Somebody asked for access for a time."
    RequestApproved "request_approved" "An approver, or the policy by itself (`automatic`), agreed; `complete` says whether that was enough."
    RequestDenied "request_denied" "An approver said no."
    RequestWithdrawn "request_withdrawn" "Who asked took it back."
    RequestExpired "request_expired" "Nobody decided in time."
    RequestReopened "request_reopened" "What the Request would do had changed before it ran, so it is asked again."
    BreakGlassReviewed "break_glass_reviewed" "Access that was taken at once was looked at afterwards."
    LeaseStarted "lease_started" "The access began, with its end set."
    LeaseEnded "lease_ended" "The access is over by decision; `lease_revoked` proves it for each server."
    LeaseOverdue "lease_overdue" "The access should have ended and could not be taken back yet; told once for each server, which the error names."
    LeaseRevoked "lease_revoked" "The access was taken back on a server, and read back as gone."
    PlanMade "plan_made" "A plan was made for a server. Nothing was changed."
    ApplyBegun "apply_begun" "Changes to a server begin; written before the first statement."
    ApplyFinished "apply_finished" "All changes were made; `proved` says whether a second plan was empty."
    ApplyFailed "apply_failed" "The changes stopped at an error; `done` of them were made."
    ApplyAbandoned "apply_abandoned" "An apply that began never told its end, and nobody carries it on: who took the server's lock next saw that. How many of its changes were made is not known; the next plan shows what is left."
    AdoptBegun "adopt_begun" "An existing database role is about to come under management; written before the statement."
    RoleAdopted "role_adopted" "An existing database role came under management."
    AdoptFailed "adopt_failed" "The role could not be brought under management."
    CredentialBegun "credential_begun" "A password is about to be set; written before the statement."
    CredentialMinted "credential_minted" "A password was made and set. The password is nowhere in the ledger."
    CredentialFailed "credential_failed" "The password could not be set."
    RightsVerified "rights_verified" "PostgreSQL was asked who may do what, and the answers were held against the policy."
    SignedIn "signed_in" "A Principal signed in to Rolecall."
    SignInRefused "sign_in_refused" "Somebody tried to sign in to Rolecall and was refused."
    SignedOut "signed_out" "A Principal signed out of Rolecall."
    TokenMade "token_made" "An API token was made. Only its public id is in the ledger."
    TokenRevoked "token_revoked" "An API token was ended early."
    ClockAccepted "clock_accepted" "An administrator took the machine's clock for right, where it was behind: decisions are for the time `to` from here on, and were for `from` before. What had begun after `to` is over; tokens made after `to` end earlier by as much."
    DriftFound "drift_found" "A server differs from the policy by somebody's hand."
    DriftHeld "drift_held" "The repair of a difference waits for an approval."
    DriftRepaired "drift_repaired" "A difference was taken back."
    ServerUnreachable "server_unreachable" "A server could not be read."
    ServerBack "server_back" "A server that could not be read can be read again."
    WebhookGivenUp "webhook_given_up" "A message about an Event could not be delivered and is not tried any more."
    EffectsContinued "effects_continued" "More effects of an earlier entry, which was too long for one."
}
