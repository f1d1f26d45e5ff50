//! The policy's shape as a JSON Schema, from which editors complete and explain.

use serde_json::{Map, Value, json};

use super::shape::{Field, KeyRule, Leaf, MapShape, POLICY, Shape, Word, privilege_words};

/// The schema, in draft 2020-12.
pub fn json_schema() -> Value {
    let mut definitions = Map::new();
    let policy = map(&POLICY, &mut definitions);
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "rolecall.schema.json",
    });
    if let (Value::Object(schema), Value::Object(policy)) = (&mut schema, policy) {
        schema.extend(policy);
        schema.insert("title".into(), json!("Rolecall policy"));
        schema.insert("$defs".into(), Value::Object(definitions));
    }
    schema
}

/// The name under which a map stands in `$defs`.
fn definition_name(shape: &MapShape) -> String {
    let title = shape.title.trim_start_matches("a ").trim_start_matches("an ").trim_start_matches("the ");
    title.replace(' ', "_")
}

fn map(shape: &MapShape, definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for field in shape.fields {
        properties.insert(field.name.to_owned(), self::field(field, definitions));
    }
    let required: Vec<_> = shape.fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    let mut schema = json!({
        "title": definition_name(shape).replace('_', " "),
        "description": shape.doc,
        // A map without required keys may be left empty.
        "type": if required.is_empty() { json!(["object", "null"]) } else { json!("object") },
        "additionalProperties": false,
        "properties": properties,
    });
    if let Value::Object(schema) = &mut schema
        && !required.is_empty()
    {
        schema.insert("required".into(), json!(required));
    }
    schema
}

fn field(field: &Field, definitions: &mut Map<String, Value>) -> Value {
    let default = if field.default.is_empty() { String::new() } else { format!(" Default: {}.", field.default) };
    let mut schema = self::shape(&field.shape, definitions);
    if let Value::Object(schema) = &mut schema {
        schema.insert("title".into(), json!(field.name));
        schema.insert("description".into(), json!(format!("{}{default}", field.doc)));
    }
    schema
}

fn shape(shape: &Shape, definitions: &mut Map<String, Value>) -> Value {
    match shape {
        Shape::Map(shape) => {
            let name = definition_name(shape);
            if !definitions.contains_key(&name) {
                // The place is taken first, should a map ever contain itself.
                definitions.insert(name.clone(), Value::Null);
                let schema = map(shape, definitions);
                definitions.insert(name.clone(), schema);
            }
            json!({ "$ref": format!("#/$defs/{name}") })
        }
        Shape::Named(named) => {
            let value = self::shape(&named.value, definitions);
            let mut schema = json!({ "type": ["object", "null"], "additionalProperties": value });
            if let (Value::Object(schema), Some(pattern)) = (&mut schema, key_pattern(named.names)) {
                schema.insert("propertyNames".into(), json!({ "pattern": pattern }));
            }
            schema
        }
        Shape::List(item) => json!({ "type": ["array", "null"], "items": self::shape(item, definitions) }),
        Shape::OneOrMany(item) => {
            let one = self::shape(item, definitions);
            json!({ "anyOf": [one, { "type": ["array", "null"], "items": one }] })
        }
        Shape::Either(shapes) => {
            let shapes: Vec<_> = shapes.iter().map(|one| self::shape(one, definitions)).collect();
            json!({ "anyOf": shapes })
        }
        Shape::Leaf(leaf) => self::leaf(*leaf),
    }
}

const fn key_pattern(rule: KeyRule) -> Option<&'static str> {
    match rule {
        KeyRule::Any => None,
        KeyRule::Word => Some(r"^[\p{L}\p{N}_.-]+$"),
        KeyRule::Identifier => Some("^[a-z_][a-z0-9_]*$"),
    }
}

fn leaf(leaf: Leaf) -> Value {
    match leaf {
        // An unquoted number or `true` is text to Rolecall, whatever it is to YAML.
        Leaf::Text(_) | Leaf::Literal | Leaf::RowValue => json!({ "type": ["string", "number", "boolean"] }),
        Leaf::Name(_) => json!({ "type": ["string", "number"], "minLength": 1 }),
        Leaf::Glob => json!({ "type": "string", "minLength": 1 }),
        Leaf::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Leaf::Percent => json!({ "type": ["integer", "string"], "minimum": 0, "maximum": 100, "pattern": "^[0-9]{1,3} ?%?$" }),
        Leaf::Duration => json!({ "type": "string", "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$", "examples": ["8h", "90d"] }),
        Leaf::Time => {
            json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}", "examples": ["2026-12-31", "2026-12-31T18:00:00Z"] })
        }
        Leaf::Choice(words) => json!({ "oneOf": words.iter().map(choice).collect::<Vec<_>>() }),
        Leaf::Pattern => json!({
            "type": "string",
            "minLength": 1,
            "examples": ["shop.*", "table shop.orders", "sequence shop.*", "function shop.price(integer)", "schema shop", "database"],
        }),
        Leaf::Privilege => privilege(),
        Leaf::Url => json!({ "type": "string", "pattern": r"^\$\{([A-Za-z_][A-Za-z0-9_]*|file:.+)\}$" }),
        Leaf::Template(placeholder) => json!({ "type": "string", "pattern": format!(r"\{{{placeholder}\}}") }),
    }
}

fn choice(word: &Word) -> Value {
    json!({ "const": word.word, "description": word.doc })
}

/// The words are completed; other spellings of them (`SELECT`, `temp`) pass too.
fn privilege() -> Value {
    let words: Vec<_> = privilege_words();
    let any_case: Vec<String> = words.iter().chain([&"temp".to_owned()]).map(|word| any_case(word)).collect();
    let enumeration: Vec<_> = words.into_iter().chain(["all".to_owned()]).collect();
    json!({ "anyOf": [{ "enum": enumeration }, { "type": "string", "pattern": format!("^({})$", any_case.join("|")) }] })
}

fn any_case(word: &str) -> String {
    let one = |c: char| if c == ' ' { "[ _]".to_owned() } else { format!("[{c}{}]", c.to_ascii_uppercase()) };
    word.chars().map(one).collect()
}
