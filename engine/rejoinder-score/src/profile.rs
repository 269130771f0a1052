//! What a corpus is like, in shares of its later turns. A model keeps the profiles of what it was measured on, one for each
//! kind of dialogue, so that a user of the model can tell whether another corpus is unlike all of them.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::features::Idf;

/// Something by which later turns differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trait {
    /// Bytes of the answer before the turn.
    AnswerBytes,
    /// Bytes of the turn.
    TurnBytes,
    /// Which share of its words is new to the model.
    NewWords,
    /// The category that rules mark it with: none, UR1, …, UR5, or a mark without one.
    Mark,
    /// The model's probability that it is feedback.
    Score,
}

impl Trait {
    /// By bin: the greatest value in it; behind the last one there is a bin for all greater values.
    const fn ends(self) -> &'static [f32] {
        match self {
            Self::AnswerBytes | Self::TurnBytes => &[
                8.0, 16.0, 32.0, 48.0, 64.0, 96.0, 128.0, 192.0, 256.0, 384.0, 512.0, 768.0, 1024.0, 1536.0,
                2048.0, 3072.0, 4096.0,
            ],
            Self::NewWords => &[0.0, 0.1, 0.2, 0.3, 0.5],
            Self::Mark => &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
            Self::Score => &[0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9],
        }
    }

    /// Whether greater is more: else bins are names.
    const fn is_ordered(self) -> bool {
        !matches!(self, Self::Mark)
    }
}

/// What a corpus is like: how many later turns lie in each bin of each trait.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// Later turns.
    turns: u64,
    /// The sum of the squares of how many each conversation has: turns of one conversation are alike.
    squares: u64,
    /// By trait that was measured: turns by bin.
    bins: BTreeMap<Trait, Vec<u64>>,
}

impl Profile {
    /// Counts a conversation's later turns, before what each of them is like.
    pub fn begin(&mut self, turns: usize) {
        self.turns += turns as u64;
        self.squares += (turns * turns) as u64;
    }

    /// Counts what a later turn is like.
    pub fn count(&mut self, what: Trait, value: f32) {
        let ends = what.ends();
        let bins = self.bins.entry(what).or_insert_with(|| vec![0; ends.len() + 1]);
        bins[ends.partition_point(|end| *end < value)] += 1;
    }

    /// Whether it has as many bins as its traits, and counts that can be added.
    pub(crate) fn is_sound(&self) -> bool {
        self.bins.iter().all(|(what, bins)| {
            let all = bins.iter().try_fold(0_u64, |sum, bin| sum.checked_add(*bin));
            bins.len() == what.ends().len() + 1 && all.is_some_and(|all| all < u64::MAX / 2)
        })
    }

    /// How many turns were measured by a trait.
    pub fn measured(&self, what: Trait) -> u64 {
        self.bins.get(&what).map_or(0, |bins| bins.iter().sum())
    }

    /// How many independent turns say as much as these, by Kish: the more a few long conversations weigh, the fewer.
    fn independent(&self) -> f64 {
        (self.turns as f64).powi(2) / (self.squares.max(1) as f64)
    }

    /// Whether there are enough turns to tell what a corpus is like: a few dozen dialogues are read sooner than compared.
    pub fn is_enough(&self) -> bool {
        self.independent() >= ENOUGH
    }

    /// In what this corpus is unlike another one, as [`Reference::differences`] says.
    pub fn differences_from(&self, other: &Self) -> Vec<Difference> {
        let kinds = BTreeMap::from([(String::new(), other.clone())]);
        Reference { kinds }.differences(self)
    }

    /// The share of turns at most as great as each bin's end, or, where bins are names, of those in it.
    fn shares(&self, what: Trait) -> Option<Vec<f64>> {
        let bins = self.bins.get(&what)?;
        let all = bins.iter().sum::<u64>().max(1) as f64;
        let mut below = 0;
        let share = |&bin: &u64| {
            below = if what.is_ordered() { below + bin } else { bin };
            below as f64 / all
        };
        Some(bins.iter().map(share).collect())
    }
}

impl AddAssign for Profile {
    fn add_assign(&mut self, other: Self) {
        self.turns += other.turns;
        self.squares += other.squares;
        for (what, bins) in other.bins {
            match self.bins.get_mut(&what) {
                Some(known) => known.iter_mut().zip(bins).for_each(|(known, bin)| *known += bin),
                None => drop(self.bins.insert(what, bins)),
            }
        }
    }
}

/// What a model was measured on: by kind of dialogue, what it is like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reference {
    /// The profiles.
    pub kinds: BTreeMap<String, Profile>,
}

/// What it takes to compare a corpus with what a model was measured on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ComparisonBasis {
    /// What that was.
    pub on: Reference,
    /// Hash of the rules whose marks were counted.
    pub rules: String,
    /// Which words are not new.
    pub idf: Idf,
}

/// In what a corpus is unlike all kinds of dialogue that a model was measured on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// By what its turns differ.
    #[serde(rename = "trait")]
    pub what: Trait,
    /// The bin's end: turns are compared that are at most so great, or have just this mark.
    pub at: f32,
    /// The share of such turns in the corpus.
    pub share: f64,
    /// The least share of such turns in a kind that the model was measured on.
    pub least: f64,
    /// The greatest.
    pub most: f64,
    /// How far the share lies beyond all that chance explains.
    pub beyond: f64,
}

/// Independent turns from which on a corpus is compared.
const ENOUGH: f64 = 100.0;
/// Error probability of the bound on what chance does to a share (Dvoretzky, Kiefer, Wolfowitz; Massart 1990).
const CHANCE: f64 = 0.01;
/// A share may lie so far beyond all kinds, and beyond chance, until the corpus is said to be unlike: kinds of chats that were
/// kept apart lie at most .07 beyond the others before chance is taken off.
const MARGIN: f64 = 0.1;

impl Reference {
    /// In what a corpus is unlike all kinds: of each trait the greatest difference, the greatest one first. Nothing where it lies
    /// among them, where it is a mixture of them, or where it is too small to tell.
    pub fn differences(&self, corpus: &Profile) -> Vec<Difference> {
        if !corpus.is_enough() {
            return Vec::new();
        }
        let mut found: Vec<Difference> =
            corpus.bins.keys().filter_map(|&what| self.difference(corpus, what)).collect();
        found.sort_by(|a, b| b.beyond.total_cmp(&a.beyond));
        found
    }

    fn difference(&self, corpus: &Profile, what: Trait) -> Option<Difference> {
        let kinds: Vec<(Vec<f64>, f64)> = self
            .kinds
            .values()
            .filter_map(|kind| {
                let spread = 1.0 / corpus.independent() + 1.0 / kind.independent();
                Some((kind.shares(what)?, (spread * (2.0 / CHANCE).ln() / 2.0).sqrt()))
            })
            .collect();
        if kinds.is_empty() {
            return None;
        }
        let at = |(bin, share): (usize, f64)| {
            let shares = || kinds.iter().map(|(shares, _)| shares[bin]);
            let above = kinds.iter().map(|(shares, chance)| share - shares[bin] - chance);
            let below = kinds.iter().map(|(shares, chance)| shares[bin] - share - chance);
            let least = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::INFINITY, f64::min);
            Difference {
                what,
                at: what.ends().get(bin).copied().unwrap_or(f32::INFINITY),
                share,
                least: least(&mut shares()),
                most: shares().fold(0.0, f64::max),
                beyond: least(&mut { above }).max(least(&mut { below })),
            }
        };
        let all = corpus.shares(what)?.into_iter().enumerate().map(at);
        all.max_by(|a, b| a.beyond.total_cmp(&b.beyond)).filter(|greatest| greatest.beyond > MARGIN)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn profile(lengths: &[u16]) -> Profile {
        let mut profile = Profile::default();
        for length in lengths {
            profile.begin(1);
            profile.count(Trait::TurnBytes, f32::from(*length));
        }
        profile
    }

    fn reference(kinds: &[&[u16]]) -> Reference {
        let kinds = kinds.iter().enumerate().map(|(n, lengths)| (n.to_string(), profile(lengths)));
        Reference { kinds: kinds.collect() }
    }

    #[test]
    fn a_corpus_whose_turns_are_shorter_than_all_that_was_measured_is_unlike_it() {
        let reference = reference(&[&[200; 300], &[3000; 300]]);
        let found = reference.differences(&profile(&[20; 300]));
        assert_eq!(found.len(), 1, "{found:?}");
        let Difference { what, at, share, least, most, .. } = found[0];
        assert_eq!((what, share, least, most), (Trait::TurnBytes, 1.0, 0.0, 0.0));
        assert!((32.0..200.0).contains(&at), "{at}");
    }

    #[test]
    fn a_few_dialogues_prove_nothing() {
        assert_eq!(reference(&[&[200; 300]]).differences(&profile(&[20; 99])), []);
    }

    #[test]
    fn turns_of_one_long_conversation_prove_nothing() {
        let reference = reference(&[&[200; 300]]);
        let mut one = Profile::default();
        one.begin(300);
        (0..300).for_each(|_| one.count(Trait::TurnBytes, 20.0));
        assert_eq!(reference.differences(&one), []);
    }

    #[test]
    fn traits_that_only_one_side_measured_are_not_compared() {
        let reference = reference(&[&[200; 300]]);
        let mut corpus = profile(&[200; 300]);
        (0..300).for_each(|_| corpus.count(Trait::Score, 0.9));
        assert_eq!(reference.differences(&corpus), []);
    }

    proptest! {
        #[test]
        fn a_mixture_of_what_was_measured_is_like_it(
            one in prop::collection::vec(1_u16..5000, 40..120),
            two in prop::collection::vec(1_u16..300, 40..120),
            times in 1_usize..5,
        ) {
            let reference = reference(&[&one, &two]);
            let mut mixed = one.repeat(times);
            mixed.extend_from_slice(&two);
            prop_assert_eq!(reference.differences(&profile(&mixed)), vec![]);
            prop_assert_eq!(reference.differences(&profile(&[])), vec![]);
        }

        #[test]
        fn profiles_add_up_in_any_order(
            one in prop::collection::vec(any::<u16>(), 0..50),
            two in prop::collection::vec(any::<u16>(), 0..50),
        ) {
            let (mut here, mut there) = (profile(&one), profile(&two));
            here += profile(&two);
            there += profile(&one);
            prop_assert_eq!(&here, &there);
            let kept: Profile = serde_json::from_str(&serde_json::to_string(&here).unwrap()).unwrap();
            prop_assert_eq!(kept, here);
        }
    }
}
