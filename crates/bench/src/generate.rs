//! A database and a policy of a given size, the same on every machine.

use std::fmt::Write as _;

/// How much there is of everything.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Tables in all.
    pub tables: usize,
    /// Schemas, of equally many tables.
    pub schemas: usize,
    /// Roles of the policy: half of them on whole schemas, half on single tables.
    pub roles: usize,
    /// People, each in one group or two.
    pub people: usize,
}

impl Size {
    /// What usually comes with so many tables: up to 500 Roles and up to 5,000 people.
    pub fn of(tables: usize) -> Self {
        Self { tables, schemas: 20, roles: (tables / 20).clamp(10, 500), people: (tables / 4).clamp(50, 5_000) }
    }

    fn table(self, number: usize) -> String {
        let number = number % self.tables;
        format!("s{:02}.t{number:05}", number % self.schemas)
    }

    /// SQL for psql in database `postgres`: the owner, the database, the schemas and the tables.
    pub fn database(self) -> String {
        let mut sql = "CREATE ROLE app_owner;\nCREATE DATABASE app OWNER app_owner;\n\\connect app\n".to_owned();
        sql.push_str("SET ROLE app_owner;\n");
        for schema in 0..self.schemas {
            let _ = writeln!(sql, "CREATE SCHEMA s{schema:02};\nBEGIN;");
            for number in (schema..self.tables).step_by(self.schemas) {
                let _ = writeln!(
                    sql,
                    "CREATE TABLE {} (id bigint PRIMARY KEY, made timestamptz, amount numeric, what varchar(80));",
                    self.table(number)
                );
            }
            sql.push_str("COMMIT;\n");
        }
        sql.push_str("RESET ROLE;\nVACUUM ANALYZE;\n");
        sql
    }

    /// The policy.
    pub fn policy(self) -> String {
        let mut yaml = "environments:\n  bench:\n    servers:\n      main: { engine: postgres, url: \"${URL}\", \
                        databases: [app] }\n    known: [app_owner]\nroles:\n"
            .to_owned();
        for role in 0..self.roles {
            let (allow, on) = if role % 2 == 0 {
                let schema = |step: usize| format!("s{:02}.*", (role / 2 + step) % self.schemas);
                (
                    if role % 4 == 0 { "[select]" } else { "[select, insert, update, delete]" },
                    [schema(0), schema(7)].join(", "),
                )
            } else {
                ("[select]", (0..10).map(|step| self.table(role * 31 + step * 17)).collect::<Vec<_>>().join(", "))
            };
            let _ = writeln!(yaml, "  role_{role:03}:\n    grants: [{{ database: app, allow: {allow}, on: [{on}] }}]");
        }
        yaml.push_str("groups:\n");
        let groups = self.groups();
        for group in 0..groups {
            let held: Vec<_> = (0..5).map(|step| format!("role_{:03}", (group * 5 + step) % self.roles)).collect();
            let _ = writeln!(yaml, "  group_{group:03}: {{ assign: {{ bench: [{}] }} }}", held.join(", "));
        }
        yaml.push_str("people:\n");
        for person in 0..self.people {
            let group = person % groups;
            let second = if person % 3 == 0 { format!(", group_{:03}", (group + 1) % groups) } else { String::new() };
            let _ = writeln!(yaml, "  person{person:04}@acme.test: {{ groups: [group_{group:03}{second}] }}");
        }
        yaml
    }

    fn groups(self) -> usize {
        (self.roles / 5).max(2)
    }

    /// SQL for psql in database `app`: ten grants that are not as the policy has them.
    pub fn drift(self) -> String {
        let mut sql = String::new();
        for number in 0..10 {
            let (role, table) = (number * 2 + 1, self.table(number * 37 + 5));
            // A Role is `role_001` of the environment `bench`; psql finds its name by the comment that marks it.
            let act = if number % 2 == 0 { "GRANT TRUNCATE ON %s TO %I" } else { "GRANT REFERENCES ON %s TO %I" };
            let _ = writeln!(
                sql,
                "SELECT format('{act}', '{table}', rolname) FROM pg_roles WHERE rolname LIKE '%role\\_{:03}%' LIMIT 1 \\gexec",
                role % self.roles
            );
        }
        sql
    }
}
