//! Single values of a policy: durations, times, shares, where a URL comes from, row values.

use jiff::{Timestamp, civil, tz::TimeZone};

use super::model::{RowValue, UrlSource};

/// Seconds of `8h`, `90d`, `1h30m`; None if it is none or is nothing.
pub fn duration(text: &str) -> Option<u64> {
    let (mut total, mut number, mut last_unit) = (0_u64, None::<u64>, u64::MAX);
    for character in text.trim().chars() {
        if let Some(digit) = character.to_digit(10) {
            number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(u64::from(digit))?);
            continue;
        }
        let unit = match character {
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        // `30m1h` is a slip more often than a wish.
        if unit >= last_unit {
            return None;
        }
        last_unit = unit;
        total = total.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    // A century is more than anybody means, and keeps later sums far from overflow.
    (number.is_none() && total > 0 && total <= 100 * 366 * 86_400).then_some(total)
}

/// A day (its first moment, UTC) or an RFC 3339 time with its offset, to the microsecond: databases keep no more, and a
/// time that they round would never be the one that was meant.
pub fn time(text: &str) -> Option<Timestamp> {
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Timestamp::from_microsecond(timestamp.as_microsecond()).ok();
    }
    // A civil date also parses out of `2026-01-01T10:00`, which would silently lose the hour.
    let day = text.parse::<civil::Date>().ok().filter(|_| text.len() == 10)?;
    TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()
}

/// `20%` or `20`, from 0 to 100.
pub fn percent(text: &str) -> Option<u32> {
    let number = text.strip_suffix('%').unwrap_or(text).trim_end();
    whole(number).and_then(|share| u32::try_from(share).ok()).filter(|share| *share <= 100)
}

/// A whole number in decimal digits.
pub fn whole(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let decimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if decimal { text.parse().ok() } else { None }
}

/// A regular expression, of a size that takes no memory worth mentioning; None if it is none.
pub fn regex(text: &str) -> Option<regex::Regex> {
    let sensible = !text.is_empty() && text.len() <= 1_000;
    regex::RegexBuilder::new(text).size_limit(1 << 20).build().ok().filter(|_| sensible)
}

/// `${NAME}` or `${file:/path}`.
pub fn url(text: &str) -> Option<UrlSource> {
    let inner = text.trim().strip_prefix("${")?.strip_suffix('}')?;
    if let Some(path) = inner.strip_prefix("file:") {
        let plain = !path.is_empty() && !path.contains(['{', '}', '\0', '\n']);
        return plain.then(|| UrlSource::File(path.to_owned()));
    }
    is_variable(inner).then(|| UrlSource::Variable(inner.to_owned()))
}

/// A value of a row filter: `$name` is a parameter, `$$` a dollar sign.
pub fn row_value(text: &str) -> Option<RowValue> {
    match text.strip_prefix('$') {
        None => Some(RowValue::Literal(text.to_owned())),
        Some(rest) if rest.starts_with('$') => Some(RowValue::Literal(rest.to_owned())),
        Some(name) => is_identifier(name).then(|| RowValue::Parameter(name.to_owned())),
    }
}

/// What a parameter may be called, so that `$name` has an end in SQL: `[a-z_][a-z0-9_]*`, at most 63 bytes.
pub fn is_identifier(text: &str) -> bool {
    let starts_well = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_');
    starts_well && text.len() <= 63 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn is_variable(text: &str) -> bool {
    let starts_well = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    starts_well && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// What environments, servers and databases may be called: letters, digits, `_`, `-` and `.`.
pub fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}
