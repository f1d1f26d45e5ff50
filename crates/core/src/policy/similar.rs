//! "Did you mean …?"

/// A sentence with the nearest of `known`, and a space after it, or nothing if none is near.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default()
}

/// The nearest of `known`, if it can be a slip of the pen.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Distance grows with the product of the lengths: what is far longer or shorter is out without a look.
    if word.len() > 200 {
        return None;
    }
    let slack = (word.len() / 3).clamp(1, 4);
    let near = known.into_iter().filter(|other| other.len().abs_diff(word.len()) <= slack && *other != word);
    let measured = near.map(|other| (strsim::osa_distance(word, other), other));
    measured.filter(|(distance, _)| *distance <= slack).min().map(|(_, other)| other)
}
