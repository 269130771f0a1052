//! Regexes that are words and nothing else.

use crate::schema::folded_phrase;

/// The words of a regex over folded text that are words alone, and whether word boundaries stand around them.
pub(super) fn plain_words(source: &str) -> Option<(&str, bool)> {
    let (behind_begin, begins) = stripped(source, source.strip_prefix(r"\b"));
    let (words, ends) = stripped(behind_begin, behind_begin.strip_suffix(r"\b"));
    let is_plain = !words.contains(['\\', '.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$']);
    (is_plain && folded_phrase(words).as_deref() == Some(words)).then_some((words, begins && ends))
}

fn stripped<'t>(text: &'t str, stripped: Option<&'t str>) -> (&'t str, bool) {
    (stripped.unwrap_or(text), stripped.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_from_expressions() {
        assert_eq!(plain_words(r"\bvery wrong\b"), Some(("very wrong", true)));
        assert_eq!(plain_words(r"\bgracias"), Some(("gracias", false)));
        for source in [r"\bno\\b", "no?", "No", "two  spaces", r"\b", "", " no"] {
            assert_eq!(plain_words(source), None, "{source}");
        }
    }
}
