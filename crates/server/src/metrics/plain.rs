//! The same numbers in Prometheus' older text form, for readers that do not ask for OpenMetrics.

/// Rewrites OpenMetrics' text: there, a family's name lacks what its numbers' names end in, and types are fewer here.
pub fn plain(text: &str) -> String {
    let (mut written, mut help) = (String::with_capacity(text.len()), "");
    for line in text.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("HELP"), Some(_), Some(said)) => help = said,
            (Some("#"), Some("TYPE"), Some(family), Some(kind)) => {
                let (suffix, kind) = match kind {
                    "counter" => ("_total", "counter"),
                    "info" => ("_info", "gauge"),
                    kind => ("", kind),
                };
                written.push_str(&format!("# HELP {family}{suffix} {help}\n# TYPE {family}{suffix} {kind}\n"));
            }
            (Some("#"), ..) => {}
            _ => {
                written.push_str(line);
                written.push('\n');
            }
        }
    }
    written
}
