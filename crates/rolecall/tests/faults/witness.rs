//! What PostgreSQL says of everybody at one moment: rights by `has_*_privilege`, memberships, and the cells really read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

use rolecall_core::secret::Secret;
use rolecall_engine::postgres::Target;
use rolecall_engine::postgres::probe::probe;
use sqlx::postgres::PgConnection;
use tokio::runtime::Runtime;

/// Every role with each thing that it may do.
const RIGHTS: &str = "
WITH who AS (SELECT oid, rolname, rolcanlogin FROM pg_catalog.pg_roles
    WHERE rolname !~ '^pg_' AND rolname NOT IN ('postgres', 'admin', 'rolecall')),
relations AS (SELECT c.oid, c.oid::regclass::text AS name, relkind FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
    WHERE nspname !~ '^pg_|^information_schema$|^rolecall$' AND relkind IN ('r', 'v', 'S'))
SELECT who.rolname, 'LOGIN' FROM who WHERE rolcanlogin
UNION ALL SELECT who.rolname, 'member of ' || o.rolname FROM who, pg_roles AS o
    WHERE o.oid <> who.oid AND o.rolname NOT IN ('postgres', 'admin', 'rolecall') AND pg_has_role(who.oid, o.oid, 'MEMBER')
UNION ALL SELECT who.rolname, 'CREATEDB' FROM who JOIN pg_roles USING (oid) WHERE rolcreatedb
UNION ALL SELECT who.rolname, format('%s %s', p, name) FROM who, relations,
    unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p
    WHERE relkind <> 'S' AND has_table_privilege(who.oid, relations.oid, p)
UNION ALL SELECT who.rolname, format('%s %s', p, name) FROM who, relations, unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS p
    WHERE relkind = 'S' AND has_sequence_privilege(who.oid, relations.oid, p)
UNION ALL SELECT who.rolname, format('%s %s(%s)', p, name, attname) FROM who, relations
    JOIN pg_attribute ON attrelid = relations.oid AND attnum > 0 AND NOT attisdropped,
    unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS p
    WHERE relkind <> 'S' AND has_column_privilege(who.oid, relations.oid, attnum, p)
UNION ALL SELECT who.rolname, 'EXECUTE ' || pg_proc.oid::regprocedure FROM who, pg_proc JOIN pg_namespace AS n ON n.oid = pronamespace
    WHERE nspname !~ '^pg_|^information_schema$|^rolecall$' AND has_function_privilege(who.oid, pg_proc.oid, 'EXECUTE')
UNION ALL SELECT who.rolname, format('%s schema %s', p, nspname) FROM who, pg_namespace AS n, unnest(ARRAY['USAGE', 'CREATE']) AS p
    WHERE nspname !~ '^pg_|^information_schema$|^rolecall$' AND has_schema_privilege(who.oid, n.oid, p)
UNION ALL SELECT who.rolname, format('%s database %s', p, current_database())
    FROM who, unnest(ARRAY['CONNECT', 'CREATE', 'TEMPORARY']) AS p
    WHERE has_database_privilege(who.oid, current_database(), p)
UNION ALL SELECT who.rolname, format('future %s: %s', kind, acl.privilege_type)
    FROM who, pg_roles AS creator, unnest(ARRAY['r', 'S', 'f', 'T', 'n']::\"char\"[]) AS kind,
    LATERAL (SELECT coalesce((SELECT defaclacl FROM pg_default_acl WHERE defaclrole = creator.oid AND defaclnamespace = 0
            AND defaclobjtype = kind), acldefault(CASE kind WHEN 'S' THEN 's' ELSE kind END, creator.oid)) AS items
        UNION ALL SELECT defaclacl FROM pg_default_acl
            WHERE defaclrole = creator.oid AND defaclnamespace <> 0 AND defaclobjtype = kind) AS defaults,
    aclexplode(items) AS acl WHERE creator.rolname = 'app_owner' AND who.oid <> creator.oid AND acl.grantee IN (who.oid, 0)";

/// Everything in the catalogs about roles that nobody but Rolecall may change.
const OTHERS: &str = "
SELECT 'role', to_jsonb(a)::text FROM pg_authid AS a WHERE rolname = ANY (@)
UNION ALL SELECT 'member', format('%s %s %s %s', roleid::regrole, member::regrole, grantor::regrole, admin_option)
    FROM pg_auth_members WHERE member::regrole::text = ANY (@)
UNION ALL SELECT 'setting', to_jsonb(s)::text FROM pg_db_role_setting AS s WHERE setrole::regrole::text = ANY (@)
UNION ALL SELECT 'comment', shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = ANY (@)";

/// Whom Rolecall does not own.
const STRANGERS: &str = "ARRAY['app_owner', 'batch', 'team', 'nobody', 'postgres']";

/// Everything that an apply may write, by names and in no order.
const CATALOG: &str = "
SELECT 'role', format('%s %s %s %s %s', rolname, rolcanlogin, rolcreatedb, rolconnlimit, shobj_description(oid, 'pg_authid'))
    FROM pg_roles WHERE rolname !~ '^pg_'
UNION ALL SELECT 'member', format('%s in %s %s', member::regrole, roleid::regrole, to_jsonb(m) - '{oid,roleid,member,grantor}'::text[])
    FROM pg_auth_members AS m WHERE roleid::regrole::text !~ '^pg_'
UNION ALL SELECT 'owner', format('%s %s %s', oid::regclass, relowner::regrole, relrowsecurity) FROM pg_class
    WHERE relnamespace::regnamespace::text !~ '^pg_|^information_schema$'
UNION ALL SELECT 'function', format('%s %s', oid::regprocedure, proowner::regrole) FROM pg_proc
    WHERE pronamespace::regnamespace::text !~ '^pg_|^information_schema$'
UNION ALL SELECT 'relation', format('%s %s', oid::regclass, acl) FROM pg_class, unnest(relacl) AS acl
    WHERE relnamespace::regnamespace::text !~ '^pg_|^information_schema$'
UNION ALL SELECT 'column', format('%s %s %s', attrelid::regclass, attname, acl) FROM pg_attribute, unnest(attacl) AS acl
    WHERE attrelid >= 16384
UNION ALL SELECT 'function', format('%s %s', oid::regprocedure, acl) FROM pg_proc, unnest(proacl) AS acl WHERE oid >= 16384
UNION ALL SELECT 'schema', format('%s %s', nspname, acl) FROM pg_namespace, unnest(nspacl) AS acl
UNION ALL SELECT 'database', format('%s %s', datname, acl) FROM pg_database, unnest(datacl) AS acl
UNION ALL SELECT 'default', format('%s %s %s %s', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, acl)
    FROM pg_default_acl, unnest(defaclacl) AS acl
UNION ALL SELECT 'policy', format('%s on %s for %s to %s: %s', polname, polrelid::regclass, polcmd, polroles::regrole[]::text,
    pg_get_expr(polqual, polrelid)) FROM pg_policy
UNION ALL SELECT 'setting', format('%s %s', setrole::regrole, setconfig) FROM pg_db_role_setting";

/// Tables whose cells are read as everybody. Each value occurs once, so that it says its row, too.
const TABLES: &[(&str, &str, &[&str])] = &[
    ("app", "shop.customers", &["id", "name", "iban"]),
    ("app", "shop.tickets", &["id"]),
    ("app", "shop.orders", &["id"]),
    ("app", "shop.open", &["id"]),
];

/// What is seen at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// By role.
    pub rights: BTreeMap<String, BTreeSet<String>>,
    /// What is known of roles that Rolecall does not own.
    pub others: BTreeSet<String>,
}

impl Sight {
    /// What somebody can do here and in neither of the others.
    pub fn wider_than(&self, before: &Self, after: &Self) -> Vec<String> {
        let nothing = BTreeSet::new();
        let mut wider = Vec::new();
        for (who, rights) in &self.rights {
            // Whoever was not there yet had what PUBLIC has: what nobody has beside it.
            let before = before.rights.get(who).unwrap_or(&before.rights["nobody"]);
            let after = after.rights.get(who).unwrap_or(&nothing);
            let more = rights.iter().filter(|right| !before.contains(*right) && !after.contains(*right));
            wider.extend(more.map(|right| format!("{who}: {right}")));
        }
        wider
    }

    /// How roles that Rolecall does not own differ, but for what a leaver left them.
    pub fn others_changed(&self, before: &Self) -> Vec<String> {
        let mut changed: Vec<_> = self.others.symmetric_difference(&before.others).cloned().collect();
        for who in ["app_owner", "batch", "team", "nobody"] {
            let (now, then) = (&self.rights[who], &before.rights[who]);
            let inherited = |right: &&String| right.contains("carols") || right.contains("hers()");
            let all = now.symmetric_difference(then).filter(|right| who != "app_owner" || !inherited(right));
            changed.extend(all.map(|right| format!("{who}: {right}")));
        }
        changed
    }
}

/// Somebody who looks on, by sessions that stay open.
pub struct Witness {
    runtime: Runtime,
    /// By database.
    sessions: Mutex<BTreeMap<&'static str, PgConnection>>,
}

impl Witness {
    /// In every database of the server with this socket.
    pub fn new(folder: &Path) -> Self {
        Self::of(folder, &["postgres", "app", "books"])
    }

    /// In some databases.
    pub fn of(folder: &Path, databases: &[&'static str]) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let open = |database: &&'static str| {
            let url = format!("postgres://postgres@localhost/{database}?host={}&port=5432", folder.display());
            let target = Target::parse(&Secret::new(url)).unwrap();
            let mut conn = runtime.block_on(target.open(None)).unwrap();
            // Not to be taken for the program itself.
            runtime.block_on(probe(&mut conn, "SET application_name = 'witness'")).unwrap();
            (*database, conn)
        };
        let sessions = Mutex::new(databases.iter().map(open).collect());
        Self { runtime, sessions }
    }

    /// Statements of the superuser; cells with a space between them.
    pub fn try_sql(&self, database: &str, sql: &str) -> Result<Vec<String>, String> {
        let mut sessions = self.sessions.lock().unwrap();
        let answer = self.runtime.block_on(probe(sessions.get_mut(database).unwrap(), sql));
        let rows = answer.map_err(|error| error.to_string())?.rows;
        Ok(rows.into_iter().map(|row| row.into_iter().flatten().collect::<Vec<_>>().join(" ")).collect())
    }

    /// The same, which must succeed.
    #[track_caller]
    pub fn sql(&self, database: &str, sql: &str) -> Vec<String> {
        self.try_sql(database, sql).unwrap()
    }

    /// What everybody can do now.
    pub fn look(&self) -> Sight {
        let mut sight = Sight::default();
        for database in ["app", "books"] {
            for row in self.sql(database, RIGHTS) {
                let (who, right) = row.split_once(' ').unwrap();
                sight.rights.entry(who.to_owned()).or_default().insert(format!("{right} in {database}"));
            }
        }
        for (who, rights) in &mut sight.rights {
            self.cells(who, rights);
        }
        sight.others = self.sql("postgres", &OTHERS.replace('@', STRANGERS)).into_iter().collect();
        sight
    }

    /// Reads what `who` can read, as `who`.
    fn cells(&self, who: &str, rights: &mut BTreeSet<String>) {
        for (database, table, columns) in TABLES {
            let may = |column: &&&str| rights.contains(&format!("SELECT {table}({column}) in {database}"));
            let columns: Vec<&str> = columns.iter().filter(may).copied().collect();
            let schema = table.split('.').next().unwrap();
            if columns.is_empty() || !rights.contains(&format!("USAGE schema {schema} in {database}")) {
                continue;
            }
            let columns = columns.iter().map(|column| format!("{column}::text")).collect::<Vec<_>>().join(", ");
            let read = format!("SELECT unnest(ARRAY[{columns}]) FROM {table}");
            let sql = format!("SET SESSION AUTHORIZATION {who}; {read}; RESET SESSION AUTHORIZATION");
            let found = self.try_sql(database, &sql);
            // Of a statement that failed, the rest did not run; and somebody else may have dropped the role by now.
            self.sql(database, "RESET SESSION AUTHORIZATION");
            rights.extend(found.into_iter().flatten().map(|cell| format!("reads {cell} of {table}")));
        }
    }

    /// The catalogs, to compare the end of two runs.
    pub fn catalog(&self) -> BTreeSet<String> {
        let of = |database: &str| self.sql(database, CATALOG).into_iter();
        let mut rows: BTreeSet<String> = of("app").map(|row| format!("app: {row}")).collect();
        rows.extend(of("books").map(|row| format!("books: {row}")));
        rows.extend(self.sql("app", "SELECT to_jsonb(s)::text FROM rolecall.scope AS s"));
        rows
    }
}
