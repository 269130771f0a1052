//! How a turn relates to the answer before it: quoting it, asking about its words, or leaving it aside.

use super::idf::Idf;
use super::words::{Word, WordList};

const BITS: usize = 13;

/// A set of hashes that may say yes too often, never no.
#[derive(Clone, Debug)]
pub(crate) struct WordSet {
    bits: Vec<u64>,
}

impl Default for WordSet {
    fn default() -> Self {
        Self { bits: vec![0; (1 << BITS) / 64] }
    }
}

impl WordSet {
    pub(crate) fn clear(&mut self) {
        self.bits.fill(0);
    }

    pub(crate) fn insert(&mut self, hash: u32) {
        let at = (hash.wrapping_mul(0x9e37_79b1) >> (32 - BITS)) as usize;
        self.bits[at / 64] |= 1 << (at % 64);
    }

    pub(crate) fn has(&self, hash: u32) -> bool {
        let at = (hash.wrapping_mul(0x9e37_79b1) >> (32 - BITS)) as usize;
        self.bits[at / 64] >> (at % 64) & 1 != 0
    }
}

/// What was said in an answer, as sets.
#[derive(Clone, Debug, Default)]
pub(crate) struct AnswerWords {
    pub(crate) words: WordSet,
    pub(crate) pairs: WordSet,
    pub(crate) len: usize,
}

pub(crate) const fn pair(a: Word, b: Word) -> u32 {
    a.hash().wrapping_mul(0x85eb_ca6b).rotate_left(13) ^ b.hash()
}

impl AnswerWords {
    /// Reads the words of an answer.
    pub(crate) fn read(&mut self, words: &WordList) {
        self.words.clear();
        self.pairs.clear();
        self.len = words.len();
        for &word in &words.ordered {
            self.words.insert(word.hash());
        }
        for w in words.ordered.windows(2) {
            self.pairs.insert(pair(w[0], w[1]));
        }
    }
}

pub(crate) const NAMES: [&str; 11] = [
    "answer words",
    "answer rare",
    "answer pairs",
    "answer content",
    "novel rare",
    "novel content",
    "ignored rare",
    "old rare",
    "answer run",
    "answer numbers",
    "new numbers",
];

/// Reads the signs; `earlier` are all words of the user's turns before.
pub(crate) fn of(turn: &WordList, said: &AnswerWords, earlier: &WordSet, idf: &Idf) -> [f32; NAMES.len()] {
    let n = turn.len().max(1) as f32;
    let (mut words, mut content, mut all_content) = (0.0_f32, 0.0_f32, 1e-3_f32);
    let (mut rare, mut novel, mut novel_content, mut ignored, mut old, mut all) =
        (0.0_f32, 0.0_f32, 0.0_f32, 0.0, 0.0, 1e-3_f32);
    let (mut numbers, mut new_numbers) = (0.0_f32, 0.0_f32);
    for &word in &turn.ordered {
        let (in_answer, in_earlier) = (said.words.has(word.hash()), earlier.has(word.hash()));
        words += f32::from(u8::from(in_answer));
        if !word.is_content() {
            continue;
        }
        let weight = idf.of(word);
        all += weight;
        all_content += 1.0;
        if in_answer {
            content += 1.0;
            rare += weight;
        }
        if in_earlier {
            old += weight;
            if !in_answer {
                ignored += weight;
            }
        }
        if !in_answer && !in_earlier {
            novel += weight;
            novel_content += 1.0;
        }
        if word.has_digit() {
            if in_answer {
                numbers += 1.0;
            } else if !in_earlier {
                new_numbers += 1.0;
            }
        }
    }
    let (mut pairs, mut run, mut longest) = (0.0_f32, 0.0_f32, 0.0_f32);
    for w in turn.ordered.windows(2) {
        if said.pairs.has(pair(w[0], w[1])) {
            pairs += 1.0;
            run += 1.0;
            longest = longest.max(run);
        } else {
            run = 0.0;
        }
    }
    [
        words / n,
        rare / all,
        pairs / n,
        content / all_content,
        novel / all,
        novel_content.min(30.0),
        ignored / all,
        old / all,
        longest.min(20.0),
        numbers.min(5.0),
        new_numbers.min(5.0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_answer_are_told_from_old_and_new_ones() {
        let words = |text: &str| {
            let mut words = WordList::default();
            words.read(text);
            words
        };
        let mut said = AnswerWords::default();
        said.read(&words("the danube flows into the black sea"));
        let mut earlier = WordSet::default();
        words("longest rivers").ordered.iter().for_each(|word| earlier.insert(word.hash()));
        let values = of(&words("danube flows past rivers and 7 castles"), &said, &earlier, &Idf::default());
        let value = |name: &str| values[NAMES.iter().position(|&n| n == name).unwrap()];
        assert_eq!(value("answer words"), 2.0 / 7.0);
        assert_eq!(value("answer run"), 1.0, "one pair of words");
        assert_eq!(value("new numbers"), 1.0);
        assert_eq!(value("novel content"), 3.0, "past, 7, castles");
        assert!((value("old rare") - value("ignored rare")).abs() < 1e-6 && value("old rare") > 0.0);
    }
}
