//! Languages that share a script, told apart by letters and words that only some of them have.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::script::Script;
use super::vocabulary::{self, Vocabulary};

pub(super) static LATIN: LazyLock<Neighbours> = LazyLock::new(|| Neighbours::new(&vocabulary::LATIN));
pub(super) static CYRILLIC: LazyLock<Neighbours> = LazyLock::new(|| Neighbours::new(&vocabulary::CYRILLIC));
pub(super) static ARABIC: LazyLock<Neighbours> = LazyLock::new(|| Neighbours::new(&vocabulary::ARABIC));
pub(super) static DEVANAGARI: LazyLock<Neighbours> =
    LazyLock::new(|| Neighbours::new(&vocabulary::DEVANAGARI));

/// Points for a word of the language.
const OWN_WORD: i32 = 2;
/// Points for a word with letters that the language has and others of its script lack.
const OWN_LETTERS: i32 = 1;
/// Points for a word with a letter that the language lacks.
const FOREIGN_LETTER: i32 = -2;
/// Among so many words of a text there is at least one frequent word of its language.
const ENOUGH_WORDS: i32 = 8;
/// The longer the text, the more points another language must have than the guess: one more for so many words.
const WORDS_PER_POINT: i32 = 10;
/// The longest word that is looked up, in bytes.
const LONGEST: usize = 32;

/// A set of languages, a bit each.
type LanguageSet = u64;

/// The languages of one script.
pub(super) struct Neighbours {
    languages: &'static [Vocabulary],
    /// By word: the languages in which the word is frequent.
    words: HashMap<&'static [u8], LanguageSet>,
    letters: HashMap<char, Letter>,
}

/// The languages that have a letter.
#[derive(Clone, Copy, Default)]
struct Letter {
    /// The languages that have the letter as one of their own.
    owners: LanguageSet,
    /// The languages that have the letter at all, in words and names from elsewhere too.
    users: LanguageSet,
}

impl Neighbours {
    fn new(languages: &'static [Vocabulary]) -> Self {
        let mut words: HashMap<_, LanguageSet> = HashMap::new();
        let mut letters: HashMap<_, Letter> = HashMap::new();
        for (i, language) in languages.iter().enumerate() {
            let bit = 1 << i;
            for word in language.words.split_whitespace() {
                *words.entry(word.as_bytes()).or_default() |= bit;
            }
            for letter in language.letters.chars() {
                letters.entry(letter).or_default().owners |= bit;
            }
            for letter in language.letters.chars().chain(language.borrowed.chars()) {
                letters.entry(letter).or_default().users |= bit;
            }
        }
        Self { languages, words, letters }
    }

    /// The text's language. The guess is kept unless another language has clearly more points, and given up where the text is
    /// long enough to have points for the guess and has none. The script's first language needs no points: it is the language
    /// of lists, names and code.
    pub(super) fn language(&self, text: &str, guess: Option<&str>) -> Option<&'static str> {
        let (points, words) = self.points(text);
        let points = &points[..self.languages.len()];
        let guess = guess.and_then(|code| self.languages.iter().position(|l| l.code == code));
        let has = guess.map_or(0, |i| points[i]);
        let is_refuted = match guess {
            None => true,
            Some(0) => has < 0 && words >= ENOUGH_WORDS,
            Some(_) => has <= 0 && words >= ENOUGH_WORDS,
        };
        let most = *points.iter().max()?;
        let best = points.iter().position(|p| *p == most)?;
        // A word that three languages share tells them not apart.
        let is_alone = best == 0 || points.iter().filter(|p| **p == most).count() < 3;
        let lead = if is_refuted && best == 0 { OWN_WORD } else { OWN_WORD + words / WORDS_PER_POINT };
        let chosen = if is_alone && most > 0 && most - has >= lead {
            Some(best)
        } else {
            guess.filter(|_| !is_refuted)
        };
        chosen.map(|i| self.languages[i].code)
    }

    /// Each language's points, and the number of words.
    fn points(&self, text: &str) -> ([i32; LanguageSet::BITS as usize], i32) {
        let (mut points, mut words) = ([0; _], 0);
        let mut give = |mut to: LanguageSet, n| {
            while to != 0 {
                points[to.trailing_zeros() as usize] += n;
                to &= to - 1;
            }
        };
        for chunk in text.split_whitespace().filter(|chunk| !is_code(chunk)) {
            for word in chunk.split(|c| !is_part_of_word(c)).filter(|word| !word.is_empty()) {
                let signs = self.signs(word);
                give(signs.word, OWN_WORD);
                give(signs.letters, OWN_LETTERS);
                give(signs.foreign, FOREIGN_LETTER);
                words += 1;
            }
        }
        (points, words)
    }

    fn signs(&self, word: &str) -> WordSigns {
        let (mut lower, mut length) = ([0; LONGEST], 0);
        let mut letters: Option<Letter> = None;
        for c in word.chars() {
            let c = if c.is_ascii() { c.to_ascii_lowercase() } else { c.to_lowercase().next().unwrap_or(c) };
            if let Some(letter) = self.letter(c) {
                let sofar = letters.unwrap_or(Letter { owners: LanguageSet::MAX, users: LanguageSet::MAX });
                letters =
                    Some(Letter { owners: sofar.owners & letter.owners, users: sofar.users & letter.users });
            }
            if let Some(room) = lower.get_mut(length..length + c.len_utf8()) {
                c.encode_utf8(room);
            }
            length += c.len_utf8();
        }
        let all = (1 << self.languages.len()) - 1;
        WordSigns {
            word: lower.get(..length).and_then(|lower| self.words.get(lower)).copied().unwrap_or(0),
            letters: letters.map_or(0, |letters| letters.owners),
            foreign: letters.map_or(0, |letters| all & !letters.users),
        }
    }

    /// What a letter tells, if anything. A Latin one that no language has is foreign to all.
    fn letter(&self, c: char) -> Option<Letter> {
        if c.is_ascii() {
            return None;
        }
        let known = self.letters.get(&c).copied();
        known.or_else(|| (Script::of(c) == Script::Latin).then_some(Letter::default()))
    }
}

/// The languages that a word speaks for or against.
struct WordSigns {
    /// The languages in which the word is frequent.
    word: LanguageSet,
    /// The languages that have a letter of the word as their own, while other languages of the script lack it.
    letters: LanguageSet,
    /// The languages that lack a letter of the word.
    foreign: LanguageSet,
}

/// Whether what stands between two spaces is no plain text: a path, a name from a program, an option, a tag.
fn is_code(chunk: &str) -> bool {
    let inner = chunk.trim_matches(|c: char| !c.is_alphabetic());
    chunk.bytes().any(|b| {
        matches!(
            b,
            b'_' | b'/' | b'\\' | b'@' | b'=' | b'#' | b'[' | b']' | b'{' | b'}' | b'<' | b'>' | b'0'..=b'9'
        )
    }) || inner.bytes().any(|b| matches!(b, b'.' | b':' | b'(' | b')'))
        || chunk.starts_with('-') && chunk.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic)
}

fn is_part_of_word(c: char) -> bool {
    // Devanagari joins letters by marks that are no letters.
    c.is_alphabetic() || matches!(c, '\u{93c}' | '\u{94d}')
}
