//! Rolecall's use cases, its store, and the ledger: nothing changes without leaving its Event.
//!
//! [`Store::write`](store::Store::write) is the only door to the store. What a change does and the Events that tell of
//! it are committed together, or not at all. Leaving the Event out does not compile:
//!
//! ```
//! # use rolecall_control::store::{Store, StoreError};
//! # use rolecall_core::event::{Actor, Draft, Kind};
//! # async fn told(store: &Store) -> Result<(), StoreError> {
//! let actor = Actor::system("example");
//! let told = Draft::new(Kind::SignedOut { principal: "bob@acme.test".to_owned() });
//! store.write(&actor, |tx| async move { Ok::<_, StoreError>(tx.done((), told)) }).await?;
//! # Ok(())
//! # }
//! ```
//!
//! ```compile_fail,E0308
//! # use rolecall_control::store::{Store, StoreError};
//! # use rolecall_core::event::Actor;
//! # async fn silent(store: &Store) -> Result<(), StoreError> {
//! let actor = Actor::system("example");
//! store.write(&actor, |tx| async move { Ok::<(), StoreError>(()) }).await?;
//! # Ok(())
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use rolecall_control::store::{Store, StoreError};
//! # use rolecall_core::event::Actor;
//! # async fn silent(store: &Store) -> Result<(), StoreError> {
//! let actor = Actor::system("example");
//! store.write(&actor, |tx| async move { Ok::<_, StoreError>(tx.done(())) }).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Nor can another crate get at the connection behind it:
//!
//! ```compile_fail,E0624
//! # use rolecall_control::store::{Store, StoreError};
//! # use rolecall_core::event::{Actor, Draft};
//! # async fn bare(store: &Store, told: Draft) -> Result<(), StoreError> {
//! let actor = Actor::system("example");
//! store.write(&actor, |mut tx| async move { tx.connection(); Ok::<_, StoreError>(tx.done((), told)) }).await?;
//! # Ok(())
//! # }
//! ```

mod accept;
mod apply;
mod approve;
pub mod audit;
mod break_glass;
mod carry;
mod cause;
pub mod clock;
pub mod credential;
mod due;
mod end;
pub mod identity;
pub mod keeper;
pub mod ledger;
pub mod look;
pub mod measure;
mod objects;
mod office;
pub mod place;
mod proof;
mod request;
mod settle;
mod sight;
pub mod source;
mod sql;
pub mod store;
mod suspend;
mod telling;
pub mod webhook;

pub use accept::Accepted;
pub use carry::abandoned;
pub use objects::{Holder, Who};
pub use office::{ControlError, Office};
pub use settle::Settled;
pub use sight::Sight;
pub use sql::statements;
