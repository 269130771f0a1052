//! How a turn relates to the user's earlier turns: what tells a request made again from the next one.
//!
//! The features are the model's own and belong to its format. Where a person sets a bound, [`rejoinder_core::similarity`]
//! is the measure; a test holds the coefficient of both to each other.

use super::idf::Idf;
use super::words::{Word, WordList};

/// Earlier turns that are compared with, the latest first; people do not go back further.
const DEEPEST: usize = 10;
/// Words of each side among which the longest common run is looked for.
const RUN_WORDS: usize = 48;

/// What two bags have in common.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Overlap {
    /// Dice coefficient.
    pub(crate) dice: f32,
    /// Share of the turn's words.
    pub(crate) of_turn: f32,
    /// Share of the other's words.
    pub(crate) of_other: f32,
    /// Share of the rarity of both that they have in common.
    pub(crate) rare: f32,
    /// Share of the rarity of the turn's words of content that the other has.
    pub(crate) rare_of_turn: f32,
    /// Words of content that came, and that went.
    pub(crate) added: f32,
    pub(crate) removed: f32,
    /// A word with a digit came, and one went.
    pub(crate) numbers: f32,
}

/// Compares a turn's words with those of another text.
pub(crate) fn overlap(turn: &WordList, other: &WordList, idf: &Idf) -> Overlap {
    let (a, b) = (&turn.sorted, &other.sorted);
    if a.is_empty() || b.is_empty() {
        return Overlap::default();
    }
    let (mut i, mut j, mut common) = (0, 0, 0_u32);
    let (mut added, mut removed) = (0_u32, 0_u32);
    let (mut number_added, mut number_removed) = (false, false);
    let (mut shared, mut content_shared, mut content, mut all) = (0.0_f32, 0.0_f32, 1e-3_f32, 1e-3_f32);
    while i < a.len() || j < b.len() {
        let (x, y) = (a.get(i).copied(), b.get(j).copied());
        match (x, y) {
            (Some(x), Some(y)) if x == y => {
                let weight = idf.of(x);
                common += 1;
                shared += 2.0 * weight;
                all += 2.0 * weight;
                if x.is_content() {
                    content_shared += weight;
                    content += weight;
                }
                i += 1;
                j += 1;
            }
            (Some(x), y) if y.is_none_or(|y| x < y) => {
                let weight = idf.of(x);
                all += weight;
                if x.is_content() {
                    content += weight;
                }
                added += u32::from(x.is_content());
                number_added |= x.has_digit();
                i += 1;
            }
            (_, Some(y)) => {
                all += idf.of(y);
                removed += u32::from(y.is_content());
                number_removed |= y.has_digit();
                j += 1;
            }
            _ => unreachable!("one of both has words left"),
        }
    }
    Overlap {
        dice: 2.0 * common as f32 / (a.len() + b.len()) as f32,
        of_turn: common as f32 / a.len() as f32,
        of_other: common as f32 / b.len() as f32,
        rare: shared / all,
        rare_of_turn: content_shared / content,
        added: added as f32,
        removed: removed as f32,
        numbers: f32::from(u8::from(number_added)) + f32::from(u8::from(number_removed)),
    }
}

pub(crate) const NAMES: [&str; 28] = [
    "best dice",
    "best of turn",
    "best of other",
    "best rare",
    "best rare of turn",
    "best added",
    "best removed",
    "best numbers",
    "best distance",
    "best begin",
    "best end",
    "best run",
    "best length ratio",
    "best is first",
    "latest dice",
    "latest of turn",
    "latest of other",
    "latest rare",
    "latest rare of turn",
    "latest length ratio",
    "first dice",
    "first rare",
    "max of turn",
    "max rare of turn",
    "alike count",
    "alike share",
    "habit",
    "exact",
];

/// Reads the signs; `earlier` are the user's turns before, in their order.
pub(crate) fn of(turn: &WordList, earlier: &[WordList], idf: &Idf) -> [f32; NAMES.len()] {
    let mut values = [0.0; NAMES.len()];
    if earlier.is_empty() {
        return values;
    }
    let near = &earlier[earlier.len().saturating_sub(DEEPEST)..];
    let mut best = Overlap::default();
    let mut best_at = near.len() - 1;
    let (mut of_turn, mut rare_of_turn, mut alike) = (0.0_f32, 0.0_f32, 0_u32);
    let mut latest = Overlap::default();
    for (at, other) in near.iter().enumerate().rev() {
        let found = overlap(turn, other, idf);
        if at + 1 == near.len() {
            latest = found;
        }
        if found.dice + found.rare > best.dice + best.rare {
            (best, best_at) = (found, at);
        }
        of_turn = of_turn.max(found.of_turn);
        rare_of_turn = rare_of_turn.max(found.rare_of_turn);
        alike += u32::from(found.dice > 0.5);
    }
    let first = if near.len() < earlier.len() {
        overlap(turn, &earlier[0], idf)
    } else {
        overlap(turn, &near[0], idf)
    };
    let other = &near[best_at];
    let (begin, end) = frame(&turn.ordered, &other.ordered);
    let run = if best.dice > 0.2 { longest_run(&turn.ordered, &other.ordered) } else { 0 };
    let ratio = |other: &WordList| ((turn.len() + 1) as f32 / (other.len() + 1) as f32).ln();
    // Whether the user's turns before this one were like each other: then likeness says little.
    let habit = match near {
        [.., before, last] => overlap(last, before, idf).dice,
        _ => 0.0,
    };
    values = [
        best.dice,
        best.of_turn,
        best.of_other,
        best.rare,
        best.rare_of_turn,
        best.added.min(20.0),
        best.removed.min(20.0),
        best.numbers,
        (near.len() - best_at) as f32,
        begin,
        end,
        run as f32 / turn.len().clamp(1, RUN_WORDS) as f32,
        ratio(other),
        f32::from(u8::from(best_at == 0 && near.len() == earlier.len())),
        latest.dice,
        latest.of_turn,
        latest.of_other,
        latest.rare,
        latest.rare_of_turn,
        ratio(&near[near.len() - 1]),
        first.dice,
        first.rare,
        of_turn,
        rare_of_turn,
        alike as f32,
        alike as f32 / near.len() as f32,
        habit,
        f32::from(u8::from(turn.ordered == other.ordered)),
    ];
    values
}

/// The share of the shorter one's words with which both begin, and with which both end.
fn frame(a: &[Word], b: &[Word]) -> (f32, f32) {
    let shorter = a.len().min(b.len());
    let begin = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count().min(shorter - begin);
    let share = |n: usize| n as f32 / shorter.max(1) as f32;
    (share(begin), share(end))
}

/// The length of the longest run of words that both have, among the first of each.
fn longest_run(a: &[Word], b: &[Word]) -> usize {
    let (a, b) = (&a[..a.len().min(RUN_WORDS)], &b[..b.len().min(RUN_WORDS)]);
    let places = Places::of(b);
    // Bit `j` of entry `k`: a run of more than `k` words ends at the last word of `a` and at word `j` of `b`.
    let mut runs = [0_u64; RUN_WORDS];
    let (mut len, mut longest) = (0, 0);
    for &x in a {
        let here = places.of_word(x);
        for k in (1..=len.min(RUN_WORDS - 1)).rev() {
            runs[k] = runs[k - 1] << 1 & here;
        }
        runs[0] = here;
        len = (len + 1).min(RUN_WORDS);
        while len > 0 && runs[len - 1] == 0 {
            len -= 1;
        }
        longest = longest.max(len);
    }
    longest
}

/// Where each of a few words stands, as bits.
struct Places {
    slots: [(Option<Word>, u64); SLOTS],
}

/// More than twice as many as there are words.
const SLOTS: usize = 128;

impl Places {
    fn of(words: &[Word]) -> Self {
        let mut places = Self { slots: [(None, 0); SLOTS] };
        for (at, &word) in words.iter().enumerate() {
            let slot = places.slot(word);
            places.slots[slot].0 = Some(word);
            places.slots[slot].1 |= 1 << at;
        }
        places
    }

    fn of_word(&self, word: Word) -> u64 {
        self.slots[self.slot(word)].1
    }

    fn slot(&self, word: Word) -> usize {
        let mut slot = word.hash() as usize % SLOTS;
        while self.slots[slot].0.is_some_and(|held| held != word) {
            slot = (slot + 1) % SLOTS;
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rejoinder_core::similarity::WordBag;

    use super::*;

    fn words(text: &str) -> WordList {
        let mut words = WordList::default();
        words.read(text);
        words
    }

    fn value(values: &[f32], name: &str) -> f32 {
        values[NAMES.iter().position(|&n| n == name).unwrap()]
    }

    #[test]
    fn a_request_made_again_is_told_from_one_on_other_data() {
        let earlier = [words("hello there"), words("price of 3 apples in may")];
        let again = of(&words("price of 3 apples in may"), &earlier, &Idf::default());
        assert_eq!(
            [value(&again, "best dice"), value(&again, "exact"), value(&again, "best distance")],
            [1.0; 3]
        );
        let other = of(&words("price of 4 pears in may"), &earlier, &Idf::default());
        assert!(value(&other, "best dice") > 0.5);
        assert_eq!([value(&other, "best added"), value(&other, "best numbers")], [2.0; 2]);
        assert_eq!([value(&other, "best begin"), value(&other, "best end")], [2.0 / 6.0; 2]);
    }

    #[test]
    fn the_coefficient_is_the_one_that_rules_and_plugins_compare() {
        let texts =
            ["sort this list please", "please sort it", "请写一首诗", "请写一首长诗", "a a b", "a a a", ""];
        for (a, b) in texts.iter().flat_map(|a| texts.map(|b| (*a, b))) {
            let theirs = WordBag::of_folded(a).dice(&WordBag::of_folded(b));
            assert_eq!(overlap(&words(a), &words(b), &Idf::default()).dice, theirs, "{a:?} {b:?}");
        }
    }

    #[test]
    fn nothing_is_like_nothing() {
        assert_eq!(of(&words(""), &[], &Idf::default()), [0.0; NAMES.len()]);
        assert_eq!(overlap(&words(""), &words("a"), &Idf::default()).dice, 0.0);
    }

    #[test]
    fn the_longest_run_is_found_wherever_it_stands() {
        let run = |a: &str, b: &str| longest_run(&words(a).ordered, &words(b).ordered);
        assert_eq!(run("x a b c y", "a b z a b c"), 3);
        assert_eq!(run("a", ""), 0);
        assert_eq!(run(&"a ".repeat(60), &"a ".repeat(50)), RUN_WORDS);
    }

    /// As [`longest_run`], cell by cell.
    fn longest_run_by_cells(a: &[Word], b: &[Word]) -> usize {
        let cell = |i: usize, j: usize| a[i..].iter().zip(&b[j..]).take_while(|(x, y)| x == y).count();
        (0..a.len()).flat_map(|i| (0..b.len()).map(move |j| cell(i, j))).max().unwrap_or(0)
    }

    proptest! {
        #[test]
        fn runs_are_as_long_as_each_cell_says(
            a in prop::collection::vec("[abcde]|the|of", 0..60),
            b in prop::collection::vec("[abcde]|the|of", 0..60),
        ) {
            let (a, b) = (words(&a.join(" ")).ordered, words(&b.join(" ")).ordered);
            let head = |words: &[Word]| words[..words.len().min(RUN_WORDS)].to_vec();
            prop_assert_eq!(longest_run(&a, &b), longest_run_by_cells(&head(&a), &head(&b)));
        }
    }
}
