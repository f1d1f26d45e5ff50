//! Why something about a Request is refused. Each has a code that programs can tell apart.

use jiff::Timestamp;

use super::{RequestId, State};

/// Why it is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the variants and fields are")]
pub enum Refusal {
    #[error("there is nobody called {0} in the policy")]
    Unknown(String),
    #[error("{0} is suspended")]
    Suspended(String),
    #[error("{0} has left, or is not here yet")]
    Gone(String),
    #[error("the policy has no environment {0}")]
    UnknownEnvironment(String),
    #[error("the policy has no role {0}")]
    UnknownRole(String),
    #[error("{role} needs a value for its parameter {parameter}")]
    MissingValue { role: String, parameter: String },
    #[error("{role} has no parameter {parameter}")]
    UnknownParameter { role: String, parameter: String },
    #[error("this is no value for the parameter {parameter}, which is {wanted}")]
    BadValue { parameter: String, wanted: &'static str },
    #[error("the values come to more than {0} combinations")]
    TooManyValues(usize),
    #[error("{principal} may not request {role} in {environment}")]
    NotAllowed { principal: String, role: String, environment: String },
    #[error("{requester} may not ask for {beneficiary}")]
    NotForOthers { requester: String, beneficiary: String },
    #[error("a reason is required")]
    ReasonMissing,
    #[error("the reason must contain what fits {0}")]
    ReasonUnfit(String),
    #[error("a reason has at most {0} bytes, and no control characters")]
    ReasonUnreadable(usize),
    #[error("this ends before it begins")]
    EndsInThePast,
    #[error("access may last {} at most", spell(*.0))]
    TooLong(u64),
    #[error("this access runs already, by lease {0}: extend that one")]
    AlreadyLeased(RequestId),
    #[error("the rules do not let access be extended")]
    NoExtension,
    #[error("lease {0} has ended, or is none: file a new request")]
    NothingToExtend(RequestId),
    #[error("an extension must end later than what it extends, and ask for the same")]
    NotAnExtension,
    #[error("{}", closed(.0))]
    NotPending(State),
    #[error("the request waited too long and has expired")]
    TooLate,
    #[error("{0} asked for this or would get it: somebody else must decide")]
    OwnRequest(String),
    #[error("{0} is not among those who decide on this")]
    NotAnApprover(String),
    #[error("{0} has agreed to this already")]
    AgreedBefore(String),
    #[error("what the request would do is not what was shown: look again")]
    NotWhatWasShown,
    #[error("{0} neither asked for this nor would get it")]
    NotTheirs(String),
    #[error("the lease has ended already")]
    EndedBefore,
    #[error("{0} may not break the glass for this")]
    NoBreakGlass(String),
    #[error("nobody else could review it afterwards")]
    NobodyReviews,
    #[error("there is nothing to review")]
    NothingToReview,
    #[error("it was reviewed before")]
    ReviewedBefore,
    #[error(
        "the machine's clock shows {clock:.0}, and {now:.0} has been decided for: nothing is opened until it is set right, or \
         an administrator says that it is right (rolecall clock accept)"
    )]
    ClockBehind { now: Timestamp, clock: Timestamp },
    #[error(
        "the machine's clock shows {0:.0}, and is not behind what has been decided for: there is nothing to accept"
    )]
    ClockRight(Timestamp),
}

/// `8h`, `1d 12h`
fn spell(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    format!("{:#}", jiff::SignedDuration::from_secs(seconds))
}

/// What a Request is that does not wait any more.
fn closed(state: &State) -> String {
    match state {
        State::Granted { .. } | State::Denied { .. } => format!("the request was {} already", state.word()),
        State::Withdrawn { .. } => "the request was taken back".to_owned(),
        State::Expired { .. } => "the request has expired".to_owned(),
        State::Broken { why, .. } => format!("the request can be granted no more: {why}"),
        State::Pending => "the request waits".to_owned(),
    }
}

impl Refusal {
    /// The code: stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-principal",
            Self::Suspended(_) => "suspended",
            Self::Gone(_) => "gone",
            Self::UnknownEnvironment(_) => "unknown-environment",
            Self::UnknownRole(_) => "unknown-role",
            Self::MissingValue { .. } => "missing-value",
            Self::UnknownParameter { .. } => "unknown-parameter",
            Self::BadValue { .. } => "bad-value",
            Self::TooManyValues(_) => "too-many-values",
            Self::NotAllowed { .. } => "may-not-request",
            Self::NotForOthers { .. } => "not-for-others",
            Self::ReasonMissing => "reason-missing",
            Self::ReasonUnfit(_) => "reason-unfit",
            Self::ReasonUnreadable(_) => "reason-unreadable",
            Self::EndsInThePast => "ends-in-the-past",
            Self::TooLong(_) => "too-long",
            Self::AlreadyLeased(_) => "already-leased",
            Self::NoExtension => "no-extension",
            Self::NothingToExtend(_) => "nothing-to-extend",
            Self::NotAnExtension => "not-an-extension",
            Self::NotPending(_) => "not-pending",
            Self::TooLate => "too-late",
            Self::OwnRequest(_) => "own-request",
            Self::NotAnApprover(_) => "not-an-approver",
            Self::AgreedBefore(_) => "agreed-before",
            Self::NotWhatWasShown => "not-what-was-shown",
            Self::NotTheirs(_) => "not-theirs",
            Self::EndedBefore => "ended-before",
            Self::NoBreakGlass(_) => "no-break-glass",
            Self::NobodyReviews => "nobody-reviews",
            Self::NothingToReview => "nothing-to-review",
            Self::ReviewedBefore => "reviewed-before",
            Self::ClockBehind { .. } => "clock-behind",
            Self::ClockRight(_) => "clock-right",
        }
    }
}

impl State {
    /// Where it is, in one word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Granted { .. } => "granted",
            Self::Denied { .. } => "denied",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Expired { .. } => "expired",
            Self::Broken { .. } => "broken",
        }
    }
}
