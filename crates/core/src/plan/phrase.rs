//! Access in people's words: `read shop.customers (id, name) where id = 42`.

use std::collections::{BTreeMap, BTreeSet};

use crate::desire::{Desired, Scene};
use crate::plan::change::{Filter, ObjectRef, RowExpression};
use crate::policy::model::RowValue;
use crate::privilege::{Kind, Privilege, PrivilegeSet};
use crate::state::{Contents, HELPER_SCHEMA, Object, RoleId, Scope};

/// One thing that a role may do, before anybody's values are put in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Phrase {
    text: String,
    rows: Option<RowExpression>,
}

impl Phrase {
    /// The phrase for an account with these scopes; parameters without a value keep their names.
    pub fn say(&self, scopes: &[&Scope]) -> String {
        match &self.rows {
            None | Some(RowExpression::True) => self.text.clone(),
            Some(RowExpression::Any(filters)) => {
                let each: BTreeSet<String> = filters.iter().map(|filter| say_filter(filter, scopes)).collect();
                format!("{} where {}", self.text, each.into_iter().collect::<Vec<_>>().join(" or "))
            }
        }
    }
}

fn say_filter(filter: &Filter, scopes: &[&Scope]) -> String {
    let own: Vec<&&Scope> = scopes.iter().filter(|scope| scope.role == filter.role).collect();
    let value = |value: &RowValue| match value {
        RowValue::Literal(text) => vec![text.clone()],
        RowValue::Parameter(name) => {
            let values: BTreeSet<&String> = own.iter().filter_map(|scope| scope.values.get(name)).collect();
            if values.is_empty() { vec![format!("${name}")] } else { values.into_iter().cloned().collect() }
        }
    };
    let mut parts: Vec<String> = Vec::new();
    for row in &filter.matches {
        let values: Vec<String> = row.values.iter().flat_map(value).collect();
        parts.push(match values.as_slice() {
            [one] => format!("{} = {one}", row.column),
            many => format!("{} in ({})", row.column, many.join(", ")),
        });
    }
    parts.extend(filter.condition.as_ref().map(|condition| format!("({})", condition.sql.trim())));
    parts.join(" and ")
}

/// `read`, `read and write`, `read, update`.
pub fn verbs(privileges: PrivilegeSet) -> String {
    let write = PrivilegeSet::of(&[Privilege::Select, Privilege::Insert, Privilege::Update, Privilege::Delete]);
    if privileges == write {
        return "read and write".into();
    }
    let word = |privilege: Privilege| match privilege {
        Privilege::Select => "read".to_owned(),
        Privilege::Execute => "call".to_owned(),
        Privilege::Usage => "use".to_owned(),
        Privilege::Connect => "connect to".to_owned(),
        other => other.sql().to_ascii_lowercase(),
    };
    privileges.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// An object as people name it.
pub fn object(object: &ObjectRef) -> String {
    let arguments = object.arguments.as_ref().map(|arguments| format!("({arguments})")).unwrap_or_default();
    let name = match &object.schema {
        Some(schema) => format!("{schema}.{}{arguments}", object.name),
        None => format!("{}{arguments}", object.name),
    };
    if object.kind.is_relation() { name } else { format!("{} {name}", object.kind.noun()) }
}

/// Many objects in few words.
pub fn objects(objects: &[ObjectRef]) -> String {
    few(objects.iter().take(SHOWN).map(object), objects.len())
}

/// How many of many are named.
const SHOWN: usize = 3;

/// The first [`SHOWN`] of `all` things, and how many more there are.
fn few(shown: impl Iterator<Item = String>, all: usize) -> String {
    let shown = shown.collect::<Vec<_>>().join(", ");
    match all.saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

type Groups<'a> = BTreeMap<(Option<&'a str>, bool, PrivilegeSet), Vec<&'a Object>>;

/// What each of these roles shall hold by itself.
pub fn desired(scene: Scene<'_>, desired: &Desired, roles: &BTreeSet<RoleId>) -> BTreeMap<RoleId, Vec<Phrase>> {
    let mut phrases: BTreeMap<RoleId, Vec<Phrase>> = BTreeMap::new();
    for (database, wanted) in &desired.contents {
        let Some(contents) = scene.state.contents.get(database) else { continue };
        let hits = contents.objects.iter().zip(&wanted.objects).flat_map(|(object, wants)| {
            wants.iter().filter(|(role, _)| roles.contains(role)).map(move |(role, held)| (*role, object, *held))
        });
        let rows = |role, object: &Object| wanted.row_access.get(&(object.oid, role)).cloned();
        collect(contents, hits, &rows, &mut phrases);
        let columns = wanted.columns.iter().flat_map(|((table, number), wants)| {
            let name = contents.columns_of(*table).iter().find(|column| column.number == *number);
            let name = name.map(|column| column.name.to_string()).unwrap_or_default();
            wants
                .iter()
                .filter(|(role, _)| roles.contains(role))
                .map(move |(role, held)| (*role, *table, name.clone(), *held))
        });
        collect_columns(contents, columns, &rows, &mut phrases);
    }
    phrases
}

/// What each of these roles holds now by itself.
pub fn actual(scene: Scene<'_>, roles: &BTreeSet<RoleId>) -> BTreeMap<RoleId, Vec<Phrase>> {
    let mut phrases: BTreeMap<RoleId, Vec<Phrase>> = BTreeMap::new();
    let acls = &scene.state.acls;
    for contents in scene.state.contents.values() {
        let hits = contents.objects.iter().flat_map(|object| {
            let entries = acls.get(object.acl).iter().filter(|entry| roles.contains(&entry.grantee));
            entries.map(move |entry| (entry.grantee, object, entry.privileges))
        });
        let rows = |role, object: &Object| sealed(contents, role, object);
        collect(contents, hits, &rows, &mut phrases);
        let columns = contents.columns.iter().flat_map(|(table, columns)| {
            columns.iter().filter_map(|column| Some((column, column.acl?))).flat_map(move |(column, acl)| {
                let entries = acls.get(acl).iter().filter(|entry| roles.contains(&entry.grantee));
                entries.map(move |entry| (entry.grantee, *table, column.name.to_string(), entry.privileges))
            })
        });
        collect_columns(contents, columns, &rows, &mut phrases);
    }
    phrases
}

/// The rows that a role's own SELECT policy lets through, as Rolecall sealed it.
fn sealed(contents: &Contents, role: RoleId, object: &Object) -> Option<RowExpression> {
    let helper = contents.helper.as_ref().filter(|_| object.facts.row_security)?;
    let selects = |command| matches!(command, crate::state::PolicyCommand::Select);
    let mut own = contents.row_policies.iter();
    let own = own.find(|policy| policy.table == object.oid && selects(policy.command) && policy.roles == [role])?;
    let seal = helper.seals.iter().find(|seal| {
        seal.policy == own.name && *seal.table == *object.name && Some(&*seal.schema) == object.schema.as_deref()
    })?;
    serde_json::from_str(&seal.source).ok()
}

fn collect<'a>(
    contents: &'a Contents,
    hits: impl Iterator<Item = (RoleId, &'a Object, PrivilegeSet)>,
    rows: &dyn Fn(RoleId, &Object) -> Option<RowExpression>,
    phrases: &mut BTreeMap<RoleId, Vec<Phrase>>,
) {
    let mut groups: BTreeMap<RoleId, Groups<'a>> = BTreeMap::new();
    for (role, object, privileges) in hits {
        // What a grant brings along goes without saying, and so does what the mark lets everybody call.
        let along = (object.kind == Kind::Schema && privileges == Privilege::Usage.into()) || object.owned_by.is_some();
        if along || object.schema.as_deref() == Some(HELPER_SCHEMA) {
            continue;
        }
        match rows(role, object) {
            Some(rows) => {
                let text = format!("{} {}", verbs(privileges), self::object(&ObjectRef::from(object)));
                phrases.entry(role).or_default().push(Phrase { text, rows: Some(rows) });
            }
            None => {
                let key = (object.schema.as_deref(), object.kind.is_relation(), privileges);
                groups.entry(role).or_default().entry(key).or_default().push(object);
            }
        }
    }
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for object in contents.objects.iter().filter(|object| object.kind.is_relation() && !object.extension) {
        if let Some(schema) = &object.schema {
            *sizes.entry(schema).or_default() += 1;
        }
    }
    for (role, groups) in groups {
        for ((schema, relations, privileges), members) in groups {
            let whole =
                schema.filter(|schema| relations && members.len() > 1 && sizes.get(schema) == Some(&members.len()));
            // Only what is shown gets a name of its own: a Role may reach every table there is.
            let shown = members.iter().take(SHOWN).map(|member| object(&ObjectRef::from(*member)));
            let what = match whole {
                Some(schema) => format!("{schema}.* ({} tables)", members.len()),
                None => few(shown, members.len()),
            };
            phrases.entry(role).or_default().push(Phrase { text: format!("{} {what}", verbs(privileges)), rows: None });
        }
    }
}

fn collect_columns(
    contents: &Contents,
    hits: impl Iterator<Item = (RoleId, u32, String, PrivilegeSet)>,
    rows: &dyn Fn(RoleId, &Object) -> Option<RowExpression>,
    phrases: &mut BTreeMap<RoleId, Vec<Phrase>>,
) {
    let mut groups: BTreeMap<(RoleId, u32, PrivilegeSet), Vec<String>> = BTreeMap::new();
    for (role, table, column, privileges) in hits {
        groups.entry((role, table, privileges)).or_default().push(column);
    }
    for ((role, table, privileges), columns) in groups {
        let found = contents.objects.iter().find(|object| object.oid == table && object.kind.is_relation());
        let Some(found) = found else { continue };
        let text = format!("{} {} ({})", verbs(privileges), object(&ObjectRef::from(found)), columns.join(", "));
        phrases.entry(role).or_default().push(Phrase { text, rows: rows(role, found) });
    }
}
