//! The shape of an environment, its servers and their databases.

use super::super::{Field, KeyRule, Leaf, MapShape, NamedShape, Shape, Word};
use super::role::{ON, PRIVILEGES};

pub(super) static ENVIRONMENT: MapShape = MapShape {
    title: "an environment",
    doc: "A set of servers with rules of their own.",
    fields: &[
        Field::new("rules", Shape::Map(&super::requests::RULES), "What holds for access in it."),
        Field::new("servers", Shape::Named(&SERVERS), "Its database servers.").mistaken_for(&["server", "hosts"]),
        Field::new(
            "known",
            Shape::OneOrMany(&KNOWN),
            "Database roles that are expected there though Rolecall does not own them.",
        ),
        Field::new("unmanaged", Shape::Leaf(Leaf::Choice(&UNMANAGED)), "What to do about any other role.")
            .default("report"),
        Field::new(
            "drift",
            Shape::Leaf(Leaf::Choice(&DRIFT)),
            "What `rolecall serve` does when somebody changed by hand what was applied.",
        )
        .default("report"),
        Field::new("names", Shape::Map(&NAMES), "How names in databases are made."),
        Field::new("accounts", Shape::Map(&ACCOUNTS), "What every account is given.").mistaken_for(&["account"]),
        Field::new("leavers", Shape::Map(&LEAVERS), "What happens to what a removed account leaves behind."),
    ],
    example: "production:\n  rules: { reason: required, approvals: 1, max_duration: 8h }\n  servers:\n    main: { engine: postgres, url: \"${PRODUCTION_URL}\", databases: [app, billing] }\n  known: [postgres, \"rds*\"]",
};

static KNOWN: Shape = Shape::Leaf(Leaf::Glob);

static UNMANAGED: [Word; 3] = [
    Word { word: "report", doc: "Say so." },
    Word { word: "fail", doc: "Say so, and let the plan fail." },
    Word { word: "disable", doc: "Take its LOGIN away (superusers are reported only)." },
];

static DRIFT: [Word; 3] = [
    Word { word: "report", doc: "Say so." },
    Word { word: "repair", doc: "Take it back at once." },
    Word { word: "hold", doc: "Say so, and take it back when an administrator agrees." },
];

static NAMES: MapShape = MapShape {
    title: "the names",
    doc: "Templates of names in databases. `{environment}` stands for the environment's name.",
    fields: &[
        Field::new("role", Shape::Leaf(Leaf::Template("role")), "What roles are called.").default("{role}"),
        Field::new("account", Shape::Leaf(Leaf::Template("account")), "What accounts are called.").default("{account}"),
    ],
    example: "names: { role: \"rc_{role}\" }",
};

static ACCOUNTS: MapShape = MapShape {
    title: "the accounts",
    doc: "What every account of an environment is given.",
    fields: &[
        Field::new("credential", Shape::Leaf(Leaf::Choice(&CREDENTIAL)), "How people and services prove who they are.")
            .default("password"),
        Field::new("credential_max", Shape::Leaf(Leaf::Duration), "The longest that a password lives.").default("90d"),
        Field::new("connection_limit", Shape::Leaf(Leaf::Whole(0, 100_000)), "How many sessions one account may have.")
            .default("no limit"),
        Field::new("settings", Shape::Named(&SETTINGS), "Settings with which its sessions begin."),
        Field::new("suspended", Shape::Leaf(Leaf::Choice(&SUSPENDED)), "What a suspended account keeps.")
            .default("drop_memberships"),
    ],
    example: "accounts: { credential_max: 30d, connection_limit: 10, settings: { statement_timeout: 5min } }",
};

static CREDENTIAL: [Word; 2] = [
    Word { word: "password", doc: "A random password with an end, minted by `rolecall credential`." },
    Word { word: "external", doc: "Certificate, LDAP, IAM or peer: the database stores no password." },
];
static SUSPENDED: [Word; 2] = [
    Word { word: "keep_memberships", doc: "Only LOGIN is taken away; what was assigned stays, rows too. Leases end." },
    Word { word: "drop_memberships", doc: "LOGIN and every membership are taken away." },
];
static SETTINGS: NamedShape =
    NamedShape { key: "setting", names: KeyRule::Any, value: Shape::Leaf(Leaf::Text("the setting's value")) };

static LEAVERS: MapShape = MapShape {
    title: "the leavers",
    doc: "What happens to what a removed account leaves behind.",
    fields: &[
        Field::new(
            "reassign_to",
            Shape::Leaf(Leaf::Name("a database role")),
            "The database role that takes over objects; Rolecall must not own it.",
        )
        .default("an account that owns something is only disabled"),
        Field::new(
            "security_definer",
            Shape::Leaf(Leaf::Choice(&DEFINER)),
            "Routines that run with their owner's rights: handed on, they run with the new owner's.",
        )
        .default("refuse"),
    ],
    example: "leavers: { reassign_to: app_owner }",
};

static DEFINER: [Word; 2] = [
    Word { word: "refuse", doc: "The account is only disabled, and the plan names the routines." },
    Word { word: "reassign", doc: "They are handed on like everything else." },
];

static SERVERS: NamedShape = NamedShape { key: "server", names: KeyRule::Word, value: Shape::Map(&SERVER) };
static SERVER: MapShape = MapShape {
    title: "a server",
    doc: "One database server of an environment.",
    fields: &[
        Field::new("engine", Shape::Leaf(Leaf::Choice(&ENGINE)), "What kind of server it is.").default("postgres"),
        Field::required("url", Shape::Leaf(Leaf::Url), "Where its connection URL comes from; never the URL itself."),
        Field::required(
            "databases",
            Shape::Either(&[Shape::List(&DATABASE_NAME), Shape::Named(&DATABASES)]),
            "Its databases, by the names that grants use in every environment.",
        )
        .mistaken_for(&["database", "dbs"]),
    ],
    example: "main: { engine: postgres, url: \"${PRODUCTION_URL}\", databases: [app, billing] }",
};
static ENGINE: [Word; 1] = [Word { word: "postgres", doc: "PostgreSQL 14 to 18." }];

static DATABASE_NAME: Shape = Shape::Leaf(Leaf::Name("a database"));
static DATABASES: NamedShape = NamedShape { key: "database", names: KeyRule::Any, value: Shape::Map(&DATABASE) };
static DATABASE: MapShape = MapShape {
    title: "a database",
    doc: "One database of a server, where its name alone does not say enough.",
    fields: &[
        Field::new("name", Shape::Leaf(Leaf::Name("a database role or database")), "Its name on the server.")
            .default("its name in the policy"),
        Field::new("public", Shape::Map(&PUBLIC), "What everybody (PUBLIC) holds in it."),
        Field::new(
            "creators",
            Shape::OneOrMany(&CREATOR),
            "Database roles whose future objects are granted as they are made.",
        )
        .default("the owners found in each schema"),
    ],
    example: "app: { name: app_prod, public: { revoke: [{ allow: [execute], on: \"routine *.*\" }] } }",
};
static CREATOR: Shape = Shape::Leaf(Leaf::Name("a database role"));

static PUBLIC: MapShape = MapShape {
    title: "what PUBLIC holds",
    doc: "PostgreSQL gives everybody some privileges; here they are taken away or others let stand.",
    fields: &[
        Field::new(
            "revoke",
            Shape::OneOrMany(&PUBLIC_RULE),
            "Defaults that are taken away; roles that Rolecall does not own keep them by a grant of their own.",
        ),
        Field::new("keep", Shape::OneOrMany(&PUBLIC_RULE), "What everybody may hold beyond the defaults."),
    ],
    example: "public: { revoke: [{ allow: [connect, temporary], on: database }] }",
};
static PUBLIC_RULE: Shape = Shape::Map(&RULE);
static RULE: MapShape = MapShape {
    title: "a rule for PUBLIC",
    doc: "Privileges on objects.",
    fields: &[
        Field::new("privileges", Shape::OneOrMany(&PRIVILEGES), "The privileges; `allow` means the same."),
        Field::new("allow", Shape::OneOrMany(&PRIVILEGES), "The privileges; `privileges` means the same."),
        Field::required("on", Shape::OneOrMany(&ON), "The objects."),
    ],
    example: "{ privileges: [execute], on: \"routine *.*\" }",
};
