//! A fingerprint moves with everything that inspection reads, and with nothing else that happens all day.

use rolecall_engine::postgres::fingerprint::fingerprint;

use crate::case::Case;

const BEFORE: &str = "CREATE ROLE r; CREATE ROLE s LOGIN; CREATE SCHEMA shop; CREATE TABLE shop.t (id int, name text); \
    CREATE FUNCTION shop.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE shop.mood AS ENUM ('ok'); \
    CREATE SEQUENCE shop.seq; CREATE VIEW shop.v AS SELECT id FROM shop.t; \
    CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w; SELECT lo_create(4711); \
    CREATE SCHEMA rolecall; CREATE TABLE rolecall.scope (id int)";

const MOVES: &[&str] = &[
    "GRANT r TO s",
    "REVOKE r FROM s",
    "ALTER ROLE s NOLOGIN",
    "ALTER ROLE s CONNECTION LIMIT 3",
    "ALTER ROLE s VALID UNTIL '2027-01-01'",
    "ALTER ROLE s SET work_mem = '8MB'",
    "ALTER ROLE s IN DATABASE postgres SET work_mem = '9MB'",
    "ALTER ROLE s IN DATABASE postgres SET work_mem = '10MB'",
    "COMMENT ON ROLE r IS 'a mark'",
    "COMMENT ON ROLE r IS 'another mark'",
    "CREATE ROLE stranger",
    "DROP ROLE stranger",
    "GRANT CONNECT ON DATABASE postgres TO r",
    "ALTER DATABASE postgres OWNER TO s",
    "GRANT SELECT ON shop.t TO r",
    "GRANT SELECT ON shop.t TO r WITH GRANT OPTION",
    "REVOKE SELECT ON shop.t FROM r",
    "GRANT SELECT (id) ON shop.t TO r",
    "REVOKE SELECT (id) ON shop.t FROM r",
    "ALTER TABLE shop.t OWNER TO s",
    "ALTER TABLE shop.t ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY p ON shop.t TO r USING (true)",
    "ALTER POLICY p ON shop.t USING (false)",
    "DROP POLICY p ON shop.t",
    "GRANT USAGE ON shop.seq TO r",
    "GRANT SELECT ON shop.v TO r",
    "GRANT EXECUTE ON FUNCTION shop.f TO r",
    "GRANT USAGE ON TYPE shop.mood TO r",
    "GRANT USAGE ON SCHEMA shop TO r",
    "GRANT USAGE ON LANGUAGE plpgsql TO r",
    "GRANT USAGE ON FOREIGN DATA WRAPPER w TO r",
    "GRANT USAGE ON FOREIGN SERVER far TO r",
    "GRANT SELECT ON LARGE OBJECT 4711 TO r",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO r",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA shop REVOKE SELECT ON TABLES FROM r",
    "GRANT CREATE ON TABLESPACE pg_default TO r",
    "CREATE TABLE shop.another (id int)",
    "DROP TABLE shop.another",
    "ALTER TABLE shop.t ADD COLUMN more int",
    "CREATE PUBLICATION pub",
    "ALTER PUBLICATION pub OWNER TO postgres; ALTER PUBLICATION pub RENAME TO pub2",
];

const STAYS: &[&str] = &[
    "SELECT 1",
    "INSERT INTO shop.t (id) SELECT generate_series(1, 1000)",
    "ANALYZE shop.t",
    "VACUUM shop.t",
    "CREATE TEMPORARY TABLE passing (id int, name text)",
];

#[tokio::test]
async fn moves_with_what_is_read_and_nothing_else() {
    let case = Case::new().await;
    case.run("postgres", BEFORE).await;
    let target = case.target("postgres");
    let ask = async || fingerprint(&target, &["postgres".to_owned(), "gone".to_owned()]).await.unwrap();
    let mut before = ask().await;
    for statement in MOVES {
        case.run("postgres", statement).await;
        let after = ask().await;
        assert_ne!(before, after, "{statement}");
        before = after;
    }
    if case.server.binaries().version >= 15 {
        case.run("postgres", "GRANT SET ON PARAMETER work_mem TO r").await;
        let after = ask().await;
        assert_ne!(before, after);
        before = after;
    }
    for statement in STAYS {
        case.run("postgres", statement).await;
        assert_eq!(before, ask().await, "{statement}");
    }
}

#[tokio::test]
async fn a_scope_written_by_hand_moves_it() {
    let case = Case::new().await;
    case.run("postgres", BEFORE).await;
    let target = case.target("postgres");
    let ask = async || fingerprint(&target, &["postgres".to_owned()]).await.unwrap();
    let before = ask().await;
    case.run("postgres", "INSERT INTO rolecall.scope VALUES (1)").await;
    let begun = std::time::Instant::now();
    // Statistics come a little late.
    while ask().await == before {
        assert!(begun.elapsed() < std::time::Duration::from_secs(10));
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn whoever_may_log_in_may_ask() {
    let case = Case::new().await;
    case.run("postgres", "CREATE ROLE nobody LOGIN").await;
    fingerprint(&case.target("nobody"), &["postgres".to_owned()]).await.unwrap();
}
