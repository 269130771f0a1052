//! Phrases in folded text: whole words, in any of the languages at once.

use rejoinder_core::fold::{is_word_boundary, is_word_char};

/// Folded text with every run of other characters than letters, digits and apostrophes made one space.
pub fn bare(folded: &str) -> String {
    let mut bare = String::with_capacity(folded.len());
    let mut rest = folded;
    while let Some(c) = rest.chars().next() {
        let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'\'');
        let run = match rest.bytes().take_while(plain).count() {
            0 if is_word_char(c) => c.len_utf8(),
            run => run,
        };
        if run == 0 {
            if !bare.is_empty() && !bare.ends_with(' ') {
                bare.push(' ');
            }
            rest = &rest[c.len_utf8()..];
        } else {
            bare.push_str(&rest[..run]);
            rest = &rest[run..];
        }
    }
    bare.truncate(bare.trim_end().len());
    bare
}

/// Phrases that are looked for together, in one walk over the text. Each begins with a character of words.
pub struct Phrases {
    phrases: &'static [&'static str],
    /// By byte: whether a phrase begins with it.
    first: [bool; 256],
}

impl Phrases {
    pub const fn new(phrases: &'static [&'static str]) -> Self {
        let mut first = [false; 256];
        let mut at = 0;
        while at < phrases.len() {
            first[phrases[at].as_bytes()[0] as usize] = true;
            at += 1;
        }
        Self { phrases, first }
    }

    /// Whether one of the phrases stands in the text.
    pub fn stand_in(&self, folded: &str) -> bool {
        let bytes = folded.as_bytes();
        let in_word = |b: u8| b.is_ascii_alphanumeric();
        bytes.iter().enumerate().any(|(at, &b)| {
            self.first[usize::from(b)]
                && !(at > 0 && in_word(b) && in_word(bytes[at - 1]))
                && self.phrases.iter().any(|phrase| {
                    phrase.as_bytes()[0] == b
                        && bytes[at..].starts_with(phrase.as_bytes())
                        && is_word_boundary(folded, at)
                        && is_word_boundary(folded, at + phrase.len())
                })
        })
    }
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
    let first = folded.as_bytes().first();
    phrases
        .iter()
        .filter(|phrase| phrase.as_bytes().first() == first)
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
    fn marks_become_one_space() {
        let text = "  no,  I don't—谢谢!! snake_case é \n2?";
        assert_eq!(bare(text), "no I don't 谢谢 snake_case é 2");
        assert_eq!(bare("?!"), "");
    }

    #[test]
    fn phrases_are_whole_words() {
        const BLAME: Phrases = Phrases::new(&["my bad", "打错了", "é isso"]);
        for text in [
            "that was my bad, sorry",
            "my bad",
            "my badge is my bad",
            "我打错了字",
            "ok打错了",
            "sim, é isso",
        ] {
            assert!(BLAME.stand_in(text), "{text}");
        }
        for text in ["my badge is lost", "dummy bad", "1my bad", "émy bad", "", "my", "aé isso"] {
            assert!(!BLAME.stand_in(text), "{text}");
        }
    }

    #[test]
    fn a_phrase_is_found_alone_as_among_others() {
        let texts =
            ["the last one", "not the la", "not_the last", "don't the last", "thethe last", "it 谢the last"];
        for text in texts {
            const LAST: Phrases = Phrases::new(&["that", "the last", "the lasting"]);
            assert_eq!(LAST.stand_in(text), find(text, "the last").is_some(), "{text}");
        }
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
