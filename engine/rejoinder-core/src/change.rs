//! What changed between two user turns, word by word. The change tells a second try from the next item of the same work.

use crate::fold::words;

/// Changed words beyond this number tell nothing more, and comparing all of them would cost time.
const MAX_CHANGED: usize = 32;

/// Words that carry the form of a request rather than its content.
const FORM: &[&str] = &[
    "a", "about", "an", "and", "are", "as", "at", "be", "but", "by", "can", "could", "do", "does", "for",
    "from", "had", "has", "have", "how", "i", "if", "in", "is", "it", "just", "me", "my", "no", "not", "of",
    "on", "or", "please", "so", "that", "the", "this", "to", "was", "were", "what", "with", "would", "you",
    "your",
];

/// The words that stand in one turn and not in the other, each as often as it stands there more often.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Change<'a> {
    added: Vec<&'a str>,
    removed: Vec<&'a str>,
}

impl<'a> Change<'a> {
    /// The change from `earlier` to `turn`, both folded.
    pub fn between(earlier: &'a str, turn: &'a str) -> Self {
        let (mut old, mut new): (Vec<&str>, Vec<&str>) = (words(earlier).collect(), words(turn).collect());
        // What both begin and end with is no change, and need not be sorted.
        let end = old.iter().rev().zip(new.iter().rev()).take_while(|(o, n)| o == n).count();
        old.truncate(old.len() - end);
        new.truncate(new.len() - end);
        let begin = old.iter().zip(&new).take_while(|(o, n)| o == n).count();
        let (old, new) = (&mut old[begin..], &mut new[begin..]);
        old.sort_unstable();
        new.sort_unstable();
        let mut change = Self::default();
        let (mut i, mut j) = (0, 0);
        while i < old.len() || j < new.len() {
            match (old.get(i), new.get(j)) {
                (Some(o), Some(n)) if o == n => (i, j) = (i + 1, j + 1),
                (Some(o), n) if n.is_none_or(|n| o < n) => {
                    change.removed.push(o);
                    i += 1;
                }
                (_, n) => {
                    change.added.extend(n);
                    j += 1;
                }
            }
        }
        change.added.truncate(MAX_CHANGED);
        change.removed.truncate(MAX_CHANGED);
        change
    }

    /// Whether nothing but order, case and punctuation changed.
    pub const fn is_none(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }

    /// Whether words of content came and no such word went.
    pub fn grew(&self) -> bool {
        !has_content(&self.removed, &self.added) && has_content(&self.added, &self.removed)
    }

    /// Whether words of content came and others went.
    pub fn swapped(&self) -> bool {
        has_content(&self.removed, &self.added) && has_content(&self.added, &self.removed)
    }

    /// Whether a few words only changed.
    pub const fn is_small(&self) -> bool {
        self.added.len() <= 4 && self.removed.len() <= 4
    }

    /// Whether a number, or a word with a digit, gave way to another.
    pub fn swapped_numbers(&self) -> bool {
        self.added.iter().copied().any(has_digit) && self.removed.iter().copied().any(has_digit)
    }

    /// Whether the turn is the same template on other data ("price of apples", "price of pears"; "chapter 3", "chapter 4"):
    /// the next item of the same work, not a request made again.
    pub fn is_template(&self) -> bool {
        self.swapped() || self.swapped_numbers()
    }
}

/// Whether `these` hold a word of content that is not just another spelling of one of `those`.
fn has_content(these: &[&str], those: &[&str]) -> bool {
    these.iter().any(|word| is_content(word) && !those.iter().any(|other| is_same_stem(word, other)))
}

/// The words that carry the form of a request rather than its content, folded.
pub const fn form_words() -> &'static [&'static str] {
    FORM
}

/// In scripts without spaces each character is a word of three bytes.
fn is_content(word: &str) -> bool {
    has_digit(word) || (word.len() >= 3 && FORM.binary_search(&word).is_err())
}

fn has_digit(word: &str) -> bool {
    word.chars().any(char::is_numeric)
}

/// The two agree in two thirds of the longer one, counted from both ends: a typo, an inflection, a compound.
fn is_same_stem(a: &str, b: &str) -> bool {
    let longer = a.chars().count().max(b.chars().count());
    if longer < 4 || has_digit(a) || has_digit(b) {
        return false;
    }
    let shorter = a.chars().count().min(b.chars().count());
    let common = |x: &mut dyn Iterator<Item = (char, char)>| x.take_while(|(a, b)| a == b).count();
    let head = common(&mut a.chars().zip(b.chars()));
    let tail = common(&mut a.chars().rev().zip(b.chars().rev())).min(shorter - head);
    (head + tail) * 3 >= longer * 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_of_form_are_sorted_for_the_search() {
        assert!(FORM.is_sorted());
    }

    #[test]
    fn additions_exchanges_and_spellings_differ() {
        assert!(Change::between("sort the list", "sort the list in python").grew());
        assert!(Change::between("price of apples", "price of bananas").swapped());
        let spelling = Change::between("define mangroove", "define mangrove");
        assert!(!spelling.grew() && !spelling.swapped() && !spelling.is_none());
        assert!(Change::between("sort, the list!", "the list: sort").is_none());
        assert!(!Change::between("sort list", "please sort the list").grew());
    }

    #[test]
    fn numbers_are_never_spellings_of_each_other() {
        assert!(Change::between("chapter 10001", "chapter 10002").swapped_numbers());
        assert!(Change::between("chapter 10001", "chapter 10002").swapped());
        assert!(!Change::between("chapter", "chapter 3").swapped_numbers());
        assert!(Change::between("chapter 3", "chapter 4").is_template());
        assert!(!Change::between("explain chapter 3", "explain chapter 3 in short words").is_template());
    }

    proptest! {
        #[test]
        fn words_that_only_one_turn_has_are_those_that_remain_when_the_others_are_taken_away(
            earlier in "([abc]{1,2} ){0,40}",
            turn in "([abc]{1,2} ){0,40}",
        ) {
            let less = |these: &str, those: &str| {
                let mut rest: Vec<String> = words(these).map(str::to_owned).collect();
                for word in words(those) {
                    if let Some(at) = rest.iter().position(|held| held == word) {
                        rest.remove(at);
                    }
                }
                rest.sort_unstable();
                rest.truncate(MAX_CHANGED);
                rest
            };
            let change = Change::between(&earlier, &turn);
            prop_assert_eq!(&change.removed, &less(&earlier, &turn));
            prop_assert_eq!(&change.added, &less(&turn, &earlier));
        }
    }
}
