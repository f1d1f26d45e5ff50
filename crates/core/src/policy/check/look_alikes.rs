//! Names on servers that a reader cannot tell apart, or cannot read: by Unicode's own lists of what looks like what (UTS #39).

use std::collections::BTreeMap;

use unicode_security::general_security_profile::IdentifierType;
use unicode_security::{GeneralSecurityProfile, MixedScript, RestrictionLevel, RestrictionLevelDetection};

use super::names::Bearer;
use super::report::{Report, clipped};
use crate::looks::skeleton;

/// Warns of each name that looks like an earlier one, and of each that hides what it is made of.
pub fn among(environment: &str, taken: &BTreeMap<String, Bearer>, report: &mut Report<'_>) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (name, (who, span)) in taken {
        if let Some(why) = hides(name) {
            report.warning(
                "unreadable-name",
                *span,
                format!("`{}`, the name of {who}, {why}", spelled(name)),
                "people will take it for another name: write it with the letters of one script",
            );
        }
        let looks = skeleton(name);
        match seen.get(&looks) {
            // Capitals alone have a warning of their own.
            Some(other) if other.to_lowercase() == name.to_lowercase() => {}
            Some(other) => {
                let (other, name) = (spelled(other), spelled(name));
                report.warning(
                    "look-alike-names",
                    *span,
                    format!("`{other}` and `{name}` in `{environment}` look alike"),
                    "people will take one for the other: rename one",
                );
            }
            None => {
                seen.insert(looks, name);
            }
        }
    }
}

/// What keeps a reader from seeing what a name is made of.
fn hides(name: &str) -> Option<&'static str> {
    if name.contains(unseen) {
        Some("has a character that cannot be seen")
    } else if mixes(name) {
        Some("mixes letters of several scripts")
    } else {
        None
    }
}

fn unseen(c: char) -> bool {
    let ignorable = || c.identifier_type() == Some(IdentifierType::Default_Ignorable);
    !matches!(c, ' '..='~') && (c.is_control() || c.is_whitespace() || ignorable())
}

/// Letters of scripts that nobody writes together, unlike Japanese with Latin ones.
fn mixes(name: &str) -> bool {
    let letters: String = name.chars().filter(|c| c.is_alphabetic()).collect();
    let usual = || letters.as_str().check_restriction_level(RestrictionLevel::HighlyRestrictive);
    !name.is_ascii() && !name.is_single_script() && !usual()
}

/// A name with the code points of all that is not ASCII, since its looks are what misleads.
fn spelled(name: &str) -> String {
    let points: Vec<String> =
        name.chars().filter(|c| !c.is_ascii()).map(|c| format!("U+{:04X}", u32::from(c))).collect();
    let shown = clipped(&name.replace(unseen, "\u{fffd}"));
    if points.is_empty() { shown } else { format!("{shown} ({})", clipped(&points.join(" "))) }
}
