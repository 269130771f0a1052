//! How alike a turn is to the user's earlier turns: which of them it is most like, and by what measures.

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
pub struct Request {
    folded: Folded,
    bag: WordBag,
}

impl Request {
    /// Reads the beginning of a turn.
    pub fn new(text: &str) -> Self {
        let folded = Folded::new(head(text));
        let bag = WordBag::of_folded(folded.text());
        Self { folded, bag }
    }

    /// The folded text.
    pub fn text(&self) -> &str {
        self.folded.text()
    }

    /// The number of words.
    pub fn len(&self) -> usize {
        self.bag.len()
    }
}

/// The earlier turn that is most like this one.
pub struct Nearest {
    pub request: Request,
    /// How many user turns lie between: 0 for the latest.
    pub distance: usize,
    /// Share of the words in common.
    pub words: f32,
    /// How many are the same.
    pub same: usize,
}

/// Finds it; `None` where no turn has a word in common. `earlier` has the latest first.
pub fn nearest<'a>(turn: &Request, earlier: impl Iterator<Item = &'a str>) -> Option<Nearest> {
    let len = turn.text().len();
    let mut left = EARLIER;
    let (mut best, mut same) = (None::<(f32, usize, Request)>, 0);
    for (distance, text) in earlier.enumerate() {
        let text = head(text);
        let Some(rest) = left.checked_sub(text.len() + 1) else { break };
        left = rest;
        if len.max(text.len()) > LENGTHS * len.min(text.len()) {
            continue;
        }
        let other = Request::new(text);
        let words = turn.bag.dice(&other.bag);
        same += usize::from(words >= SAME);
        if words > best.as_ref().map_or(0.0, |best| best.0) {
            best = Some((words, distance, other));
        }
    }
    best.map(|(words, distance, request)| Nearest { request, distance, words, same })
}

/// Likeness by runs of three characters, which keeps order, and inflected words alike: Dice's coefficient.
pub fn grams(a: &str, b: &str) -> f32 {
    let (a, b) = (trigrams(a), trigrams(b));
    let (mut i, mut j, mut common) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => (i, j, common) = (i + 1, j + 1, common + 1),
        }
    }
    2.0 * common as f32 / (a.len() + b.len()).max(1) as f32
}

/// The runs of three characters, sorted.
fn trigrams(text: &str) -> Vec<[char; 3]> {
    let chars: Vec<char> = text.chars().collect();
    let mut grams: Vec<[char; 3]> = chars.windows(3).map(|w| [w[0], w[1], w[2]]).collect();
    grams.sort_unstable();
    grams
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

fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(HEAD)]
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
    }

    #[test]
    fn the_nearest_of_many_is_found_however_far_back() {
        let earlier: Vec<String> =
            (0..40).rev().map(|n| format!("question {n} of the quiz about rivers")).collect();
        let turn = Request::new("question 3 of the quiz about rivers");
        let nearest = nearest(&turn, earlier.iter().map(String::as_str)).unwrap();
        assert_eq!((nearest.distance, nearest.words, nearest.same), (36, 1.0, 1));
    }

    #[test]
    fn long_texts_are_cut_between_characters_and_in_all() {
        let long = "é ".repeat(HEAD);
        let nearest = nearest(&Request::new(&long), vec![&*long; 1000].into_iter()).unwrap();
        assert!((20..40).contains(&nearest.same));
    }

    #[test]
    fn a_frame_is_told_from_what_stands_in_it() {
        assert_eq!(frame("price of apples in may", "price of pears in may"), (0.4, 0.4));
        assert_eq!(frame("a b", "a b"), (1.0, 0.0));
        assert_eq!(frame("", "a"), (0.0, 0.0));
    }
}
