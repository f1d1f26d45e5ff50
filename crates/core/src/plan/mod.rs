//! The plan: ordered, risk-named, digest-stamped changes from what a server shows to what the policy means.

mod change;
mod risk;
mod step;

pub use change::{
    Attribute, Change, ColumnMatch, Filter, Grantee, MembershipPart, ObjectRef, RawCondition, RowExpression,
    RowPolicyDef,
};
pub use risk::{Risk, Risks, Undo};
pub use step::{Stage, Step};
