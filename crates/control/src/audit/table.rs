//! The ledger as a table (RFC 4180).

use rolecall_core::event::{Event, canonical};

/// The first line.
pub const HEAD: &str = "id,at,actor,kind,subject,role,environment,server,reason,cause,correlation,effects,detail\r\n";

/// One entry.
pub fn row(event: &Event) -> String {
    let access = event.kind.access();
    let effects = event.effects.iter().map(|effect| {
        let direction = serde_json::to_value(effect.direction).unwrap_or_default();
        let direction = direction.as_str().unwrap_or_default().to_owned();
        format!("{} {direction} {}", effect.who.join(", "), effect.access.join(", "))
    });
    let effects: Vec<String> = effects.collect();
    let detail = serde_json::to_value(&event.kind).ok().and_then(|mut kind| kind.get_mut("detail").map(|d| d.take()));
    let cells = [
        event.id.to_string(),
        event.at.to_string(),
        event.actor.to_string(),
        event.kind.name().to_owned(),
        event.kind.subject().unwrap_or_default().to_owned(),
        access.map(|access| access.role.clone()).unwrap_or_default(),
        event.kind.environment().unwrap_or_default().to_owned(),
        event.kind.place().map(|place| place.server.clone()).unwrap_or_default(),
        event.reason.as_ref().map(ToString::to_string).unwrap_or_default(),
        event.cause.map(|cause| cause.to_string()).unwrap_or_default(),
        event.correlation.to_string(),
        effects.join("; "),
        detail.map(|detail| String::from_utf8_lossy(&canonical(&detail)).into_owned()).unwrap_or_default(),
    ];
    cells.map(|text| cell(&text)).join(",") + "\r\n"
}

/// Quoted; what a spreadsheet would take for a formula is made text.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r', '\'']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn cells_are_quoted_and_are_no_formulas() {
        assert_eq!(cell("plain"), "plain");
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
    }
}
