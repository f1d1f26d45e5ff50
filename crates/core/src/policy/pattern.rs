//! A pattern over objects: `shop.*`, `function shop.price(integer)`, `schema "Odd Name"`.

use crate::privilege::Kind;

/// Which kinds a pattern reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Selector {
    /// No word before the name: tables, partitioned tables, views, materialized views and foreign tables.
    Relations,
    /// `routine`: functions and procedures.
    Routines,
    /// `table` (partitioned ones too), `view`, `sequence`, …
    One(Kind),
}

/// Text in which `*` matches any run of characters, unless it was quoted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Glob {
    /// The pieces between the stars.
    pieces: Vec<String>,
}

/// A pattern over objects.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern {
    /// Which kinds.
    pub selector: Selector,
    /// In which schemas; None for kinds outside schemas.
    pub schema: Option<Glob>,
    /// With which names; None means the database that the grant names.
    pub name: Option<Glob>,
    /// A routine's input types as PostgreSQL writes them (`integer, text`); None: any.
    pub arguments: Option<String>,
}
