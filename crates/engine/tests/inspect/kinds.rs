//! Objects of every kind.

use rolecall_core::privilege::Kind;

use crate::case::{Case, find, list};

#[tokio::test]
async fn every_kind() {
    let case = Case::new().await;
    case.run("postgres", "CREATE ROLE o; CREATE ROLE r").await;
    case.run("postgres", "CREATE DATABASE app").await;
    // Until PostgreSQL 14, everybody may create things in public.
    case.run("app", "REVOKE ALL ON SCHEMA public FROM PUBLIC; ALTER SCHEMA public OWNER TO o").await;
    case.run(
        "app",
        "CREATE SCHEMA s AUTHORIZATION o; SET ROLE o; CREATE TABLE s.t (id serial, n int GENERATED ALWAYS AS IDENTITY);
         CREATE TABLE s.p (id int) PARTITION BY RANGE (id);
         CREATE VIEW s.v AS SELECT t.id FROM s.t, s.p; CREATE MATERIALIZED VIEW s.m AS SELECT * FROM s.v;
         CREATE TYPE s.e AS ENUM ('a'); CREATE TYPE s.c AS (a int); CREATE TYPE s.g AS RANGE (subtype = int);
         CREATE DOMAIN s.d AS int;
         CREATE FUNCTION s.f(s.e, int[], OUT x int) LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
         CREATE PROCEDURE s.q(text) LANGUAGE sql AS ''; CREATE AGGREGATE s.a(int) (SFUNC = int4pl, STYPE = int);
         GRANT SELECT, UPDATE ON s.t TO r WITH GRANT OPTION; GRANT EXECUTE ON PROCEDURE s.q TO r;
         REVOKE ALL ON FUNCTION s.f FROM PUBLIC; GRANT USAGE ON TYPE s.e TO r; SELECT lo_create(0);
         RESET ROLE; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER fs FOREIGN DATA WRAPPER w;
         CREATE FOREIGN TABLE s.ft (id int) SERVER fs; GRANT USAGE ON FOREIGN SERVER fs TO r;
         CREATE TEMP TABLE hidden (id int); GRANT SELECT ON pg_authid TO r; GRANT EXECUTE ON FUNCTION pg_sleep TO r",
    )
    .await;
    let state = case.inspect(&["app", "nowhere"], &[]).await;
    assert_eq!(state.contents.keys().collect::<Vec<_>>(), ["app"]);
    let app = &state.contents["app"];
    insta::assert_snapshot!(list(&state, &app.objects));

    let table = find(app, Kind::Table, "t");
    assert_eq!(find(app, Kind::Sequence, "t_id_seq").owned_by, Some(table.oid));
    assert_eq!(find(app, Kind::Sequence, "t_n_seq").owned_by, None);
    assert!(find(app, Kind::Function, "f").facts.security_definer);
    let (view, parent) = (find(app, Kind::View, "v").oid, find(app, Kind::PartitionedTable, "p").oid);
    assert_eq!(app.reads[&view], [table.oid, parent]);
    assert_eq!(app.reads[&find(app, Kind::MaterializedView, "m").oid], [view]);

    let system = app.objects.iter().filter(|object| object.system);
    let names: Vec<_> = system.map(|object| object.name.as_ref()).collect();
    let wanted = ["pg_authid", "pg_sleep", "information_schema", "pg_catalog", "plpgsql", "sql"];
    assert_eq!(names, wanted);
    assert!(find(app, Kind::Language, "plpgsql").extension);
    let catalog = find(app, Kind::Schema, "pg_catalog");
    assert_eq!(catalog.initial, Some(catalog.acl));
    let information = find(app, Kind::Schema, "information_schema");
    assert_eq!(information.initial, Some(information.acl));
    let passwords = find(app, Kind::Table, "pg_authid");
    assert!(passwords.initial.is_some_and(|initial| initial != passwords.acl));
}
