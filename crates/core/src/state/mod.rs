//! What a server shows: roles, memberships, ACLs, default ACLs, row policies, scopes. Filled by the engine, read by every decision.

mod acl;
mod names;

pub use acl::{Acl, AclEntry, AclId, Acls};
pub use names::{RoleId, RoleNames};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::mark::Mark;
use crate::privilege::Kind;

/// The role whose members Rolecall owns.
pub const MARKER: &str = "rolecall";

/// The schema that holds scopes and their function in each database with row filters.
pub const HELPER_SCHEMA: &str = "rolecall";

/// One server as it was when it was inspected.
#[derive(Debug, Clone, Default)]
pub struct ServerState {
    /// Which server it is, and who asks.
    pub identity: Identity,
    /// The role that Rolecall is connected as.
    pub me: RoleId,
    /// That role is a superuser.
    pub superuser: bool,
    /// Every name that an ACL, a membership or an owner mentions.
    pub names: RoleNames,
    /// Every role, by id; [`RoleId::PUBLIC`] and roles that are gone are not in it.
    pub roles: BTreeMap<RoleId, RoleState>,
    /// Every membership edge.
    pub memberships: Vec<Membership>,
    /// Every parsed ACL, once.
    pub acls: Acls,
    /// Every database of the server.
    pub databases: Vec<DatabaseState>,
    /// Configuration parameters with an ACL, and tablespaces.
    pub objects: Vec<Object>,
    /// What is inside the databases that were looked into, by name on the server.
    pub contents: BTreeMap<String, Contents>,
}

/// What makes a server this one and no other.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Identity {
    /// `pg_control_system().system_identifier`.
    pub system_identifier: String,
    /// `server_version_num`, such as 150018.
    pub version: u32,
    /// `server_version`, such as `15.18`.
    pub version_text: String,
    /// `pg_is_in_recovery()`: it follows a primary, which has the same identifier, and cannot be changed.
    pub standby: bool,
}

/// A role and its attributes, as in `pg_roles`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "pg_roles has these columns")]
pub struct RoleState {
    /// `oid`.
    pub oid: u32,
    /// SUPERUSER.
    pub superuser: bool,
    /// INHERIT.
    pub inherit: bool,
    /// CREATEROLE.
    pub create_role: bool,
    /// CREATEDB.
    pub create_db: bool,
    /// LOGIN.
    pub login: bool,
    /// REPLICATION.
    pub replication: bool,
    /// BYPASSRLS.
    pub bypass_rls: bool,
    /// CONNECTION LIMIT; -1: none.
    pub connection_limit: i64,
    /// VALID UNTIL, RFC 3339 in UTC, or `infinity`.
    pub valid_until: Option<String>,
    /// A hex SHA-256 of the stored password; None where there is none or it may not be seen.
    pub password_seal: Option<String>,
    /// The comment on the role.
    pub comment: Option<String>,
    /// `ALTER ROLE … SET`, by database (None: all of them) and name.
    pub settings: BTreeMap<(Option<String>, String), String>,
    /// Open sessions at the time of inspection.
    pub sessions: u32,
}

/// One edge of `pg_auth_members`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Membership {
    /// The role that is held.
    pub role: RoleId,
    /// Who holds it.
    pub member: RoleId,
    /// Who gave it.
    pub grantor: RoleId,
    /// WITH ADMIN.
    pub admin: bool,
    /// WITH INHERIT (before PostgreSQL 16: the member's own INHERIT).
    pub inherit: bool,
    /// WITH SET (before PostgreSQL 16: always).
    pub set: bool,
}

/// One database, as in `pg_database`.
#[derive(Debug, Clone)]
pub struct DatabaseState {
    /// Its name.
    pub name: String,
    /// `datallowconn`.
    pub allows_connections: bool,
    /// `datistemplate`.
    pub template: bool,
    /// Roles that Rolecall owns are mentioned inside it (`pg_shdepend`).
    pub mentions_owned: bool,
    /// Owner and ACL.
    pub object: Object,
}

/// One thing with an owner and an ACL.
#[derive(Debug, Clone)]
pub struct Object {
    /// What it is.
    pub kind: Kind,
    /// `oid` (0 for parameters).
    pub oid: u32,
    /// Its schema, for kinds in schemas.
    pub schema: Option<Arc<str>>,
    /// Its name; for a large object its number.
    pub name: Arc<str>,
    /// A routine's input types as PostgreSQL writes them, each quoted where it must be.
    pub arguments: Option<Arc<str>>,
    /// Its owner.
    pub owner: RoleId,
    /// Its ACL, with NULL already replaced by the built-in default.
    pub acl: AclId,
    /// It came with an extension.
    pub extension: bool,
    /// It stands in `pg_catalog`, `information_schema` or another schema of the system's own.
    pub system: bool,
    /// What PUBLIC held when the object was made by initdb or its extension (`pg_init_privs`); None: the kind's default.
    pub initial: Option<AclId>,
    /// The table whose column owns the sequence.
    pub owned_by: Option<u32>,
    /// Facts that matter for some kinds only.
    pub facts: Facts,
}

/// Facts that matter for some kinds only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the catalog")]
pub struct Facts {
    /// Row security is on (`relrowsecurity`).
    pub row_security: bool,
    /// …for the owner too (`relforcerowsecurity`).
    pub force_row_security: bool,
    /// A view that runs with its reader's rights.
    pub security_invoker: bool,
    /// A SECURITY DEFINER routine.
    pub security_definer: bool,
    /// The sequence of an identity column: whose table, whose sequence.
    pub identity: bool,
}

/// A column, of the tables for which the policy needs them and wherever one has an ACL.
#[derive(Debug, Clone)]
pub struct Column {
    /// `attnum`.
    pub number: i16,
    /// Its name.
    pub name: Arc<str>,
    /// Its type as SQL (`format_type`, without a modifier).
    pub sql_type: Arc<str>,
    /// Its ACL; None: it has none.
    pub acl: Option<AclId>,
}

/// What is inside one database.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// Everything with an ACL, ordered by kind, schema, name, arguments.
    pub objects: Vec<Object>,
    /// Columns by table oid, in the order of their numbers.
    pub columns: BTreeMap<u32, Vec<Column>>,
    /// Rows of `pg_default_acl`.
    pub default_acls: Vec<DefaultAcl>,
    /// Every row policy.
    pub row_policies: Vec<RowPolicy>,
    /// View oid → the tables and views that it reads.
    pub reads: BTreeMap<u32, Vec<u32>>,
    /// Table oid → the tables of which it is a partition, or from which it inherits.
    pub parents: BTreeMap<u32, Vec<u32>>,
    /// Rolecall's own schema, where it exists.
    pub helper: Option<Helper>,
    /// Things without an ACL that an owned role owns (publications, operators, text search…): description and owner.
    pub other_owned: Vec<(String, RoleId)>,
    /// Owned roles that own or were granted temporary things of some session: none of them is governed.
    pub temporary: BTreeSet<RoleId>,
}

impl Contents {
    /// The columns that were read of the table with this oid.
    pub fn columns_of(&self, table: u32) -> &[Column] {
        self.columns.get(&table).map_or(&[], Vec::as_slice)
    }
}

/// Kinds for which default privileges exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DefaultKind {
    /// `r`: tables, views and their like.
    Tables,
    /// `S`.
    Sequences,
    /// `f`: functions and procedures.
    Routines,
    /// `T`.
    Types,
    /// `n`: schemas; global only.
    Schemas,
    /// `L`: large objects; PostgreSQL 18, global only.
    LargeObjects,
}

impl DefaultKind {
    /// The letter in `defaclobjtype`.
    pub const fn letter(self) -> char {
        match self {
            Self::Tables => 'r',
            Self::Sequences => 'S',
            Self::Routines => 'f',
            Self::Types => 'T',
            Self::Schemas => 'n',
            Self::LargeObjects => 'L',
        }
    }

    /// The kind behind the letter.
    pub fn from_letter(letter: char) -> Option<Self> {
        [Self::Tables, Self::Sequences, Self::Routines, Self::Types, Self::Schemas, Self::LargeObjects]
            .into_iter()
            .find(|kind| kind.letter() == letter)
    }

    /// The words after `ON` in ALTER DEFAULT PRIVILEGES.
    pub const fn sql(self) -> &'static str {
        match self {
            Self::Tables => "TABLES",
            Self::Sequences => "SEQUENCES",
            Self::Routines => "ROUTINES",
            Self::Types => "TYPES",
            Self::Schemas => "SCHEMAS",
            Self::LargeObjects => "LARGE OBJECTS",
        }
    }

    /// An object kind with the same privileges and the same built-in default.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Tables => Kind::Table,
            Self::Sequences => Kind::Sequence,
            Self::Routines => Kind::Function,
            Self::Types => Kind::Type,
            Self::Schemas => Kind::Schema,
            Self::LargeObjects => Kind::LargeObject,
        }
    }
}

/// One row of `pg_default_acl`.
#[derive(Debug, Clone)]
pub struct DefaultAcl {
    /// Whose future objects.
    pub creator: RoleId,
    /// In which schema; None: everywhere, replacing the built-in default.
    pub schema: Option<Arc<str>>,
    /// Of which kind.
    pub kind: DefaultKind,
    /// The ACL.
    pub acl: AclId,
}

/// The commands that a row policy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PolicyCommand {
    /// All of them.
    All,
    /// SELECT.
    Select,
    /// INSERT.
    Insert,
    /// UPDATE.
    Update,
    /// DELETE.
    Delete,
}

impl PolicyCommand {
    /// The word after `FOR`.
    pub const fn sql(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::Select => "SELECT",
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }

    /// The command behind `polcmd`.
    pub const fn from_letter(letter: char) -> Option<Self> {
        match letter {
            '*' => Some(Self::All),
            'r' => Some(Self::Select),
            'a' => Some(Self::Insert),
            'w' => Some(Self::Update),
            'd' => Some(Self::Delete),
            _ => None,
        }
    }
}

/// One row of `pg_policy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPolicy {
    /// The table's oid.
    pub table: u32,
    /// Its name, unique on the table.
    pub name: String,
    /// For which commands.
    pub command: PolicyCommand,
    /// Widens (true) or restricts.
    pub permissive: bool,
    /// To whom; may hold [`RoleId::PUBLIC`].
    pub roles: Vec<RoleId>,
    /// USING, as PostgreSQL prints it back.
    pub using: Option<String>,
    /// WITH CHECK, as PostgreSQL prints it back.
    pub check: Option<String>,
}

/// Rolecall's own schema in a database.
#[derive(Debug, Clone, Default)]
pub struct Helper {
    /// A fingerprint of what stands there (owner, function, table), to compare with what should.
    pub fingerprint: String,
    /// The fingerprint that was noted when Rolecall installed it.
    pub installed: Option<String>,
    /// Tables whose row security Rolecall turned on: (schema, table).
    pub secured: Vec<(String, String)>,
    /// What Rolecall wrote and what PostgreSQL made of it, for each row policy of its own.
    pub seals: Vec<Seal>,
    /// Who has which rows.
    pub scopes: Vec<Scope>,
}

impl Helper {
    /// It stands as it was installed.
    pub fn is_intact(&self) -> bool {
        self.installed.as_ref() == Some(&self.fingerprint)
    }
}

/// What Rolecall wrote as a row policy and what PostgreSQL printed back right after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// The table's schema.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The policy's name.
    pub policy: String,
    /// Rolecall's own text of USING and WITH CHECK.
    pub source: String,
    /// USING as PostgreSQL printed it.
    pub using: Option<String>,
    /// WITH CHECK as PostgreSQL printed it.
    pub check: Option<String>,
}

/// One account's values for a role's parameters: a row of `rolecall.scope`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Scope {
    /// The account's name.
    pub account: String,
    /// The role's database name.
    pub role: String,
    /// Values by parameter, in PostgreSQL's text form.
    pub values: BTreeMap<String, String>,
    /// When it ends by itself, RFC 3339 in UTC.
    pub ends: Option<String>,
}

impl ServerState {
    /// The roles that Rolecall owns: members of the marker, never the marker, PostgreSQL's first superuser or itself.
    pub fn owned(&self) -> BTreeSet<RoleId> {
        let Some(marker) = self.names.find(MARKER) else { return BTreeSet::new() };
        let first = |id: &RoleId| self.roles.get(id).is_some_and(|role| role.oid == 10);
        let edges = self.memberships.iter().filter(|edge| edge.role == marker && !self.administers(edge));
        let members = edges.map(|edge| edge.member);
        members.filter(|id| *id != marker && *id != self.me && !first(id)).collect()
    }

    /// From PostgreSQL 16 on, a CREATEROLE user is given such an edge to whatever it makes: whoever made the marker, as
    /// another administrator, is not thereby a role of Rolecall's.
    fn administers(&self, edge: &Membership) -> bool {
        let maker = |role: &RoleState| role.create_role && Mark::parse(role.comment.as_deref()).is_none();
        edge.admin && !edge.inherit && !edge.set && self.roles.get(&edge.member).is_some_and(maker)
    }

    /// Whether `member` is among those who have the [rights](Self::rights_of) of `role`.
    pub fn has_rights_of(&self, member: RoleId, role: RoleId) -> bool {
        self.rights_of(member).contains(&role)
    }

    /// Itself and the roles that `member` inherits from, whose rights it has without any SET ROLE. This is what GRANT,
    /// REVOKE, ALTER DEFAULT PRIVILEGES and `pg_terminate_backend` ask. SUPERUSER is not looked at.
    pub fn rights_of(&self, member: RoleId) -> BTreeSet<RoleId> {
        self.reach(member, |edge| edge.inherit)
    }

    /// Itself and the roles to which `member` may SET ROLE, which ALTER … OWNER TO asks of the new owner. SUPERUSER is
    /// not looked at.
    pub fn can_become(&self, member: RoleId) -> BTreeSet<RoleId> {
        self.reach(member, |edge| edge.set)
    }

    /// Itself and all roles that `member` is a member of, whatever the memberships give: ADMIN in one of them changes a role.
    pub fn held_by(&self, member: RoleId) -> BTreeSet<RoleId> {
        self.reach(member, |_| true)
    }

    /// Itself and all that it reaches by memberships of a kind.
    pub fn reach(&self, member: RoleId, follow: impl Fn(&Membership) -> bool) -> BTreeSet<RoleId> {
        let (mut seen, mut open) = (BTreeSet::from([member]), vec![member]);
        while let Some(current) = open.pop() {
            let edges = self.memberships.iter().filter(|edge| edge.member == current && follow(edge));
            open.extend(edges.map(|edge| edge.role).filter(|id| seen.insert(*id)));
        }
        seen
    }
}
