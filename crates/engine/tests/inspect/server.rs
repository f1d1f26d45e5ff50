//! What belongs to the server rather than to a database, and how inspection fails.

use rolecall_core::privilege::Kind;
use rolecall_core::state::ServerState;
use rolecall_engine::postgres::{Wanted, inspect};

use crate::case::{Case, find, list};

#[tokio::test]
async fn server_wide() {
    let case = Case::new().await;
    case.run("postgres", "CREATE ROLE r; GRANT CONNECT ON DATABASE postgres TO r WITH GRANT OPTION").await;
    case.run("postgres", "CREATE VIEW public.own AS SELECT 1 AS a").await;
    let recent = case.server.binaries().version >= 15;
    if recent {
        case.run("postgres", "GRANT SET, ALTER SYSTEM ON PARAMETER work_mem TO r").await;
        case.run("postgres", "CREATE VIEW public.v WITH (security_invoker = on) AS SELECT 1 AS a").await;
    }
    let state = case.inspect(&["postgres"], &[]).await;
    let parameter = "parameter work_mem [postgres: SET, ALTER SYSTEM by postgres; r: SET, ALTER SYSTEM by postgres]";
    // Every parameter that could get an ACL is there; only one has.
    let listed = list(&state, &state.objects);
    let granted: Vec<_> = listed.lines().filter(|line| line.contains("; r: ")).collect();
    assert_eq!(granted, if recent { vec![parameter] } else { Vec::new() });
    assert_eq!(listed.contains("parameter search_path ["), recent);
    assert!(!find(&state.contents["postgres"], Kind::View, "own").facts.security_invoker);
    assert!(!recent || find(&state.contents["postgres"], Kind::View, "v").facts.security_invoker);

    let names: Vec<_> = state.databases.iter().map(|database| database.name.as_str()).collect();
    assert_eq!(names, ["postgres", "template0", "template1"]);
    let flags = state.databases.iter().map(|database| (database.allows_connections, database.template));
    assert_eq!(flags.collect::<Vec<_>>(), [(true, false), (false, true), (true, true)]);
    let objects: Vec<_> = state.databases.iter().map(|database| database.object.clone()).collect();
    let all = "CREATE, CONNECT, TEMPORARY";
    let wanted = format!(
        "database postgres [PUBLIC: CONNECT, TEMPORARY by postgres; postgres: {all} by postgres; \
         r: CONNECT (pass on CONNECT) by postgres]"
    );
    assert!(list(&state, &objects).starts_with(&wanted), "{}", list(&state, &objects));
    assert!(state.identity.system_identifier.parse::<u64>().is_ok());
    assert_eq!(state.identity.version / 10_000, case.server.binaries().version);
}

#[tokio::test]
async fn what_may_not_be_read_does_not_count() {
    let case = Case::new().await;
    let table = "CREATE TABLE rolecall.row_security (table_schema name, table_name name)";
    case.run("postgres", &format!("CREATE ROLE a LOGIN; CREATE SCHEMA rolecall; {table}")).await;
    case.run("postgres", "COMMENT ON SCHEMA rolecall IS 'rolecall: as installed'").await;
    let installed = |state: &ServerState| state.contents["postgres"].helper.clone().unwrap().installed;
    let seen = case.inspect_as("a", &["postgres"], &[]).await.unwrap();
    assert_eq!(installed(&seen), None, "the plan must take it for somebody else's");
    assert_eq!(installed(&case.inspect(&["postgres"], &[]).await), Some("as installed".to_owned()));
    // What is server-wide needs no rights.
    case.inspect_as("a", &[], &[]).await.unwrap();
}

#[tokio::test]
async fn runs_on_any_thread() {
    let case = Case::new().await;
    let target = case.target("postgres");
    let task = tokio::spawn(async move { inspect(&target, &Wanted::default()).await });
    assert!(task.await.unwrap().unwrap().contents.is_empty());
}
