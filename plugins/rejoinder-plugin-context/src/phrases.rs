//! Phrases in folded text: whole words, in any of the languages at once.

use rejoinder_core::fold::{is_word_boundary, is_word_char};

/// Folded text with every run of other characters than letters, digits and apostrophes made one space.
pub fn bare(folded: &str) -> String {
    let mut bare = String::with_capacity(folded.len());
    for c in folded.chars() {
        if is_word_char(c) || c == '\'' {
            bare.push(c);
        } else if !bare.is_empty() && !bare.ends_with(' ') {
            bare.push(' ');
        }
    }
    bare.truncate(bare.trim_end().len());
    bare
}

/// Whether one of the phrases stands in the text.
pub fn any(folded: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| find(folded, phrase).is_some())
}

/// Where the phrase stands in the text first.
pub fn find(folded: &str, phrase: &str) -> Option<usize> {
    folded
        .match_indices(phrase)
        .map(|(at, _)| at)
        .find(|&at| is_word_boundary(folded, at) && is_word_boundary(folded, at + phrase.len()))
}

/// What follows the longest of the phrases with which the text begins.
pub fn strip<'t>(folded: &'t str, phrases: &[&str]) -> Option<&'t str> {
    phrases
        .iter()
        .filter(|phrase| folded.starts_with(**phrase) && is_word_boundary(folded, phrase.len()))
        .map(|phrase| &folded[phrase.len()..])
        .min_by_key(|rest| rest.len())
}

/// Whether the text is a row of one to `most` of the phrases and nothing else.
pub fn consists_of(bare: &str, phrases: &[&str], most: usize) -> bool {
    let mut rest = bare;
    for count in 0..=most {
        if rest.is_empty() {
            return count > 0;
        }
        let Some(after) = strip(rest, phrases) else { return false };
        rest = after.trim_start();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_whole_words() {
        assert!(any("that was my bad, sorry", &["my bad"]));
        assert!(!any("my badge is lost", &["my bad"]));
        assert!(any("我打错了字", &["打错了"]));
    }

    #[test]
    fn a_row_of_phrases_is_taken_apart() {
        let words = ["yes", "yes please", "please", "好的", "请"];
        assert!(consists_of(&bare("yes, please!"), &words, 3));
        assert!(consists_of(&bare("好的，请"), &words, 2));
        assert!(!consists_of(&bare("yes, we can"), &words, 3));
        assert!(!consists_of("", &words, 3));
        assert!(!consists_of("yes yes yes yes", &words, 3));
    }
}
