//! The SQL of every kind of change, with names that need quotes, for reading.

use std::collections::BTreeMap;
use std::sync::Arc;

use rolecall_core::plan::{
    Attribute, Change, ColumnMatch, Filter, Grantee, MembershipPart, ObjectRef, RawCondition, RowExpression,
    RowPolicyDef,
};
use rolecall_core::policy::model::{ParameterType, RowValue};
use rolecall_core::privilege::{Kind, Privilege, PrivilegeSet};
use rolecall_core::state::{DefaultKind, PolicyCommand, Scope};
use rolecall_engine::postgres::render::{Context, render};

const READ: PrivilegeSet = PrivilegeSet::of(&[Privilege::Select]);
const WRITE: PrivilegeSet = PrivilegeSet::of(&[Privilege::Insert, Privilege::Update]);

fn role() -> String {
    "o'neil \"x\"".into()
}

fn grantees() -> Vec<Grantee> {
    vec![Grantee::Public, Grantee::Role("PUBLIC".into()), Grantee::Role(role())]
}

fn object(kind: Kind, name: &str) -> ObjectRef {
    let schema = match kind {
        Kind::Schema | Kind::Database | Kind::Language | Kind::ForeignDataWrapper | Kind::ForeignServer => None,
        Kind::Tablespace | Kind::Parameter | Kind::LargeObject => None,
        _ => Some(Arc::from("my.schema")),
    };
    let arguments = kind.is_routine().then(|| Arc::from("integer, \"my type\"[]"));
    ObjectRef { kind, schema, name: Arc::from(name), arguments }
}

fn every_kind() -> Vec<ObjectRef> {
    let name = |kind| match kind {
        Kind::Parameter => "my_ext.some param",
        Kind::LargeObject => "4711",
        _ => "the \"thing\"",
    };
    Kind::ALL.map(|kind| object(kind, name(kind))).into()
}

fn table() -> ObjectRef {
    object(Kind::Table, "t;--")
}

fn columns() -> BTreeMap<PrivilegeSet, Vec<String>> {
    BTreeMap::from([(READ, vec!["a".into(), "b c".into()]), (READ.union(WRITE), vec!["user".into()])])
}

fn filters() -> RowExpression {
    let parameter = |name: &str| RowValue::Parameter(name.into());
    let one = ColumnMatch { column: "id".into(), sql_type: "bigint".into(), values: vec![parameter("customer")] };
    let values = vec![RowValue::Literal("it's".into()), RowValue::Literal("b".into()), parameter("region")];
    let other = ColumnMatch { column: "the region".into(), sql_type: "character".into(), values };
    let condition = RawCondition {
        sql: "created > now() - '1 day'::interval -- $no\nAND id = ANY ($customer)".into(),
        parameters: BTreeMap::from([("customer".into(), ParameterType::Bigint)]),
    };
    RowExpression::Any(vec![
        Filter { role: role(), matches: vec![one.clone()], condition: None },
        Filter { role: role(), matches: vec![one, other], condition: Some(condition) },
    ])
}

fn policies() -> Vec<RowPolicyDef> {
    let policy = |command, rows| RowPolicyDef { name: "rolecall: 'x'".into(), command, roles: vec![role()], rows };
    vec![
        policy(PolicyCommand::All, filters()),
        policy(PolicyCommand::Select, RowExpression::True),
        policy(PolicyCommand::Insert, RowExpression::Any(vec![])),
    ]
}

fn scopes() -> Vec<Scope> {
    let values = BTreeMap::from([("customer".to_owned(), "it's \"42\"".to_owned())]);
    let lasting = Scope { account: "al'ice".into(), role: role(), values, ends: None };
    vec![lasting.clone(), Scope { ends: Some("2030-01-02T03:04:05Z".into()), ..lasting }]
}

/// One of each, so that no kind of change goes unread.
fn every_change() -> Vec<Change> {
    let comment = || "rolecall: {\"account\":\"o'neil\"}".to_owned();
    let attributes = vec![
        Attribute::Superuser(false),
        Attribute::Inherit(true),
        Attribute::CreateRole(false),
        Attribute::CreateDb(false),
        Attribute::Login(true),
        Attribute::Replication(false),
        Attribute::BypassRls(false),
        Attribute::ConnectionLimit(-1),
        Attribute::ValidUntil("2030-01-02T03:04:05Z".into()),
        Attribute::NoPassword,
    ];
    let setting = |database: Option<&str>, name: &str, value: Option<&str>| Change::Setting {
        role: role(),
        database: database.map(str::to_owned),
        name: name.into(),
        value: value.map(str::to_owned),
    };
    let revoke_membership =
        |part| Change::RevokeMembership { role: "group".into(), member: role(), grantor: "who gave".into(), part };
    let revoke = |grantor: Option<&str>, option_only, cascade| Change::Revoke {
        privileges: READ,
        objects: vec![table()],
        grantees: grantees(),
        grantor: grantor.map(str::to_owned),
        option_only,
        cascade,
    };
    let revoke_columns = |grantor: Option<&str>, option_only, cascade| Change::RevokeColumns {
        table: table(),
        columns: columns(),
        grantees: grantees(),
        grantor: grantor.map(str::to_owned),
        option_only,
        cascade,
    };
    let (creator, kind, privileges) = (role(), DefaultKind::Tables, READ);
    let mut changes = vec![
        Change::CreateMarker { comment: comment() },
        Change::CreateRole { role: role(), comment: comment() },
        Change::AlterRole { role: role(), attributes },
        Change::CommentRole { role: role(), comment: comment() },
        setting(None, "search_path", Some("\"$user\", \"my schema\"")),
        setting(Some("my db"), "my_ext.some param", Some("it's")),
        setting(None, "statement_timeout", None),
        Change::GrantMembership { role: "group".into(), members: vec![role(), "plain".into()] },
        revoke_membership(MembershipPart::Whole),
        revoke_membership(MembershipPart::Admin),
        Change::Grant { privileges: READ.union(WRITE), objects: vec![table(), table()], grantees: grantees() },
        revoke(None, false, false),
        revoke(None, true, true),
        revoke(Some("the grantor"), false, false),
        Change::GrantColumns { table: table(), columns: columns(), grantees: grantees() },
        revoke_columns(None, true, true),
        revoke_columns(Some("the grantor"), false, false),
        Change::GrantDefault { creator: creator.clone(), schema: None, kind, privileges, grantees: grantees() },
        Change::RevokeDefault {
            creator,
            schema: Some("my.schema".into()),
            kind,
            privileges,
            grantees: grantees(),
            option_only: true,
        },
        Change::InstallHelper,
        Change::SecureTable {
            table: table(),
            put: policies(),
            drop: vec!["another's 'old' one".into(), "rolecall_'old' one".into()],
            row_security: Some(true),
        },
        Change::SecureTable { table: table(), put: vec![], drop: vec![], row_security: Some(false) },
        Change::AddScopes { scopes: scopes() },
        Change::RemoveScopes { scopes: scopes() },
        Change::ShutOut { role: role() },
        Change::EndSessions { role: role(), reopen: false },
        Change::EndSessions { role: role(), reopen: true },
        Change::LetIn { role: role() },
        Change::ReassignOwned { from: role(), to: "heir".into() },
        Change::DropOwned { role: role(), reassign_to: Some("heir".into()) },
        Change::DropRole { role: role() },
    ];
    for object in every_kind() {
        let privileges = object.kind.privileges(180_000);
        changes.push(Change::Grant { privileges, objects: vec![object.clone()], grantees: grantees() });
        if object.kind != Kind::Parameter {
            for borrow in [false, true] {
                let object = object.clone();
                changes.push(Change::SetOwner { object, from: "alice".into(), owner: role(), borrow });
            }
        }
    }
    changes
}

fn sql(changes: &[Change], version: u32) -> String {
    let mut text = String::new();
    for change in changes {
        for statement in render(change, Context { version }).unwrap() {
            text += &format!("{statement};\n");
        }
        text += "\n";
    }
    text
}

#[test]
fn every_change_on_15() {
    insta::assert_snapshot!(sql(&every_change(), 150_000));
}

/// Only what differs from 15.
#[test]
fn every_change_on_18() {
    let part = MembershipPart::Set;
    let set = Change::RevokeMembership { role: "group".into(), member: role(), grantor: role(), part };
    assert!(render(&set, Context { version: 150_000 }).is_err());
    let changes: Vec<_> = every_change()
        .into_iter()
        .filter(|change| sql(std::slice::from_ref(change), 150_000) != sql(std::slice::from_ref(change), 180_000))
        .chain([set])
        .collect();
    insta::assert_snapshot!(sql(&changes, 180_000));
}

#[test]
fn nothing_for_nobody() {
    let changes = [
        Change::Grant { privileges: PrivilegeSet::EMPTY, objects: vec![table()], grantees: grantees() },
        Change::Grant { privileges: READ, objects: vec![table()], grantees: vec![] },
        Change::GrantMembership { role: role(), members: vec![] },
        Change::AddScopes { scopes: vec![] },
    ];
    for change in changes {
        assert_eq!(render(&change, Context { version: 150_000 }), Ok(vec![]), "{change:?}");
    }
}

#[test]
fn refuses_what_would_mean_something_else() {
    let nul = Change::DropRole { role: "a\0".into() };
    let long = Change::DropRole { role: "x".repeat(64) };
    let everybody = Change::DropRole { role: "public".into() };
    let mut routine = object(Kind::Function, "f");
    routine.arguments = Some(Arc::from("integer) TO PUBLIC; --"));
    let grant = Change::Grant { privileges: Privilege::Execute.into(), objects: vec![routine], grantees: grantees() };
    let policy =
        RowPolicyDef { name: "p".into(), command: PolicyCommand::All, roles: vec![], rows: RowExpression::True };
    let secure = Change::SecureTable { table: table(), put: vec![policy], drop: vec![], row_security: None };
    for change in [nul, long, everybody, grant, secure] {
        assert!(render(&change, Context { version: 150_000 }).is_err(), "{change:?}");
    }
}
