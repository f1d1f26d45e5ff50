//! Commands that ask a server of Rolecall.

pub mod access;
pub mod clock;
pub mod connect;
pub mod standing;
pub mod token;
