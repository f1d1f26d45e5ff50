//! The pages, by a plain HTTP client that knows no JavaScript, and in a real browser.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail loudly")]

mod browser;
mod company;
mod flows;
mod gates;
mod looks;
mod visitor;
