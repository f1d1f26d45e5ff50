//! Throw-away PostgreSQL servers: for `rolecall demo`, and one for each test, since roles are server-wide.
//!
//! ```no_run
//! use rolecall_throwaway::{Server, binaries};
//!
//! let server = Server::start(&binaries::find(None)?)?;
//! println!("{}", server.url("postgres", "postgres"));
//! # Ok::<(), rolecall_throwaway::Error>(())
//! ```
//!
//! A server lives in a private directory with its data, its log and its Unix socket, and dies with the value: when
//! that is dropped, and also when its process is killed (see `watchdog`). It is quick rather than safe: nothing is
//! synced to disk. Everything here blocks; async callers use a blocking thread.

mod account;
pub mod binaries;
mod cache;
mod conf;
mod copy;
pub mod download;
mod error;
pub mod locale;
mod options;
mod postmaster;
mod probe;
mod root;
mod server;
mod sweep;
mod template;
mod url;
mod watchdog;
mod workdir;

pub use binaries::Binaries;
pub use error::Error;
pub use options::Options;
pub use server::Server;
