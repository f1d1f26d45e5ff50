//! The policy's shape: its top, and who holds what. Servers and roles have files of their own.

mod environment;
mod requests;
mod role;

use super::{Field, KeyRule, Leaf, MapShape, NamedShape, Shape, Word};

/// The whole policy.
pub static POLICY: MapShape = MapShape {
    title: "the policy",
    doc: "Who may see and change which table, column and row. It is a file or a folder of files; the maps of several files are merged.",
    fields: &[
        Field::new("environments", Shape::Named(&ENVIRONMENTS), "Where databases run: production, staging and so on.")
            .mistaken_for(&["environment", "envs", "servers", "databases"]),
        Field::new("roles", Shape::Named(&ROLES), "Named bundles of grants.").mistaken_for(&["role", "permissions"]),
        Field::new("groups", Shape::Named(&GROUPS), "Named sets of people and services.")
            .mistaken_for(&["group", "teams"]),
        Field::new("people", Shape::Named(&PEOPLE), "Humans, by their address.").mistaken_for(&["users", "person"]),
        Field::new("services", Shape::Named(&SERVICES), "Programs, each with a person who answers for it.")
            .mistaken_for(&["service", "service_accounts", "bots"]),
        Field::new("rolecall", Shape::Map(&requests::ACCESS), "Who may do what in Rolecall itself.").mistaken_for(&[
            "access",
            "admin",
            "admins",
            "administrators",
        ]),
    ],
    example: "",
};

static ENVIRONMENTS: NamedShape =
    NamedShape { key: "environment", names: KeyRule::Word, value: Shape::Map(&environment::ENVIRONMENT) };
static ROLES: NamedShape = NamedShape { key: "role", names: KeyRule::Any, value: Shape::Map(&role::ROLE) };
static GROUPS: NamedShape = NamedShape { key: "group", names: KeyRule::Any, value: Shape::Map(&GROUP) };
static PEOPLE: NamedShape = NamedShape { key: "address", names: KeyRule::Any, value: Shape::Map(&PERSON) };
static SERVICES: NamedShape = NamedShape { key: "service", names: KeyRule::Any, value: Shape::Map(&SERVICE) };

static ROLE_NAME: Shape = Shape::Leaf(Leaf::Name("a role"));
static GROUP_NAME: Shape = Shape::Leaf(Leaf::Name("a group"));

static VALUES: NamedShape = NamedShape { key: "parameter", names: KeyRule::Any, value: Shape::OneOrMany(&LITERAL) };
static LITERAL: Shape = Shape::Leaf(Leaf::Literal);

static ASSIGNMENT: MapShape = MapShape {
    title: "an assignment",
    doc: "A role that is held, with the values of its parameters and, if it is not for good, when it begins and ends.",
    fields: &[
        Field::required("role", Shape::Leaf(Leaf::Name("a role")), "The role that is held."),
        Field::new(
            "with",
            Shape::Named(&VALUES),
            "A value for each of the role's parameters; a list means each of its values.",
        )
        .mistaken_for(&["parameters", "params", "values"]),
        Field::new("starts", Shape::Leaf(Leaf::Time), "From when on; a day begins at midnight UTC.")
            .default("at once")
            .mistaken_for(&["start", "from"]),
        Field::new("ends", Shape::Leaf(Leaf::Time), "Until when; it does not hold any more on that day.")
            .default("never")
            .mistaken_for(&["end", "until", "expires"]),
    ],
    example: "{ role: support, with: { customer: [42, 43] }, ends: 2026-12-31 }",
};
static ONE_ASSIGNMENT: Shape = Shape::Either(&[Shape::Leaf(Leaf::Name("a role")), Shape::Map(&ASSIGNMENT)]);
static ASSIGN: NamedShape =
    NamedShape { key: "environment", names: KeyRule::Any, value: Shape::OneOrMany(&ONE_ASSIGNMENT) };
static MAY_REQUEST: NamedShape =
    NamedShape { key: "environment", names: KeyRule::Any, value: Shape::OneOrMany(&ROLE_NAME) };

const fn assign(doc: &'static str) -> Field {
    Field::new("assign", Shape::Named(&ASSIGN), doc).mistaken_for(&["roles", "assignments", "holds"])
}

const fn may_request(doc: &'static str) -> Field {
    Field::new("may_request", Shape::Named(&MAY_REQUEST), doc).mistaken_for(&["request", "requests", "can_request"])
}

static GROUP: MapShape = MapShape {
    title: "a group",
    doc: "What its members hold and may request. People and services name their groups.",
    fields: &[
        assign("The roles that every member holds, by environment."),
        may_request("The roles that every member may request for a while, by environment."),
    ],
    example: "developers:\n  assign: { production: [analytics_reader], staging: [app_writer] }\n  may_request: { production: [app_writer] }",
};

static STANDINGS: [Word; 2] = [
    Word { word: "active", doc: "The account can log in." },
    Word { word: "suspended", doc: "The account is shut and its sessions are ended; it can come back." },
];

const ACCOUNT: Field =
    Field::new("account", Shape::Leaf(Leaf::Name("a database role, its account")), "The account's name in databases.");
const IN_GROUPS: Field =
    Field::new("groups", Shape::OneOrMany(&GROUP_NAME), "The groups that it is in.").mistaken_for(&["group", "teams"]);
const STANDING: Field =
    Field::new("standing", Shape::Leaf(Leaf::Choice(&STANDINGS)), "Whether the account may be used.")
        .default("active")
        .mistaken_for(&["status", "state"]);
const STARTS: Field =
    Field::new("starts", Shape::Leaf(Leaf::Time), "From when on there is an account.").mistaken_for(&["start"]);
const ENDS: Field = Field::new("ends", Shape::Leaf(Leaf::Time), "From when on there is no account any more.")
    .mistaken_for(&["end", "until", "expires"]);

static PERSON: MapShape = MapShape {
    title: "a person",
    doc: "A human. Whoever holds or may request something in an environment has an account of their own there; who is taken out of the policy loses it.",
    fields: &[
        Field::new("name", Shape::Leaf(Leaf::Text("a name to show")), "A name to show."),
        ACCOUNT.default("the part of the address before the `@`"),
        IN_GROUPS,
        assign("Roles held beside those of the groups, by environment."),
        may_request("Roles that may be requested beside those of the groups, by environment."),
        STANDING,
        STARTS,
        ENDS,
    ],
    example: "alice@acme.test: { groups: [developers] }",
};

static SERVICE: MapShape = MapShape {
    title: "a service",
    doc: "A program that connects to databases. Somebody answers for it.",
    fields: &[
        Field::required("owner", Shape::Leaf(Leaf::Name("a person")), "The address of the person who answers for it."),
        ACCOUNT.default("the service's name"),
        IN_GROUPS,
        assign("Roles held beside those of the groups, by environment."),
        may_request("Roles that may be requested beside those of the groups, by environment."),
        STANDING,
        STARTS,
        ENDS,
    ],
    example: "nightly-report: { owner: alice@acme.test, assign: { production: [analytics_reader] } }",
};
