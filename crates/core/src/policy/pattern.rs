//! A pattern over objects: `shop.*`, `function shop.price(integer)`, `schema "Odd Name"`.

mod arguments;
mod glob;
mod parse;

use std::fmt;

use crate::privilege::{Kind, PrivilegeSet};

pub use glob::{Glob, LONGEST_NAME};

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

impl Selector {
    /// The kinds that it reaches.
    pub const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Relations => {
                &[Kind::Table, Kind::PartitionedTable, Kind::View, Kind::MaterializedView, Kind::ForeignTable]
            }
            Self::Routines => &[Kind::Function, Kind::Procedure],
            // To whoever writes a policy, a partitioned table is a table.
            Self::One(Kind::Table) => &[Kind::Table, Kind::PartitionedTable],
            Self::One(Kind::PartitionedTable) => &[Kind::PartitionedTable],
            Self::One(Kind::View) => &[Kind::View],
            Self::One(Kind::MaterializedView) => &[Kind::MaterializedView],
            Self::One(Kind::ForeignTable) => &[Kind::ForeignTable],
            Self::One(Kind::Sequence) => &[Kind::Sequence],
            Self::One(Kind::Function) => &[Kind::Function],
            Self::One(Kind::Procedure) => &[Kind::Procedure],
            Self::One(Kind::Type) => &[Kind::Type],
            Self::One(Kind::Domain) => &[Kind::Domain],
            Self::One(Kind::Schema) => &[Kind::Schema],
            Self::One(Kind::Database) => &[Kind::Database],
            Self::One(Kind::Language) => &[Kind::Language],
            Self::One(Kind::ForeignDataWrapper) => &[Kind::ForeignDataWrapper],
            Self::One(Kind::ForeignServer) => &[Kind::ForeignServer],
            Self::One(Kind::Parameter) => &[Kind::Parameter],
            Self::One(Kind::Tablespace) => &[Kind::Tablespace],
            Self::One(Kind::LargeObject) => &[Kind::LargeObject],
        }
    }

    /// The word before the name in a pattern; empty for relations.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Relations => "",
            Self::Routines => "routine",
            Self::One(kind) => kind.noun(),
        }
    }

    /// What to call what it reaches, in a sentence.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Relations => "table or view",
            Self::Routines => "routine",
            Self::One(kind) => kind.noun(),
        }
    }

    /// True when its kinds live in schemas.
    pub const fn in_schemas(self) -> bool {
        match self {
            Self::Relations | Self::Routines => true,
            Self::One(kind) => {
                kind.is_relation() || kind.is_routine() || matches!(kind, Kind::Sequence | Kind::Type | Kind::Domain)
            }
        }
    }
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

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PatternError {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl PatternError {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

impl Pattern {
    /// Reads `[kind] [schema.]name[(types)]`.
    ///
    /// Names are taken verbatim, without case folding; `*` is a star outside double quotes.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        parse::pattern(text)
    }

    /// True when the pattern reaches the object.
    ///
    /// `arguments` are a routine's input types as `oidvectortypes(proargtypes)` prints them (`integer, text`; empty for
    /// none), and None for other kinds. A pattern without a name matches any database: the caller knows which is meant.
    pub fn matches(&self, kind: Kind, schema: Option<&str>, name: &str, arguments: Option<&str>) -> bool {
        let schema_fits = match (&self.schema, schema) {
            (Some(glob), Some(schema)) => glob.matches(schema),
            (Some(_), None) => false,
            (None, _) => true,
        };
        self.kinds().contains(&kind)
            && schema_fits
            && self.name.as_ref().is_none_or(|glob| glob.matches(name))
            && self.arguments_fit(arguments)
    }

    fn arguments_fit(&self, given: Option<&str>) -> bool {
        match (&self.arguments, given) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(wanted), Some(given)) => {
                wanted == given || arguments::normalise(given).is_ok_and(|given| *wanted == given)
            }
        }
    }

    /// The kinds that it reaches.
    pub const fn kinds(&self) -> &'static [Kind] {
        self.selector.kinds()
    }

    /// Every privilege that one of its kinds has on a server of `version` (as in `server_version_num`).
    pub fn privileges(&self, version: u32) -> PrivilegeSet {
        self.kinds().iter().fold(PrivilegeSet::EMPTY, |set, kind| set.union(kind.privileges(version)))
    }

    /// True when it reaches everything of its kinds in its schemas, so that default privileges can say the same.
    pub fn whole_schema(&self) -> bool {
        self.schema.is_some() && self.arguments.is_none() && self.name.as_ref().is_some_and(Glob::is_everything)
    }

    /// True when it has no star: one object, or the overloads of one routine.
    pub fn is_exact(&self) -> bool {
        [&self.schema, &self.name].into_iter().flatten().all(|glob| glob.exact().is_some())
    }
}

/// As a policy writes it; reading it back gives the same pattern.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.selector.word())?;
        let Some(name) = &self.name else { return Ok(()) };
        if !self.selector.word().is_empty() {
            f.write_str(" ")?;
        }
        if let Some(schema) = &self.schema {
            write!(f, "{schema}.")?;
        }
        write!(f, "{name}")?;
        match &self.arguments {
            Some(arguments) => write!(f, "({arguments})"),
            None => Ok(()),
        }
    }
}
