//! How the messages of each webhook fare, since this process began.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// How the messages of one webhook fared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// Messages that were taken.
    pub taken: u64,
    /// Tries that failed; each message is tried again.
    pub failed: u64,
    /// When one was taken last.
    pub last: Option<Timestamp>,
}

/// By the webhook's name.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<String, Told>>);

impl Tally {
    pub(super) fn note(&self, webhook: &str, taken: bool, now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = all.entry(webhook.to_owned()).or_default();
        if taken {
            told.taken += 1;
            told.last = Some(now);
        } else {
            told.failed += 1;
        }
    }

    /// As it is now.
    pub fn all(&self) -> BTreeMap<String, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
