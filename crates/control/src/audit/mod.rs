//! What an auditor does with the ledger: takes an export, and verifies it with the public key alone.

pub mod export;
pub mod ocsf;
mod table;
pub mod tiles;
pub mod verify;
