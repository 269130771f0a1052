//! Words: where they begin and end, and what they are made of.

use std::ops::Range;

/// Whether `c` can be part of a word.
pub fn is_word_char(c: char) -> bool {
    match c {
        '_' | '0'..='9' | 'a'..='z' | 'A'..='Z' => true,
        '\0'..='\x7f' => false,
        // Letters of much that is written, told without a search.
        '\u{D8}'..='\u{F6}' | '\u{430}'..='\u{44F}' | '\u{4E00}'..='\u{9FFC}' | '\u{AC00}'..='\u{D7A3}' => {
            true
        }
        _ => c.is_alphanumeric(),
    }
}

/// Whether `c` belongs to a script that is written without spaces between words (Han, kana, Thai, Lao, Khmer,
/// Myanmar): between two such characters any place may be a word boundary.
pub fn is_unsegmented(c: char) -> bool {
    // Most characters stand before all of them.
    c >= '\u{0E00}'
        && matches!(c,
        '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{3040}'..='\u{30FF}'
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Whether a word may begin or end at byte `offset` of `text`.
///
/// # Panics
/// If `offset` is not a character boundary of `text`.
pub fn is_word_boundary(text: &str, offset: usize) -> bool {
    let before = text[..offset].chars().next_back();
    let after = text[offset..].chars().next();
    match (before, after) {
        (Some(a), Some(b)) => !is_word_char(a) || !is_word_char(b) || is_unsegmented(a) || is_unsegmented(b),
        _ => true,
    }
}

/// The words of a text: maximal runs of word characters; each character of an unsegmented script is a word.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    words_with(text, (), |(), _| ()).map(|(range, ())| &text[range])
}

/// Where the words of a text stand, each with what `step` makes of its bytes, one after the other, from `start`: a hash, say, for
/// which the word is not read once more.
#[inline]
pub fn words_with<A: Copy>(
    text: &str,
    start: A,
    step: impl Fn(A, u8) -> A,
) -> impl Iterator<Item = (Range<usize>, A)> {
    let bytes = text.as_bytes();
    let mut next = 0;
    std::iter::from_fn(move || {
        let mut at = next;
        // The length of what is no ASCII letter, digit or underscore and belongs to the word.
        let mut len = 0;
        let mut is_whole = false;
        // Separators are mostly one of a few ASCII marks: they need not be made characters.
        loop {
            match CLASSES[usize::from(*bytes.get(at)?)] {
                Class::Word => break,
                Class::Mark => at += 1,
                Class::Beyond => {
                    let c = text[at..].chars().next()?;
                    if is_word_char(c) {
                        (len, is_whole) = (c.len_utf8(), is_unsegmented(c));
                        break;
                    }
                    at += c.len_utf8();
                }
            }
        }
        let (first, mut made) = (at, start);
        loop {
            if len > 0 {
                made = bytes[at..at + len].iter().fold(made, |made, &byte| step(made, byte));
                at += len;
                if is_whole {
                    break;
                }
            }
            while let Some(&byte) = bytes.get(at)
                && CLASSES[usize::from(byte)] == Class::Word
            {
                made = step(made, byte);
                at += 1;
            }
            len = match bytes.get(at) {
                Some(&byte) if byte == b'\'' || !byte.is_ascii() => joining_len(text, first, at),
                _ => 0,
            };
            if len == 0 {
                break;
            }
        }
        next = at;
        Some((first..at, made))
    })
}

/// The length of what belongs to the word that began at `first` and has come to `at`, other than ASCII letters, digits and
/// underscores: a letter of a segmented script, or an apostrophe inside the word. "don't" is one word. An apostrophe or a byte
/// beyond ASCII stands there.
fn joining_len(text: &str, first: usize, at: usize) -> usize {
    let letter_len = |at: usize| match text.as_bytes().get(at) {
        Some(&byte) if byte.is_ascii() => usize::from(CLASSES[usize::from(byte)] == Class::Word),
        _ => {
            let letter = text[at..].chars().next().filter(|&c| is_word_char(c) && !is_unsegmented(c));
            letter.map_or(0, char::len_utf8)
        }
    };
    match text.as_bytes()[at] {
        b'\'' => usize::from(at > first && letter_len(at + 1) > 0),
        _ => letter_len(at),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// An ASCII letter, digit or underscore.
    Word,
    /// Any other ASCII character.
    Mark,
    /// Part of a character beyond ASCII.
    Beyond,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Beyond; 256];
    let mut b = 0_u8;
    while b < 128 {
        classes[b as usize] = if b == b'_' || b.is_ascii_alphanumeric() { Class::Word } else { Class::Mark };
        b += 1;
    }
    classes
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn boundaries_know_scripts_without_spaces() {
        assert!(!is_word_boundary("thanksgiving", 6));
        assert!(is_word_boundary("thanks, all", 6));
        assert!(is_word_boundary("不是这个", 6));
        assert!(is_word_boundary("ok谢谢", 2));
    }

    #[test]
    fn words_keep_inner_apostrophes_and_split_han() {
        assert_eq!(
            words("don't 'quote' it 谢谢 v2").collect::<Vec<_>>(),
            ["don't", "quote", "it", "谢", "谢", "v2"]
        );
    }

    #[test]
    fn letters_that_are_told_without_a_search_are_letters() {
        let word = |c: char| c == '_' || c.is_alphanumeric();
        assert_eq!(('\0'..=char::MAX).find(|&c| is_word_char(c) != word(c)), None);
    }

    /// As [`words`], character by character.
    fn words_by_characters(text: &str) -> Vec<String> {
        let chars: Vec<char> = text.chars().collect();
        let is_letter = |c: Option<&char>| c.is_some_and(|&c| is_word_char(c) && !is_unsegmented(c));
        let (mut found, mut word) = (Vec::new(), String::new());
        for (at, &c) in chars.iter().enumerate() {
            if is_letter(Some(&c)) || (c == '\'' && !word.is_empty() && is_letter(chars.get(at + 1))) {
                word.push(c);
                continue;
            }
            found.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
            found.extend(is_word_char(c).then(|| c.to_string()));
        }
        found.extend(Some(word).filter(|word| !word.is_empty()));
        found
    }

    proptest! {
        #[test]
        fn words_are_those_that_a_walk_over_the_characters_finds(text in "([a-c_0 '.]|[éя谢ก・٣😀]|\\PC){0,30}") {
            prop_assert_eq!(words(&text).collect::<Vec<_>>(), words_by_characters(&text));
            let hash = |hash: u64, byte: u8| hash.wrapping_mul(31) + u64::from(byte);
            for (range, found) in words_with(&text, 7, hash) {
                prop_assert_eq!(found, text[range].bytes().fold(7, hash));
            }
        }
    }
}
