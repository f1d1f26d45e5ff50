//! A small server as it could be read, for any policy to be laid over.

use std::collections::BTreeMap;
use std::sync::Arc;

use rolecall_core::mark::Mark;
use rolecall_core::policy::model::Server;
use rolecall_core::privilege::Kind;
use rolecall_core::state::{
    Acls, Column, Contents, DatabaseState, Facts, Identity, MARKER, Membership, Object, RoleId, RoleNames, RoleState,
    ServerState,
};

/// A server on which some of the databases exist that the policy names, each with the same few objects.
pub fn state(server: &Server, version: u32) -> ServerState {
    let identity =
        Identity { system_identifier: "1".to_owned(), version, version_text: "1".to_owned(), standby: false };
    let mut state = ServerState { identity, superuser: true, ..ServerState::default() };
    let role = |oid, login, mark: Option<Mark>| RoleState {
        oid,
        login,
        inherit: true,
        superuser: oid == 10,
        connection_limit: -1,
        comment: mark.map(|mark| mark.comment()),
        ..RoleState::default()
    };
    let mut ids = Vec::new();
    for (oid, name, mark) in [
        (10, "postgres", None),
        (16384, MARKER, Some(Mark::environment("test"))),
        (16385, "app_owner", None),
        (16386, "alice", Some(Mark::account("alice@acme.test"))),
        (16387, "reader", Some(Mark::role("reader"))),
        (16388, "Straße", None),
    ] {
        let id = state.names.intern(name);
        state.roles.insert(id, role(oid, oid == 16386 || oid == 10, mark));
        ids.push(id);
    }
    if let [postgres, marker, _, alice, reader, _] = ids[..] {
        let edge =
            |role, member| Membership { role, member, grantor: postgres, admin: false, inherit: true, set: true };
        state.me = postgres;
        state.memberships = vec![edge(marker, alice), edge(marker, reader), edge(reader, alice)];
    }
    let contents = contents(&mut state.acls, &mut state.names);
    for database in server.databases.values().take(4) {
        let object = object(Kind::Database, 5, None, &database.name, state.names.intern("app_owner"), &mut state.acls);
        let name = database.name.clone();
        let found = DatabaseState { name, allows_connections: true, template: false, mentions_owned: true, object };
        state.databases.push(found);
        state.contents.insert(database.name.clone(), contents.clone());
    }
    state
}

fn object(kind: Kind, oid: u32, schema: Option<&str>, name: &str, owner: RoleId, acls: &mut Acls) -> Object {
    Object {
        kind,
        oid,
        schema: schema.map(Arc::from),
        name: name.into(),
        arguments: kind.is_routine().then(|| Arc::from("integer")),
        owner,
        acl: acls.default_for(kind, owner, 150_000),
        extension: false,
        system: false,
        initial: None,
        owned_by: None,
        facts: Facts::default(),
    }
}

fn contents(acls: &mut Acls, names: &mut RoleNames) -> Contents {
    let owner = names.intern("app_owner");
    let granted = acls.parse("{app_owner=arwdDxt/app_owner,alice=r*w/app_owner,=r/alice}", names).ok();
    let mut objects = Vec::new();
    for (kind, oid, schema, name) in [
        (Kind::Table, 20001, Some("analytics"), "events"),
        (Kind::Table, 20002, Some("shop"), "customers"),
        (Kind::Table, 20003, Some("shop"), "orders"),
        (Kind::View, 20004, Some("shop"), "tickets"),
        (Kind::Sequence, 20005, Some("shop"), "orders_id_seq"),
        (Kind::Function, 20006, Some("shop"), "f"),
        (Kind::Schema, 20007, None, "analytics"),
        (Kind::Schema, 20008, None, "shop"),
    ] {
        let mut object = object(kind, oid, schema, name, owner, acls);
        object.acl = granted.filter(|_| oid == 20003).unwrap_or(object.acl);
        objects.push(object);
    }
    let column = |(number, name, sql_type): (i16, &str, &str)| Column {
        number,
        name: name.into(),
        sql_type: sql_type.into(),
        acl: None,
    };
    let all = [(1, "id", "bigint"), (2, "name", "text"), (3, "customer_id", "bigint"), (4, "region", "text")];
    let columns: BTreeMap<u32, Vec<Column>> =
        (20001..=20004).map(|table| (table, all.into_iter().map(column).collect())).collect();
    Contents { objects, columns, ..Contents::default() }
}
