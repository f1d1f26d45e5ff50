//! Default privileges: a global row replaces the built-in default and holds the creator's own entry, a schema's only adds.

use std::collections::BTreeMap;

use super::Differ;
use super::acl::compare;
use crate::desire::Wants;
use crate::plan::{Change, Stage};
use crate::privilege::PrivilegeSet;
use crate::state::{Contents, DefaultKind, RoleId};

/// Every row of `pg_default_acl` and every one that should be there.
pub fn diff(differ: &mut Differ<'_>, database: &str, contents: &Contents) {
    let (state, desired) = (differ.state, differ.desired);
    let wanted = desired.contents.get(database);
    let mut missing: BTreeMap<(RoleId, Option<String>, DefaultKind), Wants> =
        wanted.map(|wanted| wanted.defaults.clone()).unwrap_or_default();
    for row in &contents.default_acls {
        let schema = row.schema.as_deref().map(str::to_owned);
        let wants = missing.remove(&(row.creator, schema.clone(), row.kind)).unwrap_or_default();
        let built_in = if schema.is_none() { row.kind.kind().public_default() } else { PrivilegeSet::EMPTY };
        let public = wanted.is_some().then_some(built_in);
        let entries = state.acls.get(row.acl);
        let difference = compare(differ, entries, row.creator, &wants, public);
        let mut taken: Vec<(RoleId, PrivilegeSet, bool)> =
            difference.taken.iter().map(|taken| (taken.grantee, taken.privileges, taken.option_only)).collect();
        if differ.is_ours(row.creator) {
            // An account's own default privileges would hand on whatever it may one day create.
            let foreign = entries.iter().filter(|entry| entry.grantee != row.creator && !differ.is_ours(entry.grantee));
            let foreign = foreign.filter(|entry| !(entry.grantee.is_public() && built_in.contains(entry.privileges)));
            taken.extend(foreign.map(|entry| (entry.grantee, entry.privileges, false)));
            taken.sort_unstable_by_key(|(grantee, privileges, option)| (*grantee, *privileges, *option));
            taken.dedup();
        }
        for (grantee, privileges, option_only) in taken {
            let reason = format!("{}: future objects, not in the policy", differ.people(&[grantee]));
            let change = Change::RevokeDefault {
                creator: differ.name(row.creator),
                schema: schema.clone(),
                kind: row.kind,
                privileges,
                grantees: vec![differ.grantee(grantee)],
                option_only,
            };
            differ.step(Stage::Narrow, Some(database), change, reason);
        }
        give(differ, database, row.creator, schema, row.kind, &difference.given);
    }
    for ((creator, schema, kind), wants) in missing {
        give(differ, database, creator, schema, kind, &wants);
    }
}

fn give(
    differ: &mut Differ<'_>,
    database: &str,
    creator: RoleId,
    schema: Option<String>,
    kind: DefaultKind,
    given: &Wants,
) {
    let mut alike: BTreeMap<PrivilegeSet, Vec<RoleId>> = BTreeMap::new();
    for (role, privileges) in given {
        alike.entry(*privileges).or_default().push(*role);
    }
    for (privileges, roles) in alike {
        let reason = format!("{}: what comes later in a schema that the policy grants whole", differ.people(&roles));
        let change = Change::GrantDefault {
            creator: differ.name(creator),
            schema: schema.clone(),
            kind,
            privileges,
            grantees: differ.grantees(&roles),
        };
        differ.step(Stage::Widen, Some(database), change, reason);
    }
}
