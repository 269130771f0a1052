//! Words by what they do in a reply: thanks, objections, doubts. A few labels cannot teach all the spellings and
//! languages of a thing that people have said in lists for long; the model learns what each list is worth.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use super::hash::join;
use super::words::Word;

const TEXT: &str = include_str!("lexicon.txt");
/// Number of groups.
pub(crate) const GROUPS: usize = 36;
/// Words of a turn that count as its opening.
const OPENING: usize = 6;
/// More than there are phrases.
const PHRASES: usize = 3000;

struct Lexicon {
    /// Hash of a phrase's words: in which groups it is.
    phrases: HashMap<u64, u64, BuildHasherDefault<OwnHash>>,
    /// By the first word's hash: the length of the longest phrase that begins so.
    first: Vec<u8>,
    names: Vec<String>,
}

/// Takes the hash that a key is for the key's hash.
#[derive(Default)]
struct OwnHash(u64);

impl Hasher for OwnHash {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.0 = join(self.0, u64::from(byte)));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

const FIRST_BITS: u32 = 14;

const fn slot(word: Word) -> usize {
    (word.hash() >> (30 - FIRST_BITS)) as usize
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut lexicon = Lexicon {
        phrases: HashMap::with_capacity_and_hasher(PHRASES, BuildHasherDefault::default()),
        first: vec![0; 1 << FIRST_BITS],
        names: Vec::new(),
    };
    for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
        let (name, phrases) = line.split_once(": ").expect("a group has a name");
        let group = lexicon.names.len();
        lexicon.names.push(name.to_owned());
        for phrase in phrases.split(", ") {
            let (mut hash, mut first, mut count) = (0, 0, 0);
            for word in Word::all(phrase) {
                if count == 0 {
                    first = slot(word);
                }
                hash = join(hash, u64::from(word.hash()));
                count += 1;
            }
            *lexicon.phrases.entry(hash).or_default() |= 1 << group;
            lexicon.first[first] = lexicon.first[first].max(count);
        }
    }
    assert_eq!(lexicon.names.len(), GROUPS);
    lexicon
});

/// For each group: found in the opening, found anywhere, place of the first find.
pub(crate) const LEN: usize = 3 * GROUPS;

pub(crate) fn names() -> Vec<String> {
    let parts = ["opening", "anywhere", "after"];
    parts.iter().flat_map(|part| LEXICON.names.iter().map(move |name| format!("{name} {part}"))).collect()
}

/// The place of a group that is not found.
pub(crate) const NOWHERE: f32 = 99.0;

/// Looks the words of a turn up; tells their groups as bits, too.
pub(crate) fn of(turn: &[Word]) -> ([f32; LEN], u64) {
    let mut all = 0;
    let mut values = [0.0; LEN];
    values[2 * GROUPS..].fill(NOWHERE);
    find(turn, |at, groups| {
        all |= groups;
        each(groups, |group| {
            if at < OPENING {
                values[group] += 1.0;
            }
            values[GROUPS + group] = (values[GROUPS + group] + 1.0_f32).min(5.0);
            let first = &mut values[2 * GROUPS + group];
            *first = first.min(at.min(40) as f32);
        });
    });
    (values, all)
}

/// The groups that a text has a word of, as bits.
pub(crate) fn groups(words: &[Word]) -> u64 {
    let mut all = 0;
    find(words, |_, groups| all |= groups);
    all
}

/// What was said before: by the user in the previous turn and in all turns, by the answer at its beginning and its end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Before {
    pub(crate) previous: u64,
    pub(crate) older: u64,
    pub(crate) answer_opening: u64,
    pub(crate) answer_ending: u64,
}

/// One value for each group and place.
pub(crate) const BEFORE: usize = 3 * GROUPS;

pub(crate) fn before_names() -> Vec<String> {
    let parts = ["previously", "answer begins", "answer ends"];
    parts.iter().flat_map(|part| LEXICON.names.iter().map(move |name| format!("{name} {part}"))).collect()
}

pub(crate) fn before(said: &Before) -> [f32; BEFORE] {
    let mut values = [0.0; BEFORE];
    let places = [
        (said.previous, 0, 2.0),
        (said.older, 0, 1.0),
        (said.answer_opening, 1, 1.0),
        (said.answer_ending, 2, 1.0),
    ];
    for (groups, part, worth) in places {
        each(groups, |group| values[part * GROUPS + group] += worth);
    }
    values
}

/// Calls `found` with the number of each bit that is set.
fn each(mut groups: u64, mut found: impl FnMut(usize)) {
    while groups != 0 {
        found(groups.trailing_zeros() as usize);
        groups &= groups - 1;
    }
}

/// Finds phrases: tells where each begins, and its groups.
fn find(turn: &[Word], mut found: impl FnMut(usize, u64)) {
    let lexicon = &*LEXICON;
    for (at, &word) in turn.iter().enumerate() {
        let longest = usize::from(lexicon.first[slot(word)]);
        let mut hash = 0;
        for next in turn[at..].iter().take(longest) {
            hash = join(hash, u64::from(next.hash()));
            if let Some(&groups) = lexicon.phrases.get(&hash) {
                found(at, groups);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rejoinder_core::fold::Folded;

    use super::super::words::WordList;
    use super::*;

    #[test]
    fn phrases_are_written_as_folding_leaves_them() {
        let lines = TEXT.lines().filter(|line| !line.starts_with('#'));
        for phrase in lines.flat_map(|line| line.split_once(": ").unwrap().1.split(", ")) {
            assert_eq!(Folded::new(phrase).text(), phrase);
            assert!((1..=10).contains(&Word::all(phrase).count()), "{phrase}");
        }
        assert!((1..PHRASES).contains(&LEXICON.phrases.len()));
    }

    #[test]
    fn phrases_are_found_where_they_stand() {
        let mut words = WordList::default();
        words.read("it still doesn't work, 谢谢");
        let ((values, groups), names) = (of(&words.ordered), names());
        let found = |name: &str| values[names.iter().position(|n| n == name).unwrap()];
        assert_eq!(found("still opening"), 1.0);
        assert_eq!(found("fails after"), 2.0);
        assert_eq!(found("thanks anywhere"), 1.0);
        assert_eq!(found("praise anywhere"), 0.0);
        assert_eq!(groups, super::groups(&words.ordered));
    }
}
