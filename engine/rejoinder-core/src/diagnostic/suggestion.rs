//! What an author may have meant.

/// "did you mean `x`?" for the nearest of `known`, or the list of what there is.
pub fn did_you_mean(given: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .map(|&k| (strsim::damerau_levenshtein(given, k), k))
        .filter(|&(distance, k)| distance <= (k.len().max(given.len()) / 3).max(1))
        .min();
    match nearest {
        Some((_, k)) => format!("did you mean `{k}`?"),
        None => format!("expected one of {}", quoted_list(known)),
    }
}

/// `a`, `b`, `c`.
pub fn quoted_list(names: &[&str]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}
