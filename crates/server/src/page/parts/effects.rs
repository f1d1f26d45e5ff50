//! Who gains and who loses what.

use maud::{Markup, html};
use rolecall_core::finding::{Finding, Level};
use rolecall_core::plan::{Direction, Effect};

/// Effects, the first `most` of them.
pub fn effects(effects: &[Effect], most: usize) -> Markup {
    html! {
        ul.effects {
            @for effect in effects.iter().take(most) { (one(effect)) }
            @if effects.len() > most { li.quiet { "… and " (effects.len() - most) " more" } }
        }
    }
}

fn one(effect: &Effect) -> Markup {
    let several = effect.holders_of.is_some() || effect.who.len() > 1;
    let (tone, sign, word) = match effect.direction {
        Direction::Gains => ("gains", "+", if several { "gain" } else { "gains" }),
        Direction::Loses => ("loses", "−", if several { "lose" } else { "loses" }),
        Direction::Keeps => ("keeps", "=", if several { "keep" } else { "keeps" }),
        Direction::Changes => ("changes", "~", if several { "now see" } else { "now sees" }),
    };
    let who = effect.who.iter().take(6).cloned().collect::<Vec<_>>().join(", ");
    let more = effect.who.len().saturating_sub(6);
    html! {
        li class=(tone) {
            span.sign aria-hidden="true" { (sign) }
            div {
                @if let Some(role) = &effect.holders_of { span {
                    "holders of " bdi { (role) }
                    @if who.is_empty() { " (nobody now)" } @else { " (" bdi { (who) } ")" }
                } }
                @else { strong { bdi { (who) } } }
                @if more > 0 { " and " (more) " more" }
                " " span.word { (word) }
                @if let [access] = effect.access.as_slice() { " " bdi.access { (access) } }
                @else { ul.access { @for access in effect.access.iter().take(12) { li { bdi { (access) } } }
                    @if effect.access.len() > 12 { li { "… and " (effect.access.len() - 12) " more" } } } }
                @if !effect.because.is_empty() { div.quiet { bdi { (effect.because) } } }
            }
        }
    }
}

/// What else a plan says.
pub fn findings(findings: &[Finding]) -> Markup {
    html! {
        ul.findings {
            @for finding in findings {
                li {
                    @match finding.level {
                        Level::Error => (super::badge("bad", "stops the plan")),
                        Level::Warning => (super::badge("warn", "warning")),
                        Level::Info => (super::badge("quiet", "note")),
                    }
                    " " strong { bdi { (finding.subject) } } ": " (finding.message)
                    @if let Some(help) = &finding.help { div.quiet { (help) } }
                }
            }
        }
    }
}
