//! One file per command.

pub mod adopt;
pub mod apply;
pub mod audit;
pub mod backup;
pub mod check;
mod confirm;
pub mod credential;
pub mod demo;
pub mod docs;
pub mod init;
pub mod plan;
pub mod remote;
pub mod schema;
pub mod serve;
mod stop;
pub mod verify;
