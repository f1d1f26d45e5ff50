//! Extensions: what they bring along, and things that are handed to them. Both are theirs: only exact names reach them.

use std::collections::BTreeSet;

use anyhow::Context;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Executor, Row};

use crate::dice::Dice;
use crate::world::{Sort, Thing, World, ident};

/// Those that make something in a schema, and whether the owner of a database may make them.
const EXTENSIONS: [(&str, bool); 5] =
    [("lo", true), ("citext", true), ("tcn", true), ("pg_stat_statements", false), ("pg_buffercache", false)];

/// Members of extensions with what PUBLIC holds on them, and the columns of relations.
const MEMBERS: &str = "
SELECT nspname::text, relname::text, relkind::text, NULL AS arguments,
    array(SELECT privilege_type FROM aclexplode(coalesce(relacl, acldefault('r', relowner))) WHERE grantee = 0),
    array(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace JOIN pg_depend ON classid = 'pg_class'::regclass
    AND objid = c.oid AND deptype = 'e' WHERE relkind IN ('r', 'v')
UNION ALL SELECT nspname, proname, 'f', oidvectortypes(proargtypes),
    array(SELECT privilege_type FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE grantee = 0), '{}'
FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = pronamespace JOIN pg_depend ON classid = 'pg_proc'::regclass
    AND objid = p.oid AND deptype = 'e' WHERE prokind <> 'p'
UNION ALL SELECT nspname, typname, typtype::text, NULL,
    array(SELECT privilege_type FROM aclexplode(coalesce(typacl, acldefault('T', typowner))) WHERE grantee = 0), '{}'
FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = typnamespace JOIN pg_depend ON classid = 'pg_type'::regclass
    AND objid = t.oid AND deptype = 'e' WHERE typtype IN ('b', 'd') AND typcategory <> 'A'
ORDER BY 1, 2, 3, 4";

impl World {
    /// Makes one of those that the server has, in some schema.
    pub fn extension(&mut self, dice: &mut Dice, available: &BTreeSet<String>) {
        let there: Vec<_> = EXTENSIONS.into_iter().filter(|(name, _)| available.contains(*name)).collect();
        if there.is_empty() {
            println!("this server has none of the extensions that trials make");
        }
        let place = dice.below(self.schemas.len());
        let (Some((name, trusted)), Some(schema)) = (dice.pick(&there), self.schemas.get(place)) else { return };
        // An extension's script would not find what it makes in a search_path that means something else.
        if schema.name == "$user" {
            return;
        }
        let make = format!("CREATE EXTENSION {name} SCHEMA {}", ident(&schema.name));
        // What it makes is the superuser's all the same.
        let by_owner = trusted && dice.chance(40);
        self.sql.extend(by_owner.then(|| "SET SESSION AUTHORIZATION app_owner".to_owned()));
        self.sql.push(make);
        self.sql.extend(by_owner.then(|| "RESET SESSION AUTHORIZATION".to_owned()));
        self.extension = Some(name);
        let other = self.schemas.iter().enumerate().find(|(other, _)| *other != place);
        if let (true, Some((_, other))) = (dice.chance(20), other) {
            self.sql.push(format!("ALTER EXTENSION {name} ADD SCHEMA {}", ident(&other.name)));
        }
    }

    /// Hands a thing to the extension, as its owner's session. PUBLIC keeps what it holds right now.
    pub fn hand_over(&mut self, thing: &mut Thing) {
        let Some(extension) = self.extension else { return };
        let (name, arguments) = (self.sql_name(thing), thing.brackets());
        let word = thing.sort.word().to_uppercase();
        self.sql.push("RESET SESSION AUTHORIZATION".to_owned());
        self.sql.push(format!("ALTER EXTENSION {extension} ADD {word} {name}{arguments}"));
        self.sql.push(format!("SET SESSION AUTHORIZATION {}", ident(thing.owner)));
        thing.initial = Some(thing.public.clone());
    }

    /// Looks at what extensions brought along.
    pub async fn learn(&mut self, conn: &mut PgConnection) -> anyhow::Result<()> {
        for row in conn.fetch_all(MEMBERS).await.context("members of extensions")? {
            let schema: String = row.try_get(0)?;
            let place = self.schemas.iter().position(|known| known.name == schema);
            let found = place.map(|place| member(&row, place)).transpose()?;
            let known = |found: &Thing| {
                self.things.iter().any(|thing| thing.schema == found.schema && thing.name == found.name)
            };
            // Two of a name are two overloads, or a type and what makes it.
            let ours = found.as_ref().is_some_and(|found| known(found) && !self.natives.contains(&found.name));
            if let Some(found) = found.filter(|_| !ours) {
                self.natives.insert(found.name.clone());
                self.things.push(found);
            }
        }
        Ok(())
    }
}

fn member(row: &PgRow, schema: usize) -> anyhow::Result<Thing> {
    let (kind, held, columns): (String, Vec<String>, Vec<String>) = (row.try_get(2)?, row.try_get(4)?, row.try_get(5)?);
    let sort = match kind.as_str() {
        "r" => Sort::Table,
        "v" => Sort::View,
        "f" => Sort::Function,
        "d" => Sort::Domain,
        _ => Sort::Type,
    };
    let public: BTreeSet<&'static str> = sort
        .privileges(u32::MAX)
        .iter()
        .copied()
        .filter(|privilege| held.iter().any(|held| held == privilege))
        .collect();
    let (name, arguments) = (row.try_get(1)?, row.try_get(3)?);
    let columns = if sort.is_relation() { Some(columns) } else { Some(Vec::new()) };
    let native = Thing {
        arguments,
        native: columns,
        initial: Some(public.clone()),
        public,
        ..Thing::new(sort, schema, name, "postgres")
    };
    Ok(native)
}
