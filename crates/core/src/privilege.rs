//! Privileges, the kinds of object that bear them, and which kind has which (PostgreSQL docs, "Privileges", table 5.2).

use std::fmt;

use serde::{Serialize, Serializer};

/// One privilege, in the order in which `GRANT` statements and plans list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Privilege {
    /// Read rows, columns, a sequence's value or a large object.
    Select,
    /// Add rows.
    Insert,
    /// Change rows, move a sequence, write a large object.
    Update,
    /// Remove rows.
    Delete,
    /// Empty a table.
    Truncate,
    /// Point a foreign key at a table.
    References,
    /// Put a trigger on a table.
    Trigger,
    /// VACUUM, ANALYZE, CLUSTER, REINDEX, LOCK (PostgreSQL 17 and later).
    Maintain,
    /// Look inside a schema, advance a sequence, use a type, language, server or wrapper.
    Usage,
    /// Make objects in a schema, schemas in a database, files in a tablespace.
    Create,
    /// Open a session on a database.
    Connect,
    /// Make temporary tables in a database.
    Temporary,
    /// Call a routine.
    Execute,
    /// Set a configuration parameter in a session (PostgreSQL 15 and later).
    Set,
    /// Set a configuration parameter for the server (PostgreSQL 15 and later).
    AlterSystem,
}

impl Privilege {
    /// Every privilege, in order.
    pub const ALL: [Self; 15] = [
        Self::Select,
        Self::Insert,
        Self::Update,
        Self::Delete,
        Self::Truncate,
        Self::References,
        Self::Trigger,
        Self::Maintain,
        Self::Usage,
        Self::Create,
        Self::Connect,
        Self::Temporary,
        Self::Execute,
        Self::Set,
        Self::AlterSystem,
    ];

    /// The word in `GRANT` statements.
    pub const fn sql(self) -> &'static str {
        match self {
            Self::Select => "SELECT",
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Truncate => "TRUNCATE",
            Self::References => "REFERENCES",
            Self::Trigger => "TRIGGER",
            Self::Maintain => "MAINTAIN",
            Self::Usage => "USAGE",
            Self::Create => "CREATE",
            Self::Connect => "CONNECT",
            Self::Temporary => "TEMPORARY",
            Self::Execute => "EXECUTE",
            Self::Set => "SET",
            Self::AlterSystem => "ALTER SYSTEM",
        }
    }

    /// The letter in an ACL item (`r` in `alice=r/owner`).
    pub const fn letter(self) -> u8 {
        match self {
            Self::Select => b'r',
            Self::Insert => b'a',
            Self::Update => b'w',
            Self::Delete => b'd',
            Self::Truncate => b'D',
            Self::References => b'x',
            Self::Trigger => b't',
            Self::Maintain => b'm',
            Self::Usage => b'U',
            Self::Create => b'C',
            Self::Connect => b'c',
            Self::Temporary => b'T',
            Self::Execute => b'X',
            Self::Set => b's',
            Self::AlterSystem => b'A',
        }
    }

    /// The privilege behind an ACL letter.
    pub fn from_letter(letter: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|privilege| privilege.letter() == letter)
    }

    /// The privilege that a policy calls `word` (any case; `temp` and `alter system` included).
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.trim().replace('_', " ").to_ascii_uppercase();
        let word = if word == "TEMP" { "TEMPORARY" } else { &word };
        Self::ALL.into_iter().find(|privilege| privilege.sql() == word)
    }
}

/// A set of privileges, two bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PrivilegeSet(u16);

impl PrivilegeSet {
    /// No privilege.
    pub const EMPTY: Self = Self(0);

    /// The set of those given.
    pub const fn of(privileges: &[Privilege]) -> Self {
        let (mut bits, mut rest) = (0, privileges);
        while let [first, tail @ ..] = rest {
            bits |= 1 << (*first as u16);
            rest = tail;
        }
        Self(bits)
    }

    /// True when the set holds nothing.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many privileges it holds.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// True when `privilege` is in the set.
    pub const fn has(self, privilege: Privilege) -> bool {
        self.0 & (1 << privilege as u16) != 0
    }

    /// True when all of `other` is in the set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// What is in either.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this one only.
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The privileges, in order.
    pub fn iter(self) -> impl Iterator<Item = Privilege> {
        Privilege::ALL.into_iter().filter(move |privilege| self.has(*privilege))
    }
}

impl From<Privilege> for PrivilegeSet {
    fn from(privilege: Privilege) -> Self {
        Self::of(&[privilege])
    }
}

impl FromIterator<Privilege> for PrivilegeSet {
    fn from_iter<I: IntoIterator<Item = Privilege>>(privileges: I) -> Self {
        privileges.into_iter().fold(Self::EMPTY, |set, privilege| set.union(privilege.into()))
    }
}

/// `SELECT, INSERT`: as SQL lists them.
impl fmt::Display for PrivilegeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, privilege) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(privilege.sql())?;
        }
        Ok(())
    }
}

/// A list of SQL words.
impl Serialize for PrivilegeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Debug for PrivilegeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

/// A kind of object with an ACL of its own. Columns are part of their table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An ordinary table (relkind `r`).
    Table,
    /// A partitioned table (`p`).
    PartitionedTable,
    /// A view (`v`).
    View,
    /// A materialized view (`m`).
    MaterializedView,
    /// A foreign table (`f`).
    ForeignTable,
    /// A sequence (`S`).
    Sequence,
    /// A function, aggregate or window function.
    Function,
    /// A procedure.
    Procedure,
    /// A type that is not a domain.
    Type,
    /// A domain.
    Domain,
    /// A schema.
    Schema,
    /// A database.
    Database,
    /// A procedural language.
    Language,
    /// A foreign-data wrapper.
    ForeignDataWrapper,
    /// A foreign server.
    ForeignServer,
    /// A configuration parameter (PostgreSQL 15 and later).
    Parameter,
    /// A tablespace.
    Tablespace,
    /// A large object.
    LargeObject,
}

const TABLE: PrivilegeSet = PrivilegeSet::of(&[
    Privilege::Select,
    Privilege::Insert,
    Privilege::Update,
    Privilege::Delete,
    Privilege::Truncate,
    Privilege::References,
    Privilege::Trigger,
]);
const TABLE_17: PrivilegeSet = TABLE.union(PrivilegeSet::of(&[Privilege::Maintain]));

impl Kind {
    /// Every kind, in the order in which plans list them.
    pub const ALL: [Self; 18] = [
        Self::Table,
        Self::PartitionedTable,
        Self::View,
        Self::MaterializedView,
        Self::ForeignTable,
        Self::Sequence,
        Self::Function,
        Self::Procedure,
        Self::Type,
        Self::Domain,
        Self::Schema,
        Self::Database,
        Self::Language,
        Self::ForeignDataWrapper,
        Self::ForeignServer,
        Self::Parameter,
        Self::Tablespace,
        Self::LargeObject,
    ];

    /// Tables, views and their like: what `GRANT … ON TABLE` takes, and the only kinds with columns.
    pub const fn is_relation(self) -> bool {
        matches!(self, Self::Table | Self::PartitionedTable | Self::View | Self::MaterializedView | Self::ForeignTable)
    }

    /// Functions and procedures: what `GRANT … ON ROUTINE` takes.
    pub const fn is_routine(self) -> bool {
        matches!(self, Self::Function | Self::Procedure)
    }

    /// Kinds that belong to the server rather than to one of its databases.
    pub const fn is_server_wide(self) -> bool {
        matches!(self, Self::Database | Self::Parameter | Self::Tablespace)
    }

    /// The privileges that the kind has on a server of `version` (as in `server_version_num`, 150018).
    pub const fn privileges(self, version: u32) -> PrivilegeSet {
        match self {
            Self::Table | Self::PartitionedTable | Self::View | Self::MaterializedView | Self::ForeignTable => {
                if version >= 170_000 {
                    TABLE_17
                } else {
                    TABLE
                }
            }
            Self::Sequence => PrivilegeSet::of(&[Privilege::Select, Privilege::Update, Privilege::Usage]),
            Self::Function | Self::Procedure => PrivilegeSet::of(&[Privilege::Execute]),
            Self::Type | Self::Domain | Self::Language | Self::ForeignDataWrapper | Self::ForeignServer => {
                PrivilegeSet::of(&[Privilege::Usage])
            }
            Self::Schema => PrivilegeSet::of(&[Privilege::Usage, Privilege::Create]),
            Self::Database => PrivilegeSet::of(&[Privilege::Create, Privilege::Connect, Privilege::Temporary]),
            Self::Parameter => PrivilegeSet::of(&[Privilege::Set, Privilege::AlterSystem]),
            Self::Tablespace => PrivilegeSet::of(&[Privilege::Create]),
            Self::LargeObject => PrivilegeSet::of(&[Privilege::Select, Privilege::Update]),
        }
    }

    /// What PUBLIC holds where an ACL is NULL (`acldefault`).
    pub const fn public_default(self) -> PrivilegeSet {
        match self {
            Self::Database => PrivilegeSet::of(&[Privilege::Connect, Privilege::Temporary]),
            Self::Function | Self::Procedure => PrivilegeSet::of(&[Privilege::Execute]),
            Self::Type | Self::Domain | Self::Language => PrivilegeSet::of(&[Privilege::Usage]),
            Self::Table
            | Self::PartitionedTable
            | Self::View
            | Self::MaterializedView
            | Self::ForeignTable
            | Self::Sequence
            | Self::Schema
            | Self::ForeignDataWrapper
            | Self::ForeignServer
            | Self::Parameter
            | Self::Tablespace
            | Self::LargeObject => PrivilegeSet::EMPTY,
        }
    }

    /// The word between `ON` and the name in a `GRANT`. ROUTINE covers functions and procedures alike.
    pub const fn grant_word(self) -> &'static str {
        match self {
            Self::Table | Self::PartitionedTable | Self::View | Self::MaterializedView | Self::ForeignTable => "TABLE",
            Self::Sequence => "SEQUENCE",
            Self::Function | Self::Procedure => "ROUTINE",
            Self::Type | Self::Domain => "TYPE",
            Self::Schema => "SCHEMA",
            Self::Database => "DATABASE",
            Self::Language => "LANGUAGE",
            Self::ForeignDataWrapper => "FOREIGN DATA WRAPPER",
            Self::ForeignServer => "FOREIGN SERVER",
            Self::Parameter => "PARAMETER",
            Self::Tablespace => "TABLESPACE",
            Self::LargeObject => "LARGE OBJECT",
        }
    }

    /// What people call it, in lower case; also the word in policy patterns.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::PartitionedTable => "partitioned table",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::ForeignTable => "foreign table",
            Self::Sequence => "sequence",
            Self::Function => "function",
            Self::Procedure => "procedure",
            Self::Type => "type",
            Self::Domain => "domain",
            Self::Schema => "schema",
            Self::Database => "database",
            Self::Language => "language",
            Self::ForeignDataWrapper => "foreign-data wrapper",
            Self::ForeignServer => "foreign server",
            Self::Parameter => "parameter",
            Self::Tablespace => "tablespace",
            Self::LargeObject => "large object",
        }
    }
}

/// Privileges that can be held on single columns.
pub const COLUMN_PRIVILEGES: PrivilegeSet =
    PrivilegeSet::of(&[Privilege::Select, Privilege::Insert, Privilege::Update, Privilege::References]);

/// Privileges whose reach a row filter can limit.
pub const ROW_PRIVILEGES: PrivilegeSet =
    PrivilegeSet::of(&[Privilege::Select, Privilege::Insert, Privilege::Update, Privilege::Delete]);
