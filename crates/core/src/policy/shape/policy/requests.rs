//! The shape of the rules for requests, and of who may do what in Rolecall itself.

use super::super::{Field, KeyRule, Leaf, MapShape, NamedShape, Shape, Word};

static PARTY: Shape = Shape::Leaf(Leaf::Name("a person or group"));
static PARTY_OR_OWNER: Shape = Shape::Leaf(Leaf::Name("a person or group, or `owner`"));

const REASON: Field =
    Field::new("reason", Shape::Leaf(Leaf::Choice(&REASONS)), "Whether a request needs a reason.").default("optional");
static REASONS: [Word; 2] = [
    Word { word: "required", doc: "A request without a reason is refused." },
    Word { word: "optional", doc: "A reason may be given." },
];
const REASON_PATTERN: Field = Field::new(
    "reason_pattern",
    Shape::Leaf(Leaf::Regex),
    "A regular expression that must be found in the reason, such as a ticket's number. It makes the reason required.",
)
.mistaken_for(&["pattern", "reason_regex", "ticket"]);
const APPROVALS: Field = Field::new(
    "approvals",
    Shape::Leaf(Leaf::Whole(0, 100)),
    "How many must agree to a request. `0`: it is granted at once.",
)
.default("1")
.mistaken_for(&["approval"]);
const APPROVERS: Field = Field::new(
    "approvers",
    Shape::OneOrMany(&PARTY_OR_OWNER),
    "The people and groups who may agree; `owner` is the role's owner. Nobody agrees to what they asked for or would get.",
)
.default("the role's owner; without one, `approvers` under `rolecall`")
.mistaken_for(&["approver", "approved_by"]);
const MAX_DURATION: Field =
    Field::new("max_duration", Shape::Leaf(Leaf::Duration), "The longest that requested access may last.")
        .default("24h");
const REQUEST_EXPIRY: Field = Field::new(
    "request_expiry",
    Shape::Leaf(Leaf::Duration),
    "How long a request waits; then it ends without having been decided.",
)
.default("7d")
.mistaken_for(&["expiry", "expires"]);
const EXTENSION: Field = Field::new(
    "extension",
    Shape::Leaf(Leaf::Choice(&EXTENSIONS)),
    "Whether access that runs may be extended, by a new request.",
)
.default("allow");
static EXTENSIONS: [Word; 2] = [
    Word { word: "allow", doc: "A new request, decided like the first, may extend it." },
    Word { word: "refuse", doc: "It ends; what comes after is asked for then." },
];
const BREAK_GLASS: Field = Field::new(
    "break_glass",
    Shape::Map(&BREAK_GLASS_MAP),
    "Who may take, in an emergency and at once, what they may request otherwise.",
)
.default("nobody")
.mistaken_for(&["emergency"]);

static BREAK_GLASS_MAP: MapShape = MapShape {
    title: "a break-glass rule",
    doc: "Access at once, without approval. It needs a reason, it is told to all who watch, and somebody must look at it afterwards.",
    fields: &[
        Field::required("allow", Shape::OneOrMany(&PARTY), "The people and groups who may.")
            .mistaken_for(&["who", "allowed"]),
        Field::new(
            "reviewers",
            Shape::OneOrMany(&PARTY_OR_OWNER),
            "The people and groups one of whom must look at it; nobody looks at their own.",
        )
        .default("the approvers"),
        Field::new("max_duration", Shape::Leaf(Leaf::Duration), "The longest that it lasts.")
            .default("`max_duration` of the rules"),
        Field::new("review_within", Shape::Leaf(Leaf::Duration), "By when somebody must have looked at it.")
            .default("24h"),
    ],
    example: "break_glass: { allow: [on_call], reviewers: [security], max_duration: 1h, review_within: 24h }",
};

pub(super) static RULES: MapShape = MapShape {
    title: "the rules",
    doc: "What holds for access in an environment.",
    fields: &[
        REASON,
        REASON_PATTERN,
        APPROVALS,
        APPROVERS,
        MAX_DURATION,
        REQUEST_EXPIRY,
        EXTENSION,
        BREAK_GLASS,
        Field::new("roles", Shape::Named(&BY_ROLE), "What else holds for requests of single roles."),
        Field::new(
            "brake",
            Shape::Leaf(Leaf::Percent),
            "A plan that removes or suspends more than this share of the accounts stops.",
        )
        .default("20%"),
        Field::new(
            "combination",
            Shape::Leaf(Leaf::Choice(&COMBINATION)),
            "What to do where a person's grants multiply: some rows with all columns from one, all rows with some columns from another.",
        )
        .default("refuse"),
    ],
    example: "rules:\n  reason_pattern: \"[A-Z]+-[0-9]+\"\n  approvals: 1\n  approvers: [leads, owner]\n  max_duration: 8h\n  roles:\n    app_writer: { approvals: 2, max_duration: 1h }",
};
static COMBINATION: [Word; 2] = [
    Word { word: "refuse", doc: "The plan fails and names the grants." },
    Word { word: "allow", doc: "It is let through." },
];

static BY_ROLE: NamedShape = NamedShape { key: "role", names: KeyRule::Any, value: Shape::Map(&ROLE_RULES) };
static ROLE_RULES: MapShape = MapShape {
    title: "the rules for a role",
    doc: "What holds for requests of one role in an environment. What is left out, the environment's rules say.",
    fields: &[
        REASON.default(OUTER),
        REASON_PATTERN.default(OUTER),
        APPROVALS.default(OUTER),
        APPROVERS.default(OUTER),
        MAX_DURATION.default(OUTER),
        REQUEST_EXPIRY.default(OUTER),
        EXTENSION.default(OUTER),
        BREAK_GLASS.default(OUTER),
    ],
    example: "roles: { app_writer: { approvals: 2, approvers: [leads], max_duration: 1h } }",
};
const OUTER: &str = "as the environment's rules say";

pub(super) static ACCESS: MapShape = MapShape {
    title: "access to Rolecall",
    doc: "Who may do what in Rolecall itself. Everybody in the policy is a member: they see and ask for their own access. Of several files, one may say this.",
    fields: &[
        Field::new(
            "administrators",
            Shape::OneOrMany(&PARTY),
            "People and groups who may do everything, but not agree to what they asked for or would get.",
        )
        .mistaken_for(&["admins", "administrator"]),
        Field::new("auditors", Shape::OneOrMany(&PARTY), "People and groups who may read everything.")
            .mistaken_for(&["auditor", "readers"]),
        Field::new(
            "approvers",
            Shape::OneOrMany(&PARTY),
            "People and groups who agree to requests where neither the rules nor the role's `owner` say who does.",
        )
        .mistaken_for(&["approver"]),
        Field::new("webhooks", Shape::Named(&WEBHOOKS), "Where `rolecall serve` tells what happens.").mistaken_for(&[
            "webhook",
            "notifications",
            "notify",
        ]),
    ],
    example: "rolecall: { administrators: [platform], auditors: [dana@acme.test], approvers: [leads] }",
};

static WEBHOOKS: NamedShape = NamedShape { key: "webhook", names: KeyRule::Word, value: Shape::Map(&WEBHOOK) };
static WEBHOOK: MapShape = MapShape {
    title: "a webhook",
    doc: "An address that gets a message for each Event of some kinds, signed as standardwebhooks.com has it, until it has answered.",
    fields: &[
        Field::required("url", Shape::Leaf(Leaf::Url), "Where its address comes from; never the address itself."),
        Field::new("secret", Shape::Leaf(Leaf::Url), "Where the secret comes from that messages are signed with.")
            .default("not signed"),
        Field::new("form", Shape::Leaf(Leaf::Choice(&FORMS)), "What a message looks like.").default("event"),
        Field::new("events", Shape::OneOrMany(&EVENT), "The kinds of Events that are told.")
            .default("what somebody should decide or know of at once"),
    ],
    example: "webhooks: { ops: { url: \"${OPS_WEBHOOK}\", form: slack, events: [request_filed, drift_found] } }",
};
static FORMS: [Word; 2] = [
    Word { word: "event", doc: "The Event as it stands in the ledger, with a link to its page." },
    Word { word: "slack", doc: "A line of text and a link, as Slack, Mattermost and others take it." },
];
static EVENT: Shape = Shape::Leaf(Leaf::Name("a kind of event"));
