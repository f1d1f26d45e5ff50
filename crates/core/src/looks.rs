//! What a name looks like: two names with one skeleton cannot be told apart by a reader.

/// Unicode's skeleton of a name (UTS #39), after which `раypal` with Cyrillic letters equals `paypal`, and an accent
/// that is a part of its letter equals one that follows it.
pub fn skeleton(name: &str) -> String {
    unicode_security::confusable_detection::skeleton(name).collect()
}
