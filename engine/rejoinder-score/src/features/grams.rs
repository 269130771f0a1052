//! Hashed n-grams of a turn: its words, its opening, its ending. Behind them, for the part of the model that sees
//! evidence: the rules that hit the turn, by id and by theme, and how the answer before it begins and ends, which on its
//! own would rather confuse.

use super::hash::{self, join};
use super::words::Word;
use crate::model::linear::{BITS, BUCKETS};

/// Kinds of n-grams; each has buckets of its own by its hash.
#[derive(Clone, Copy)]
enum Kind {
    Word,
    Pair,
    Opening,
    Ending,
    Whole,
    OpeningChars,
    EndingChars,
    Rule,
    Theme,
    AnswerOpening,
    AnswerEnding,
}

/// Buckets of a turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buckets<'a> {
    pub(crate) all: &'a [u32],
    of_text: usize,
}

impl<'a> Buckets<'a> {
    pub(crate) const fn new(all: &'a [u32], of_text: usize) -> Self {
        Self { all, of_text }
    }

    /// Those of the turn's text alone.
    pub(crate) fn of_text(self) -> &'a [u32] {
        &self.all[..self.of_text]
    }
}

/// The buckets of a turn's n-grams, each once.
#[derive(Clone, Debug)]
pub(crate) struct Grams {
    buckets: Vec<u32>,
    /// How many of them the turn's text alone gives; the rules' and the answer's come behind.
    of_text: usize,
    /// One bit a bucket.
    taken: Vec<u64>,
}

impl Default for Grams {
    fn default() -> Self {
        Self { buckets: Vec::new(), of_text: 0, taken: vec![0; BUCKETS / 64] }
    }
}

impl Grams {
    /// The buckets, and how many of them the turn's text alone gives.
    pub(crate) fn buckets(&self) -> Buckets<'_> {
        Buckets { all: &self.buckets, of_text: self.of_text }
    }

    /// Reads a turn of these words, marked by these rules, behind an answer of these words; `folded` is its text.
    pub(crate) fn read(&mut self, words: &[Word], folded: &str, rules: &[&str], answer: &[Word]) {
        for bucket in self.buckets.drain(..) {
            self.taken[bucket as usize / 64] = 0;
        }
        self.words(words);
        self.chars(folded.as_bytes());
        self.of_text = self.buckets.len();
        for id in rules {
            self.rule(id);
        }
        self.answer(answer);
    }

    /// How the answer begins and ends.
    fn answer(&mut self, words: &[Word]) {
        let h = |w: &Word| u64::from(w.hash());
        let mut joined = 0;
        for w in words.iter().take(4) {
            joined = join(joined, h(w));
            self.push(Kind::AnswerOpening, joined);
        }
        for w in words.iter().take(8) {
            self.push(Kind::AnswerOpening, h(w));
        }
        for w in words.iter().rev().take(6) {
            self.push(Kind::AnswerEnding, h(w));
        }
    }

    /// A rule's id is `language.theme.name`: what other languages' rules of its theme and name are worth tells something of
    /// it, too.
    fn rule(&mut self, id: &str) {
        self.push(Kind::Rule, hash::bytes(0, id.as_bytes()));
        if let Some((_, kind)) = id.split_once('.') {
            self.push(Kind::Theme, hash::bytes(0, kind.as_bytes()));
            let theme = kind.split('.').next().unwrap_or_default();
            self.push(Kind::Theme, hash::bytes(1, theme.as_bytes()));
        }
    }

    fn push(&mut self, kind: Kind, hash: u64) {
        let bucket = (join(kind as u64, hash) >> (64 - BITS)) as u32;
        let (place, bit) = (bucket as usize / 64, 1 << (bucket % 64));
        if self.taken[place] & bit == 0 {
            self.taken[place] |= bit;
            self.buckets.push(bucket);
        }
    }

    fn words(&mut self, words: &[Word]) {
        let h = |w: &Word| u64::from(w.hash());
        for w in words {
            self.push(Kind::Word, h(w));
        }
        for w in words.windows(2) {
            self.push(Kind::Pair, join(h(&w[0]), h(&w[1])));
        }
        let mut joined = 0;
        for w in words.iter().take(4) {
            joined = join(joined, h(w));
            self.push(Kind::Opening, joined);
        }
        joined = 1;
        for w in words.iter().rev().take(3) {
            joined = join(joined, h(w));
            self.push(Kind::Ending, joined);
        }
        if words.len() <= 8 {
            self.push(Kind::Whole, words.iter().fold(2, |all, w| join(all, h(w))));
        }
    }

    /// The first and the last few bytes: spellings, marks, languages.
    fn chars(&mut self, folded: &[u8]) {
        for opening in hash::beginnings(&folded[..folded.len().min(12)]) {
            self.push(Kind::OpeningChars, opening);
        }
        for n in 1..=10.min(folded.len()) {
            self.push(Kind::EndingChars, hash::bytes(0, &folded[folded.len() - n..]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::WordList;
    use super::*;

    #[test]
    fn beginnings_have_the_hashes_that_they_have_alone() {
        let text = "no, 谢谢".as_bytes();
        let alone: Vec<u64> = (1..=text.len()).map(|n| hash::bytes(0, &text[..n])).collect();
        assert_eq!(hash::beginnings(text).collect::<Vec<_>>(), alone);
    }

    #[test]
    fn a_turn_has_each_of_its_buckets_once_whatever_was_read_before() {
        let read = |grams: &mut Grams, text: &str| {
            let mut words = WordList::default();
            words.read(text);
            grams.read(&words.ordered, text, &["en.a.b"], &[]);
            grams.buckets().of_text().to_vec()
        };
        let (mut fresh, mut used) = (Grams::default(), Grams::default());
        let long = "no no no, that is not what i asked for ".repeat(20);
        read(&mut used, &long);
        assert_eq!(read(&mut used, "no no thanks"), read(&mut fresh, "no no thanks"));
        let mut sorted = read(&mut used, &long);
        let n = sorted.len();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), n);
        assert_eq!(read(&mut used, "").len(), 1, "the whole of nothing");
    }
}
