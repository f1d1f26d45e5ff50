//! One form for one value: JSON by RFC 8785 (JCS), limited to whole numbers.
//!
//! Keys are sorted, there is no white space, strings carry the fewest escapes. So an entry that was read and is written
//! again has the same bytes, in whatever language it was read.

use serde::Serialize;
use serde_json::Value;

/// The canonical JSON of a value. Fractions do not occur in Events; they would be written as serde_json does.
pub fn canonical<T: Serialize>(value: &T) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    if let Ok(value) = serde_json::to_value(value) {
        write(&value, &mut out);
    }
    out
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Array(items) => {
            out.push(b'[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            // RFC 8785 sorts by UTF-16 units, which differs from UTF-8 beyond the basic plane.
            entries.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push(b'{');
            for (place, (key, item)) in entries.into_iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                string(key, out);
                out.push(b':');
                write(item, out);
            }
            out.push(b'}');
        }
        Value::String(text) => string(text, out),
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(yes) => out.extend_from_slice(if *yes { b"true" } else { b"false" }),
        Value::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
    }
}

/// serde_json escapes what RFC 8785 asks for, and nothing else.
fn string(text: &str, out: &mut Vec<u8>) {
    if let Ok(quoted) = serde_json::to_vec(text) {
        out.extend_from_slice(&quoted);
    }
}
