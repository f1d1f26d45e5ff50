//! The engine's files that write SQL, built here once more: with the whole engine, a database client would have to be built
//! for each run of the fuzzer.

#[path = "../../engine/src/postgres/keywords.rs"]
mod keywords;
#[path = "../../engine/src/postgres/quote.rs"]
pub mod quote;
#[path = "../../engine/src/postgres/render/mod.rs"]
#[expect(unused_imports, reason = "the rest of the engine is not here")]
pub mod render;
