//! The shape of a role and its grants.

use super::super::{Field, KeyRule, Leaf, MapShape, NamedShape, Shape, Word};

pub(super) static ROLE: MapShape = MapShape {
    title: "a role",
    doc: "A named bundle of grants, the same in every environment.",
    fields: &[
        Field::new("description", Shape::Leaf(Leaf::Text("a sentence")), "What it is for, in a sentence.")
            .mistaken_for(&["comment", "doc"]),
        Field::new(
            "owner",
            Shape::Leaf(Leaf::Name("a person or group")),
            "The person or group that answers for it. They agree to requests where the rules name nobody else.",
        )
        .mistaken_for(&["owners", "steward"]),
        Field::new("includes", Shape::OneOrMany(&INCLUDES), "Roles that it holds too.")
            .mistaken_for(&["inherits", "roles", "extends"]),
        Field::new("parameters", Shape::Named(&PARAMETERS), "What an assignment must give, by name, with its type.")
            .mistaken_for(&["params", "with"]),
        Field::new("grants", Shape::List(&GRANTS), "What it may do.").mistaken_for(&["grant", "privileges", "allow"]),
        Field::new("member_of", Shape::OneOrMany(&MEMBER_OF), "Existing database roles of which it is a member."),
    ],
    example: "support:\n  parameters: { customer: bigint }\n  grants:\n    - { database: app, allow: [select], on: shop.customers, columns: [id, name], rows: { id: \"$customer\" } }",
};

static INCLUDES: Shape = Shape::Either(&[Shape::Leaf(Leaf::Name("a role")), Shape::Map(&INCLUDE)]);
static INCLUDE: MapShape = MapShape {
    title: "an included role",
    doc: "A role that is held too, with values for its parameters.",
    fields: &[
        Field::required("role", Shape::Leaf(Leaf::Name("a role")), "The role."),
        Field::new("with", Shape::Named(&WITH), "Values for its parameters, or `$parameter` of the including role.")
            .default("the including role's parameter of the same name")
            .mistaken_for(&["parameters", "params"]),
    ],
    example: "{ role: support, with: { customer: \"$client\" } }",
};

static PARAMETERS: NamedShape =
    NamedShape { key: "parameter", names: KeyRule::Identifier, value: Shape::Leaf(Leaf::Choice(&TYPES)) };
static TYPES: [Word; 7] = [
    Word { word: "smallint", doc: "16-bit integer." },
    Word { word: "integer", doc: "32-bit integer." },
    Word { word: "bigint", doc: "64-bit integer." },
    Word { word: "text", doc: "Any text." },
    Word { word: "uuid", doc: "A UUID." },
    Word { word: "date", doc: "A calendar day." },
    Word { word: "boolean", doc: "True or false." },
];

static MEMBER_OF: Shape = Shape::Leaf(Leaf::Name("a database role"));
static GRANTS: Shape = Shape::Map(&GRANT);
pub(super) static PRIVILEGES: Shape = Shape::Leaf(Leaf::Privilege);
pub(super) static ON: Shape = Shape::Leaf(Leaf::Pattern);
static COLUMNS: Shape = Shape::Leaf(Leaf::Name("a column"));

static ROWS: NamedShape = NamedShape { key: "column", names: KeyRule::Any, value: Shape::OneOrMany(&ROW_VALUE) };
static WITH: NamedShape = NamedShape { key: "parameter", names: KeyRule::Any, value: Shape::OneOrMany(&ROW_VALUE) };
static ROW_VALUE: Shape = Shape::Leaf(Leaf::RowValue);

static GRANT: MapShape = MapShape {
    title: "a grant",
    doc: "Privileges on objects. USAGE on the schema and CONNECT on the database come with it.",
    fields: &[
        Field::required("database", Shape::Leaf(Leaf::Name("a database")), "The database, by its name in the policy.")
            .mistaken_for(&["db", "databases"]),
        Field::required("allow", Shape::OneOrMany(&PRIVILEGES), "The privileges, or `all` that the objects have.")
            .mistaken_for(&["privileges", "grant", "actions"]),
        Field::required(
            "on",
            Shape::OneOrMany(&ON),
            "The objects: `schema.name`, where `*` stands for any text; a kind before it (`sequence shop.*`, `function shop.price(integer)`, `schema shop`, `database`) reaches others than tables and views.",
        )
        .mistaken_for(&["objects", "tables", "table"]),
        Field::new("except", Shape::OneOrMany(&ON), "But not these objects.").mistaken_for(&["exclude", "not"]),
        Field::new("columns", Shape::OneOrMany(&COLUMNS), "These columns only.")
            .default("all columns")
            .mistaken_for(&["column", "fields"]),
        Field::new(
            "rows",
            Shape::Named(&ROWS),
            "Only rows where each of these columns has one of the values; `$name` is a parameter of the role.",
        )
        .default("all rows")
        .mistaken_for(&["row", "filter"]),
        Field::new(
            "where",
            Shape::Leaf(Leaf::Text("an SQL condition")),
            "Only rows for which this SQL holds too; `$name` in it is an array of the parameter's values.",
        )
        .mistaken_for(&["condition", "if"]),
    ],
    example: "{ database: app, allow: [select, update], on: shop.tickets, rows: { customer_id: \"$customer\" } }",
};
