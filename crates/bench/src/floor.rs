//! The floor: what the same work costs when nobody thinks about it.

use std::fmt::Write as _;

use anyhow::Context;

macro_rules! question {
    ($name:literal) => {
        include_str!(concat!("../../engine/src/postgres/inspect/sql/", $name, ".sql"))
    };
}

const SERVER: [&str; 7] = [
    question!("session"),
    question!("identity"),
    question!("roles"),
    question!("settings"),
    question!("password_seals"),
    question!("databases"),
    question!("tablespaces"),
];

const DATABASE: [&str; 15] = [
    question!("relations"),
    question!("routines"),
    question!("types"),
    question!("schemas"),
    question!("languages"),
    question!("foreign_data_wrappers"),
    question!("foreign_servers"),
    question!("large_objects"),
    question!("columns"),
    question!("default_acls"),
    question!("row_policies"),
    question!("reads"),
    question!("helper"),
    question!("other_owned"),
    question!("temporary"),
];

/// A psql script that reads the rows that a plan reads, by the same questions.
pub fn read(version: u32) -> String {
    let mut sql = String::new();
    for question in SERVER {
        copy(&mut sql, question);
    }
    copy(&mut sql, if version >= 16 { question!("memberships") } else { question!("memberships_14") });
    if version >= 15 {
        copy(&mut sql, question!("parameters"));
    }
    sql.push_str("\\connect app\n");
    for question in DATABASE {
        copy(&mut sql, question);
    }
    sql
}

fn copy(sql: &mut String, question: &str) {
    let _ = writeln!(sql, "COPY (\n{question}\n) TO STDOUT;");
}

/// A psql script of a plan's statements, in one transaction for each stage and database, and how many they are.
pub fn statements(plan: &str) -> anyhow::Result<(String, usize)> {
    let document: serde_json::Value = serde_json::from_str(plan).context("`rolecall plan --json` is no JSON")?;
    let steps = document.pointer("/plans/0/statements").and_then(|steps| steps.as_array()).context("no statements")?;
    let (mut sql, mut count, mut place, mut database) = (String::new(), 0, None, "postgres");
    for step in steps {
        let here = step.get("database").and_then(|name| name.as_str()).unwrap_or("postgres");
        let now = Some((step.get("stage"), here));
        if place != now {
            sql.push_str(if place.is_some() { "COMMIT;\n" } else { "" });
            if here != database {
                let _ = writeln!(sql, "\\connect {here}");
                database = here;
            }
            sql.push_str("BEGIN;\n");
            place = now;
        }
        for statement in step.get("sql").and_then(|list| list.as_array()).into_iter().flatten() {
            let _ = writeln!(sql, "{};", statement.as_str().context("SQL is text")?);
            count += 1;
        }
    }
    sql.push_str(if place.is_some() { "COMMIT;\n" } else { "" });
    Ok((sql, count))
}
