//! `rolecall audit log`: what happened, filtered, and what happens from now on.

use std::time::Duration;

use anyhow::{Context, bail};
use jiff::{SpanRelativeTo, Timestamp, civil::Date};
use rolecall_control::store::Filter;
use rolecall_core::event::{Event, EventId, Kind};
use rolecall_core::plan::Direction;

use super::remote;
use crate::Outcome;
use crate::args::AuditLog;
use crate::show::{BAD, GOOD, QUIET, STRONG, plain};

/// How often to look for news.
const PACE: Duration = Duration::from_millis(300);
/// How many effects of an entry are shown.
const EFFECTS: usize = 5;

/// Lists, and follows if asked to.
pub async fn run(arguments: &AuditLog) -> anyhow::Result<Outcome> {
    let filter = filter(arguments)?;
    if arguments.remote.server.is_some() {
        return remote::log(arguments, &filter).await;
    }
    let reader = super::reader(&arguments.place).await?;
    let mut events = reader.log(&Filter { newest_first: true, limit: arguments.limit, ..filter.clone() }).await?;
    events.reverse();
    show(&events, arguments.json);
    if !arguments.follow {
        return Ok(Outcome::Done);
    }
    let newest = reader.log(&Filter { newest_first: true, limit: 1, ..Filter::default() }).await?;
    let mut after = events.last().or(newest.first()).map(|event| event.id);
    loop {
        tokio::time::sleep(PACE).await;
        let events = reader.log(&Filter { after, limit: 1_000, ..filter.clone() }).await?;
        show(&events, arguments.json);
        after = events.last().map(|event| event.id).or(after);
    }
}

fn filter(arguments: &AuditLog) -> anyhow::Result<Filter> {
    let now = Timestamp::now();
    if let Some(kind) = arguments.kind.iter().find(|kind| !Kind::ALL.iter().any(|(name, _)| name == *kind)) {
        let known: Vec<&str> = Kind::ALL.iter().map(|(name, _)| *name).collect();
        bail!("there is no kind of entry {kind:?}; there are {}", known.join(", "));
    }
    Ok(Filter {
        actor: arguments.actor.clone(),
        kinds: arguments.kind.clone(),
        subject: arguments.subject.clone(),
        environment: arguments.environment.clone(),
        since: arguments.since.as_deref().map(|text| when(text, now)).transpose()?,
        until: arguments.until.as_deref().map(|text| when(text, now)).transpose()?,
        text: arguments.text.clone(),
        correlation: arguments.story.map(EventId),
        ..Filter::default()
    })
}

/// A time, a date, or how long ago.
fn when(text: &str, now: Timestamp) -> anyhow::Result<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    if let Ok(date) = text.parse::<Date>() {
        return Ok(date.at(0, 0, 0, 0).in_tz("UTC")?.timestamp());
    }
    let span: jiff::Span = text.parse().with_context(|| {
        format!("{text:?} is no time: write 2026-03-01T10:00:00Z, 2026-03-01, or 7d for 7 days ago")
    })?;
    Ok(now.checked_sub(span.to_duration(SpanRelativeTo::days_are_24_hours())?)?)
}

/// Entries in the order in which they happened.
pub fn show(events: &[Event], json: bool) {
    for event in events {
        if json {
            println!("{}", String::from_utf8_lossy(&event.bytes()));
        } else {
            anstream::println!("{}", line(event));
        }
    }
}

/// One entry for people: its kind, which `--kind` takes, what happened, and who gains or loses.
fn line(event: &Event) -> String {
    let mut text = format!(
        "{QUIET}{:>6}{QUIET:#} {} {STRONG}{}{STRONG:#} {}",
        event.id,
        event.at,
        event.kind.name(),
        plain(&event.sentence())
    );
    for effect in event.effects.iter().take(EFFECTS) {
        let several = effect.who.len() > 1;
        let (style, word) = match effect.direction {
            Direction::Gains => (GOOD, if several { "gain" } else { "gains" }),
            Direction::Loses => (BAD, if several { "lose" } else { "loses" }),
            Direction::Keeps => (QUIET, if several { "keep" } else { "keeps" }),
            Direction::Changes => (QUIET, if several { "now see" } else { "now sees" }),
        };
        let (who, what) = (plain(&effect.who.join(", ")), plain(&effect.access.join("; ")));
        text.push_str(&format!("\n         {style}{who} {word}{style:#} {what}"));
    }
    if event.effects.len() > EFFECTS {
        text.push_str(&format!("\n         … and {} more effects (--json shows all)", event.effects.len() - EFFECTS));
    }
    text
}
