//! A clock that is wrong, and is set right: time goes on, and nothing is opened meanwhile.

use std::time::Duration;

use rolecall_core::lease::{behind, steady};
use rolecall_core::request::{Draft, Facts, RequestId, State, approve, break_glass, deny, expire, file, withdraw};

use crate::company::{address, at, draft, facts, nobody, policy, waiting, word};

const DAY: i64 = 24 * 3_600;

#[test]
fn the_time_to_decide_for_never_goes_back_and_never_waits_long() {
    let table = [
        // (latest kept, clock, last decided for in this process and how long ago, now)
        (None, 50, None, 50),
        (Some(100), 150, None, 150),
        (Some(100), 50, None, 100),
        // The clock goes as it should, faster, or was set ahead.
        (Some(100), 160, Some((100, 60)), 160),
        (Some(100), 170, Some((100, 60)), 170),
        (Some(100), DAY, Some((100, 1)), DAY),
        // Corrected by a minute at most: it is waited for, or small corrections would add up.
        (Some(100), 40, Some((100, 0)), 100),
        (Some(100), 70, Some((100, 30)), 100),
        (Some(100), 101, Some((100, 61)), 101),
        // Set back by more: time goes on by what has passed.
        (Some(100), 39, Some((100, 1)), 101),
        (Some(DAY), 7_200, Some((DAY, 7_200)), DAY + 7_200),
        // Somebody else has decided for later.
        (Some(DAY + 60), 0, Some((DAY, 30)), DAY + 60),
    ];
    for (latest, clock, last, now) in table {
        let last = last.map(|(time, passed)| (at(time), Duration::from_secs(passed)));
        assert_eq!(steady(latest.map(at), at(clock), last), at(now), "{latest:?} {clock} {last:?}");
    }
    assert!(!behind(at(60), at(0)) && behind(at(61), at(0)) && !behind(at(0), at(DAY)));
}

#[test]
fn nothing_is_opened_by_a_clock_that_is_behind() {
    let (policy, nobody) = (policy(), nobody());
    let right = facts(&policy, nobody, 60);
    let late = Facts { clock: at(-1), ..right };
    let (bob, lea, first) = (address("bob"), address("lea"), RequestId(1));
    let request = waiting(&policy);
    let glass = Draft { until: rolecall_core::request::Until::For(60), ..draft("bob", "support") };
    let refused = approve(late, request.clone(), &lea, "one", "one").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the machine's clock shows 2026-06-01T11:59:59Z, and 2026-06-01T12:01:00Z has been decided for: nothing is opened \
         until it is set right, or an administrator says that it is right (rolecall clock accept)"
    );
    for (facts, opened) in [(late, ["clock-behind"; 3]), (right, ["granted"; 3])] {
        let agreed = approve(facts, request.clone(), &lea, "one", "one");
        let at_once = file(facts, first, draft("bob", "reader"), "one");
        assert_eq!(
            [agreed, at_once, break_glass(facts, first, glass.clone(), "one")].map(|found| word(&found)),
            opened
        );
        // What opens nothing goes on.
        let waits = file(facts, first, draft("bob", "support"), "one");
        assert_eq!(word(&waits), "waiting 0");
        assert_eq!(word(&deny(facts, request.clone(), &lea, "no")), "denied");
        assert_eq!(word(&withdraw(facts, request.clone(), &bob)), "withdrawn");
        assert_eq!(expire(facts, &request), None);
    }
    // What was asked by a clock that was ahead, and is taken for wrong, waits no more.
    let before = self::facts(&policy, nobody, -1);
    assert!(matches!(expire(before, &request).unwrap().request().state, State::Expired { .. }));
}
