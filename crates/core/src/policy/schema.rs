//! The policy's shape for others: a JSON Schema for editors, a reference for people.

mod json;
mod markdown;

pub use json::json_schema;
pub use markdown::reference_markdown;
