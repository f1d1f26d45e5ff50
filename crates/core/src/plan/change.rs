//! One difference between policy and server, in data: the engine turns it into SQL, nobody else can.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::policy::model::{ParameterType, RowValue};
use crate::privilege::{Kind, PrivilegeSet};
use crate::state::{DefaultKind, Object, PolicyCommand, Scope};

/// Who a privilege goes to. A role may be named "PUBLIC"; the pseudo-role is not that role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grantee {
    /// Everybody.
    Public,
    /// One role.
    Role(String),
}

/// How SQL names an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ObjectRef {
    /// What it is.
    pub kind: Kind,
    /// Its schema, for kinds in schemas.
    pub schema: Option<Arc<str>>,
    /// Its name; for a large object its number.
    pub name: Arc<str>,
    /// A routine's input types as PostgreSQL writes them.
    pub arguments: Option<Arc<str>>,
}

impl From<&Object> for ObjectRef {
    fn from(object: &Object) -> Self {
        Self {
            kind: object.kind,
            schema: object.schema.clone(),
            name: Arc::clone(&object.name),
            arguments: object.arguments.clone(),
        }
    }
}

/// A role attribute and the value that it shall have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// SUPERUSER.
    Superuser(bool),
    /// INHERIT.
    Inherit(bool),
    /// CREATEROLE.
    CreateRole(bool),
    /// CREATEDB.
    CreateDb(bool),
    /// LOGIN.
    Login(bool),
    /// REPLICATION.
    Replication(bool),
    /// BYPASSRLS.
    BypassRls(bool),
    /// CONNECTION LIMIT; -1: none.
    ConnectionLimit(i64),
    /// VALID UNTIL, RFC 3339 in UTC, or `infinity`.
    ValidUntil(String),
    /// PASSWORD NULL: what the environment does not let the database store, or nobody minted.
    NoPassword,
}

impl Attribute {
    /// As ALTER ROLE has it. An error is no mistake: words that a value follows, and the value, which must be quoted.
    pub fn words(&self) -> Result<String, (&'static str, &str)> {
        let switch = |name: &str, on: bool| Ok(if on { name.to_owned() } else { format!("NO{name}") });
        match self {
            Self::Superuser(on) => switch("SUPERUSER", *on),
            Self::Inherit(on) => switch("INHERIT", *on),
            Self::CreateRole(on) => switch("CREATEROLE", *on),
            Self::CreateDb(on) => switch("CREATEDB", *on),
            Self::Login(on) => switch("LOGIN", *on),
            Self::Replication(on) => switch("REPLICATION", *on),
            Self::BypassRls(on) => switch("BYPASSRLS", *on),
            Self::ConnectionLimit(limit) => Ok(format!("CONNECTION LIMIT {limit}")),
            Self::NoPassword => Ok("PASSWORD NULL".to_owned()),
            Self::ValidUntil(end) => Err(("VALID UNTIL", end)),
        }
    }
}

/// Which part of a membership is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MembershipPart {
    /// All of it.
    Whole,
    /// ADMIN OPTION FOR, with what was passed on by it.
    Admin,
    /// SET OPTION FOR (PostgreSQL 16 and later).
    Set,
}

/// A condition on rows: what a row policy's USING and WITH CHECK say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowExpression {
    /// Every row.
    True,
    /// Rows that at least one of these lets through.
    Any(Vec<Filter>),
}

/// One row filter: everything in it must hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Filter {
    /// The database name of the role whose scope gives the parameters their values.
    pub role: String,
    /// Columns and the values that they may have.
    pub matches: Vec<ColumnMatch>,
    /// Raw SQL that must hold too.
    pub condition: Option<RawCondition>,
}

/// A column and the values that it may have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ColumnMatch {
    /// The column.
    pub column: String,
    /// Its type as PostgreSQL prints it.
    pub sql_type: String,
    /// Literals and parameters.
    pub values: Vec<RowValue>,
}

/// SQL from the policy; `$name` in it stands for the array of the parameter's values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RawCondition {
    /// The SQL.
    pub sql: String,
    /// The role's parameters.
    pub parameters: BTreeMap<String, ParameterType>,
}

/// A row policy as Rolecall wants it. Always permissive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RowPolicyDef {
    /// Its name on the table.
    pub name: String,
    /// For which commands.
    pub command: PolicyCommand,
    /// To which roles, by name, sorted.
    pub roles: Vec<String>,
    /// Which rows: USING and, for commands that write, WITH CHECK.
    pub rows: RowExpression,
}

impl RowPolicyDef {
    /// The policy's meaning as stable text, kept beside what PostgreSQL made of it.
    pub fn source(&self) -> String {
        serde_json::to_string(&self.rows).unwrap_or_default()
    }

    /// USING exists for every command but INSERT.
    pub const fn has_using(&self) -> bool {
        !matches!(self.command, PolicyCommand::Insert)
    }

    /// WITH CHECK exists for commands that write new rows.
    pub const fn has_check(&self) -> bool {
        matches!(self.command, PolicyCommand::All | PolicyCommand::Insert | PolicyCommand::Update)
    }
}

/// One change. Where it holds (server or database) and when it runs is its [`super::Step`]'s business.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// Create the marker role, whose members Rolecall owns; the comment names the environment.
    CreateMarker {
        /// The marker's comment.
        comment: String,
    },
    /// Create a role: NOLOGIN, no attribute, marked, with a comment that says whose it is.
    CreateRole {
        /// Its name.
        role: String,
        /// Its comment.
        comment: String,
    },
    /// Set attributes of a role.
    AlterRole {
        /// Its name.
        role: String,
        /// The values that it shall have.
        attributes: Vec<Attribute>,
    },
    /// Say whose role it is.
    CommentRole {
        /// Its name.
        role: String,
        /// Its comment.
        comment: String,
    },
    /// `ALTER ROLE … SET`, or RESET where there is no value.
    Setting {
        /// Its name.
        role: String,
        /// In one database only.
        database: Option<String>,
        /// The parameter.
        name: String,
        /// Its value.
        value: Option<String>,
    },
    /// Make roles members of a role: INHERIT, no ADMIN, and from PostgreSQL 16 on no SET.
    GrantMembership {
        /// The role that is held.
        role: String,
        /// Who shall hold it.
        members: Vec<String>,
    },
    /// End a membership, or take an option of it away.
    RevokeMembership {
        /// The role that is held.
        role: String,
        /// Who holds it.
        member: String,
        /// Who gave it (named from PostgreSQL 16 on).
        grantor: String,
        /// What of it ends.
        part: MembershipPart,
    },
    /// Grant privileges on objects of one kind of `GRANT`.
    Grant {
        /// What.
        privileges: PrivilegeSet,
        /// On these; all share one [`Kind::grant_word`].
        objects: Vec<ObjectRef>,
        /// To these.
        grantees: Vec<Grantee>,
    },
    /// Revoke privileges, or only the option to pass them on.
    Revoke {
        /// What.
        privileges: PrivilegeSet,
        /// On these; all share one [`Kind::grant_word`].
        objects: Vec<ObjectRef>,
        /// From these.
        grantees: Vec<Grantee>,
        /// Who gave them; None: the objects' owner.
        grantor: Option<String>,
        /// Only GRANT OPTION FOR.
        option_only: bool,
        /// What was passed on by it goes too.
        cascade: bool,
    },
    /// Grant privileges on columns of one table.
    GrantColumns {
        /// The table.
        table: ObjectRef,
        /// Columns by privilege set.
        columns: BTreeMap<PrivilegeSet, Vec<String>>,
        /// To these.
        grantees: Vec<Grantee>,
    },
    /// Revoke privileges on columns of one table, or only the option to pass them on.
    RevokeColumns {
        /// The table.
        table: ObjectRef,
        /// Columns by privilege set.
        columns: BTreeMap<PrivilegeSet, Vec<String>>,
        /// From these.
        grantees: Vec<Grantee>,
        /// Who gave them; None: the table's owner.
        grantor: Option<String>,
        /// Only GRANT OPTION FOR.
        option_only: bool,
        /// What was passed on by it goes too.
        cascade: bool,
    },
    /// Grant privileges on future objects.
    GrantDefault {
        /// Whose future objects.
        creator: String,
        /// In which schema; None: everywhere.
        schema: Option<String>,
        /// Of which kind.
        kind: DefaultKind,
        /// What.
        privileges: PrivilegeSet,
        /// To these.
        grantees: Vec<Grantee>,
    },
    /// Revoke privileges on future objects.
    RevokeDefault {
        /// Whose future objects.
        creator: String,
        /// In which schema; None: everywhere.
        schema: Option<String>,
        /// Of which kind.
        kind: DefaultKind,
        /// What.
        privileges: PrivilegeSet,
        /// From these.
        grantees: Vec<Grantee>,
        /// Only GRANT OPTION FOR.
        option_only: bool,
    },
    /// Give an object to another owner.
    SetOwner {
        /// Its owner until now.
        from: String,
        /// The object.
        object: ObjectRef,
        /// Its new owner.
        owner: String,
        /// Rolecall lends itself the rights of both for it, where it has them not.
        borrow: bool,
    },
    /// Create or repair Rolecall's own schema in a database.
    InstallHelper,
    /// Create, replace and drop row policies of one table and turn its row security on or off, in one transaction.
    SecureTable {
        /// The table.
        table: ObjectRef,
        /// Policies to create, or to drop and create anew where one of the name exists.
        put: Vec<RowPolicyDef>,
        /// Policies to drop.
        drop: Vec<String>,
        /// Some(true): ENABLE ROW LEVEL SECURITY; Some(false): DISABLE; None: leave as it is.
        row_security: Option<bool>,
    },
    /// Let accounts see the rows of these scopes.
    AddScopes {
        /// Rows of `rolecall.scope`.
        scopes: Vec<Scope>,
    },
    /// Take these scopes away.
    RemoveScopes {
        /// Rows of `rolecall.scope`.
        scopes: Vec<Scope>,
    },
    /// No new session of a role whose sessions are about to end. It stays so if the run breaks off here: that is how
    /// the next run knows.
    ShutOut {
        /// Its name.
        role: String,
    },
    /// End the sessions of a role.
    EndSessions {
        /// Its name.
        role: String,
        /// It was shut out for this only, and may log in again at once.
        reopen: bool,
    },
    /// A role that was shut out for the length of a run may log in again.
    LetIn {
        /// Its name.
        role: String,
    },
    /// Hand on all that a role owns in one database (and server-wide).
    ReassignOwned {
        /// Its owner until now.
        from: String,
        /// Its new owner.
        to: String,
    },
    /// Clear away what a role owns and was granted in one database (and server-wide).
    DropOwned {
        /// The role that leaves.
        role: String,
        /// Who takes over its objects; None: it owns none.
        reassign_to: Option<String>,
    },
    /// Drop a role.
    DropRole {
        /// Its name.
        role: String,
    },
}
