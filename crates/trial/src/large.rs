//! Large objects: made and granted at random, what each account may do with them, and what it really can.

use std::collections::BTreeSet;

use anyhow::ensure;
use sqlx::postgres::PgConnection;

use crate::dice::Dice;
use crate::oracle::{Observed, attempt};
use crate::policy::{Grant, On, Policy};
use crate::reference::Access;
use crate::world::{HEIR, World, ident};

/// A large object.
#[derive(Debug, Clone)]
pub struct Large {
    pub number: u32,
    /// Everybody may read it.
    pub public: bool,
    /// Somebody made it by hand, who could: a role of Rolecall's, whose it cannot stay.
    pub stray: bool,
}

impl Large {
    /// What it is called, in a policy and in keys.
    pub fn name(&self) -> String {
        format!("large object {}", self.number)
    }
}

/// Both privileges.
const PRIVILEGES: [&str; 2] = ["SELECT", "UPDATE"];

impl World {
    /// Makes some, of several owners, with something for strangers.
    pub fn large_objects(&mut self, dice: &mut Dice, version: u32) {
        if version >= 18 && dice.chance(30) {
            let sql = "ALTER DEFAULT PRIVILEGES FOR ROLE app_owner GRANT SELECT ON LARGE OBJECTS TO clerk";
            self.sql.push(sql.to_owned());
        }
        for _ in 0..dice.below(4) {
            let owner = dice.pick(&["app_owner", "app_owner", "Other \"Owner", "clerk", "postgres"]).unwrap_or(HEIR);
            let large = Large { number: self.next_number(), public: dice.chance(20), stray: false };
            let name = large.name().to_uppercase();
            self.sql.push(format!("SET SESSION AUTHORIZATION {}", ident(owner)));
            self.sql.push(format!("SELECT lo_from_bytea({}, 'one')", large.number));
            if large.public {
                self.sql.push(format!("GRANT SELECT ON {name} TO PUBLIC"));
                self.opened.insert(large.name());
            }
            match dice.below(4) {
                0 => self.sql.push(format!("GRANT SELECT, UPDATE ON {name} TO \"Ghost\"")),
                1 => {
                    self.sql.push(format!("GRANT ALL ON {name} TO delegate WITH GRANT OPTION"));
                    self.sql.push("SET SESSION AUTHORIZATION delegate".to_owned());
                    self.sql.push(format!("GRANT UPDATE ON {name} TO clerk, \"Ghost\""));
                }
                // An owner can take its own rights away from itself, and no more than that.
                2 => self.sql.push(format!("REVOKE UPDATE ON {name} FROM {}", ident(owner))),
                _ => {}
            }
            self.sql.push("RESET SESSION AUTHORIZATION".to_owned());
            self.large.push(large);
        }
    }

    /// All have as many digits: no name is the beginning of another.
    fn next_number(&self) -> u32 {
        4_242_000 + u32::try_from(self.large.len()).unwrap_or_default()
    }

    /// What somebody does with them by hand.
    pub fn large_by_hand(&self, dice: &mut Dice, who: &str, other: &str) -> String {
        let name =
            dice.pick(&self.large).map_or_else(|| "LARGE OBJECT 1".to_owned(), |large| large.name().to_uppercase());
        let number = self.next_number();
        match dice.below(4) {
            0 => format!(
                "GRANT ALL ON {name} TO {who} WITH GRANT OPTION; SET ROLE {who}; GRANT SELECT ON {name} TO {other}; RESET ROLE"
            ),
            1 => format!("REVOKE ALL ON {name} FROM {who} CASCADE"),
            2 => format!("SET ROLE delegate; GRANT UPDATE ON {name} TO {who} WITH GRANT OPTION; RESET ROLE"),
            _ => format!(
                "SET ROLE {who}; SELECT lo_create({number}); GRANT ALL ON LARGE OBJECT {number} TO {other} WITH GRANT OPTION; RESET ROLE"
            ),
        }
    }

    /// Notes one that was made by hand.
    pub fn made_by_hand(&mut self, sql: &str) {
        let number = self.next_number();
        if sql.contains(&format!("lo_create({number})")) {
            self.large.push(Large { number, public: false, stray: true });
        }
    }
}

/// What everybody may do with them by the policy.
pub fn public(world: &World, access: &mut Access) {
    let open = world.large.iter().filter(|large| large.public);
    access.privileges.extend(open.map(|large| format!("{} SELECT", large.name())));
}

/// Adds what a grant gives on them.
pub fn apply(world: &World, grant: &Grant, access: &mut Access) {
    let meant = |on: &On, place: usize| match on {
        On::Large(own) => *own == place,
        On::AllLarge => true,
        _ => false,
    };
    for (place, large) in world.large.iter().enumerate().filter(|(place, _)| meant(&grant.on, *place)) {
        if grant.except.as_ref().is_some_and(|except| meant(except, place)) {
            continue;
        }
        for privilege in PRIVILEGES {
            if grant.allow.is_empty() || grant.allow.iter().any(|word| word.to_uppercase() == privilege) {
                access.privileges.insert(format!("{} {privilege}", large.name()));
            }
        }
    }
}

/// What is left to PUBLIC after the policy is applied.
pub fn close_public(world: &mut World, policy: &Policy) {
    for (place, large) in world.large.iter_mut().enumerate() {
        large.public &= policy.keep_large.contains(&place);
    }
}

/// Those that a role of Rolecall's made are the heir's in the end, who could do nothing with them at first.
pub fn handed_on(world: &World, after: &Observed, found: &mut Vec<String>) {
    let Some(heir) = after.get(HEIR) else { return };
    for large in world.large.iter().filter(|large| large.stray) {
        for privilege in PRIVILEGES {
            let key = format!("{} {privilege}", large.name());
            if !heir.privileges.contains(&key) {
                found.push(format!("{HEIR}: lacks {key}, which somebody made by hand"));
            }
        }
    }
}

/// That a stranger gains this is right.
pub fn is_handed_on(world: &World, who: &str, key: &str) -> bool {
    who == HEIR && world.large.iter().any(|large| large.stray && key.starts_with(&large.name()))
}

/// Both privileges of everybody, as keys of `who` in `MATRIX`. Before 18 no function knows them.
pub const fn keys(version: u32) -> &'static str {
    if version >= 18 {
        "SELECT who.oid, format('large object %s %s', l.oid, p) FROM who, pg_largeobject_metadata AS l,
            unnest(ARRAY['SELECT', 'UPDATE']) AS p WHERE has_largeobject_privilege(who.oid, l.oid, p)"
    } else {
        "SELECT DISTINCT who.oid, format('large object %s %s', l.oid, p) FROM pg_largeobject_metadata AS l,
            aclexplode(coalesce(lomacl, acldefault('L', lomowner))) AS a (grantor, grantee, p, passes), who
            WHERE CASE grantee WHEN 0 THEN true ELSE pg_has_role(who.oid, grantee, 'USAGE') END"
    }
}

/// That the session really can do what it is said to have, in a transaction that is rolled back.
pub async fn tried(conn: &mut PgConnection, world: &World, said: &BTreeSet<String>) -> anyhow::Result<()> {
    for large in &world.large {
        let has = |privilege: &str| said.contains(&format!("{} {privilege}", large.name()));
        // Whoever opens one to write, PostgreSQL asks for both.
        let ways = [("lo_get(@)", has("SELECT")), ("lo_put(@, 0, 'x')", has("SELECT") && has("UPDATE"))];
        for (call, must) in ways {
            let sql = format!("SELECT {}", call.replace('@', &large.number.to_string()));
            let may = attempt(conn, &sql, &["42501"]).await?.is_some();
            ensure!(may == must, "{sql}: done is {may}, must be {must}");
        }
    }
    Ok(())
}
