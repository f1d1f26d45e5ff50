//! Use case: what objects there are, and who may do what with one: by the policy, and as the server shows it.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_core::admit::Action;
use rolecall_core::event::Actor;
use rolecall_core::expect::{Class, classes, expected};
use rolecall_core::mark::Mark;
use rolecall_core::policy::model::Database;
use rolecall_core::privilege::PrivilegeSet;
use rolecall_core::state::{Contents, HELPER_SCHEMA, Object, RoleId, ServerState};
use rolecall_engine::postgres::inspect::inspect;

use crate::office::{ControlError, Office};
use crate::place::{Place, places};

/// Who may do what with an object.
#[derive(Debug, Clone)]
pub struct Who {
    /// `production · main`
    pub place: String,
    /// What the object is called: `table shop.tickets`.
    pub object: String,
    /// By the policy, Leases and suspensions.
    pub decided: Vec<Holder>,
    /// What the server lets roles do that can log in, superusers aside.
    pub shown: Vec<Holder>,
    /// Roles that may do everything there, whatever is granted: superusers, and the object's owner.
    pub beyond: Vec<String>,
}

/// Somebody who may do something with an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The id of a person or service, or the name of a role that is not Rolecall's.
    pub who: String,
    /// On the whole object.
    pub whole: PrivilegeSet,
    /// On single columns.
    pub columns: BTreeMap<String, PrivilegeSet>,
    /// Roles by which they may: of the policy, or of the server.
    pub through: Vec<String>,
    /// Perhaps not all rows.
    pub filtered: bool,
}

impl Office {
    /// What objects there are in a database of an environment; those whose name has `text` in it, `limit` at most.
    pub async fn objects(
        &self,
        actor: &Actor,
        environment: &str,
        database: &str,
        text: &str,
        limit: usize,
    ) -> Result<Vec<String>, ControlError> {
        self.may(actor, Action::ViewDirectory).await?;
        let Some((place, known)) = self.holding(environment, database) else { return Ok(Vec::new()) };
        let state = inspect(&place.target()?, &place.wanted()).await.map_err(|error| place.says(error))?;
        let all = state.contents.get(&known.name).into_iter().flat_map(|contents| &contents.objects);
        let named = all.filter(|object| listed(object)).map(name).filter(|name| name.contains(text));
        Ok(named.take(limit).collect())
    }

    /// Who may do what with an object, named as [`Office::objects`] names it. None: there is no such object.
    pub async fn who(
        &self,
        actor: &Actor,
        environment: &str,
        database: &str,
        object: &str,
    ) -> Result<Option<Who>, ControlError> {
        self.may(actor, Action::ViewDirectory).await?;
        let Some((place, known)) = self.holding(environment, database) else { return Ok(None) };
        let state = inspect(&place.target()?, &place.wanted()).await.map_err(|error| place.says(error))?;
        let Some(contents) = state.contents.get(&known.name) else { return Ok(None) };
        let Some(found) = contents.objects.iter().find(|found| listed(found) && name(found) == object) else {
            return Ok(None);
        };
        let ground = self.ground().await?;
        let scene = place.scene(&state, ground.facts(&self.policy));
        let mut decided = Vec::new();
        for class in classes(scene) {
            let means = expected(scene, &class, database, contents, found);
            if means.whole.is_empty() && means.columns.is_empty() {
                continue;
            }
            let (through, filtered) = self.through(&class, database, found);
            decided.extend(class.accounts.iter().map(|account| Holder {
                who: self.principal_of(place, account),
                whole: means.whole,
                columns: means.columns.clone(),
                through: through.clone(),
                filtered,
            }));
        }
        decided.sort_by(|a, b| a.who.cmp(&b.who));
        let (shown, beyond) = shown(&state, contents, found);
        Ok(Some(Who { place: place.label(), object: name(found), decided, shown, beyond }))
    }

    /// The server of an environment that has a database.
    fn holding(&self, environment: &str, database: &str) -> Option<(Place<'_>, &Database)> {
        let mut all = places(&self.policy, Some(environment)).into_iter();
        all.find_map(|place| Some((place, place.server.databases.get(database)?)))
    }

    /// The Roles by which a class reaches an object, and whether each of them filters rows.
    fn through(&self, class: &Class, database: &str, object: &Object) -> (Vec<String>, bool) {
        let mut through = Vec::new();
        let mut filtered = true;
        for name in &class.roles {
            let grants = self.policy.roles.get(name).into_iter().flat_map(|role| &role.grants);
            let reach = grants.filter(|grant| {
                let (schema, arguments) = (object.schema.as_deref(), object.arguments.as_deref());
                let hits = |pattern: &rolecall_core::policy::pattern::Pattern| {
                    pattern.matches(object.kind, schema, &object.name, arguments)
                };
                grant.database.value == database && grant.on.iter().any(|pattern| hits(&pattern.value))
            });
            let mut any = false;
            for grant in reach {
                any = true;
                filtered &= !grant.rows.is_empty() || grant.condition.is_some();
            }
            if any {
                through.push(name.clone());
            }
        }
        (through, filtered)
    }

    fn principal_of(&self, place: Place<'_>, account: &str) -> String {
        let named = |(id, principal, _): &(&str, &_, bool)| {
            place.environment.account_name(place.environment_name, id, principal) == account
        };
        self.policy.principals().find(named).map_or_else(|| account.to_owned(), |(id, ..)| id.to_owned())
    }
}

/// What people look for: tables and their like, sequences, routines.
fn listed(object: &Object) -> bool {
    let kind = object.kind.is_relation()
        || object.kind.is_routine()
        || object.kind == rolecall_core::privilege::Kind::Sequence;
    kind && !object.system && object.schema.as_deref() != Some(HELPER_SCHEMA)
}

fn name(object: &Object) -> String {
    let arguments = object.arguments.as_ref().map(|arguments| format!("({arguments})")).unwrap_or_default();
    let schema = object.schema.as_ref().map(|schema| format!("{schema}.")).unwrap_or_default();
    format!("{} {schema}{}{arguments}", object.kind.noun(), object.name)
}

/// Who may do something by what stands in the catalog: themselves, by roles that they hold, or as PUBLIC.
fn shown(state: &ServerState, contents: &Contents, object: &Object) -> (Vec<Holder>, Vec<String>) {
    let (mut holders, mut beyond) = (Vec::new(), BTreeSet::new());
    for (id, role) in state.roles.iter().filter(|(_, role)| role.login) {
        let who = who(state, *id);
        let rights = state.rights_of(*id);
        if role.superuser || rights.contains(&object.owner) {
            beyond.insert(who);
            continue;
        }
        let holds = |grantee: &RoleId| grantee.is_public() || rights.contains(grantee);
        let mut holder = Holder {
            who,
            whole: PrivilegeSet::EMPTY,
            columns: BTreeMap::new(),
            through: Vec::new(),
            filtered: object.facts.row_security && !role.bypass_rls,
        };
        let mut through = BTreeSet::new();
        for entry in state.acls.get(object.acl).iter().filter(|entry| holds(&entry.grantee)) {
            holder.whole = holder.whole.union(entry.privileges);
            through.insert(entry.grantee);
        }
        for column in contents.columns_of(object.oid) {
            let entries = column.acl.map_or(&[][..], |acl| state.acls.get(acl));
            for entry in entries.iter().filter(|entry| holds(&entry.grantee)) {
                let sum = holder.columns.entry(column.name.to_string()).or_insert(PrivilegeSet::EMPTY);
                *sum = sum.union(entry.privileges);
                through.insert(entry.grantee);
            }
        }
        if !through.is_empty() {
            holder.through = through.into_iter().map(|id| state.names.name(id).to_owned()).collect();
            holders.push(holder);
        }
    }
    holders.sort_by(|a, b| a.who.cmp(&b.who));
    (holders, beyond.into_iter().collect())
}

/// The principal of an Account of ours, or the role's own name.
fn who(state: &ServerState, id: RoleId) -> String {
    let comment = state.roles.get(&id).and_then(|role| role.comment.as_deref());
    Mark::parse(comment).and_then(|mark| mark.account).unwrap_or_else(|| state.names.name(id).to_owned())
}
