//! Trees whose questions are answered together, feature by feature. Most features have their usual value in most turns: the
//! answers for that are known beforehand, and only those that come out otherwise are looked at.

use super::forest::{DEPTH, Questions};
use crate::features::usual;

/// Trees of a grove.
pub(crate) const TREES: usize = 256;

/// The questions of some trees, sorted by feature and threshold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grove {
    features: Vec<Asked>,
    questions: Vec<Question>,
    /// By tree: its leaf where each feature has its resting value.
    resting: Vec<u8>,
}

/// A feature that is asked for: where its questions stand, and the value from which they are walked along.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Asked {
    feature: u16,
    resting: f32,
    start: u16,
    /// The first question whose answer is no at the resting value.
    middle: u16,
    end: u16,
}

/// Whether the feature is greater than `threshold` decides about a bit of a tree's leaf.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Question {
    threshold: f32,
    tree: u8,
    bit: u8,
}

impl Grove {
    /// The grove of these trees, [`TREES`] at most.
    pub(crate) fn new(trees: &[Questions]) -> Self {
        let mut all: Vec<(u16, Question)> = (0_u8..=u8::MAX)
            .zip(trees)
            .flat_map(|(tree, asked)| {
                let question = move |d: usize| Question { threshold: asked.thresholds[d], tree, bit: 1 << d };
                (0..DEPTH).map(move |d| (asked.features[d], question(d)))
            })
            // Nothing is greater than what is no number.
            .filter(|(_, question)| !question.threshold.is_nan())
            .collect();
        all.sort_by(|(f, a), (g, b)| f.cmp(g).then(a.threshold.total_cmp(&b.threshold)));
        let mut grove = Self {
            features: Vec::new(),
            questions: all.iter().map(|&(_, question)| question).collect(),
            resting: vec![0; trees.len()],
        };
        for group in all.chunk_by(|(f, _), (g, _)| f == g) {
            let feature = group[0].0;
            // Thresholds lie where training saw values: their middle is a value like many.
            let resting = usual(usize::from(feature)).unwrap_or(group[group.len() / 2].1.threshold);
            let start = grove.features.last().map_or(0, |before| before.end);
            let yes = group.partition_point(|(_, question)| resting > question.threshold);
            for (_, question) in &group[..yes] {
                grove.resting[usize::from(question.tree)] |= question.bit;
            }
            let (middle, end) = (start + yes as u16, start + group.len() as u16);
            grove.features.push(Asked { feature, resting, start, middle, end });
        }
        grove
    }

    /// The leaf that each tree comes to; 0 behind the last tree.
    pub(crate) fn leaves(&self, dense: &[f32]) -> [u8; TREES] {
        let mut leaves = [0; TREES];
        leaves[..self.resting.len()].copy_from_slice(&self.resting);
        for asked in &self.features {
            let value = dense[usize::from(asked.feature)];
            let mut turn = |question: &Question| leaves[usize::from(question.tree)] ^= question.bit;
            if value > asked.resting {
                let no = &self.questions[usize::from(asked.middle)..usize::from(asked.end)];
                no.iter().take_while(|question| value > question.threshold).for_each(&mut turn);
            } else if value != asked.resting {
                let yes = &self.questions[usize::from(asked.start)..usize::from(asked.middle)];
                // A value that is no number is greater than nothing.
                let is_yes = |question: &Question| value > question.threshold;
                yes.iter().rev().take_while(|question| !is_yes(question)).for_each(&mut turn);
            }
        }
        leaves
    }
}
