//! What a policy may look like, said once: validation, the JSON Schema and the reference all come from it.

mod leaf;
mod policy;
mod validate;

pub use leaf::{Leaf, Word, privilege_words};
pub use policy::POLICY;
pub use validate::validate;

/// What may stand at a place.
#[derive(Debug)]
pub enum Shape {
    /// A map with fixed keys.
    Map(&'static MapShape),
    /// A map whose keys are names.
    Named(&'static NamedShape),
    /// A list.
    List(&'static Shape),
    /// One thing, or a list of them.
    OneOrMany(&'static Shape),
    /// One of several, told apart by being a scalar, a list or a map.
    Either(&'static [Shape]),
    /// A single value.
    Leaf(Leaf),
}

/// A map with fixed keys.
#[derive(Debug)]
pub struct MapShape {
    /// What to call it, with an article: `a grant`.
    pub title: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Its keys.
    pub fields: &'static [Field],
    /// A piece of policy that shows it.
    pub example: &'static str,
}

/// One key of a map.
#[derive(Debug)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// Other words for it that somebody may write; they are not accepted, but lead to the right one.
    pub mistaken_for: &'static [&'static str],
    /// What it is for, in a sentence.
    pub doc: &'static str,
    /// What may stand there.
    pub shape: Shape,
    /// It must be there.
    pub required: bool,
    /// What holds without it, in words.
    pub default: &'static str,
}

impl Field {
    /// A key that may be left out.
    const fn new(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self { name, mistaken_for: &[], doc, shape, required: false, default: "" }
    }

    /// A key that must be there.
    const fn required(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self { required: true, ..Self::new(name, shape, doc) }
    }

    const fn default(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    const fn mistaken_for(self, words: &'static [&'static str]) -> Self {
        Self { mistaken_for: words, ..self }
    }
}

/// A map whose keys are names.
#[derive(Debug)]
pub struct NamedShape {
    /// What the names are, in the singular: `environment`.
    pub key: &'static str,
    /// What the names may be.
    pub names: KeyRule,
    /// What each name stands for.
    pub value: Shape,
}

/// What a name that a policy gives may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRule {
    /// Anything.
    Any,
    /// Letters, digits, `_`, `-` and `.`, because commands name it.
    Word,
    /// `[a-z_][a-z0-9_]*`, because SQL names it.
    Identifier,
}

/// The three looks of a YAML value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A single value.
    Scalar,
    /// A list.
    List,
    /// A map.
    Map,
}

impl Shape {
    /// True when it can look like this.
    pub fn takes(&self, look: Look) -> bool {
        match self {
            Self::Map(_) | Self::Named(_) => look == Look::Map,
            Self::List(_) => look == Look::List,
            Self::OneOrMany(one) => look == Look::List || one.takes(look),
            Self::Either(shapes) => shapes.iter().any(|shape| shape.takes(look)),
            Self::Leaf(_) => look == Look::Scalar,
        }
    }

    /// True when nothing may stand there: an empty map or list.
    pub fn may_be_empty(&self) -> bool {
        match self {
            Self::Map(map) => map.fields.iter().all(|field| !field.required),
            Self::Named(_) | Self::List(_) | Self::OneOrMany(_) => true,
            Self::Either(shapes) => shapes.iter().any(Self::may_be_empty),
            Self::Leaf(_) => false,
        }
    }

    /// What should stand there, in words: `a list of patterns`.
    pub fn expected(&self) -> String {
        match self {
            Self::Map(map) => {
                let keys: Vec<_> = map.fields.iter().filter(|field| field.required).map(|field| field.name).collect();
                match keys.as_slice() {
                    [] => format!("{} (a map)", map.title),
                    keys => format!("{} (a map with `{}`)", map.title, keys.join("`, `")),
                }
            }
            Self::Named(named) => format!("a map of {}s", named.key),
            Self::List(item) => format!("a list, each item {}", item.expected()),
            Self::OneOrMany(item) => format!("{}, or a list of such", item.expected()),
            Self::Either(shapes) => shapes.iter().map(Self::expected).collect::<Vec<_>>().join(", or "),
            Self::Leaf(leaf) => leaf.expected(),
        }
    }
}
