//! Rolecall's own schema.

use std::collections::BTreeMap;

use crate::case::Case;

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

/// Whoever may create schemas could leave something there for Rolecall, often a superuser, to run.
#[tokio::test]
async fn helper_schema_of_a_stranger() {
    let case = Case::new().await;
    case.run(
        "postgres",
        "CREATE SCHEMA rolecall; CREATE FUNCTION public.trap() RETURNS jsonb LANGUAGE plpgsql AS
             'BEGIN RAISE EXCEPTION ''ran as %'', current_user; END';
         CREATE VIEW rolecall.scope AS
             SELECT 'a'::name AS account, 'r'::name AS role, public.trap() AS values, now() AS ends;
         CREATE TABLE rolecall.row_security (table_schema name, table_name name);
         CREATE TYPE public.odd AS (x int); CREATE TABLE rolecall.seal (table_schema name, table_name name,
             policy name, source public.odd, using_text text, check_text text);
         INSERT INTO rolecall.seal VALUES ('s', 't', 'p', ROW(1), NULL, NULL)",
    )
    .await;
    let state = case.inspect(&["postgres"], &[]).await;
    let helper = state.contents["postgres"].helper.as_ref().unwrap();
    assert!(helper.scopes.is_empty() && helper.seals.is_empty());

    // Nor do row policies run, where Rolecall is no superuser: reading is refused.
    case.run(
        "postgres",
        "CREATE ROLE z LOGIN; GRANT USAGE ON SCHEMA rolecall TO z; GRANT SELECT ON rolecall.row_security TO z;
         ALTER TABLE rolecall.row_security ENABLE ROW LEVEL SECURITY;
         CREATE POLICY trap ON rolecall.row_security USING (public.trap() IS NULL)",
    )
    .await;
    let error = case.inspect_as("z", &["postgres"], &[]).await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("42501"), "{error}");
}
