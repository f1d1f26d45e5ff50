//! Times for people: how long ago, how long still, and exactly.

use jiff::Timestamp;
use maud::{Markup, html};

/// A time that has passed.
pub fn ago(time: Timestamp, now: Timestamp) -> Markup {
    let seconds = now.as_second() - time.as_second();
    let words = if seconds < 5 { "just now".to_owned() } else { format!("{} ago", rough(seconds)) };
    tag(time, "ago", &words)
}

/// A time to come.
pub fn left(time: Timestamp, now: Timestamp) -> Markup {
    let seconds = time.as_second() - now.as_second();
    let words = if seconds <= 0 { "over".to_owned() } else { format!("in {}", rough(seconds)) };
    tag(time, "left", &words)
}

fn tag(time: Timestamp, kind: &str, words: &str) -> Markup {
    html! { time datetime=(time.strftime("%Y-%m-%dT%H:%M:%SZ")) title=(exact(time)) data-kind=(kind) { (words) } }
}

/// `2026-11-25 19:30:12 UTC`
pub fn exact(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The two largest units, no more.
fn rough(seconds: i64) -> String {
    let two = |many: i64, unit: i64, word: &str, less: &str| {
        let (first, second) = (seconds / many, seconds % many / unit);
        if second == 0 { format!("{first} {word}") } else { format!("{first} {word} {second} {less}") }
    };
    match seconds {
        ..60 => format!("{seconds} s"),
        60..600 => two(60, 1, "min", "s"),
        600..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => two(3_600, 60, "h", "min"),
        86_400..864_000 => two(86_400, 3_600, "d", "h"),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A length of time.
pub fn duration(seconds: u64) -> String {
    rough(i64::try_from(seconds).unwrap_or(i64::MAX))
}
