//! Roles, memberships, settings, and which databases are looked into.

use std::collections::BTreeMap;

use rolecall_engine::postgres::execute;

use crate::case::Case;

#[tokio::test]
async fn roles_and_memberships() {
    let case = Case::new().await;
    case.run(
        "postgres",
        "CREATE ROLE rolecall; CREATE ROLE a LOGIN PASSWORD 'x' CONNECTION LIMIT 3 VALID UNTIL '2026-12-31 01:00+01';
         CREATE ROLE z LOGIN; CREATE ROLE b NOINHERIT CREATEDB VALID UNTIL 'infinity'; COMMENT ON ROLE b IS E'two\\nlines';
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
    let seen = case.inspect_as("z", &["other"], &[]).await.unwrap();
    assert!(!seen.superuser && seen.roles.values().all(|role| role.password_seal.is_none()));
    assert_eq!(seen.identity, state.identity);
    assert_eq!(seen.roles.len(), state.roles.len());

    case.run("postgres", "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC").await;
    let denied = case.inspect_as("z", &[], &[]).await.unwrap();
    assert!(denied.identity.system_identifier.starts_with("at socket:"), "{:?}", denied.identity);
}
