//! Words in a little frame: where something is. The colour never says more than the word.

use maud::{Markup, html};
use rolecall_control::store::Reach;
use rolecall_core::desire::Standing;
use rolecall_core::request::State;

/// A word; `tone` is good, bad, warn or quiet.
pub fn badge(tone: &str, word: &str) -> Markup {
    html! { span class={ "badge " (tone) } { (word) } }
}

/// Where a Request is.
pub fn state(state: &State) -> Markup {
    match state {
        State::Pending => badge("warn", "waiting"),
        State::Granted { .. } => badge("good", "granted"),
        State::Denied { .. } => badge("bad", "denied"),
        State::Withdrawn { .. } => badge("quiet", "withdrawn"),
        State::Expired { .. } => badge("quiet", "expired"),
        State::Broken { .. } => badge("bad", "broken"),
    }
}

/// How far a Lease has got.
pub fn reach(reach: Reach) -> Markup {
    match reach {
        Reach::Opening => badge("warn", "opening"),
        Reach::Open => badge("good", "open"),
        Reach::Closing => badge("warn", "closing"),
        Reach::Overdue => badge("bad", "overdue"),
        Reach::Closed => badge("quiet", "ended"),
    }
}

/// Where a Principal is in its life.
pub fn standing(standing: Standing) -> Markup {
    match standing {
        Standing::Active => badge("good", "active"),
        Standing::Suspended => badge("bad", "suspended"),
        Standing::Gone => badge("quiet", "gone"),
    }
}
