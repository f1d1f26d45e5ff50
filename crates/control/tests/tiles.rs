//! The ledger as a folder of tiles: others' programs find everything in it, and what is wrong in it is found.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Place, fill};
use rolecall_control::audit::export::ExportError;
use rolecall_control::audit::tiles::{self, FolderError};
use rolecall_control::audit::verify::{Report, Verifier, Wrong};
use rolecall_control::ledger::note::PublicKey;
use rolecall_control::store::Store;

async fn write(store: &Store, folder: &Path) -> Result<u64, ExportError> {
    tiles::write(&mut store.read().snapshot().await.unwrap(), folder).await
}

fn verify(folder: &Path, key: &PublicKey) -> Result<Report, FolderError> {
    let mut verifier = Verifier::new(key, None);
    tiles::lines(folder, &mut |line| verifier.line(line))?;
    Ok(verifier.finish()?)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[tokio::test]
async fn a_folder_that_grows_with_the_ledger_verifies_and_is_read_by_others() {
    let place = Place::new();
    let store = place.open().await.unwrap();
    let folder = place.folder.path().join("tiles");
    for more in [0, 1, 253, 1, 1, 444, 65_536 - 701 + 3] {
        fill(&store, more).await;
        let size = write(&store, &folder).await.unwrap();
        assert_eq!(verify(&folder, store.public_key()).unwrap().entries, size);
        let mut snapshot = store.read().snapshot().await.unwrap();
        for tile in tlog_tiles::Tile::new_tiles(8, 0, size) {
            // Their paths begin with the height of the tiles, as Go's first version had it.
            let name = tile.path().replacen("tile/8/", "tile/", 1);
            let there = fs::read(folder.join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
            let ours = snapshot.tile(tile.level().into(), tile.level_index()).await.unwrap().unwrap();
            assert_eq!(there, ours.concat(), "{name}");
        }
    }
    assert_eq!(files(&folder.join("tile/2")), [folder.join("tile/2/000.p/1")]);
    assert!(folder.join("tile/entries/255").exists() && !folder.join("tile/entries/000.p").exists());
}

#[tokio::test]
async fn what_is_wrong_in_it_is_named() {
    let place = Place::new();
    let store = place.open().await.unwrap();
    fill(&store, 599).await;
    let good = place.folder.path().join("tiles");
    write(&store, &good).await.unwrap();
    let spoilt = |file: &str, spoil: &dyn Fn(&mut Vec<u8>)| {
        let path = good.join(file);
        let before = fs::read(&path).unwrap();
        let mut bytes = before.clone();
        spoil(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let found = verify(&good, store.public_key()).unwrap_err();
        fs::write(&path, before).unwrap();
        found.to_string()
    };
    let flip = |at: usize| move |bytes: &mut Vec<u8>| *bytes.get_mut(at).unwrap() ^= 1;
    assert!(spoilt("tile/entries/001", &flip(30)).contains("entry 256"));
    assert!(spoilt("tile/entries/001", &flip(0)).contains("entry 256"));
    assert!(spoilt("tile/entries/002.p/88", &|bytes| bytes.extend([0, 1, b'x'])).contains("entry 600"));
    assert!(spoilt("tile/entries/002.p/88", &|bytes| bytes.truncate(bytes.len() - 1)).contains("entry 599"));
    assert!(spoilt("tile/0/001", &flip(32 * 3)).contains("entry 259 was changed"));
    assert!(spoilt("tile/1/000.p/2", &flip(0)).contains("the hashes of entries 0 to 511"));
    assert!(spoilt("checkpoint", &flip(30)).contains("a checkpoint does not hold"));
    fs::remove_file(good.join("tile/entries/001")).unwrap();
    let gone = verify(&good, store.public_key()).unwrap_err();
    assert!(matches!(gone, FolderError::Wrong(Wrong::Truncated { have: 256, .. })), "{gone}");
    write(&store, &good).await.unwrap();
    verify(&good, store.public_key()).unwrap();
}

#[tokio::test]
async fn a_folder_of_another_ledger_is_left_alone() {
    let (one, two) = (Place::new(), Place::new());
    let (first, second) = (one.open().await.unwrap(), two.open().await.unwrap());
    let folder = one.folder.path().join("tiles");
    fill(&first, 300).await;
    write(&first, &folder).await.unwrap();
    fill(&second, 400).await;
    let before: Vec<_> = files(&folder).iter().map(|file| (file.clone(), fs::read(file).unwrap())).collect();
    assert!(matches!(write(&second, &folder).await, Err(ExportError::Another(_))));
    let after: Vec<_> = files(&folder).iter().map(|file| (file.clone(), fs::read(file).unwrap())).collect();
    assert_eq!(before, after);
}
