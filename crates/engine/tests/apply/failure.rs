//! What happens when something is in the way.

use std::time::Duration;

use rolecall_core::plan::{Change, Stage, Step};
use rolecall_engine::postgres::EngineError;
use rolecall_engine::postgres::apply::Applier;

use super::world::{APP, each, number, run, table, text};

#[test]
fn only_one_at_a_time() {
    each(async |world| {
        let first = Applier::lock(&world.target()).await.unwrap();
        let error = Applier::lock(&world.target()).await.err().unwrap();
        let EngineError::LockHeld { holder: Some(holder) } = &error else { panic!("{error}") };
        assert!(holder.contains(", rolecall, since 20") && holder.starts_with("process "), "{holder}");
        drop(first);
        Applier::lock(&world.target()).await.unwrap().release().await.unwrap();
    });
}

#[test]
fn waits_for_the_sessions_of_a_run_that_lost_its_lock() {
    each(async |world| {
        world.roles(&["a"]).await;
        let mut admin = world.admin().await;
        run(&mut admin, "CREATE TABLE public.t ()").await;
        let mut first = Applier::lock(&world.target()).await.unwrap();
        let grant = Change::Grant {
            privileges: rolecall_core::privilege::Privilege::Select.into(),
            objects: vec![table("public", "t")],
            grantees: vec![rolecall_core::plan::Grantee::Role("a".into())],
        };
        let step = Step { stage: Stage::Widen, database: Some(APP.into()), change: grant, reason: String::new() };
        first.run(&[step], world.version, &mut |_| {}).await.unwrap();
        run(
            &mut admin,
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE mode = 'ExclusiveLock' AND locktype = 'advisory'",
        )
        .await;
        // What it has in the database could still be at work.
        let error = Applier::lock(&world.target()).await.err().unwrap();
        assert!(matches!(&error, EngineError::LockHeld { holder: Some(_) }), "{error}");
        drop(first);
        Applier::lock(&world.target()).await.unwrap().release().await.unwrap();
    });
}

#[test]
fn locks_without_a_database_called_postgres() {
    each(async |world| {
        run(&mut world.admin().await, "ALTER DATABASE postgres RENAME TO another").await;
        let secret = rolecall_core::secret::Secret::new(world.url(APP, "postgres"));
        let target = rolecall_engine::postgres::Target::parse(&secret).unwrap();
        let applier = Applier::lock(&target).await.unwrap();
        assert_eq!(applier.database(), "another");
    });
}

#[test]
fn names_the_statement_and_keeps_nothing_of_its_transaction() {
    each(async |world| {
        world.roles(&["a"]).await;
        let drop = |role: &str| Change::DropRole { role: role.into() };
        let error = world.try_apply(None, vec![drop("a"), drop("no such role"), drop("b")]).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "server-wide: DROP ROLE \"no such role\": role \"no such role\" does not exist (42704)"
        );
        assert!(error.help().unwrap().contains("rolled back"), "{:?}", error.help());
        let mut admin = world.admin().await;
        assert_eq!(number(&mut admin, "SELECT count(*) FROM pg_roles WHERE rolname = 'a'").await, 1);
    });
}

#[test]
fn names_the_statement_with_a_syntax_error() {
    use rolecall_core::plan::{Filter, RawCondition, RowExpression, RowPolicyDef};
    each(async |world| {
        world.roles(&["a"]).await;
        run(&mut world.admin().await, "CREATE TABLE public.t ()").await;
        let condition = Some(RawCondition { sql: "1 = = 2".into(), parameters: Default::default() });
        let rows = RowExpression::Any(vec![Filter { role: "a".into(), matches: vec![], condition }]);
        let command = rolecall_core::state::PolicyCommand::Select;
        let policy = RowPolicyDef { name: "p".into(), command, roles: vec!["a".into()], rows };
        let (table, drop) = (table("public", "t"), vec![]);
        let secure = Change::SecureTable { table, put: vec![policy], drop, row_security: Some(true) };
        let error = world.try_apply(Some(APP), vec![Change::InstallHelper, secure]).await.unwrap_err();
        assert!(error.to_string().contains("CREATE POLICY p ON public.t"), "{error}");
        assert!(error.to_string().ends_with("(42601)"), "{error}");
        assert_eq!(text(&mut world.admin().await, "SELECT to_regnamespace('rolecall')::text").await, None);
    });
}

#[test]
fn names_who_holds_the_lock() {
    each(async |world| {
        world.roles(&["a"]).await;
        let mut other = world.admin().await;
        run(&mut other, "CREATE TABLE public.t ()").await;
        run(&mut other, "BEGIN; LOCK TABLE public.t").await;
        let (table, drop) = (table("public", "t"), vec![]);
        let secure = Change::SecureTable { table, put: vec![], drop, row_security: Some(true) };
        let error = world.try_apply(Some(APP), vec![Change::InstallHelper, secure]).await.unwrap_err();
        assert_eq!(error.sqlstate(), Some("55P03"));
        assert!(error.to_string().contains("; the lock is held by process "), "{error}");
        assert!(error.to_string().contains("rolecall, idle in transaction"), "{error}");
    });
}

#[test]
fn runs_again_when_somebody_else_was_faster() {
    each(async |world| {
        world.roles(&["a"]).await;
        run(&mut world.admin().await, "CREATE TABLE public.t ()").await;
        let mut other = world.admin().await;
        run(&mut other, "BEGIN; GRANT SELECT ON public.t TO PUBLIC").await;
        let grant = Change::Grant {
            privileges: rolecall_core::privilege::Privilege::Select.into(),
            objects: vec![table("public", "t")],
            grantees: vec![rolecall_core::plan::Grantee::Role("a".into())],
        };
        let commit = async {
            tokio::time::sleep(Duration::from_millis(700)).await;
            run(&mut other, "COMMIT").await;
        };
        let (report, ()) = tokio::join!(world.try_apply(Some(APP), vec![grant]), commit);
        let report = report.unwrap();
        // Later versions may wait for each other instead.
        assert!(report.retries == 1 || world.version >= 170_000, "{report:?}");
        let held = "SELECT has_table_privilege('a', 'public.t', 'SELECT')::int::int8";
        assert_eq!(number(&mut world.admin().await, held).await, 1);
    });
}

#[test]
fn says_that_the_connection_was_lost() {
    each(async |world| {
        world.roles(&["a"]).await;
        let mut other = world.admin().await;
        run(&mut other, "CREATE TABLE public.t ()").await;
        run(&mut other, "BEGIN; LOCK TABLE public.t").await;
        let (table, drop) = (table("public", "t"), vec![]);
        let secure = Change::SecureTable { table, put: vec![], drop, row_security: Some(true) };
        let kill = async {
            // It waits for the table by then.
            tokio::time::sleep(Duration::from_millis(500)).await;
            run(&mut other, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted").await;
        };
        let (result, ()) = tokio::join!(world.try_apply(Some(APP), vec![Change::InstallHelper, secure]), kill);
        let error = result.unwrap_err();
        let EngineError::Statement { cause, statement, .. } = &error else { panic!("{error}") };
        assert!(matches!(**cause, EngineError::Lost { .. }), "{error}");
        assert_eq!(statement, "ALTER TABLE public.t ENABLE ROW LEVEL SECURITY");
        assert!(error.help().unwrap().contains("running `rolecall apply` again is safe"));
        assert_eq!(text(&mut world.admin().await, "SELECT to_regnamespace('rolecall')::text").await, None);
        // The lock went with its session.
        Applier::lock(&world.target()).await.unwrap();
    });
}
