//! The JSON Schema (draft 2020-12): every map of the policy is a definition, so that editors can show what it is for.

use serde_json::{Map, Value, json};

use crate::policy::shape::{Field, KeyRule, Leaf, MapShape, POLICY, Shape, Word, privilege_words};

/// A JSON Schema of the policy.
pub fn json_schema() -> Value {
    let mut definitions = Map::new();
    let Value::Object(policy) = map(&POLICY, &mut definitions) else { return Value::Null };
    let mut schema = Map::new();
    schema.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".into(), json!("Rolecall policy"));
    schema.extend(policy);
    schema.insert("$defs".into(), Value::Object(definitions));
    Value::Object(schema)
}

fn map(shape: &MapShape, definitions: &mut Map<String, Value>) -> Value {
    let properties: Map<String, Value> =
        shape.fields.iter().map(|field| (field.name.to_owned(), property(field, definitions))).collect();
    let required: Vec<&str> = shape.fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    let mut schema = json!({
        "description": shape.doc, "type": "object", "properties": properties, "additionalProperties": false,
    });
    if let Some(object) = schema.as_object_mut() {
        if required.is_empty() {
            // `production:` with nothing after it is an empty map to Rolecall.
            object.insert("type".into(), json!(["object", "null"]));
        } else {
            object.insert("required".into(), json!(required));
        }
    }
    schema
}

fn property(field: &Field, definitions: &mut Map<String, Value>) -> Value {
    let mut schema = self::schema(&field.shape, definitions);
    let words = choices(&field.shape).iter().map(|word| format!("\n- `{}`: {}", word.word, word.doc));
    let mut description = format!("{}{}", field.doc, words.collect::<String>());
    if !field.default.is_empty() {
        description.push_str(&format!("\nDefault: {}.", field.default));
    }
    if let Some(object) = schema.as_object_mut() {
        object.insert("description".into(), json!(description));
    }
    schema
}

fn choices(shape: &Shape) -> &'static [Word] {
    match shape {
        Shape::Leaf(Leaf::Choice(words)) => words,
        Shape::Map(_) | Shape::Named(_) | Shape::List(_) | Shape::OneOrMany(_) | Shape::Either(_) | Shape::Leaf(_) => {
            &[]
        }
    }
}

fn schema(shape: &Shape, definitions: &mut Map<String, Value>) -> Value {
    match shape {
        Shape::Map(shape) => {
            let name = definition_name(shape.title);
            if !definitions.contains_key(&name) {
                let definition = map(shape, definitions);
                definitions.insert(name.clone(), definition);
            }
            json!({ "$ref": format!("#/$defs/{name}") })
        }
        Shape::Named(named) => {
            let values = schema(&named.value, definitions);
            let mut schema = json!({ "type": ["object", "null"], "additionalProperties": values });
            if let (Some(object), Some(pattern)) = (schema.as_object_mut(), name_pattern(named.names)) {
                object.insert("propertyNames".into(), json!({ "pattern": pattern }));
            }
            schema
        }
        Shape::List(item) => json!({ "type": ["array", "null"], "items": schema(item, definitions) }),
        Shape::OneOrMany(item) => {
            let item = schema(item, definitions);
            json!({ "anyOf": [item, { "type": ["array", "null"], "items": item }] })
        }
        Shape::Either(shapes) => {
            json!({ "anyOf": shapes.iter().map(|shape| schema(shape, definitions)).collect::<Vec<_>>() })
        }
        Shape::Leaf(leaf) => self::leaf(*leaf),
    }
}

/// `what-public-holds` of `what PUBLIC holds`, `grant` of `a grant`.
fn definition_name(title: &str) -> String {
    let bare = ["a ", "an ", "the "].iter().find_map(|article| title.strip_prefix(article)).unwrap_or(title);
    bare.to_lowercase().replace(' ', "-")
}

const fn name_pattern(rule: KeyRule) -> Option<&'static str> {
    match rule {
        KeyRule::Any => None,
        // Not every validator knows `\p{L}`: name what is out instead.
        KeyRule::Word => Some(r"^[^\s!-,/:-@\[-\^`{-~]+$"),
        KeyRule::Identifier => Some("^[a-z_][a-z0-9_]{0,62}$"),
    }
}

/// `[sS][eE][tT]` for `set`: patterns of JSON Schema know no flag for it.
fn any_spelling(words: &[String]) -> String {
    let letter = |c: char| match c {
        ' ' => "[ _]".to_owned(),
        c => format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase()),
    };
    let words = words.iter().map(String::as_str).chain(["temp"]).map(|word| word.chars().map(letter).collect());
    format!(r"^\s*({})\s*$", words.collect::<Vec<String>>().join("|"))
}

fn leaf(leaf: Leaf) -> Value {
    match leaf {
        Leaf::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Leaf::Percent => {
            json!({ "type": ["integer", "string"], "pattern": "^[0-9]{1,3} *%?$", "minimum": 0, "maximum": 100 })
        }
        Leaf::Duration => {
            json!({ "type": "string", "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$", "minLength": 2 })
        }
        Leaf::Time => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}" }),
        Leaf::Choice(words) => json!({ "enum": words.iter().map(|word| word.word).collect::<Vec<_>>() }),
        Leaf::Privilege => {
            let mut words = privilege_words();
            words.push("all".to_owned());
            // Other spellings (`SELECT`, `temp`) are read too: suggested words must not forbid them.
            json!({ "anyOf": [{ "enum": words }, { "type": "string", "pattern": any_spelling(&privilege_words()) }] })
        }
        Leaf::Url => json!({ "type": "string", "pattern": r"^\s*\$\{.+\}\s*$" }),
        Leaf::Template(placeholder) => json!({ "type": "string", "pattern": format!(r"\{{{placeholder}\}}") }),
        Leaf::Pattern | Leaf::Glob | Leaf::Regex => json!({ "type": "string", "minLength": 1 }),
        // To YAML `42` is a number and `true` a truth value; Rolecall takes them as they are written.
        Leaf::Text(_) | Leaf::RowValue | Leaf::Literal => json!({ "type": ["string", "number", "boolean"] }),
        Leaf::Name(_) => json!({ "type": ["string", "number", "boolean"] }),
    }
}
