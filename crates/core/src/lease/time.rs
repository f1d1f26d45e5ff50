//! The time to decide for, whatever is done to the machine's clock.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// How far a clock may be corrected back without more ado: what waits for it meanwhile waits no longer than this.
pub const SLACK: SignedDuration = SignedDuration::from_mins(1);

/// The time to decide for: never before the latest that was decided for, so that a clock that is set back reopens nothing.
///
/// `last` is what this process decided for last, and how long ago by what no setting of the clock moves. A clock that is
/// further behind than the slack is not waited for: time goes on by what has passed, or what ends would end later by
/// as much.
pub fn steady(latest: Option<Timestamp>, clock: Timestamp, last: Option<(Timestamp, Duration)>) -> Timestamp {
    let last = last.map(|(last, passed)| {
        let now = last.checked_add(passed).unwrap_or(Timestamp::MAX);
        if behind(now, clock) { now } else { last }
    });
    [latest, last].into_iter().flatten().fold(clock, Timestamp::max)
}

/// Whether a clock lies so far behind the time to decide for that nothing may be opened: servers end by their own clocks
/// what Rolecall tells them the end of, and would end it late.
pub fn behind(now: Timestamp, clock: Timestamp) -> bool {
    now.duration_since(clock) > SLACK
}
