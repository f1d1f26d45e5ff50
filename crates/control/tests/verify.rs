//! Tampering with an export or with the store: the first bad entry is named.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod common;

use common::{Place, told};
use proptest::prelude::*;
use rolecall_control::audit::export::{Format, export};
use rolecall_control::audit::verify::{Report, Verifier, Wrong};
use rolecall_control::ledger::checkpoint::Checkpoint;
use rolecall_control::ledger::note::PublicKey;
use rolecall_control::ledger::{key, tree};
use rolecall_control::store::{Reader, Store, StoreError};
use rolecall_core::event::{Actor, Draft, Drafts};

/// A ledger of `count` entries, as an export and its key.
async fn ledger(place: &Place, count: usize) -> (Vec<String>, PublicKey) {
    let store = place.open().await.unwrap();
    grow(&store, count - 1).await;
    (lines(&store).await, store.public_key().clone())
}

async fn grow(store: &Store, count: usize) {
    let mut left = count;
    while left > 0 {
        let lot = left.min(100);
        left -= lot;
        let mut drafts = Drafts::from(Draft::new(told("first@acme.test")));
        for n in 1..lot {
            drafts = drafts.and(Draft::new(told(&format!("person{n}@acme.test"))));
        }
        let actor = Actor::system("test");
        store.write(&actor, |tx| async move { Ok::<_, StoreError>(tx.done((), drafts)) }).await.unwrap();
    }
}

async fn lines(store: &Store) -> Vec<String> {
    let mut out = Vec::new();
    export(&mut store.read().snapshot().await.unwrap(), Format::Jsonl, &mut out).await.unwrap();
    String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
}

fn verify(lines: &[String], key: &PublicKey, seen: Option<Checkpoint>) -> Result<Report, Wrong> {
    let mut verifier = Verifier::new(key, seen);
    lines.iter().try_for_each(|line| verifier.line(line))?;
    verifier.finish()
}

/// Where entry `id` stands.
fn at(lines: &[String], id: u64) -> usize {
    lines.iter().position(|line| line.contains(&format!("\"id\":{id},\"kind\""))).unwrap()
}

fn whole(lines: &[String], key: &PublicKey) -> Checkpoint {
    let first: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    Checkpoint::open(first["checkpoint"].as_str().unwrap(), key).unwrap()
}

#[tokio::test]
async fn an_untouched_export_verifies() {
    for count in [1, 2, 255, 256, 257, 512, 700] {
        let place = Place::new();
        let (lines, key) = ledger(&place, count).await;
        assert_eq!(verify(&lines, &key, None).unwrap().entries, count as u64, "{count}");
    }
}

#[tokio::test]
async fn a_changed_dropped_moved_or_added_entry_is_named() {
    let place = Place::new();
    let (good, key) = ledger(&place, 600).await;
    for id in [0, 1, 255, 256, 300, 599] {
        let here = at(&good, id);
        let mut changed = good.clone();
        changed[here] = changed[here].replace("\"form\":1", "\"form\":1 ");
        assert!(matches!(verify(&changed, &key, None), Err(Wrong::Changed(bad)) if bad == id), "{id}");
        let mut dropped = good.clone();
        dropped.remove(here);
        let wrong = verify(&dropped, &key, None).unwrap_err();
        let named = matches!(wrong, Wrong::Missing { id: bad, .. } if bad == id);
        assert!(named, "{id}: {wrong}");
    }
    let mut swapped = good.clone();
    let (one, two) = (at(&good, 300), at(&good, 301));
    swapped.swap(one, two);
    assert!(matches!(verify(&swapped, &key, None), Err(Wrong::Missing { id: 300, .. })));
    let mut doubled = good.clone();
    doubled.insert(one, good[one].clone());
    assert!(matches!(verify(&doubled, &key, None), Err(Wrong::Missing { id: 301, .. })));
    let mut surplus = good.clone();
    surplus.push(good[at(&good, 599)].replace("\"id\":599", "\"id\":600"));
    assert!(matches!(verify(&surplus, &key, None), Err(Wrong::Surplus(600))));
}

#[tokio::test]
async fn every_truncation_is_noticed() {
    let place = Place::new();
    let (good, key) = ledger(&place, 300).await;
    for length in 0..good.len() - 1 {
        assert!(verify(&good[..length], &key, None).is_err(), "{length}");
    }
    let cut = at(&good, 200);
    assert!(matches!(verify(&good[..cut], &key, None), Err(Wrong::Truncated { have: 200, last: 299 })));
}

#[tokio::test]
async fn an_entry_rewritten_with_its_hashes_is_narrowed_down() {
    use base64::Engine as _;
    let place = Place::new();
    let (mut lines, key) = ledger(&place, 900).await;
    let here = at(&lines, 400);
    lines[here] = lines[here].replace("acme.test", "evil.test");
    let tile = lines.iter().position(|line| line.contains("\"tile\":1}")).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&lines[tile]).unwrap();
    let base64 = base64::engine::general_purpose::STANDARD;
    let mut hashes = base64.decode(value["hashes"].as_str().unwrap()).unwrap();
    let place = (400 - 256) * 32;
    hashes[place..place + 32].copy_from_slice(&tree::leaf(lines[here].as_bytes()));
    value["hashes"] = base64.encode(hashes).into();
    lines[tile] = value.to_string();
    let Err(Wrong::Rewritten { first, last }) = verify(&lines, &key, None) else { panic!() };
    assert!(first <= 400 && 400 <= last && last - first < 512, "{first} to {last}");
}

#[tokio::test]
async fn tiles_that_were_swapped_are_noticed() {
    let place = Place::new();
    let (mut lines, key) = ledger(&place, 600).await;
    let tiles: Vec<usize> = (0..lines.len()).filter(|n| lines[*n].starts_with("{\"hashes\"")).collect();
    lines.swap(tiles[0], tiles[1]);
    assert!(matches!(verify(&lines, &key, None), Err(Wrong::Changed(0))));
}

#[tokio::test]
async fn a_forged_checkpoint_is_refused() {
    let (place, other) = (Place::new(), key::make().unwrap());
    let (good, key) = ledger(&place, 300).await;
    let real = whole(&good, &key);
    // By another key under the same name.
    let text = key::make().unwrap();
    assert!(verify(&good, text.public(), None).is_err());
    for forged in [real.sign(&other), good[0].replace("300", "299")] {
        let mut lines = good.clone();
        lines[0] = serde_json::json!({ "checkpoint": forged, "rolecall_export": 1 }).to_string();
        assert!(matches!(verify(&lines, &key, None), Err(Wrong::Checkpoint(_))));
    }
    let first: serde_json::Value = serde_json::from_str(&good[0]).unwrap();
    let note = first["checkpoint"].as_str().unwrap().replacen("\n300\n", "\n299\n", 1);
    assert!(Checkpoint::open(&note, &key).unwrap_err().to_string().contains("forged"));
}

#[tokio::test]
async fn a_rolled_back_or_forked_ledger_is_noticed_by_whoever_remembers() {
    let place = Place::new();
    let (old, key) = ledger(&place, 300).await;
    let backup = std::fs::read(&place.options.path).unwrap();
    let store = place.open().await.unwrap();
    grow(&store, 100).await;
    let new = lines(&store).await;
    store.close().await;
    let (seen_old, seen_new) = (whole(&old, &key), whole(&new, &key));
    assert_eq!(verify(&new, &key, Some(seen_old)).unwrap().entries, 400);
    assert!(matches!(verify(&old, &key, Some(seen_new)), Err(Wrong::RolledBack { have: 300, seen: 400 })));
    // Back to the old file, and on from there: the same length, another history.
    drop(backup);
    let fork = Place::new();
    let (other, other_key) = ledger(&fork, 400).await;
    let seen = Checkpoint { root: seen_old.root, size: 300 };
    assert!(matches!(verify(&other, &other_key, Some(seen)), Err(Wrong::Forked(300))));
}

#[tokio::test]
async fn other_implementations_read_it() {
    use signed_note::{Note, StandardVerifier, VerifierList};
    let place = Place::new();
    let store = place.open().await.unwrap();
    grow(&store, 700).await;
    let mut snapshot = store.read().snapshot().await.unwrap();
    let (size, note) = snapshot.checkpoints().await.unwrap().pop().unwrap();
    let verifier = StandardVerifier::new(&store.public_key().to_string()).unwrap();
    let note = Note::from_bytes(note.as_bytes()).unwrap();
    note.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
    let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
    assert_eq!((checkpoint.size(), checkpoint.origin()), (size, store.public_key().name()));
    // Their tree over our entries has our root.
    let mut stored: Vec<tlog_tiles::Hash> = Vec::new();
    for (id, data) in snapshot.entries(0, 1_000).await.unwrap() {
        let reader = Stored(stored.clone());
        stored.extend(tlog_tiles::stored_hashes(id, data.as_bytes(), &reader).unwrap());
    }
    let root = tlog_tiles::tree_hash(size, &Stored(stored.clone())).unwrap();
    assert_eq!(root.0, checkpoint.hash().0);
    // And their tiles are our tiles.
    for tile in tlog_tiles::Tile::new_tiles(8, 0, size) {
        let theirs = tile.read_data(&Stored(stored.clone())).unwrap();
        let ours = snapshot.tile(tile.level().into(), tile.level_index()).await.unwrap().unwrap();
        assert_eq!(theirs, tree::join(&ours[..tile.width() as usize]), "{}", tile.path());
    }
}

struct Stored(Vec<tlog_tiles::Hash>);

impl tlog_tiles::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
    }
}

#[tokio::test]
async fn a_store_that_was_tampered_with_takes_no_more_entries() {
    for (sql, why) in [
        ("DELETE FROM entry WHERE id = 299", "entries"),
        ("UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE level = 0 AND place = 1", "tiles"),
        ("DELETE FROM checkpoint", "checkpoint"),
    ] {
        let place = Place::new();
        drop(ledger(&place, 300).await);
        common::sql(&place.options.path, sql).await;
        let Err(StoreError::Corrupt(said)) = place.open().await.map(|_| ()) else { panic!("{sql}") };
        assert!(said.contains(why), "{said}");
        assert!(Reader::open(&place.options.path).await.is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_edge_has_the_root_of_the_whole_tree(count in 0_usize..1_500) {
        let hashes: Vec<tree::Hash> = (0..count).map(|n| tree::leaf(&n.to_be_bytes())).collect();
        let (mut edge, mut full) = (tree::Edge::default(), Vec::new());
        for hash in &hashes {
            edge.push(*hash, &mut full);
        }
        prop_assert_eq!(edge.root(), tree::root(&hashes));
        let levels = edge.tiles().map(|tile| tile.hashes).collect();
        prop_assert_eq!(tree::Edge::new(count as u64, levels), Some(edge));
    }

    #[test]
    fn notes_are_hostile(text in "\\PC*", seed in any::<[u8; 32]>()) {
        let key = rolecall_control::ledger::note::SecretKey::new("rolecall/test", &seed).unwrap();
        prop_assert!(Checkpoint::open(&text, key.public()).is_err());
        let _ = PublicKey::parse(&text);
        prop_assert_eq!(&PublicKey::parse(&key.public().to_string()).unwrap(), key.public());
    }
}
