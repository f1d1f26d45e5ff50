//! What the server holds, what the policies say before and after, and what somebody did by hand in between.

const HEAD: &str = r#"environments:
  test:
    servers:
      main:
        engine: postgres
        url: "${URL}"
        databases:
          app:
            creators: [app_owner]
            public: { revoke: [@PUBLIC@{ allow: [temporary], on: database }] }
          books:
    known: [app_owner, batch, team, nobody, postgres, admin]
    rules: { brake: 100 }
    leavers: { reassign_to: app_owner }
roles:
  reader: { grants: [{ database: app, allow: [select], on: "shop.*" }] }
  writer: { includes: [reader], grants: [{ database: app, allow: [insert, update], on: "shop.*" }] }
  clerk: { grants: [{ database: books, allow: [select, update], on: "public.*" }] }
  support:
    parameters: { customer: bigint }
    grants: [{ database: app, allow: [select], on: shop.tickets, rows: { customer: $customer } }]
"#;

/// Carol owns things, Dave sees customer 1.
const ONE: &str = "people:
  alice@acme.test: { assign: { test: [writer, clerk] } }
  bob@acme.test: { assign: { test: [reader, clerk] } }
  carol@acme.test: { assign: { test: [reader] } }
  dave@acme.test: { assign: { test: [{ role: support, with: { customer: 1 } }] } }
  frank@acme.test: { standing: suspended, assign: { test: [clerk] } }
";

/// Alice moved, Bob is suspended, Carol left, Dave sees customer 2, Frank is back elsewhere, Erin came; what PUBLIC may
/// is less, two Roles are new, one sees rows of another table.
const TWO: &str = "  names: { grants: [{ database: app, allow: [select], on: shop.customers, columns: [id, name] }] }
  auditor:
    includes: [names]
    grants: [{ database: app, allow: [execute], on: routine shop.total }, { database: books, allow: [select], on: public.ledger }]
  desk:
    parameters: { customer: bigint }
    grants: [{ database: app, allow: [select], on: shop.orders, rows: { customer: $customer } }]
people:
  alice@acme.test: { assign: { test: [names] } }
  bob@acme.test: { standing: suspended, assign: { test: [reader] } }
  dave@acme.test: { assign: { test: [{ role: support, with: { customer: 2 } }, { role: desk, with: { customer: 0 } }] } }
  erin@acme.test: { assign: { test: [writer, clerk] } }
  frank@acme.test: { assign: { test: [auditor] } }
";

/// `batch` is somebody whom the policy knows and Rolecall does not own; it lives by what PUBLIC may.
pub const SERVER: &str = "CREATE ROLE app_owner NOLOGIN; CREATE ROLE batch LOGIN; CREATE ROLE team;
    CREATE ROLE nobody; GRANT team TO batch; CREATE ROLE admin LOGIN CREATEROLE CREATEDB; GRANT app_owner TO admin";
pub const APP: &str = "CREATE SCHEMA shop AUTHORIZATION app_owner; SET ROLE app_owner;
    CREATE TABLE shop.customers (id bigint, name text, iban text);
    CREATE TABLE shop.tickets (id bigint, customer bigint);
    CREATE TABLE shop.orders (id bigint, customer bigint);
    CREATE VIEW shop.open AS SELECT id FROM shop.tickets;
    CREATE SEQUENCE shop.numbers;
    CREATE FUNCTION shop.total(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT $1';
    GRANT USAGE ON SCHEMA shop TO team; GRANT SELECT, UPDATE ON shop.tickets, shop.orders TO team;
    INSERT INTO shop.customers SELECT n, 'name ' || n, 'iban ' || n FROM generate_series(0, 2) n;
    INSERT INTO shop.tickets SELECT n, n % 3 FROM generate_series(1, 9) n;
    INSERT INTO shop.orders SELECT n, n % 3 FROM generate_series(1, 9) n";
pub const BOOKS: &str = "ALTER SCHEMA public OWNER TO app_owner; SET ROLE app_owner; CREATE TABLE public.ledger (id bigint); CREATE TABLE public.notes (id bigint)";

/// What somebody did by hand, who is the administrator of these accounts.
pub const SERVER_DRIFT: &str = "ALTER ROLE alice CREATEDB CONNECTION LIMIT 3; ALTER ROLE bob SET work_mem = '8MB';
    GRANT reader TO dave; GRANT carol TO admin";
/// What owners did by hand, and those who may pass on what they have.
pub const APP_DRIFT: &str = "GRANT DELETE ON shop.customers TO alice WITH GRANT OPTION;
    SET ROLE alice; GRANT DELETE ON shop.customers TO bob; RESET ROLE;
    GRANT SELECT (iban) ON shop.customers TO dave; GRANT TRUNCATE ON shop.orders TO reader;
    ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA shop GRANT DELETE ON TABLES TO bob;
    CREATE TABLE shop.carols (id bigint); ALTER TABLE shop.carols OWNER TO carol;
    CREATE FUNCTION shop.hers() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION shop.hers() OWNER TO carol;
    CREATE TABLE shop.later (id bigint); ALTER TABLE shop.later OWNER TO app_owner";
pub const BOOKS_DRIFT: &str = "CREATE TABLE public.carols (id bigint); ALTER TABLE public.carols OWNER TO carol;
    GRANT INSERT ON public.notes TO carol WITH GRANT OPTION; SET ROLE carol; GRANT INSERT ON public.notes TO bob";

/// The policy before.
pub fn before() -> String {
    format!("{}{ONE}", HEAD.replace("@PUBLIC@", ""))
}

/// The policy after.
pub fn after() -> String {
    let revoke = "{ allow: [connect], on: database }, { allow: [execute], on: \"routine *.*\" }, ";
    format!("{}{TWO}", HEAD.replace("@PUBLIC@", revoke))
}
