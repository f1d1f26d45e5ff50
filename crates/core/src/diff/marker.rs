//! The marker role: its members are what Rolecall owns, and its comment says for whom.
//!
//! A server on which a lease or a suspension by an act holds shows more, or less, than the policy says. The comment then
//! names the ledger where that is written down. Whoever plans without that ledger would let the suspended in and end the
//! leases: such a plan is stopped.

use std::collections::BTreeMap;

use super::rights::may_comment;
use super::{Differ, roles};
use crate::desire::{Book, DesiredRole};
use crate::finding::Level;
use crate::lease;
use crate::mark::Mark;
use crate::plan::{Change, Stage, Step};
use crate::state::{MARKER, RoleState, ServerState};

/// The code of the finding that another ledger keeps the server.
pub const OTHER_LEDGER: &str = "other-ledger";

/// The marker role: there, and good for nothing else.
pub fn diff(differ: &mut Differ<'_>) {
    let environment = differ.scene.environment_name;
    let own = differ.scene.book.ledger.filter(|_| beside_the_policy(differ)).map(str::to_owned);
    let mut want = Mark { ledger: own, ..Mark::environment(environment) };
    let Some(role) = differ.marker.and_then(|id| differ.state.roles.get(&id)) else {
        let reason = "members of this role are what Rolecall owns on the server";
        differ.step(Stage::Prepare, None, Change::CreateMarker { comment: want.comment() }, reason);
        return;
    };
    let mark = Mark::parse(role.comment.as_deref()).unwrap_or_default();
    if let Some(other) = mark.environment.as_ref().filter(|other| *other != environment) {
        let message = format!("this server is managed as environment {other}, not {environment}");
        let help = "two environments cannot share a server: accounts and memberships are server-wide";
        differ.find(Level::Error, "other-environment", MARKER, message, help);
        want.environment.clone_from(&mark.environment);
    }
    if let Some(other) = others(differ.scene.book, &mark) {
        let message = format!(
            "leases or suspensions hold on this server that are in another ledger ({other}): by a plan without it, the \
             suspended would come back and leases would end"
        );
        let help = "apply where that ledger is: on the page or by the API of its `rolecall serve`, or with its --store. Only if it \
                    is lost: `rolecall apply --disregard-ledger`, which ends its leases and lets in whom it suspended";
        differ.find(Level::Error, OTHER_LEDGER, MARKER, message, help);
        want.ledger.clone_from(&mark.ledger);
    }
    if (&mark.environment, &mark.ledger) != (&want.environment, &want.ledger) {
        let reason = match (&mark.environment, &want.ledger) {
            (None, _) => "the marker names its environment",
            (_, Some(_)) => "the marker names the ledger of leases and suspensions that hold here",
            (_, None) => "nothing holds here beside the policy any more",
        };
        let change = Change::CommentRole { role: MARKER.into(), comment: want.comment() };
        differ.step(Stage::Prepare, None, change, reason);
    }
    let plain = RoleState { inherit: role.inherit, ..role.clone() };
    let want = DesiredRole {
        mark: Mark::default(),
        login: false,
        standing: None,
        connection_limit: plain.connection_limit,
        ends: None,
        password: false,
        settings: BTreeMap::new(),
    };
    roles::attributes(differ, MARKER, &plain, &want, true);
}

/// The ledger that keeps the server, if it is not the one that this decision is from.
fn others<'a>(book: Book<'_>, mark: &'a Mark) -> Option<&'a str> {
    mark.ledger.as_deref().filter(|other| !book.disregard_others && book.ledger != Some(other))
}

/// Whether an act has given or taken something here that the policy alone does not say.
fn beside_the_policy(differ: &Differ<'_>) -> bool {
    let scene = differ.scene;
    let given = scene.leases.iter().any(|lease| {
        lease.is_for(scene.environment_name, scene.server_name)
            && lease::over(lease, scene.policy, scene.suspended, scene.now).is_none()
    });
    // Also where they hold nothing now: the next policy may give them something.
    let taken = || scene.policy.principals().any(|(id, ..)| scene.suspended.contains(id));
    given || (!scene.suspended.is_empty() && taken())
}

/// A step that only says on the marker for whom its members are.
pub fn is_mark(step: &Step) -> bool {
    matches!(&step.change, Change::CommentRole { role, .. } if role == MARKER)
}

/// Whether Rolecall may write on the marker.
pub fn may_mark(state: &ServerState) -> bool {
    state.names.find(MARKER).is_none_or(|marker| may_comment(state, marker))
}
