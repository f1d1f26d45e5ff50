//! What is fuzzed: each module takes any bytes and panics where Rolecall does not keep its word about them.
//!
//! `cargo xtask fuzz` drives them with libFuzzer; `tests/corpus.rs` plays what is kept in `corpus/` in every test run.

#![expect(clippy::panic, reason = "a fuzzer finds panics")]

// The program's own files, which stand in modules here, call the engine by its name.
extern crate self as rolecall_engine;

pub mod acl;
mod lexer;
pub mod policy;
pub mod postgres;
pub mod quoting;
pub mod saved_plan;
mod server;

/// What a target does with bytes.
pub type Run = fn(&[u8]);

/// How each target is called, and what it does.
pub const TARGETS: [(&str, Run); 4] =
    [("policy", policy::run), ("acl", acl::run), ("quoting", quoting::run), ("saved_plan", saved_plan::run)];
