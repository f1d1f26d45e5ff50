//! Names and values come back from the server as they went in.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rolecall_core::plan::Change;
use rolecall_engine::postgres::quote::{Ident, Literal};
use sqlx::{AssertSqlSafe, Row};

use super::world::{each, run, text};

const ODD: [&str; 14] = [
    "plain",
    "Mixed Case",
    "user",
    "PUBLIC",
    "a\"b",
    "a'b",
    "a\\b",
    "$rolecall$",
    "a;b--",
    "/*",
    "é̱🎭",
    "\t\n",
    "1",
    "U&\"x\"",
];

#[test]
fn names_and_values_round_trip() {
    each(async |world| {
        let mut admin = world.admin().await;
        for odd in ODD {
            let sql = format!("SELECT {} AS {}", Literal::new(odd).unwrap(), Ident::new(odd).unwrap());
            let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut admin).await.unwrap();
            assert_eq!(row.get::<String, _>(0), odd);
            assert_eq!(sqlx::Column::name(&row.columns()[0]), odd);
        }
    });
}

#[test]
fn every_keyword_that_must_be_quoted_is() {
    each(async |world| {
        let mut admin = world.admin().await;
        let words = text(&mut admin, "SELECT string_agg(word, ' ') FROM pg_get_keywords()").await.unwrap();
        let words: Vec<_> = words.split(' ').filter(|word| Ident::role(word).is_ok()).collect();
        let columns: Vec<_> = words.iter().map(|word| format!("{} int", Ident::new(word).unwrap())).collect();
        run(&mut admin, &format!("CREATE TABLE public.words ({})", columns.join(", "))).await;
        for word in words {
            let name = Ident::new(word).unwrap();
            run(&mut admin, &format!("SELECT {name} FROM public.words")).await;
        }
    });
}

#[test]
fn roles_have_the_names_that_they_were_given() {
    each(async |world| {
        world.roles(&ODD).await;
        let mut admin = world.admin().await;
        let found =
            text(&mut admin, "SELECT string_agg(rolname, '|' ORDER BY oid) FROM pg_roles WHERE oid > 16383").await;
        assert_eq!(found.unwrap(), format!("rolecall|{}", ODD.join("|")));
        let drop = |role: &&str| Change::DropRole { role: (*role).into() };
        world.apply(None, ODD.iter().map(drop).collect()).await;
    });
}

/// Names as people and attackers write them.
fn names() -> Vec<String> {
    let mut runner = TestRunner::deterministic();
    let strategy = prop_oneof![any::<String>(), "[a-z_$0-9]{1,8}", "[a-zA-Z_\"'\\\\$;. -]{1,20}", "\\PC{1,15}"];
    let name = |_| strategy.new_tree(&mut runner).unwrap().current();
    (0..2_000).map(name).filter(|name| Ident::new(name).is_ok()).collect()
}

#[test]
fn quotes_as_postgres_does_or_more() {
    each(async |world| {
        let mut admin = world.admin().await;
        let names = names();
        assert!(names.len() > 1_000);
        let selected: Vec<_> = names.iter().map(|name| Literal::new(name).unwrap().to_string()).collect();
        let sql = format!("SELECT name, quote_ident(name) FROM unnest(ARRAY[{}]) AS name", selected.join(", "));
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut admin).await.unwrap();
        assert_eq!(rows.len(), names.len());
        for (name, row) in names.iter().zip(rows) {
            assert_eq!(&row.get::<String, _>(0), name);
            let (ours, theirs) = (Ident::new(name).unwrap().to_string(), row.get::<String, _>(1));
            assert!(ours == theirs || ours == format!("\"{theirs}\""), "{ours} {theirs}");
        }
        for some in names.chunks(500) {
            let columns: Vec<_> = some.iter().map(|name| format!("1 AS {}", Ident::new(name).unwrap())).collect();
            let sql = format!("SELECT {}", columns.join(", "));
            let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut admin).await.unwrap();
            let found: Vec<_> = row.columns().iter().map(|column| sqlx::Column::name(column).to_owned()).collect();
            assert_eq!(found, some);
        }
    });
}

/// So many hostile names and values, in one session.
const HOSTILE: usize = 5_000;

/// Pieces that mean something to PostgreSQL's lexer, or to what stands between it and us.
const PIECES: [&str; 28] = [
    "'", "''", "\"", "\"\"", "\\", "\\'", "E'", "U&'", "$$", "$a$", "$", "--", "/*", "*/", ";", "\n", "\r", "\t", " ",
    "\0", "\u{feff}", "\u{202e}", "é", "e\u{301}", "🎭", "select", "%s", "\u{1}",
];

/// A new seed each time, so that every run asks something new.
fn seed() -> u64 {
    let given = std::env::var("ROLECALL_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(rand::random)
}

#[test]
fn hostile_names_and_values_round_trip() {
    let seed = seed();
    println!("ROLECALL_SEED={seed}");
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    let mut text = || -> String {
        let pieces = random.random_range(1..12);
        (0..pieces).map(|_| *PIECES.choose(&mut random).unwrap()).collect()
    };
    let pairs: Vec<(String, String)> = (0..HOSTILE).map(|_| (text(), text())).collect();
    each(async |world| {
        let mut admin = world.admin().await;
        let mut asked = 0;
        for some in pairs.chunks(250) {
            let quoted = |(value, name): &(String, String)| Some((Literal::new(value).ok()?, Ident::new(name).ok()?));
            let some: Vec<_> = some.iter().filter_map(|pair| Some((pair, quoted(pair)?))).collect();
            let columns: Vec<_> = some.iter().map(|(_, (value, name))| format!("{value} AS {name}")).collect();
            let sql = format!("SELECT {}", columns.join(","));
            let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut admin).await.unwrap();
            assert_eq!(row.columns().len(), some.len(), "ROLECALL_SEED={seed}");
            for (at, ((value, name), _)) in some.iter().enumerate() {
                assert_eq!(&row.get::<String, _>(at), value, "ROLECALL_SEED={seed}");
                assert_eq!(sqlx::Column::name(&row.columns()[at]), name, "ROLECALL_SEED={seed}");
            }
            asked += some.len();
        }
        assert!(asked > HOSTILE / 4, "{asked}");
    });
}
