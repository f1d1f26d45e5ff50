//! The auditor's guide says of each kind of entry what the code says.

use rolecall_core::event::Kind;

#[test]
fn the_guide_has_every_kind_with_its_meaning_and_no_other() {
    let guide = include_str!("../../../docs/audit.md");
    let (_, table) = guide.split_once("| kind | meaning |\n|---|---|\n").unwrap();
    let wanted: String = Kind::ALL.iter().map(|(name, meaning)| format!("| `{name}` | {meaning} |\n")).collect();
    assert_eq!(table, wanted);
}
