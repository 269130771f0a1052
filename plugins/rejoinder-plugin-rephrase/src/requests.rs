//! The user's requests so far, the one among them that a turn is most like, and measures of that likeness.

use std::collections::VecDeque;

use rejoinder_core::fold::{Folded, words};
use rejoinder_core::similarity::WordBag;

/// How much of a turn is read, in bytes.
const HEAD: usize = 2048;
/// How much of all earlier turns together is read, the latest first, in bytes.
const EARLIER: usize = 64 << 10;
/// Turns whose lengths differ more than so many fold are not alike.
const LENGTHS: usize = 8;
/// From here on two turns count as the same.
const SAME: f32 = 0.95;

/// A turn as it is compared: folded, with its words.
#[derive(Debug)]
pub struct Request {
    folded: Folded,
    bag: WordBag,
    /// How much of the turn was read, in bytes.
    read: usize,
}

impl Request {
    /// Reads the beginning of a turn.
    pub fn new(text: &str) -> Self {
        let text = &text[..text.floor_char_boundary(HEAD)];
        let folded = Folded::new(text);
        let bag = WordBag::of_folded(folded.text());
        Self { folded, bag, read: text.len() }
    }

    /// The folded text.
    pub fn text(&self) -> &str {
        self.folded.text()
    }

    /// The number of words.
    pub fn len(&self) -> usize {
        self.bag.len()
    }

    /// How many of the bytes in [`EARLIER`] the turn takes.
    const fn weight(&self) -> usize {
        self.read + 1
    }
}

/// The user's turns so far. The latest are kept, as far as they are compared; all are counted.
#[derive(Debug, Default)]
pub struct EarlierRequests {
    /// The latest last.
    turns: VecDeque<Request>,
    weight: usize,
    count: usize,
}

/// The earlier turn that is most like this one.
pub struct NearestRequest<'e> {
    pub request: &'e Request,
    /// How many user turns lie between the two: 0 if the earlier turn is the latest.
    pub distance: usize,
    /// Share of the words that the two have in common.
    pub words: f32,
    /// How many earlier turns are the same as this one.
    pub same: usize,
}

impl EarlierRequests {
    /// How many turns there are.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Adds the turn that comes next.
    pub fn push(&mut self, turn: Request) {
        self.count += 1;
        self.weight += turn.weight();
        self.turns.push_back(turn);
        while self.weight > EARLIER
            && let Some(first) = self.turns.pop_front()
        {
            self.weight -= first.weight();
        }
    }

    /// The earlier turn that is most like `turn`; `None` where no earlier turn has a word in common with it.
    pub fn nearest(&self, turn: &Request) -> Option<NearestRequest<'_>> {
        let len = turn.text().len();
        let (mut best, mut same) = (None::<(f32, usize, &Request)>, 0);
        for (distance, other) in self.turns.iter().rev().enumerate() {
            if len.max(other.read) > LENGTHS * len.min(other.read) {
                continue;
            }
            let words = turn.bag.dice(&other.bag);
            same += usize::from(words >= SAME);
            if words > best.as_ref().map_or(0.0, |best| best.0) {
                best = Some((words, distance, other));
            }
        }
        best.map(|(words, distance, request)| NearestRequest { request, distance, words, same })
    }
}

/// Likeness by runs of three characters: Dice's coefficient. Order counts in it, and inflected words are alike.
pub fn grams(a: &str, b: &str) -> f32 {
    let (mut a, mut b) = (trigrams(a), trigrams(b));
    let all = a.len() + b.len();
    // What both begin and end with is common, and need not be sorted.
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    a.truncate(a.len() - end);
    b.truncate(b.len() - end);
    let begin = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&mut a[begin..], &mut b[begin..]);
    a.sort_unstable();
    b.sort_unstable();
    let (mut i, mut j, mut common) = (0, 0, (begin + end) as u32);
    while i < a.len() && j < b.len() {
        let (x, y) = (a[i], b[j]);
        common += u32::from(x == y);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    2.0 * common as f32 / all.max(1) as f32
}

/// The runs of three characters. A character has 21 bits.
fn trigrams(text: &str) -> Vec<u64> {
    let mut run = 0;
    let next = |c: char| {
        run = (run << 21 | u64::from(c)) & ((1 << 63) - 1);
        run
    };
    text.chars().map(next).skip(2).collect()
}

/// The share of the shorter one's words with which both begin, and that with which both end.
pub fn frame(a: &str, b: &str) -> (f32, f32) {
    let (a, b): (Vec<&str>, Vec<&str>) = (words(a).collect(), words(b).collect());
    let shorter = a.len().min(b.len());
    let begin = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count().min(shorter - begin);
    let share = |n: usize| n as f32 / shorter.max(1) as f32;
    (share(begin), share(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness_is_one_for_the_same_and_zero_for_strangers() {
        assert_eq!(grams("請寫一首詩", "請寫一首詩"), 1.0);
        assert_eq!(grams("abcd", "wxyz"), 0.0);
        assert!(grams("请写一首关于秋天的诗", "写一首关于秋天的长诗") > 0.6);
        assert_eq!(grams("", ""), 0.0);
        assert_eq!(grams("abab", "ababab"), 4.0 / 6.0, "aba, bab and aba, bab, aba, bab");
        assert_eq!(grams("xabcdy", "xdabcy"), 2.0 / 8.0, "only abc is common");
    }

    fn earlier<'a>(turns: impl IntoIterator<Item = &'a str>) -> EarlierRequests {
        let mut earlier = EarlierRequests::default();
        turns.into_iter().for_each(|turn| earlier.push(Request::new(turn)));
        earlier
    }

    #[test]
    fn the_nearest_of_many_is_found_however_far_back() {
        let asked: Vec<String> = (0..40).map(|n| format!("question {n} of the quiz about rivers")).collect();
        let turn = Request::new("question 3 of the quiz about rivers");
        let earlier = earlier(asked.iter().map(String::as_str));
        let nearest = earlier.nearest(&turn).unwrap();
        assert_eq!((nearest.distance, nearest.words, nearest.same), (36, 1.0, 1));
    }

    #[test]
    fn long_texts_are_cut_between_characters_and_in_all() {
        let long = "é ".repeat(HEAD);
        let earlier = earlier([&*long; 1000]);
        let nearest = earlier.nearest(&Request::new(&long)).unwrap();
        assert!((20..40).contains(&nearest.same));
        assert_eq!(earlier.count(), 1000);
    }

    #[test]
    fn the_latest_turns_that_fit_are_kept_and_no_more() {
        let turn = "x".repeat(EARLIER / 32 - 1);
        let first = "the first of all";
        let of = |turns: usize| earlier([first].into_iter().chain(vec![&*turn; turns]));
        let is_kept = |earlier: &EarlierRequests| earlier.nearest(&Request::new(first)).is_some();
        assert!(is_kept(&of(31)) && !is_kept(&of(32)));
        assert_eq!(of(100).turns.len(), 32);
    }

    #[test]
    fn a_frame_is_told_from_what_stands_in_it() {
        assert_eq!(frame("price of apples in may", "price of pears in may"), (0.4, 0.4));
        assert_eq!(frame("a b", "a b"), (1.0, 0.0));
        assert_eq!(frame("", "a"), (0.0, 0.0));
    }
}
