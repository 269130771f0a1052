//! Matches in text as written.

use std::ops::Range;

use rejoinder_core::fold::is_word_boundary;
use rejoinder_rule_files::Rule;

/// The first match of a rule in a turn as written that `fits`, in bytes of the turn: of its phrases the match that ends first, the longest
/// of those that end together; without one, of its regexes the match that begins first.
pub(crate) fn first_match(
    rule: &Rule,
    turn: &str,
    mut fits: impl FnMut(&Range<usize>) -> bool,
) -> Option<Range<usize>> {
    let phrases = rule.phrases.iter().filter_map(|words| phrase(turn, words, &mut fits));
    let found = phrases.min_by_key(|range| (range.end, range.start));
    found.or_else(|| {
        let matches = rule.regexes.iter().filter_map(|regex| regex.find_written(turn, &mut fits));
        matches.min_by_key(|range| range.start)
    })
}

/// The first place of a phrase at word boundaries that `fits`.
pub(crate) fn phrase(
    text: &str,
    phrase: &str,
    mut fits: impl FnMut(&Range<usize>) -> bool,
) -> Option<Range<usize>> {
    let mut from = 0;
    while let Some(at) = text.get(from..)?.find(phrase) {
        let range = from + at..from + at + phrase.len();
        if is_word_boundary(text, range.start) && is_word_boundary(text, range.end) && fits(&range) {
            return Some(range);
        }
        // The next place that can be one begins at a word boundary.
        let behind = text[range.start..].char_indices().skip(1).map(|(at, _)| range.start + at);
        from = behind.into_iter().find(|&at| is_word_boundary(text, at)).unwrap_or(text.len());
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_place_is_that_of_a_look_at_all_places(text in "[aé谢 .]{0,24}", words in "[aé谢][aé谢 .]{0,3}", skipped in 0_usize..6) {
            let fits = |range: &Range<usize>| range.start >= skipped;
            let ends = |at| is_word_boundary(&text, at);
            let starts = text.char_indices().map(|(at, _)| at).filter(|&at| text[at..].starts_with(&words));
            let expected = starts.map(|at| at..at + words.len()).find(|r| ends(r.start) && ends(r.end) && fits(r));
            prop_assert_eq!(phrase(&text, &words, fits), expected);
        }
    }
}
