//! The ledger's form: a Merkle log in tiles, with signed checkpoints, as other transparency logs have them.
//!
//! Entries and hashes follow RFC 6962, tiles c2sp.org/tlog-tiles, checkpoints c2sp.org/tlog-checkpoint in
//! c2sp.org/signed-note. Pure but for [`key`], which reads and makes the key's file.

pub mod checkpoint;
pub mod key;
pub mod note;
pub mod tree;
