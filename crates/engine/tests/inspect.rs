//! What inspection sees of a real server, made with SQL of its own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's own servers and answers")]

use std::collections::BTreeMap;

use rolecall_core::policy::pattern::Pattern;
use rolecall_core::privilege::Kind;
use rolecall_core::secret::Secret;
use rolecall_core::state::{AclEntry, AclId, Contents, Object, PolicyCommand, ServerState};
use rolecall_engine::postgres::inspect::{Wanted, inspect};
use rolecall_engine::postgres::{EngineError, Target, execute};
use rolecall_throwaway::{Server, binaries};

struct Case {
    server: Server,
}

impl Case {
    async fn new() -> Self {
        let start = || Server::start(&binaries::find(None).unwrap()).unwrap();
        Self { server: tokio::task::spawn_blocking(start).await.unwrap() }
    }

    fn target(&self, user: &str) -> Target {
        Target::parse(&Secret::new(self.server.url("postgres", user))).unwrap()
    }

    async fn run(&self, database: &str, sql: &str) {
        let mut conn = self.target("postgres").open(Some(database)).await.unwrap();
        execute(&mut conn, "prepare the test", sql).await.unwrap();
    }

    async fn inspect(&self, databases: &[&str], columns: &[&str]) -> ServerState {
        self.inspect_as("postgres", databases, columns).await.unwrap()
    }

    async fn inspect_as(&self, user: &str, databases: &[&str], columns: &[&str]) -> Result<ServerState, EngineError> {
        let patterns: Vec<_> = columns.iter().map(|text| Pattern::parse(text).unwrap()).collect();
        let wanted = Wanted {
            databases: databases.iter().map(|name| (*name).to_owned()).collect(),
            columns: databases.iter().map(|name| ((*name).to_owned(), patterns.clone())).collect(),
        };
        inspect(&self.target(user), &wanted).await
    }
}

fn acl(state: &ServerState, id: AclId) -> String {
    let item = |entry: &AclEntry| {
        let passed = if entry.grantable.is_empty() { String::new() } else { format!(" (pass on {})", entry.grantable) };
        let (grantee, grantor) = (state.names.name(entry.grantee), state.names.name(entry.grantor));
        format!("{grantee}: {}{passed} by {grantor}", entry.privileges)
    };
    state.acls.get(id).iter().map(item).collect::<Vec<_>>().join("; ")
}

fn find<'a>(contents: &'a Contents, kind: Kind, name: &str) -> &'a Object {
    let mut hits = contents.objects.iter().filter(|object| object.kind == kind && object.name.as_ref() == name);
    hits.next().unwrap_or_else(|| panic!("no {} {name:?}", kind.noun()))
}

fn list(state: &ServerState, objects: &[Object]) -> String {
    let line = |object: &Object| {
        let schema = object.schema.as_deref().map_or(String::new(), |schema| format!("{schema}."));
        let arguments = object.arguments.as_deref().map_or(String::new(), |types| format!("({types})"));
        let name = if object.kind == Kind::LargeObject { "#" } else { object.name.as_ref() };
        format!("{} {schema}{name}{arguments} [{}]", object.kind.noun(), acl(state, object.acl))
    };
    let shown = objects.iter().filter(|object| !object.system && !object.extension);
    let all = "SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER";
    // One list for all versions.
    shown.map(line).collect::<Vec<_>>().join("\n").replace(", MAINTAIN", "").replace(all, "ALL")
}

#[tokio::test]
async fn every_kind() {
    let case = Case::new().await;
    case.run("postgres", "CREATE ROLE o; CREATE ROLE r").await;
    case.run("postgres", "CREATE DATABASE app").await;
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
    let wanted = ["pg_authid", "pg_sleep", "information_schema", "pg_catalog", "c", "internal", "plpgsql", "sql"];
    assert_eq!(names, wanted);
    assert!(find(app, Kind::Language, "plpgsql").extension);
    let catalog = find(app, Kind::Schema, "pg_catalog");
    assert_eq!(catalog.initial, Some(catalog.acl));
    let passwords = find(app, Kind::Table, "pg_authid");
    assert!(passwords.initial.is_some_and(|initial| initial != passwords.acl));
}

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

#[tokio::test]
async fn roles_and_memberships() {
    let case = Case::new().await;
    case.run(
        "postgres",
        "CREATE ROLE rolecall; CREATE ROLE a LOGIN PASSWORD 'x' CONNECTION LIMIT 3 VALID UNTIL '2026-12-31 01:00+01';
         CREATE ROLE b NOINHERIT CREATEDB VALID UNTIL 'infinity'; COMMENT ON ROLE b IS E'two\\nlines';
         GRANT rolecall TO a; GRANT a TO b WITH ADMIN OPTION; ALTER ROLE a SET work_mem = '1MB';
         ALTER ROLE a IN DATABASE postgres SET search_path = 'x=y', z",
    )
    .await;
    for name in ["mentions", "other", "closed"] {
        case.run("postgres", &format!("CREATE DATABASE {name}")).await;
    }
    case.run("postgres", "ALTER DATABASE closed ALLOW_CONNECTIONS false").await;
    case.run(
        "mentions",
        "CREATE TABLE public.t (id int); GRANT SELECT ON public.t TO a; GRANT CREATE ON DATABASE mentions TO a;
         CREATE TEXT SEARCH CONFIGURATION public.words (COPY = simple);
         GRANT ALL ON SCHEMA public TO a; ALTER TEXT SEARCH CONFIGURATION public.words OWNER TO a",
    )
    .await;
    let mut session = case.target("a").open(Some("other")).await.unwrap();
    execute(&mut session, "be there", "SELECT 1").await.unwrap();
    let state = case.inspect(&["closed"], &[]).await;
    assert_eq!(state.contents.keys().collect::<Vec<_>>(), ["mentions"]);
    assert!(state.superuser && state.names.name(state.me) == "postgres");
    let (a, b) = (state.names.find("a").unwrap(), state.names.find("b").unwrap());
    let owned = &state.contents["mentions"].other_owned;
    assert_eq!(owned, &[("text search configuration public.words".to_owned(), a)]);
    assert_eq!(state.owned().into_iter().collect::<Vec<_>>(), [a]);
    let role = &state.roles[&a];
    assert_eq!((role.connection_limit, role.sessions, role.login), (3, 1, true));
    assert_eq!(role.valid_until.as_deref(), Some("2026-12-31T00:00:00Z"));
    assert_eq!(role.password_seal.as_ref().map(String::len), Some(64));
    let settings = BTreeMap::from([
        ((None, "work_mem".to_owned()), "1MB".to_owned()),
        ((Some("postgres".to_owned()), "search_path".to_owned()), "\"x=y\", z".to_owned()),
    ]);
    assert_eq!(role.settings, settings);
    let role = &state.roles[&b];
    assert_eq!((role.valid_until.as_deref(), role.comment.as_deref()), (Some("infinity"), Some("two\nlines")));
    assert!(role.password_seal.is_none() && role.create_db && !role.inherit);
    let edge = state.memberships.iter().find(|edge| edge.member == b).unwrap();
    assert!(edge.role == a && edge.admin && edge.set && !edge.inherit);

    // One who is no superuser sees the same, but for passwords.
    let seen = case.inspect_as("a", &["other"], &[]).await.unwrap();
    assert!(!seen.superuser && seen.roles.values().all(|role| role.password_seal.is_none()));
    assert_eq!(seen.identity, state.identity);
    assert_eq!(seen.roles.len(), state.roles.len());

    case.run("postgres", "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC").await;
    let denied = case.inspect_as("a", &[], &[]).await.unwrap();
    assert!(denied.identity.system_identifier.starts_with("at socket:"), "{:?}", denied.identity);
}

#[tokio::test]
async fn tables_in_depth() {
    let case = Case::new().await;
    case.run(
        "postgres",
        "CREATE ROLE r; CREATE ROLE c; CREATE SCHEMA s;
         CREATE TABLE s.t (id bigint, gone int, note varchar(9)); ALTER TABLE s.t DROP COLUMN gone;
         CREATE TABLE s.u (a int, b int); GRANT SELECT (b) ON s.u TO r;
         ALTER TABLE s.t ENABLE ROW LEVEL SECURITY; ALTER TABLE s.t FORCE ROW LEVEL SECURITY;
         CREATE POLICY one ON s.t TO r, c USING (id = 1);
         CREATE POLICY two ON s.t AS RESTRICTIVE FOR INSERT WITH CHECK (true);
         ALTER DEFAULT PRIVILEGES FOR ROLE c REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
         ALTER DEFAULT PRIVILEGES FOR ROLE c IN SCHEMA s GRANT SELECT ON TABLES TO r WITH GRANT OPTION",
    )
    .await;
    let state = case.inspect(&["postgres"], &["s.t"]).await;
    let contents = &state.contents["postgres"];
    let (t, u) = (find(contents, Kind::Table, "t"), find(contents, Kind::Table, "u"));
    assert!(t.facts.row_security && t.facts.force_row_security && !u.facts.row_security);
    let show = |oid| -> Vec<String> {
        let columns = contents.columns_of(oid).iter();
        let acl = |id: Option<AclId>| id.map(|id| acl(&state, id));
        columns
            .map(|column| format!("{} {} {} {:?}", column.number, column.name, column.sql_type, acl(column.acl)))
            .collect()
    };
    assert_eq!(show(t.oid), ["1 id bigint None", "3 note character varying None"]);
    assert_eq!(show(u.oid), ["2 b integer Some(\"r: SELECT by postgres\")"]);
    assert_eq!(contents.columns.len(), 2);
    let defaults = contents.default_acls.iter().map(|default| {
        let (creator, acl) = (state.names.name(default.creator), acl(&state, default.acl));
        format!("{creator} {:?} {:?} {acl}", default.schema, default.kind)
    });
    let wanted = ["c None Routines c: EXECUTE by c", "c Some(\"s\") Tables r: SELECT (pass on SELECT) by c"];
    assert_eq!(defaults.collect::<Vec<_>>(), wanted);
    let [one, two] = &contents.row_policies[..] else { panic!("{:?}", contents.row_policies) };
    assert!(one.permissive && one.command == PolicyCommand::All && one.table == t.oid);
    assert_eq!((one.roles.len(), one.using.as_deref(), one.check.as_deref()), (2, Some("(id = 1)"), None));
    assert!(!two.permissive && two.command == PolicyCommand::Insert && two.roles[0].is_public());
    assert_eq!((two.using.as_deref(), two.check.as_deref()), (None, Some("true")));
}

#[tokio::test]
async fn helper_schema() {
    let case = Case::new().await;
    case.run(
        "postgres",
        "CREATE SCHEMA rolecall; COMMENT ON SCHEMA rolecall IS 'rolecall: abc';
         CREATE TABLE rolecall.scope (account name, role name, values jsonb, ends timestamptz);
         CREATE TABLE rolecall.row_security (table_schema text, table_name text);
         CREATE TABLE rolecall.seal (other text);
         INSERT INTO rolecall.scope VALUES
             ('a', 'r', '{\"customer\": \"{1,2}\", \"n\": 3}', '2026-12-31 02:00+02'), ('b', 'r', '{}', NULL);
         INSERT INTO rolecall.row_security VALUES ('s', E't\\n')",
    )
    .await;
    let state = case.inspect(&["postgres", "template1"], &[]).await;
    assert!(state.contents["template1"].helper.is_none());
    let helper = state.contents["postgres"].helper.as_ref().unwrap();
    assert_eq!((helper.installed.as_deref(), helper.fingerprint.len()), (Some("abc"), 32));
    assert!(!helper.is_intact());
    assert_eq!(helper.secured, [("s".to_owned(), "t\n".to_owned())]);
    assert!(helper.seals.is_empty());
    let [a, b] = &helper.scopes[..] else { panic!("{:?}", helper.scopes) };
    assert_eq!((a.ends.as_deref(), b.ends.as_deref()), (Some("2026-12-31T00:00:00Z"), None));
    let values = [("customer".to_owned(), "{1,2}".to_owned()), ("n".to_owned(), "3".to_owned())];
    assert_eq!(a.values, BTreeMap::from(values));
}
