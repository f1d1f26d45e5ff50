//! What people or servers wrote in their own words, made fit for the ledger: short, printable, without passwords.

use serde::{Deserialize, Serialize};

use crate::policy::redact;

/// The most characters of a Text.
const LONGEST: usize = 2_000;

/// Free text in an Event. Made only by [`Text::new`], which takes out what looks like a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(String);

impl Text {
    /// Cuts connection URLs and passwords out, control characters to spaces, and the whole to 2,000 characters.
    pub fn new(text: &str) -> Self {
        let mut text = text.to_owned();
        redact::text(&mut text);
        let printable = text.trim().chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c });
        let mut kept: String = printable.clone().take(LONGEST).collect();
        if printable.count() > LONGEST {
            kept.push('…');
        }
        Self(kept)
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
