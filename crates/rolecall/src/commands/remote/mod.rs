//! Commands that ask a server of Rolecall.

pub mod access;
pub mod connect;
pub mod standing;
pub mod token;
