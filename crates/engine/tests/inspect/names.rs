//! Names that need quoting somewhere on the way.

use rolecall_core::privilege::Kind;

use crate::case::{Case, find};

#[tokio::test]
async fn odd_names() {
    let case = Case::new().await;
    let long = "ü".repeat(31) + "x";
    let names = ["a.b", "a b", "a\"b", "a'b", "a\\b", "a\nb\tc", "a=b/c", "🦀", "PUBLIC", "\\N", "{}", "a,b", &long];
    let wild = "CREATE TABLE N.N (N int); CREATE TYPE N.t AS (x int); GRANT SELECT ON N.N TO N; \
                CREATE FUNCTION N.N(N.t) RETURNS int LANGUAGE sql AS 'select 1'; GRANT UPDATE (N) ON N.N TO N";
    for name in names {
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        case.run("postgres", &format!("CREATE ROLE {quoted}")).await;
        // Creating databases takes 50 ms each; schemas show the same.
        case.run("postgres", &format!("CREATE SCHEMA {quoted} AUTHORIZATION {quoted}")).await;
        let pieces: Vec<_> = wild.split(' ').map(|word| word.replace("N.", "\u{1}.").replace(".N", ".\u{1}")).collect();
        let words = pieces.iter().map(|word| match word.as_str() {
            "(N" | "(N)" | "N;" | "N" => word.replace('N', "\u{1}"),
            _ => word.clone(),
        });
        case.run("postgres", &words.collect::<Vec<_>>().join(" ").replace('\u{1}', &quoted)).await;
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
