//! Any bytes as a saved plan: refused, or the same again once it is written and read.

#[path = "../../rolecall/src/show/document.rs"]
#[expect(dead_code, reason = "the program's own file, of which only the reader is fuzzed")]
mod document;

use document::{Document, FORMAT};

/// Reads, writes and reads again.
pub fn run(data: &[u8]) {
    let Ok(first) = serde_json::from_slice::<Document>(data) else { return };
    let Ok(written) = serde_json::to_string_pretty(&first) else { panic!("a plan that was read cannot be written") };
    let second = serde_json::from_str::<Document>(&written);
    let again = second.as_ref().map(serde_json::to_string_pretty);
    assert!(matches!(&again, Ok(Ok(again)) if *again == written), "{written}\n{second:?}");
    assert!(first.format == FORMAT || !written.is_empty());
}
