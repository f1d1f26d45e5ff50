//! The objects of one database, found fast by schema.

use std::collections::HashMap;

use crate::policy::model::Spanned;
use crate::policy::pattern::{Glob, Pattern};
use crate::privilege::Kind;
use crate::state::{Contents, HELPER_SCHEMA, Object};

/// An index over what is inside one database.
pub struct Inventory<'a> {
    /// What is indexed.
    pub contents: &'a Contents,
    by_schema: HashMap<&'a str, Vec<usize>>,
    by_name: HashMap<&'a str, HashMap<&'a str, Vec<usize>>>,
    outside: Vec<usize>,
    schemas: HashMap<&'a str, usize>,
    serials: HashMap<u32, Vec<usize>>,
}

impl<'a> Inventory<'a> {
    /// Indexes what is inside one database.
    pub fn new(contents: &'a Contents) -> Self {
        let mut index = Self {
            contents,
            by_schema: HashMap::new(),
            by_name: HashMap::new(),
            outside: Vec::new(),
            schemas: HashMap::new(),
            serials: HashMap::new(),
        };
        for (place, object) in contents.objects.iter().enumerate() {
            match &object.schema {
                Some(schema) => {
                    index.by_schema.entry(schema).or_default().push(place);
                    index.by_name.entry(schema).or_default().entry(&object.name).or_default().push(place);
                }
                None => index.outside.push(place),
            }
            if object.kind == Kind::Schema {
                index.schemas.insert(&object.name, place);
            }
            if let Some(table) = object.owned_by {
                index.serials.entry(table).or_default().push(place);
            }
        }
        index
    }

    /// The object at a place.
    pub fn object(&self, place: usize) -> Option<&'a Object> {
        self.contents.objects.get(place)
    }

    /// The place of a schema.
    pub fn schema(&self, name: &str) -> Option<usize> {
        self.schemas.get(name).copied()
    }

    /// The places of everything in a schema.
    pub fn in_schema(&self, name: &str) -> &[usize] {
        self.by_schema.get(name).map_or(&[], Vec::as_slice)
    }

    /// The places of what has this name in a schema: of several kinds, or routines of several types.
    fn named(&self, schema: &str, name: &str) -> &[usize] {
        self.by_name.get(schema).and_then(|names| names.get(name)).map_or(&[], Vec::as_slice)
    }

    /// The sequences that a table's columns own.
    pub fn serials(&self, table: u32) -> &[usize] {
        self.serials.get(&table).map_or(&[], Vec::as_slice)
    }

    /// The places that a pattern reaches. Extensions' and the system's objects only by their exact names,
    /// Rolecall's own never.
    pub fn matching<'b>(&'b self, pattern: &'b Pattern) -> Box<dyn Iterator<Item = usize> + 'b> {
        let hit = move |place: &usize| self.object(*place).is_some_and(|object| reaches(pattern, object));
        let Some(schema) = &pattern.schema else { return Box::new(self.outside.iter().copied().filter(hit)) };
        match (schema.exact(), pattern.name.as_ref().and_then(Glob::exact)) {
            (Some(schema), Some(name)) => Box::new(self.named(schema, name).iter().copied().filter(hit)),
            (Some(schema), None) => Box::new(self.in_schema(schema).iter().copied().filter(hit)),
            (None, _) => Box::new((0..self.contents.objects.len()).filter(hit)),
        }
    }

    /// The places that some pattern of `on` reaches and none of `except`, each once.
    pub fn select(&self, on: &[Spanned<Pattern>], except: &[Spanned<Pattern>]) -> Vec<usize> {
        let mut places: Vec<usize> = on.iter().flat_map(|pattern| self.matching(&pattern.value)).collect();
        if on.len() > 1 {
            places.sort_unstable();
            places.dedup();
        }
        places.retain(|place| {
            self.object(*place).is_some_and(|object| !except.iter().any(|pattern| matches(&pattern.value, object)))
        });
        places
    }
}

fn matches(pattern: &Pattern, object: &Object) -> bool {
    pattern.matches(object.kind, object.schema.as_deref(), &object.name, object.arguments.as_deref())
}

/// Whether a pattern means an object.
pub fn reaches(pattern: &Pattern, object: &Object) -> bool {
    let own = object.schema.as_deref() == Some(HELPER_SCHEMA)
        || (object.kind == Kind::Schema && &*object.name == HELPER_SCHEMA);
    let shy = object.system || object.extension;
    !own && matches(pattern, object) && (!shy || pattern.is_exact() || system_schema_named(pattern, object))
}

/// `pg_catalog.*` says that it means the system's objects.
fn system_schema_named(pattern: &Pattern, object: &Object) -> bool {
    object.system && pattern.schema.as_ref().is_some_and(|schema| schema.exact().is_some())
}
