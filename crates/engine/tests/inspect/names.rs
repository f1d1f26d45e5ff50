//! Names that need quoting somewhere on the way.

use rolecall_core::privilege::Kind;

use crate::case::{Case, find};

#[tokio::test]
async fn odd_names() {
    let case = Case::new().await;
    let long = "ü".repeat(31) + "x";
    let names = ["a.b", "a b", "a\"b", "a'b", "a\\b", "a\nb\tc", "a=b/c", "🦀", "PUBLIC", "\\N", "{}", "a,b", &long];
    let sql = "CREATE ROLE §; CREATE SCHEMA § AUTHORIZATION §; CREATE TABLE §.§ (§ int); CREATE TYPE §.t AS (x int);
        CREATE FUNCTION §.§(§.t) RETURNS int LANGUAGE sql AS 'SELECT 1';
        GRANT SELECT ON §.§ TO §; GRANT UPDATE (§) ON §.§ TO §";
    for name in names {
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        case.run("postgres", &sql.replace('§', &quoted)).await;
    }
    case.run("postgres", "CREATE DATABASE \"a.\"\" \n🦀\"").await;
    let state = case.inspect(&["postgres", "a.\" \n🦀"], &["*.*"]).await;
    assert_eq!(state.contents.len(), 2);
    let contents = &state.contents["postgres"];
    for name in names {
        let id = find(contents, Kind::Schema, name).owner;
        assert_eq!(state.names.name(id), name);
        assert!(state.roles.contains_key(&id), "{name:?}");
        let table = find(contents, Kind::Table, name);
        assert_eq!(table.schema.as_deref(), Some(name));
        assert!(state.acls.get(table.acl).iter().any(|entry| entry.grantee == id), "{name:?}");
        let column = &contents.columns_of(table.oid)[0];
        assert_eq!(column.name.as_ref(), name);
        assert!(state.acls.get(column.acl.unwrap()).iter().any(|entry| entry.grantee == id), "{name:?}");
        let arguments = find(contents, Kind::Function, name).arguments.as_deref().unwrap();
        assert!(arguments.ends_with(".t"), "{arguments}");
    }
}
