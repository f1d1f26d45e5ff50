//! What `rolecall verify` asks of the whole server: attributes, memberships, databases, parameters and tablespaces.

use std::collections::BTreeSet;

use rolecall_core::desire::PublicRules;
use rolecall_core::expect::{Class, expected_server_wide};
use rolecall_core::privilege::{Kind, PrivilegeSet};
use rolecall_core::state::{MARKER, Object};
use rolecall_engine::postgres::Target;
use rolecall_engine::postgres::verify::{Asked, attributes, held, memberships};

use super::{Check, Verdict, label};

/// Attributes that are asked about.
const ATTRIBUTES: usize = 5;

impl Check<'_> {
    /// Asks, class by class, of at most `limit` pairs of an account and a role.
    pub(super) async fn server(&self, target: &Target, limit: usize, verdict: &mut Verdict) -> anyhow::Result<()> {
        let mut conn = target.open(None).await?;
        let databases = self.state.databases.iter().map(|database| &database.object);
        let objects: Vec<&Object> = databases.chain(&self.state.objects).collect();
        let asked: Vec<Asked> = objects
            .iter()
            .map(|object| Asked { kind: object.kind, oid: object.oid, name: object.name.to_string(), column: None })
            .collect();
        let roles = self.state.roles.len().max(1);
        let stride = (verdict.accounts * roles).div_ceil(limit.max(1)).max(1);
        verdict.sampled |= stride > 1;
        verdict.objects += objects.len();
        for class in self.classes {
            let known = class.accounts.iter().step_by(stride);
            let known: Vec<(&String, u32)> =
                known.filter_map(|name| self.account(name).map(|(_, oid)| (name, oid))).collect();
            let oids: Vec<u32> = known.iter().map(|(_, oid)| *oid).collect();
            if oids.is_empty() {
                continue;
            }
            verdict.questions += oids.len() * (asked.len() + roles + ATTRIBUTES);
            for (account, word) in attributes(&mut conn, &oids).await? {
                if let Some((name, _)) = known.iter().find(|(_, oid)| *oid == account) {
                    verdict.disagreements.push(format!("{name} is {word}, and should not be"));
                }
            }
            self.roles(class, &known, &memberships(&mut conn, &oids).await?, verdict);
            let answers = held(&mut conn, &oids, &asked, self.state.identity.version).await?;
            for (place, object) in objects.iter().enumerate() {
                let should = expected_server_wide(self.scene, class, object);
                for (name, oid) in &known {
                    let is = answers.get(&(*oid, place)).copied().unwrap_or(PrivilegeSet::EMPTY);
                    let extra =
                        if class.beyond { PrivilegeSet::EMPTY } else { is.minus(should).minus(self.open(object)) };
                    let missing = should.minus(is);
                    for (wrong, so) in [(extra, "has"), (missing, "has not")] {
                        if !wrong.is_empty() {
                            let but = if so == "has" { "should not" } else { "should" };
                            verdict.disagreements.push(format!("{name} {so} {wrong} on {}, and {but}", label(object)));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn roles(&self, class: &Class, known: &[(&String, u32)], held: &[(u32, String)], verdict: &mut Verdict) {
        let on_server =
            |name: &String| self.desired.names.find(name).is_some_and(|id| self.desired.roles.contains_key(&id));
        let mut should: BTreeSet<String> = class.roles.iter().map(|role| self.scene.role_name(role)).collect();
        should.retain(on_server);
        should.insert(MARKER.to_owned());
        for (name, oid) in known {
            let is: BTreeSet<&String> =
                held.iter().filter(|(account, _)| account == oid).map(|(_, role)| role).collect();
            for role in is.iter().filter(|role| !class.beyond && !should.contains(**role)) {
                verdict.disagreements.push(format!("{name} holds {role}, and should not"));
            }
            for role in should.iter().filter(|role| !is.contains(role)) {
                verdict.disagreements.push(format!("{name} should hold {role}, and does not"));
            }
        }
    }

    /// What everybody may have of it.
    fn open(&self, object: &Object) -> PrivilegeSet {
        let governed = self.scene.server.databases.values().find(|database| *database.name == *object.name);
        match governed.filter(|_| object.kind == Kind::Database) {
            Some(database) => PublicRules::new(database).allowed(object, &self.state.acls),
            // A database that the policy does not govern is as open as it is.
            None => {
                let entries = self.state.acls.get(object.acl).iter().filter(|entry| entry.grantee.is_public());
                entries.fold(PrivilegeSet::EMPTY, |sum, entry| sum.union(entry.privileges))
            }
        }
    }
}
