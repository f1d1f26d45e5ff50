//! What a policy says once it has been read and checked. Every name in it that can be wrong keeps its place in the source.

mod requests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::pattern::Pattern;
use super::problem::Span;
use crate::privilege::PrivilegeSet;

pub use requests::{Access, BreakGlass, ROLE_OWNER, RequestRules, Rules, Webhook, WebhookForm};

/// A whole policy: every file of it, merged.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Environments by name.
    pub environments: BTreeMap<String, Environment>,
    /// Roles by name.
    pub roles: BTreeMap<String, Role>,
    /// Groups by name.
    pub groups: BTreeMap<String, Group>,
    /// People by their address (`alice@acme.test`).
    pub people: BTreeMap<String, Person>,
    /// Services by name.
    pub services: BTreeMap<String, Service>,
    /// Who may do what in Rolecall itself.
    pub access: Access,
}

/// A value with the place where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub span: Span,
}

/// A set of servers with their own rules.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Where its name was written.
    pub span: Span,
    /// What holds for access in it.
    pub rules: Rules,
    /// Servers by name.
    pub servers: BTreeMap<String, Server>,
    /// Roles that are expected on its servers though Rolecall does not own them; `*` matches any run of characters.
    pub known: Vec<Spanned<String>>,
    /// What to do about other roles.
    pub unmanaged: Unmanaged,
    /// What `rolecall serve` does about changes by hand.
    pub drift: Drift,
    /// How database names are made.
    pub names: Names,
    /// What every account in it is given.
    pub accounts: AccountRules,
    /// What happens to what a removed account leaves behind.
    pub leavers: Leavers,
}

/// What to do about a role that neither Rolecall owns nor the policy knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unmanaged {
    /// Say so.
    #[default]
    Report,
    /// Say so and let the plan fail.
    Fail,
    /// Take its LOGIN away (superusers are reported only).
    Disable,
}

/// What `rolecall serve` does when a server does not say any more what was applied to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drift {
    /// Says so.
    #[default]
    Report,
    /// Takes it back at once.
    Repair,
    /// Says so, and waits for an administrator to take it back.
    Hold,
}

/// Templates of database names: `{role}` or `{account}` stands for the policy's own name, `{environment}` for the environment's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// For Roles; default `{role}`.
    pub role: String,
    /// For Accounts; default `{account}`, which is the part of the address before the `@`, or a service's name.
    pub account: String,
}

impl Default for Names {
    fn default() -> Self {
        Self { role: "{role}".into(), account: "{account}".into() }
    }
}

/// What every account of an environment is given.
#[derive(Debug, Clone, Default)]
pub struct AccountRules {
    /// How people and services prove who they are.
    pub credential: Credential,
    /// The longest a minted password lives, in seconds; None: 90 days.
    pub credential_max: Option<u64>,
    /// `CONNECTION LIMIT`; None: no limit.
    pub connection_limit: Option<u32>,
    /// `ALTER ROLE … SET name = value`.
    pub settings: BTreeMap<String, String>,
    /// A suspended account keeps its memberships (and only cannot log in).
    pub suspended_keeps_memberships: bool,
}

/// How an account proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Credential {
    /// A random password with an end, minted by `rolecall credential`.
    #[default]
    Password,
    /// Certificate, LDAP, IAM, peer: the database stores no password.
    External,
}

/// What happens to what a removed account leaves behind.
#[derive(Debug, Clone, Default)]
pub struct Leavers {
    /// The database role that takes over objects.
    pub reassign_to: Option<Spanned<String>>,
    /// SECURITY DEFINER routines may be handed on too, although they then run with the new owner's rights.
    pub reassign_security_definer: bool,
}

/// One database server of an environment.
#[derive(Debug, Clone)]
pub struct Server {
    /// Where its name was written.
    pub span: Span,
    /// What kind of server it is.
    pub engine: Engine,
    /// Where its connection URL comes from.
    pub url: Spanned<UrlSource>,
    /// Databases by logical name.
    pub databases: BTreeMap<String, Database>,
}

/// A kind of database server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// PostgreSQL 14 to 18.
    Postgres,
}

/// Where a connection URL comes from; the URL itself never stands in a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlSource {
    /// `${NAME}`: an environment variable.
    Variable(String),
    /// `${file:/path}`: the first line of a file.
    File(String),
}

/// A database on a server.
#[derive(Debug, Clone)]
pub struct Database {
    /// Where its logical name was written.
    pub span: Span,
    /// Its name on the server.
    pub name: String,
    /// What PUBLIC holds in it.
    pub public: Public,
    /// Roles whose future objects get default privileges; empty: the owners found in each schema.
    pub creators: Vec<Spanned<String>>,
}

/// What PUBLIC holds in a database, beside PostgreSQL's own defaults.
#[derive(Debug, Clone, Default)]
pub struct Public {
    /// Defaults that are taken away; roles that Rolecall does not own keep them by a grant of their own.
    pub revoke: Vec<PublicRule>,
    /// What PUBLIC may hold beyond the defaults; anything else beyond them is drift.
    pub keep: Vec<PublicRule>,
}

/// Privileges on a pattern of objects, for PUBLIC.
#[derive(Debug, Clone)]
pub struct PublicRule {
    /// Where it was written.
    pub span: Span,
    /// Which privileges; None: all that the kind has.
    pub privileges: Option<PrivilegeSet>,
    /// On which objects.
    pub on: Vec<Spanned<Pattern>>,
}

/// A named bundle of grants.
#[derive(Debug, Clone)]
pub struct Role {
    /// Where its name was written.
    pub span: Span,
    /// What it is for, in a sentence.
    pub description: Option<String>,
    /// The person or group that answers for it, and agrees to requests where the rules name nobody else.
    pub owner: Option<Spanned<String>>,
    /// Roles that it holds too.
    pub includes: Vec<Include>,
    /// Parameters by name.
    pub parameters: BTreeMap<String, ParameterType>,
    /// What it may do.
    pub grants: Vec<Grant>,
    /// Existing database roles that it is a member of (`pg_monitor`).
    pub member_of: Vec<Spanned<String>>,
}

/// One role held by another.
#[derive(Debug, Clone)]
pub struct Include {
    /// The role's name.
    pub role: Spanned<String>,
    /// Values for its parameters; one that is not given is taken from the including role's parameter of the same name.
    pub with: BTreeMap<String, Vec<RowValue>>,
    /// Where they were written.
    pub places: Places,
}

/// Where the values of parameters were written.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// By parameter: where its name stands, and where each of its values does.
    pub by_parameter: BTreeMap<String, (Span, Vec<Span>)>,
}

impl Places {
    /// Where a parameter's name stands.
    pub fn name(&self, parameter: &str) -> Option<Span> {
        self.by_parameter.get(parameter).map(|(name, _)| *name)
    }

    /// Where the nth of a parameter's values stands.
    pub fn value(&self, parameter: &str, nth: usize) -> Option<Span> {
        self.by_parameter.get(parameter).and_then(|(_, values)| values.get(nth).copied())
    }
}

/// The type of a role's parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterType {
    /// 16-bit integer.
    Smallint,
    /// 32-bit integer.
    Integer,
    /// 64-bit integer.
    Bigint,
    /// Any text.
    Text,
    /// A UUID.
    Uuid,
    /// A calendar day.
    Date,
    /// True or false.
    Boolean,
}

/// Privileges on a pattern of objects.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Where it was written.
    pub span: Span,
    /// The logical name of the database.
    pub database: Spanned<String>,
    /// Which privileges; None: all that the kind has.
    pub privileges: Option<PrivilegeSet>,
    /// On which objects.
    pub on: Vec<Spanned<Pattern>>,
    /// But not on these.
    pub except: Vec<Spanned<Pattern>>,
    /// On these columns only; empty: all.
    pub columns: Vec<Spanned<String>>,
    /// On rows where each of these columns equals one of the values; empty: all.
    pub rows: Vec<RowMatch>,
    /// On rows where this SQL holds too. `$parameter` in it stands for an array of values.
    pub condition: Option<Spanned<String>>,
}

/// A column and the values that it may have.
#[derive(Debug, Clone)]
pub struct RowMatch {
    /// The column.
    pub column: Spanned<String>,
    /// Literals and parameters.
    pub values: Vec<RowValue>,
}

/// A value in a row filter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowValue {
    /// Written as it is, in PostgreSQL's text form.
    Literal(String),
    /// `$name`: what the assignment gives.
    Parameter(String),
}

/// A named set of principals.
#[derive(Debug, Clone)]
pub struct Group {
    /// Where its name was written.
    pub span: Span,
    /// What its members hold, by environment.
    pub assign: BTreeMap<String, Vec<Assignment>>,
    /// What its members may request, by environment.
    pub may_request: BTreeMap<String, Vec<Spanned<String>>>,
}

/// A role held in an environment.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The role's name.
    pub role: Spanned<String>,
    /// Values of its parameters in PostgreSQL's text form; several values of one parameter mean each of them.
    pub with: BTreeMap<String, Vec<String>>,
    /// Where they were written.
    pub places: Places,
    /// From when on.
    pub starts: Option<Timestamp>,
    /// Until when.
    pub ends: Option<Timestamp>,
}

/// What a person and a service have in common.
#[derive(Debug, Clone)]
pub struct Principal {
    /// Where its name was written.
    pub span: Span,
    /// The account's name, where it is not derived.
    pub account: Option<Spanned<String>>,
    /// Shut out for now.
    pub suspended: bool,
    /// From when on there is an account.
    pub starts: Option<Timestamp>,
    /// From when on there is none.
    pub ends: Option<Timestamp>,
    /// Groups by name.
    pub groups: Vec<Spanned<String>>,
    /// What it holds beside its groups, by environment.
    pub assign: BTreeMap<String, Vec<Assignment>>,
    /// What it may request beside its groups, by environment.
    pub may_request: BTreeMap<String, Vec<Spanned<String>>>,
}

/// A human.
#[derive(Debug, Clone)]
pub struct Person {
    /// What it shares with services.
    pub principal: Principal,
    /// A name to show.
    pub name: Option<String>,
}

/// A program.
#[derive(Debug, Clone)]
pub struct Service {
    /// What it shares with people.
    pub principal: Principal,
    /// The person who answers for it.
    pub owner: Spanned<String>,
}
