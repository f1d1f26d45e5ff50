//! Patterns: what each text means, what it matches, and that it is written back the same.

use proptest::prelude::*;
use rolecall_core::policy::pattern::{Glob, Pattern, Selector};
use rolecall_core::privilege::{Kind, Privilege};

#[expect(clippy::panic, reason = "a test stops here")]
fn parse(text: &str) -> Pattern {
    Pattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn every_kind_word_is_read_and_written_back() {
    let cases = [
        ("shop.*", Selector::Relations, "shop.*"),
        ("table shop.orders", Selector::One(Kind::Table), "table shop.orders"),
        ("partitioned table shop.orders", Selector::One(Kind::PartitionedTable), "partitioned table shop.orders"),
        ("view shop.v_*", Selector::One(Kind::View), "view shop.v_*"),
        ("materialized  view shop.m", Selector::One(Kind::MaterializedView), "materialized view shop.m"),
        ("foreign table shop.f", Selector::One(Kind::ForeignTable), "foreign table shop.f"),
        ("sequence shop.*_seq", Selector::One(Kind::Sequence), "sequence shop.*_seq"),
        ("function shop.price(int)", Selector::One(Kind::Function), "function shop.price(integer)"),
        ("procedure shop.close()", Selector::One(Kind::Procedure), "procedure shop.close()"),
        ("routine shop.*", Selector::Routines, "routine shop.*"),
        ("type shop.mood", Selector::One(Kind::Type), "type shop.mood"),
        ("domain shop.email", Selector::One(Kind::Domain), "domain shop.email"),
        ("schema shop", Selector::One(Kind::Schema), "schema shop"),
        ("database", Selector::One(Kind::Database), "database"),
        ("language plpgsql", Selector::One(Kind::Language), "language plpgsql"),
        ("foreign server s", Selector::One(Kind::ForeignServer), "foreign server s"),
        ("foreign-data wrapper w", Selector::One(Kind::ForeignDataWrapper), "foreign-data wrapper w"),
        ("foreign data wrapper w", Selector::One(Kind::ForeignDataWrapper), "foreign-data wrapper w"),
        ("parameter myext.Limit", Selector::One(Kind::Parameter), "parameter \"myext.limit\""),
        ("parameter work_mem", Selector::One(Kind::Parameter), "parameter work_mem"),
        ("tablespace fast", Selector::One(Kind::Tablespace), "tablespace fast"),
        ("large object 16404", Selector::One(Kind::LargeObject), "large object 16404"),
        ("shop.\"Odd.Na*me\"\"\"", Selector::Relations, "shop.\"Odd.Na*me\"\"\""),
        ("\"a b\"*.x**y", Selector::Relations, "\"a b\"*.x*y"),
        ("schema \"my schema\"", Selector::One(Kind::Schema), "schema \"my schema\""),
        ("table.x", Selector::Relations, "table.x"),
    ];
    for (text, selector, written) in cases {
        let pattern = parse(text);
        assert_eq!(pattern.selector, selector, "{text}");
        assert_eq!(pattern.to_string(), written, "{text}");
        assert_eq!(parse(written), pattern, "{text}");
    }
}

#[test]
fn arguments_take_postgresql_s_spelling() {
    let cases = [
        ("", ""),
        ("int,int4 , INTEGER", "integer, integer, integer"),
        ("int8, int2, bool", "bigint, smallint, boolean"),
        ("varchar(10), char, \"char\"", "character varying, character, \"char\""),
        ("float8, float4", "double precision, real"),
        ("timestamptz, timestamp", "timestamp with time zone, timestamp without time zone"),
        ("timetz,time", "time with time zone, time without time zone"),
        ("decimal(10,2)[], text[][]", "numeric[], text[]"),
        ("shop.Mood, pg_catalog.int4", "shop.\"Mood\", integer"),
        ("double  precision", "double precision"),
    ];
    for (given, expected) in cases {
        let pattern = parse(&format!("function s.f({given})"));
        assert_eq!(pattern.arguments.as_deref(), Some(expected), "{given}");
        assert!(pattern.matches(Kind::Function, Some("s"), "f", Some(expected)));
    }
    assert!(!parse("function s.f()").matches(Kind::Function, Some("s"), "f", Some("integer")));
    assert!(parse("function s.f").matches(Kind::Function, Some("s"), "f", Some("integer")));
}

#[test]
fn patterns_match_what_they_say() {
    let cases = [
        ("shop.*", Kind::Table, "shop", "orders", true),
        ("shop.*", Kind::MaterializedView, "shop", "m", true),
        ("shop.*", Kind::Sequence, "shop", "s", false),
        ("shop.*", Kind::Table, "shop2", "orders", false),
        ("table shop.orders", Kind::PartitionedTable, "shop", "orders", true),
        ("table shop.orders", Kind::View, "shop", "orders", false),
        ("partitioned table shop.*", Kind::Table, "shop", "orders", false),
        ("routine shop.*", Kind::Procedure, "shop", "close", true),
        ("function shop.*", Kind::Procedure, "shop", "close", false),
        ("*.a*b*c", Kind::Table, "any", "aXbYc", true),
        ("*.a*b*c", Kind::Table, "any", "abc", true),
        ("*.a*b*c", Kind::Table, "any", "acb", false),
        ("*.ab*ba", Kind::Table, "any", "aba", false),
        ("s.\"*\"", Kind::Table, "s", "x", false),
        ("s.\"*\"", Kind::Table, "s", "*", true),
        ("s.Orders", Kind::Table, "s", "orders", false),
    ];
    for (pattern, kind, schema, name, expected) in cases {
        assert_eq!(parse(pattern).matches(kind, Some(schema), name, None), expected, "{pattern} {schema}.{name}");
    }
    assert!(parse("database").matches(Kind::Database, None, "app", None));
    assert!(parse("parameter myext.x").matches(Kind::Parameter, None, "myext.x", None));
    assert!(!parse("shop.*").matches(Kind::Table, None, "orders", None));
}

#[test]
fn what_is_wrong_is_said() {
    let long = format!("shop.{}", "x".repeat(64));
    let cases = [
        ("", "a pattern is empty"),
        ("customers", "`customers` does not say in which schema"),
        ("table", "`table` is not followed by a name"),
        ("a.b.c", "`a.b.c` has too many parts"),
        ("schema a.b", "a schema is in no schema, so `a.b` has a part too many"),
        ("shop.", "a name is empty"),
        ("shop.\"\"", "a name is empty"),
        ("shop.\"x", "`\"x` has a `\"` that is not closed"),
        ("tabel shop.x", "`tabel` is no kind of object"),
        ("shop.x(int)", "a table or view has no argument types"),
        ("function shop.f(int", "`shop.f(int` has a `(` without a `)` at its end"),
        ("function shop.f(int,)", "a type is missing between two commas"),
        ("database app", "`database app` names the database twice"),
        ("large object x", "`x` is no large object: they have numbers"),
        ("s.a\0", "a name cannot contain a NUL character"),
    ];
    for (text, message) in cases {
        assert_eq!(Pattern::parse(text).map_err(|error| error.message), Err(message.to_owned()), "{text}");
    }
    assert!(Pattern::parse(&long).unwrap_err().message.contains("64 bytes long"));
    assert!(Pattern::parse("tabel shop.x").unwrap_err().help.starts_with("did you mean `table`?"));
}

#[test]
fn helpers_tell_patterns_apart() {
    assert!(parse("shop.*").whole_schema() && parse("*.*").whole_schema());
    assert!(!parse("shop.a*").whole_schema() && !parse("schema *").whole_schema());
    assert!(parse("shop.a").is_exact() && parse("database").is_exact() && !parse("*.a").is_exact());
    assert!(parse("shop.*").privileges(170_000).has(Privilege::Maintain));
    assert!(!parse("shop.*").privileges(160_000).has(Privilege::Maintain));
    assert_eq!(Glob::parse("cloud sql.*").unwrap().exact(), None);
    assert!(Glob::parse("a.b c").unwrap().matches("a.b c"));
    assert_eq!(Glob::parse("app").unwrap().exact(), Some("app"));
}

proptest! {
    #[test]
    fn any_name_survives_being_written_and_read(schema in "[^\0]{1,15}", name in "[^\0]{1,15}") {
        let pattern = Pattern {
            selector: Selector::Relations,
            schema: Some(Glob::literal(&schema)),
            name: Some(Glob::literal(&name)),
            arguments: None,
        };
        prop_assert_eq!(Pattern::parse(&pattern.to_string()).unwrap(), pattern);
    }

    #[test]
    fn what_can_be_read_is_written_back_the_same(text in "((table|function|schema|parameter|large object) )?[a-cA-C0-9.*\"() ,\\[\\]]{0,12}") {
        if let Ok(pattern) = Pattern::parse(&text) {
            prop_assert_eq!(Pattern::parse(&pattern.to_string()).unwrap(), pattern);
        }
    }
}
