//! What an author may have meant.

/// A name that differs in more characters than this is another name, however long both are.
const MOST_DIFFERENCES: usize = 3;
/// More names than this help nobody who looks for one.
const FEW: usize = 12;
/// So many names that are equally near can all be meant.
const MOST_MEANT: usize = 3;

/// "did you mean `x`?" for the names of `known` that are nearest to `given`; where none is near, or too many are, the list of what
/// there is, if it is short; else nothing.
pub fn did_you_mean(given: &str, known: &[&str]) -> String {
    let mut meant = nearest(given, known);
    match meant.pop() {
        Some(last) if meant.is_empty() => format!("did you mean `{last}`?"),
        Some(last) if meant.len() < MOST_MEANT => {
            format!("did you mean {} or `{last}`?", quoted_list(&meant))
        }
        _ if known.is_empty() || known.len() > FEW => String::new(),
        _ => format!("expected one of {}", quoted_list(known)),
    }
}

/// The names that are nearest, in order; none where even these are far off.
fn nearest<'k>(given: &str, known: &[&'k str]) -> Vec<&'k str> {
    let length = |text: &str| text.chars().count();
    let given_length = length(given);
    let near = known.iter().filter_map(|&name| {
        let most = (length(name).max(given_length) / 3).clamp(1, MOST_DIFFERENCES);
        // Names of one character all differ from one another by one.
        let could_be = length(name).abs_diff(given_length) <= most && given_length > 1;
        let distance = could_be.then(|| strsim::damerau_levenshtein(given, name))?;
        (distance <= most).then_some((distance, name))
    });
    let mut near: Vec<(usize, &str)> = near.collect();
    near.sort_unstable();
    near.dedup();
    let least = near.first().map_or(0, |&(distance, _)| distance);
    near.into_iter().take_while(|&(distance, _)| distance == least).map(|(_, name)| name).collect()
}

/// `a`, `b`, `c`.
pub fn quoted_list(names: &[&str]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_meant() {
        assert_eq!(did_you_mean("categroy", &["category", "route"]), "did you mean `category`?");
        assert_eq!(did_you_mean("enn", &["en", "zh", "fr"]), "did you mean `en`?");
        assert_eq!(did_you_mean("W11", &["W101", "W110", "W111"]), "did you mean `W101`, `W110` or `W111`?");
        assert_eq!(did_you_mean("ruote", &["route", "route"]), "did you mean `route`?");
    }

    #[test]
    fn what_is_far_off_is_not_guessed() {
        assert_eq!(did_you_mean("x", &["y", "route"]), "expected one of `y`, `route`");
        assert_eq!(did_you_mean("foo", &["lang", "rule"]), "expected one of `lang`, `rule`");
        let other = "en.positive.praise_sentence";
        assert!(!did_you_mean(other, &["fr.positive.praise_whole"]).contains("mean"));
        assert_eq!(did_you_mean("foo", &[]), "");
    }

    #[test]
    fn a_long_list_of_what_there_is_is_left_out() {
        let names: Vec<String> = (0..=FEW).map(|number| format!("a long name {number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(did_you_mean("route", &names), "");
        assert!(did_you_mean("route", &names[1..]).starts_with("expected one of"));
        assert_eq!(did_you_mean("a long name x", &names), "", "ten names are equally near");
        assert_eq!(did_you_mean("W1990", &["W1991", "W1992", "W1993", "W1994"]).matches("W199").count(), 4);
    }
}
