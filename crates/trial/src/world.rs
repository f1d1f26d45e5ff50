//! A random database: what is in it, as SQL that makes it and as an inventory that the reference model reads.

use std::collections::BTreeSet;

use crate::dice::Dice;
use crate::large::Large;
use crate::own::{self, Own};
use crate::view::View;

/// Roles that Rolecall never owns. The last two the policies do not know.
pub const STRANGERS: [&str; 6] = ["app_owner", "Other \"Owner", "clerk", "delegate", "Ghost", NOBODY];
/// Is granted nothing: what it has, PUBLIC has.
pub const NOBODY: &str = "nobody";
/// Who gets what a role of Rolecall's came to own.
pub const HEIR: &str = "app_owner";
/// Who owns things.
const OWNERS: [&str; 2] = ["app_owner", "Other \"Owner"];
/// Columns of every relation.
pub const COLUMNS: [&str; 4] = ["id", "customer", "note", "Odd \"col.umn"];
/// Names that are easily got wrong.
const NAMES: [&str; 14] = [
    "shop",
    "Shop",
    "we\"ird",
    "a.b",
    "with space",
    "line\nbreak",
    "emoji😀",
    "select",
    "back\\slash",
    "$user",
    "star*",
    "o'brien",
    "(int)",
    "sixty_three_bytes_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
];

/// What kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Table,
    Partitioned,
    View,
    MaterializedView,
    ForeignTable,
    Sequence,
    Function,
    Procedure,
    Type,
    Domain,
}

/// What the first things are, each as likely as it stands here often. Views come after what they may read.
const SORTS: [Sort; 12] = [
    Sort::Table,
    Sort::Table,
    Sort::Table,
    Sort::Partitioned,
    Sort::View,
    Sort::MaterializedView,
    Sort::Sequence,
    Sort::Function,
    Sort::Procedure,
    Sort::Type,
    Sort::Domain,
    Sort::ForeignTable,
];

impl Sort {
    pub const fn is_relation(self) -> bool {
        matches!(self, Self::Table | Self::Partitioned | Self::View | Self::MaterializedView | Self::ForeignTable)
    }

    pub const fn is_table(self) -> bool {
        matches!(self, Self::Table | Self::Partitioned)
    }

    pub const fn is_routine(self) -> bool {
        matches!(self, Self::Function | Self::Procedure)
    }

    /// What it is called, in SQL and in policies.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Table | Self::Partitioned => "table",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::ForeignTable => "foreign table",
            Self::Sequence => "sequence",
            Self::Function => "function",
            Self::Procedure => "procedure",
            Self::Type => "type",
            Self::Domain => "domain",
        }
    }

    /// Every privilege of the kind.
    pub fn privileges(self, version: u32) -> &'static [&'static str] {
        const RELATION: [&str; 8] =
            ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"];
        match self {
            _ if self.is_relation() && version >= 17 => &RELATION,
            _ if self.is_relation() => RELATION.split_at(7).0,
            Self::Sequence => &["USAGE", "SELECT", "UPDATE"],
            Self::Function | Self::Procedure => &["EXECUTE"],
            _ => &["USAGE"],
        }
    }
}

/// One object in a schema.
#[derive(Debug, Clone)]
pub struct Thing {
    pub sort: Sort,
    pub schema: usize,
    pub name: String,
    /// The owner.
    pub owner: &'static str,
    /// The place of the sequence that an INSERT draws from.
    pub serial: Option<usize>,
    /// Rows as (id, customer).
    pub rows: Vec<(i32, i32)>,
    /// It had row security before Rolecall came.
    pub own_row_security: bool,
    /// Row policies that were there before, also without row security.
    pub own: Vec<Own>,
    /// The SQL name of the table of which it is a partition.
    pub parent: Option<String>,
    /// What it shows, if it is a view.
    pub view: Option<View>,
    /// What PUBLIC holds now.
    pub public: BTreeSet<&'static str>,
    /// A routine's input types.
    pub arguments: Option<String>,
    /// It is an extension's, and this is what PUBLIC held when it became so.
    pub initial: Option<BTreeSet<&'static str>>,
    /// The extension made it, with these columns.
    pub native: Option<Vec<String>>,
}

impl Thing {
    /// One that nobody but its owner has anything to do with.
    pub fn new(sort: Sort, schema: usize, name: String, owner: &'static str) -> Self {
        let (serial, rows, own_row_security, own, parent, view, public) = Default::default();
        let (arguments, initial, native) = (sort.is_routine().then(|| "integer".to_owned()), None, None);
        Self {
            sort,
            schema,
            name,
            owner,
            serial,
            rows,
            own_row_security,
            own,
            parent,
            view,
            public,
            arguments,
            initial,
            native,
        }
    }

    /// A routine's input types in brackets.
    pub fn brackets(&self) -> String {
        self.arguments.as_ref().map_or(String::new(), |types| format!("({types})"))
    }

    /// The columns of a relation.
    pub fn columns(&self) -> Vec<&str> {
        match &self.native {
            Some(columns) => columns.iter().map(String::as_str).collect(),
            None => COLUMNS.to_vec(),
        }
    }
}

/// A schema.
#[derive(Debug, Clone)]
pub struct Schema {
    pub name: String,
}

/// What is in the database.
#[derive(Debug, Clone, Default)]
pub struct World {
    pub schemas: Vec<Schema>,
    pub things: Vec<Thing>,
    /// `clerk` has the rights of `delegate`.
    pub clerk_in_delegate: bool,
    /// Large objects.
    pub large: Vec<Large>,
    /// What PUBLIC holds on the database.
    pub public: BTreeSet<&'static str>,
    /// What PUBLIC was given beyond PostgreSQL's defaults, as keys.
    pub opened: BTreeSet<String>,
    /// The statements that make it.
    pub sql: Vec<String>,
    /// An extension, to which some things are handed.
    pub extension: Option<&'static str>,
    /// Names of what extensions brought along.
    pub natives: BTreeSet<String>,
}

/// Quotes a name.
pub fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl World {
    /// Makes one up.
    pub fn random(dice: &mut Dice, version: u32, extensions: &BTreeSet<String>) -> Self {
        let mut world = Self { public: BTreeSet::from(["CONNECT", "TEMPORARY"]), ..Self::default() };
        for role in STRANGERS {
            let login = if role == "clerk" || role == "Ghost" { "LOGIN" } else { "NOLOGIN" };
            world.sql.push(format!("CREATE ROLE {} {login}", ident(role)));
        }
        if dice.chance(40) {
            world.clerk_in_delegate = true;
            world.sql.push("GRANT delegate TO clerk WITH ADMIN OPTION".to_owned());
        }
        if dice.chance(20) {
            world.sql.push("GRANT pg_read_all_data TO clerk".to_owned());
        }
        world.sql.push("CREATE FOREIGN DATA WRAPPER wrapper".to_owned());
        world.sql.push("CREATE SERVER far FOREIGN DATA WRAPPER wrapper".to_owned());
        for _ in 0..2 + dice.below(2) {
            world.schema(dice);
        }
        if dice.chance(40) {
            world.extension(dice, extensions);
        }
        for _ in 0..4 + dice.below(6) {
            let sort = dice.pick(&SORTS).unwrap_or(Sort::Table);
            world.thing(dice, sort, version);
        }
        for _ in 0..dice.below(4) {
            let sort = dice.pick(&[Sort::View, Sort::View, Sort::MaterializedView]).unwrap_or(Sort::View);
            world.thing(dice, sort, version);
        }
        for _ in 0..dice.below(8) {
            world.grant_to_strangers(dice, version);
        }
        if dice.chance(50) {
            world.large_objects(dice, version);
        }
        world.defaults(dice);
        world
    }

    fn free_name(&self, dice: &mut Dice, schema: Option<usize>) -> String {
        let taken = |name: &str| match schema {
            Some(schema) => self.things.iter().any(|thing| thing.schema == schema && thing.name == name),
            None => self.schemas.iter().any(|schema| schema.name == name),
        };
        loop {
            let name = dice.pick(&NAMES).unwrap_or_default().to_owned();
            if !taken(&name) {
                return name;
            }
            let tagged = format!("t{}", dice.below(10_000));
            if dice.chance(50) && !taken(&tagged) {
                return tagged;
            }
        }
    }

    fn schema(&mut self, dice: &mut Dice) {
        let owner = dice.pick(&OWNERS).unwrap_or("app_owner");
        let name = self.free_name(dice, None);
        self.sql.push(format!("CREATE SCHEMA {} AUTHORIZATION {}", ident(&name), ident(owner)));
        if dice.chance(70) {
            self.sql.push(format!("GRANT USAGE ON SCHEMA {} TO clerk, \"Ghost\"", ident(&name)));
        }
        self.sql.push(format!("GRANT USAGE, CREATE ON SCHEMA {} TO {}", ident(&name), OWNERS.map(ident).join(", ")));
        self.schemas.push(Schema { name });
    }

    /// The thing's name as SQL has it.
    pub fn sql_name(&self, thing: &Thing) -> String {
        let schema = self.schemas.get(thing.schema).map_or("", |schema| schema.name.as_str());
        format!("{}.{}", ident(schema), ident(&thing.name))
    }

    fn add(&mut self, dice: &mut Dice, sort: Sort, schema: usize, owner: &'static str) -> Thing {
        let public = match sort {
            Sort::Function | Sort::Procedure => BTreeSet::from(["EXECUTE"]),
            Sort::Type | Sort::Domain => BTreeSet::from(["USAGE"]),
            _ => BTreeSet::new(),
        };
        let name = self.free_name(dice, Some(schema));
        Thing { public, ..Thing::new(sort, schema, name, owner) }
    }

    /// Adds a thing of this kind.
    pub fn thing(&mut self, dice: &mut Dice, sort: Sort, version: u32) {
        let schema = dice.below(self.schemas.len());
        let owner = dice.pick(&OWNERS).unwrap_or("app_owner");
        self.sql.push(format!("SET SESSION AUTHORIZATION {}", ident(owner)));
        let mut thing = self.add(dice, sort, schema, owner);
        let name = self.sql_name(&thing);
        match sort {
            Sort::Table => self.table(dice, &mut thing, &name),
            Sort::Partitioned => {
                self.things.push(thing.clone());
                self.partitions(dice, &mut thing, &name);
                self.things.retain(|other| {
                    other.sort != Sort::Partitioned || other.name != thing.name || other.schema != schema
                });
            }
            Sort::View | Sort::MaterializedView => self.view(dice, &mut thing, &name, version),
            Sort::ForeignTable => {
                // Only whoever may use the server makes one.
                let odd = ident(COLUMNS[3]);
                self.sql.push("RESET SESSION AUTHORIZATION".to_owned());
                self.sql.push(format!(
                    "CREATE FOREIGN TABLE {name} (id integer, customer integer, note text, {odd} text) SERVER far"
                ));
                self.sql.push(format!("ALTER FOREIGN TABLE {name} OWNER TO {}", ident(owner)));
                self.sql.push(format!("SET SESSION AUTHORIZATION {}", ident(owner)));
            }
            Sort::Sequence => self.sql.push(format!("CREATE SEQUENCE {name}")),
            Sort::Function => {
                let definer = if dice.chance(40) { "SECURITY DEFINER" } else { "" };
                self.sql.push(format!(
                    "CREATE FUNCTION {name}(integer) RETURNS integer LANGUAGE sql {definer} AS 'SELECT 1'"
                ));
            }
            Sort::Procedure => self.sql.push(format!("CREATE PROCEDURE {name}(integer) LANGUAGE sql AS 'SELECT 1'")),
            Sort::Type => self.sql.push(format!("CREATE TYPE {name} AS ENUM ('a')")),
            Sort::Domain => self.sql.push(format!("CREATE DOMAIN {name} AS text")),
        }
        let handed = dice.below(8);
        if handed == 0 {
            self.hand_over(&mut thing);
        }
        if !thing.public.is_empty() && dice.chance(20) {
            let word = if matches!(sort, Sort::Type | Sort::Domain) { "TYPE" } else { "ROUTINE" };
            self.sql.push(format!("REVOKE ALL ON {word} {name} FROM PUBLIC"));
            thing.public.clear();
        }
        if sort.is_relation() && dice.chance(15) {
            self.sql.push(format!("GRANT SELECT ON {name} TO PUBLIC"));
            thing.public.insert("SELECT");
            self.opened.insert(name);
        }
        if handed == 1 {
            self.hand_over(&mut thing);
        }
        self.sql.push("RESET SESSION AUTHORIZATION".to_owned());
        self.things.push(thing);
    }

    fn table(&mut self, dice: &mut Dice, thing: &mut Thing, name: &str) {
        let (mut id, mut after) = ("integer".to_owned(), None);
        if dice.chance(60) {
            // Both its name and the table's must be taken before another is looked for.
            self.things.push(thing.clone());
            let sequence = self.add(dice, Sort::Sequence, thing.schema, thing.owner);
            self.things.pop();
            let named = self.sql_name(&sequence);
            if dice.chance(50) {
                id = format!("integer GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME {named} START 100)");
            } else {
                self.sql.push(format!("CREATE SEQUENCE {named} START 100"));
                id = format!("integer DEFAULT nextval('{}')", named.replace('\'', "''"));
                after = Some(format!("ALTER SEQUENCE {named} OWNED BY {name}.id"));
                thing.serial = Some(self.things.len());
            }
            self.things.push(sequence);
        }
        let odd = ident(COLUMNS[3]);
        self.sql.push(format!("CREATE TABLE {name} (id {id}, customer integer, note text, {odd} text)"));
        self.sql.extend(after);
        thing.rows = (1..=6).map(|id| (id, (id - 1) % 4 + 1)).collect();
        self.sql.push(format!("INSERT INTO {name} SELECT id, (id - 1) % 4 + 1, 'n' FROM generate_series(1, 6) AS id"));
        self.sql.extend(own::random(dice, thing, name));
        // With or without row security: a filter that turns it on must not shut out the owner.
        if dice.chance(12) {
            self.sql.push(format!("ALTER TABLE {name} FORCE ROW LEVEL SECURITY"));
        }
    }

    fn partitions(&mut self, dice: &mut Dice, thing: &mut Thing, name: &str) {
        let odd = ident(COLUMNS[3]);
        self.sql.push(format!(
            "CREATE TABLE {name} (id integer, customer integer, note text, {odd} text) PARTITION BY LIST (customer)"
        ));
        thing.rows = (1..=6).map(|id| (id, (id - 1) % 4 + 1)).collect();
        for values in ["FOR VALUES IN (1, 2)", "DEFAULT"] {
            let mut part = self.add(dice, Sort::Table, thing.schema, thing.owner);
            part.parent = Some(name.to_owned());
            part.rows =
                thing.rows.iter().filter(|(_, customer)| (*customer <= 2) == (values != "DEFAULT")).copied().collect();
            self.sql.push(format!("CREATE TABLE {} PARTITION OF {name} {values}", self.sql_name(&part)));
            self.things.push(part);
        }
        self.sql.push(format!("INSERT INTO {name} SELECT id, (id - 1) % 4 + 1, 'n' FROM generate_series(1, 6) AS id"));
    }

    /// Something for roles that Rolecall does not own, with or without the right to pass it on.
    fn grant_to_strangers(&mut self, dice: &mut Dice, version: u32) {
        let relations: Vec<Thing> = self.things.iter().filter(|thing| thing.sort.is_relation()).cloned().collect();
        let Some(thing) = dice.pick(&relations) else { return };
        let name = self.sql_name(&thing);
        let privileges = dice.some(thing.sort.privileges(version).split_at(4).0).join(", ");
        match dice.below(3) {
            0 => self.sql.push(format!("GRANT {privileges} ON {name} TO clerk")),
            1 => self.sql.push(format!("GRANT SELECT (id, customer), UPDATE (note) ON {name} TO \"Ghost\"")),
            _ => {
                self.sql.push(format!("GRANT {privileges} ON {name} TO delegate WITH GRANT OPTION"));
                self.sql.push("SET SESSION AUTHORIZATION delegate".to_owned());
                let schema = self.schemas.get(thing.schema).map_or(String::new(), |schema| ident(&schema.name));
                self.sql.push("RESET SESSION AUTHORIZATION".to_owned());
                self.sql.push(format!("GRANT USAGE ON SCHEMA {schema} TO delegate"));
                self.sql.push("SET SESSION AUTHORIZATION delegate".to_owned());
                self.sql.push(format!("GRANT {privileges} ON {name} TO clerk, \"Ghost\""));
                self.sql.push("RESET SESSION AUTHORIZATION".to_owned());
            }
        }
    }

    /// Default privileges of the owners for strangers, everywhere and in a schema.
    fn defaults(&mut self, dice: &mut Dice) {
        if dice.chance(30) {
            self.sql.push("ALTER DEFAULT PRIVILEGES FOR ROLE app_owner GRANT SELECT ON TABLES TO clerk".to_owned());
        }
        if let (true, Some(schema)) = (dice.chance(30), self.schemas.first()) {
            let owner = ident(dice.pick(&OWNERS).unwrap_or("app_owner"));
            self.sql.push(format!(
                "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {} GRANT USAGE ON SEQUENCES TO clerk",
                ident(&schema.name)
            ));
        }
    }
}
