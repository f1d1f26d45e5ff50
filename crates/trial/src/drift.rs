//! What somebody does by hand between two applies.

use crate::dice::Dice;
use crate::policy::Policy;
use crate::world::{Thing, World, ident};

/// Statements that may each fail: what they speak of may not be there.
pub fn random(dice: &mut Dice, world: &World, policy: &Policy) -> Vec<String> {
    let mut sql = Vec::new();
    let roles: Vec<String> = (0..policy.roles.len()).map(|place| ident(&policy.role_name(place))).collect();
    let accounts: Vec<String> = policy.principals.iter().map(|principal| ident(principal.account)).collect();
    let everybody: Vec<String> = roles.iter().chain(&accounts).cloned().collect();
    // Row security that others turned on is theirs: what somebody does to it is no drift of Rolecall's.
    let tables: Vec<String> = world
        .things
        .iter()
        .filter(|thing| thing.sort.is_table() && !thing.own_row_security)
        .map(|thing| world.sql_name(thing))
        .collect();
    let all: Vec<String> =
        world.things.iter().filter(|thing| thing.sort.is_table()).map(|thing| world.sql_name(thing)).collect();
    let theirs: Vec<String> =
        world.things.iter().filter(|thing| thing.initial.is_some()).map(|thing| all_on(world, thing)).collect();
    for _ in 0..dice.below(6) {
        let who = dice.pick(&everybody).unwrap_or_default();
        let other = dice.pick(&everybody).unwrap_or_default();
        let role = dice.pick(&roles).unwrap_or_default();
        let table = dice.pick(&tables).unwrap_or_default();
        // A member of somebody who may pass on a right passes it on in that one's name, and so it stays.
        let members = policy.roles.iter().any(|role| role.member_of.is_some());
        sql.push(match dice.below(21) {
            8 if members => continue,
            0 => format!("GRANT SELECT, DELETE ON {table} TO {who} WITH GRANT OPTION"),
            1 => format!("GRANT SELECT (note), UPDATE (customer) ON {table} TO {who}"),
            2 => format!("REVOKE ALL ON {table} FROM {who}"),
            3 => format!("ALTER ROLE {who} CREATEDB CREATEROLE BYPASSRLS"),
            4 => format!("GRANT {role} TO {who} WITH ADMIN OPTION"),
            5 => format!("GRANT delegate TO {who}"),
            6 => format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"),
            7 => format!("CREATE POLICY by_hand ON {table} TO {who} USING (true)"),
            8 => format!("SET ROLE {who}; GRANT SELECT ON {table} TO {other}, clerk; RESET ROLE"),
            9 => format!("GRANT SELECT ON {table} TO {who} WITH GRANT OPTION; SET ROLE {who}; GRANT SELECT ON {table} TO {other}; RESET ROLE"),
            10 => format!("GRANT {role} TO {who} WITH INHERIT FALSE, SET TRUE"),
            11 => format!("GRANT {role} TO clerk WITH ADMIN OPTION; SET ROLE clerk; GRANT {role} TO {who}; RESET ROLE"),
            // What a stranger may pass on; whoever may not is only warned.
            12 => format!("SET ROLE delegate; GRANT SELECT ON {table} TO {who} WITH GRANT OPTION; RESET ROLE"),
            13 => format!("GRANT {} TO {who} WITH GRANT OPTION", dice.pick(&theirs).unwrap_or_else(|| role.clone())),
            16 => format!(
                "CREATE POLICY narrow_by_hand ON {} AS RESTRICTIVE TO {} USING (false)",
                dice.pick(&all).unwrap_or_default(),
                dice.pick(&accounts).unwrap_or_default()
            ),
            17 => format!("CREATE POLICY for_all ON {table} USING (true)"),
            18 => altered(dice, &who),
            19 => scopes(dice),
            14 | 15 => world.large_by_hand(dice, &who, &other),
            _ => format!("ALTER DEFAULT PRIVILEGES FOR ROLE app_owner GRANT ALL ON TABLES TO {who}"),
        });
    }
    sql
}

/// Everything on something of an extension's.
fn all_on(world: &World, thing: &Thing) -> String {
    let word = match thing.sort {
        sort if sort.is_relation() => "TABLE".to_owned(),
        sort => sort.word().to_uppercase(),
    };
    format!("ALL ON {word} {}{}", world.sql_name(thing), thing.brackets())
}

/// Alters one of Rolecall's own row policies.
fn altered(dice: &mut Dice, who: &str) -> String {
    let what = match dice.below(4) {
        0 => "USING (true)".to_owned(),
        1 => "WITH CHECK (true)".to_owned(),
        2 => "USING (customer < 3)".to_owned(),
        _ => format!("TO {}", who.replace('\'', "''")),
    };
    let place = dice.below(5);
    format!(
        "DO $by_hand$ DECLARE p record; BEGIN
            SELECT * INTO STRICT p FROM pg_policies WHERE policyname LIKE 'rolecall%' ORDER BY 1, 2, 3 OFFSET {place} LIMIT 1;
            EXECUTE format('ALTER POLICY %I ON %I.%I ', p.policyname, p.schemaname, p.tablename) || '{what}';
        END $by_hand$"
    )
}

/// Changes who has which rows.
fn scopes(dice: &mut Dice) -> String {
    let customer = 1 + dice.below(4);
    let values = format!("jsonb_build_object('customer', '{customer}')");
    match dice.below(4) {
        0 => format!(
            "UPDATE rolecall.scope SET \"values\" = {values} WHERE ctid = (SELECT min(ctid) FROM rolecall.scope)"
        ),
        1 => format!(
            "INSERT INTO rolecall.scope (account, role, \"values\") SELECT account, role, {values} FROM rolecall.scope LIMIT 1"
        ),
        2 => "UPDATE rolecall.scope SET ends = '2020-01-01'".to_owned(),
        _ => "DELETE FROM rolecall.scope".to_owned(),
    }
}
