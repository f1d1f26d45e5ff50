//! Instants as PostgreSQL prints them, in the form that the rest of Rolecall compares.

/// RFC 3339 in UTC. What has no such form (`infinity`, years after 9999) stays as it is.
pub(super) fn instant(text: &str) -> String {
    text.parse::<jiff::Timestamp>().map_or_else(|_| text.to_owned(), |instant| instant.to_string())
}

#[cfg(test)]
mod tests {
    #[test]
    fn prints_as_jiff_does() {
        for (text, wanted) in [
            ("2026-12-31 00:00:00+00", "2026-12-31T00:00:00Z"),
            ("2026-12-31 00:00:00.5+00", "2026-12-31T00:00:00.5Z"),
            ("2026-12-31 00:00:00.000001+00", "2026-12-31T00:00:00.000001Z"),
            ("infinity", "infinity"),
            ("-infinity", "-infinity"),
            ("20000-01-01 00:00:00+00", "20000-01-01 00:00:00+00"),
        ] {
            assert_eq!(super::instant(text), wanted);
        }
    }
}
