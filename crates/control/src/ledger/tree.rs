//! The Merkle tree: hashes by RFC 6962, kept in tiles of 256 by c2sp.org/tlog-tiles.

use sha2::{Digest, Sha256};

/// SHA-256.
pub type Hash = [u8; 32];

/// How many hashes a full tile has.
pub const WIDTH: usize = 256;

/// The hash of an entry.
pub fn leaf(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// The hash of two neighbours.
pub fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of a tree without entries.
pub fn empty() -> Hash {
    Sha256::digest([]).into()
}

/// The root of a tree of these hashes, by RFC 6962: the left half is the largest power of two.
pub fn root(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => empty(),
        [one] => *one,
        several => {
            let (left, right) = several.split_at(several.len().div_ceil(2).next_power_of_two());
            node(&root(left), &root(right))
        }
    }
}

/// A tile that the edge filled: its level, its place on it, and its hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// 0 holds the entries' hashes, each further one the roots of full tiles below.
    pub level: usize,
    /// Its place on the level, from 0.
    pub index: u64,
    /// 1 to 256 hashes.
    pub hashes: Vec<Hash>,
}

/// The right edge of the tree: of each level the tile that is not full. All that appending needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edge {
    size: u64,
    levels: Vec<Vec<Hash>>,
}

impl Edge {
    /// From the unfinished tiles, lowest level first. None: they are not those of a tree of this size.
    pub fn new(size: u64, levels: Vec<Vec<Hash>>) -> Option<Self> {
        let widths = widths(size);
        let fits = levels.len() == widths.len() && levels.iter().zip(&widths).all(|(tile, width)| tile.len() == *width);
        fits.then_some(Self { size, levels })
    }

    /// How many entries the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The unfinished tiles, lowest level first; some may be empty.
    pub fn tiles(&self) -> impl Iterator<Item = Tile> + '_ {
        self.levels.iter().enumerate().map(|(level, hashes)| Tile {
            level,
            index: self.size.checked_shr(8 * (level as u32 + 1)).unwrap_or(0),
            hashes: hashes.clone(),
        })
    }

    /// Adds an entry's hash. Tiles that it filled are given to `full`.
    pub fn push(&mut self, entry: Hash, full: &mut Vec<Tile>) {
        let mut hash = entry;
        self.size += 1;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(tile) = self.levels.get_mut(level) else { return };
            tile.push(hash);
            if tile.len() < WIDTH {
                return;
            }
            let hashes = std::mem::take(tile);
            hash = root(&hashes);
            full.push(Tile { level, index: (self.size >> (8 * (level as u32 + 1))) - 1, hashes });
        }
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        let mut below: Option<Hash> = None;
        for tile in &self.levels {
            // A tile's perfect subtrees stand left of all that is below them.
            for peak in peaks(tile).into_iter().rev() {
                below = Some(below.map_or(peak, |right| node(&peak, &right)));
            }
        }
        below.unwrap_or_else(empty)
    }
}

/// How wide the unfinished tile of each level is in a tree of this size; levels that the tree does not reach are left out.
pub fn widths(size: u64) -> Vec<usize> {
    let mut widths = Vec::new();
    let mut rest = size;
    while rest > 0 {
        widths.push((rest % WIDTH as u64) as usize);
        rest /= WIDTH as u64;
    }
    widths
}

/// The roots of the perfect subtrees of a list, largest first.
fn peaks(hashes: &[Hash]) -> Vec<Hash> {
    let mut peaks = Vec::new();
    let mut rest = hashes;
    while !rest.is_empty() {
        let largest = 1 << rest.len().ilog2();
        let (first, others) = rest.split_at(largest);
        peaks.push(root(first));
        rest = others;
    }
    peaks
}

/// Hashes one after the other, as a tile is stored.
pub fn join(hashes: &[Hash]) -> Vec<u8> {
    hashes.concat()
}

/// The opposite. None: the bytes are no tile.
pub fn split(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    (rest.is_empty() && hashes.len() <= WIDTH).then(|| hashes.to_vec())
}
