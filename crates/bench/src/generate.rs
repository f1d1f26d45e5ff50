//! A database and a policy of a given size, the same on every machine.

use std::collections::BTreeSet;
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

/// What one Role may do.
#[derive(Debug)]
pub struct Grant {
    /// Privileges on tables.
    pub allow: &'static [&'static str],
    /// Where.
    pub on: Reach,
}

/// Which tables.
#[derive(Debug)]
pub enum Reach {
    /// All tables of two schemas.
    Schemas([String; 2]),
    /// Single ones, by schema and name.
    Tables(Vec<(String, String)>),
}

impl Size {
    /// What usually comes with so many tables: up to 500 Roles and up to 5,000 people.
    pub fn of(tables: usize) -> Self {
        Self { tables, schemas: 20, roles: (tables / 20).clamp(10, 500), people: (tables / 4).clamp(50, 5_000) }
    }

    /// A table's schema and name.
    fn place(self, number: usize) -> (String, String) {
        let number = number % self.tables;
        (format!("s{:02}", number % self.schemas), format!("t{number:05}"))
    }

    fn table(self, number: usize) -> String {
        let (schema, table) = self.place(number);
        format!("{schema}.{table}")
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
        for (name, grant) in self.grants() {
            let on = match grant.on {
                Reach::Schemas(schemas) => schemas.map(|schema| format!("{schema}.*")).join(", "),
                Reach::Tables(tables) => {
                    tables.iter().map(|(schema, table)| format!("{schema}.{table}")).collect::<Vec<_>>().join(", ")
                }
            };
            let allow = grant.allow.join(", ");
            let _ = writeln!(yaml, "  {name}:\n    grants: [{{ database: app, allow: [{allow}], on: [{on}] }}]");
        }
        yaml.push_str("groups:\n");
        for group in 0..self.groups() {
            let held: Vec<_> = self.held(group).collect();
            let _ = writeln!(yaml, "  group_{group:03}: {{ assign: {{ bench: [{}] }} }}", held.join(", "));
        }
        yaml.push_str("people:\n");
        for person in 0..self.people {
            let groups: Vec<_> = self.joined(person).map(|group| format!("group_{group:03}")).collect();
            let _ = writeln!(yaml, "  person{person:04}@acme.test: {{ groups: [{}] }}", groups.join(", "));
        }
        yaml
    }

    /// Every Role of the policy by its name, with its one grant.
    pub fn grants(self) -> impl Iterator<Item = (String, Grant)> {
        (0..self.roles).map(move |role| {
            let schema = |step: usize| format!("s{:02}", (role / 2 + step) % self.schemas);
            let grant = match role % 4 {
                0 => Grant { allow: &["select"], on: Reach::Schemas([schema(0), schema(7)]) },
                2 => Grant {
                    allow: &["select", "insert", "update", "delete"],
                    on: Reach::Schemas([schema(0), schema(7)]),
                },
                _ => Grant {
                    allow: &["select"],
                    on: Reach::Tables((0..10).map(|step| self.place(role * 31 + step * 17)).collect()),
                },
            };
            (format!("role_{role:03}"), grant)
        })
    }

    /// Every account by its name, with the Roles that it holds.
    pub fn accounts(self) -> impl Iterator<Item = (String, BTreeSet<String>)> {
        (0..self.people).map(move |person| {
            (format!("person{person:04}"), self.joined(person).flat_map(|group| self.held(group)).collect())
        })
    }

    /// The Roles of a group.
    fn held(self, group: usize) -> impl Iterator<Item = String> {
        (0..5).map(move |step| format!("role_{:03}", (group * 5 + step) % self.roles))
    }

    /// The groups of a person.
    fn joined(self, person: usize) -> impl Iterator<Item = usize> {
        let (first, groups) = (person % self.groups(), self.groups());
        [Some(first), person.is_multiple_of(3).then_some((first + 1) % groups)].into_iter().flatten()
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
