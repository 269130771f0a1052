//! The bytes that stand for characters in a shadow ([`crate::shadow::TurnText`]).
//!
//! Folded text holds no capital, so an automaton that knows ASCII words only has 26 bytes to spare that it takes for
//! parts of words, and all bytes beyond ASCII for all other characters. The letters and marks that patterns in western languages
//! name have a byte each; other characters share one with all of their sort.

/// Letters with a capital each to stand for them, in their order.
const LETTERS: [char; 24] = [
    'ß', 'à', 'á', 'â', 'ã', 'ä', 'ç', 'è', 'é', 'ê', 'ë', 'í', 'î', 'ï', 'ñ', 'ó', 'ô', 'õ', 'ö', 'ù', 'ú',
    'û', 'ü', 'œ',
];
/// Marks with a byte beyond ASCII each, in their order.
const MARKS: [char; 14] = ['¡', '«', '»', '¿', '–', '—', '„', '…', '、', '。', '「', '」', '『', '』'];
const FIRST_MARK: u8 = 0x80;
/// Stands for any other digit beyond ASCII.
pub(crate) const DIGIT: u8 = b'Y';
/// Stands for any other character beyond ASCII that belongs to words.
pub(crate) const WORD: u8 = b'Z';
/// Stands for any other character beyond ASCII.
pub(crate) const OTHER: u8 = 0xFF;

/// What stands for a character of folded text.
pub(crate) fn of(c: char) -> u8 {
    if c.is_ascii() {
        return c as u8;
    }
    own(c).unwrap_or_else(|| {
        if !regex_syntax::is_word_character(c) {
            OTHER
        } else if c.is_numeric() && is_digit(c) {
            DIGIT
        } else {
            WORD
        }
    })
}

/// What stands for this character beyond ASCII alone.
pub(crate) fn own(c: char) -> Option<u8> {
    let letter = || LETTERS.binary_search(&c).ok().map(|i| b'A' + i as u8);
    let mark = || MARKS.binary_search(&c).ok().map(|i| FIRST_MARK + i as u8);
    letter().or_else(mark)
}

/// The characters beyond ASCII that have a byte of their own.
pub(crate) fn named() -> impl Iterator<Item = char> {
    LETTERS.into_iter().chain(MARKS)
}

fn is_digit(c: char) -> bool {
    crate::shadow_pattern::digits().iter().any(|range| (range.start()..=range.end()).contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_marks_are_sorted_and_differ_from_all_others() {
        assert!(LETTERS.is_sorted() && MARKS.is_sorted());
        assert!(LETTERS.into_iter().all(regex_syntax::is_word_character));
        assert!(!MARKS.into_iter().any(regex_syntax::is_word_character));
        assert_eq!([of('a'), of('ß'), of('œ'), of('¡')], [b'a', b'A', b'X', FIRST_MARK]);
        assert_eq!([of('я'), of('٣'), of('²'), of('🙂')], [WORD, DIGIT, OTHER, OTHER]);
    }
}
