//! Rolecall's own schema, scopes, and row policies.

use std::collections::BTreeMap;
use std::time::Duration;

use rolecall_core::plan::{
    Attribute, Change, ColumnMatch, Filter, Grantee, RawCondition, RowExpression, RowPolicyDef, Stage, Step,
};
use rolecall_core::policy::model::{ParameterType, RowValue};
use rolecall_core::privilege::{Privilege, PrivilegeSet};
use rolecall_core::secret::Secret;
use rolecall_core::state::{PolicyCommand, Scope};
use rolecall_engine::postgres::Target;
use rolecall_engine::postgres::apply::Applier;
use rolecall_engine::postgres::render::expected_condition;
use rolecall_engine::postgres::verify::{expected_rows, visible_rows};

use super::world::{APP, World, each, number, run, table, text};

const FINGERPRINT: &str = include_str!("../../src/postgres/render/helper_fingerprint.sql");

async fn noted(world: &World) -> (String, String) {
    let mut conn = world.admin().await;
    let noted = text(&mut conn, "SELECT obj_description('rolecall'::regnamespace)").await.unwrap();
    (text(&mut conn, FINGERPRINT).await.unwrap(), noted.strip_prefix("rolecall: ").unwrap().to_owned())
}

#[test]
fn installs_the_helper_twice_and_repairs_it() {
    each(async |world| {
        world.roles(&[]).await;
        world.apply(Some(APP), vec![Change::InstallHelper]).await;
        let (found, first) = noted(world).await;
        assert_eq!(found, first);
        run(&mut world.admin().await, "GRANT SELECT ON rolecall.scope TO PUBLIC").await;
        let (found, installed) = noted(world).await;
        assert_ne!(found, installed, "what is done by hand shows");
        world.apply(Some(APP), vec![Change::InstallHelper]).await;
        assert_eq!(noted(world).await, (first.clone(), first));
    });
}

#[test]
fn an_admin_without_superuser_installs_the_helper_twice() {
    each(async |world| {
        let mut admin = world.admin().await;
        run(&mut admin, "CREATE ROLE \"Ad min\" LOGIN CREATEROLE").await;
        run(&mut admin, "GRANT CREATE ON DATABASE \"my \"\"app\"\"\" TO \"Ad min\"").await;
        let target = Target::parse(&Secret::new(world.url("postgres", "Ad min"))).unwrap();
        let mut applier = Applier::lock(&target).await.unwrap();
        let step = |database: Option<&str>, change| Step {
            stage: Stage::Shape,
            database: database.map(str::to_owned),
            change,
            reason: String::new(),
        };
        let comment = String::new();
        let steps = [
            step(None, Change::CreateMarker { comment: comment.clone() }),
            step(None, Change::CreateRole { role: "a".into(), comment }),
            step(Some(APP), Change::InstallHelper),
            step(Some(APP), Change::InstallHelper),
        ];
        let mut told = vec![];
        let report = applier.run(&steps, world.version, &mut |progress| told.push(progress.done)).await.unwrap();
        assert_eq!((report.transactions, told), (2, vec![2, 4]));
        let (found, installed) = noted(world).await;
        assert_eq!(found, installed);
    });
}

fn parameter(column: &str, name: &str) -> ColumnMatch {
    ColumnMatch { column: column.into(), sql_type: "bigint".into(), values: vec![RowValue::Parameter(name.into())] }
}

fn scope(values: &[(&str, &str)], ends: Option<String>) -> Scope {
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Scope { account: "al'ice".into(), role: "sup\"port".into(), values: values.collect(), ends }
}

fn filter(matches: Vec<ColumnMatch>, condition: Option<RawCondition>) -> Filter {
    Filter { role: "sup\"port".into(), matches, condition }
}

/// A table of ten customers in two regions, a role that may read it, and an account that holds the role.
async fn shop(world: &World) {
    world.roles(&["sup\"port", "al'ice"]).await;
    let (role, account) = ("sup\"port".to_owned(), "al'ice".to_owned());
    run(
        &mut world.admin().await,
        "CREATE SCHEMA \"s.1\"; CREATE TABLE \"s.1\".\"t\"\"1\" (id bigint, \"the region\" bigint);
        INSERT INTO \"s.1\".\"t\"\"1\" SELECT n, n % 2 FROM generate_series(1, 10) AS n;
        GRANT USAGE ON SCHEMA \"s.1\" TO \"sup\"\"port\"",
    )
    .await;
    world
        .apply(
            None,
            vec![
                Change::GrantMembership { role: role.clone(), members: vec![account.clone()] },
                Change::AlterRole { role: account, attributes: vec![Attribute::Login(true)] },
            ],
        )
        .await;
    let privileges = PrivilegeSet::of(&[Privilege::Select, Privilege::Insert, Privilege::Update, Privilege::Delete]);
    let grant = Change::Grant { privileges, objects: vec![table("s.1", "t\"1")], grantees: vec![Grantee::Role(role)] };
    world.apply(Some(APP), vec![Change::InstallHelper, grant]).await;
}

fn secure(put: Vec<RowPolicyDef>, drop: &[&str], row_security: Option<bool>) -> Change {
    let drop = drop.iter().map(|name| (*name).to_owned()).collect();
    Change::SecureTable { table: table("s.1", "t\"1"), put, drop, row_security }
}

fn policy(command: PolicyCommand, rows: &RowExpression) -> RowPolicyDef {
    let name = format!("rolecall_it's {}", command.sql());
    RowPolicyDef { name, command, roles: vec!["sup\"port".into()], rows: rows.clone() }
}

/// What the account sees is what it should see; returns how many rows that are.
async fn seen(world: &World, rows: &RowExpression, scopes: &[Scope]) -> u64 {
    let mut conn = world.admin().await;
    let table = table("s.1", "t\"1");
    let visible = visible_rows(&mut conn, "al'ice", &table).await.unwrap().unwrap();
    let condition = expected_condition(rows, &scopes.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!(visible, expected_rows(&mut conn, &table, Some(&condition)).await.unwrap(), "{condition}");
    visible
}

#[test]
fn secures_a_table() {
    each(async |world| {
        shop(world).await;
        let raw = RawCondition {
            sql: "id = ANY ($customer) -- $not".into(),
            parameters: BTreeMap::from([("customer".to_owned(), ParameterType::Bigint)]),
        };
        let literal = RowValue::Literal("1".into());
        let odd = ColumnMatch { column: "the region".into(), sql_type: "bigint".into(), values: vec![literal] };
        let one = RowExpression::Any(vec![filter(vec![parameter("id", "customer")], None)]);
        let both = filter(vec![parameter("id", "customer"), parameter("the region", "region")], None);
        let cases = [
            (RowExpression::True, 10),
            (RowExpression::Any(vec![]), 0),
            (one.clone(), 2),
            (RowExpression::Any(vec![filter(vec![odd.clone()], None)]), 5),
            (RowExpression::Any(vec![filter(vec![odd], Some(raw))]), 1),
            (RowExpression::Any(vec![both.clone()]), 1),
            (RowExpression::Any(vec![both, filter(vec![parameter("id", "nothing")], None)]), 1),
        ];
        // Customer 4 is in region 0, not 1: the values of one scope belong together.
        let scopes =
            [scope(&[("customer", "3"), ("region", "1")], None), scope(&[("customer", "4"), ("region", "1")], None)];
        world.apply(Some(APP), vec![Change::AddScopes { scopes: scopes.to_vec() }]).await;
        for (rows, count) in cases {
            world.apply(Some(APP), vec![secure(vec![policy(PolicyCommand::All, &rows)], &[], Some(true))]).await;
            assert_eq!(seen(world, &rows, &scopes).await, count, "{rows:?}");
        }
        let commands = [PolicyCommand::Select, PolicyCommand::Insert, PolicyCommand::Update, PolicyCommand::Delete];
        let put: Vec<_> = commands.iter().map(|command| policy(*command, &one)).collect();
        world.apply(Some(APP), vec![secure(put, &["rolecall_it's ALL", "not there"], None)]).await;
        let mut admin = world.admin().await;
        assert_eq!(number(&mut admin, "SELECT count(*) FROM pg_policy").await, 4);
        let sealed = "SELECT count(*) FROM rolecall.seal JOIN pg_policies ON policyname = policy AND tablename =
            table_name AND using_text IS NOT DISTINCT FROM qual AND check_text IS NOT DISTINCT FROM with_check";
        assert_eq!(number(&mut admin, sealed).await, 4);
        assert_eq!(number(&mut admin, "SELECT count(*) FROM rolecall.row_security").await, 1);
        world.apply(Some(APP), vec![secure(vec![], &["rolecall_it's SELECT"], Some(false))]).await;
        assert_eq!(number(&mut admin, "SELECT count(*) FROM rolecall.row_security").await, 0);
        assert_eq!(number(&mut admin, "SELECT count(*) FROM rolecall.seal").await, 3);
        assert_eq!(number(&mut admin, "SELECT count(*) FROM pg_class WHERE relrowsecurity").await, 0);
    });
}

#[test]
fn scopes_hold_under_set_role_and_end_on_time() {
    each(async |world| {
        shop(world).await;
        let rows = RowExpression::Any(vec![filter(vec![parameter("id", "customer")], None)]);
        let mut admin = world.admin().await;
        let ends = text(&mut admin, "SELECT to_json(now() + interval '2 seconds') #>> '{}'").await;
        let (brief, lasting) = (scope(&[("customer", "1")], ends), scope(&[("customer", "2")], None));
        let policy = policy(PolicyCommand::Select, &rows);
        let scopes = vec![brief.clone(), lasting.clone()];
        world.apply(Some(APP), vec![secure(vec![policy], &[], Some(true)), Change::AddScopes { scopes }]).await;
        if world.version >= 160_000 {
            run(&mut admin, "GRANT \"sup\"\"port\" TO \"al'ice\" WITH SET TRUE").await;
        }
        let mut alice = world.connect(APP, "al'ice").await;
        run(&mut alice, "SET ROLE \"sup\"\"port\"").await;
        let count = "SELECT count(*) FROM \"s.1\".\"t\"\"1\"";
        assert_eq!(number(&mut alice, count).await, 2);
        tokio::time::sleep(Duration::from_millis(2100)).await;
        assert_eq!(number(&mut alice, count).await, 1);
        // The same values with another end are another scope.
        let other = scope(&[("customer", "2")], Some("2099-01-01T00:00:00Z".into()));
        world.apply(Some(APP), vec![Change::RemoveScopes { scopes: vec![other] }]).await;
        assert_eq!(number(&mut alice, count).await, 1);
        world.apply(Some(APP), vec![Change::RemoveScopes { scopes: vec![lasting, brief] }]).await;
        assert_eq!(number(&mut alice, count).await, 0);
        assert_eq!(number(&mut admin, "SELECT count(*) FROM rolecall.scope").await, 0);
    });
}

#[test]
fn an_index_serves_the_filter() {
    each(async |world| {
        shop(world).await;
        let mut admin = world.admin().await;
        run(
            &mut admin,
            "INSERT INTO \"s.1\".\"t\"\"1\" SELECT n, n % 2 FROM generate_series(11, 20000) AS n;
            CREATE INDEX served ON \"s.1\".\"t\"\"1\" (id); ANALYZE \"s.1\".\"t\"\"1\"",
        )
        .await;
        let both = vec![parameter("id", "customer"), parameter("the region", "region")];
        for (matches, seen) in [(vec![parameter("id", "customer")], 2), (both, 1)] {
            let rows = RowExpression::Any(vec![filter(matches, None)]);
            let policy = policy(PolicyCommand::Select, &rows);
            let scopes =
                [("3", "1"), ("4", "1")].map(|(id, region)| scope(&[("customer", id), ("region", region)], None));
            let changes = vec![secure(vec![policy], &[], Some(true)), Change::AddScopes { scopes: scopes.into() }];
            world.apply(Some(APP), changes).await;
            let mut alice = world.connect(APP, "al'ice").await;
            let plan = text(&mut alice, "EXPLAIN (FORMAT YAML) SELECT * FROM \"s.1\".\"t\"\"1\"").await.unwrap();
            assert!(plan.contains("\"served\""), "{plan}");
            // A parallel worker has the session's user too.
            let setting = if world.version >= 160_000 { "debug_parallel_query" } else { "force_parallel_mode" };
            run(&mut alice, &format!("SET {setting} = on")).await;
            assert_eq!(number(&mut alice, "SELECT count(*) FROM \"s.1\".\"t\"\"1\"").await, seen);
        }
    });
}
