//! The loop that learns: how many turns are asked about before the score learns again, when that stops paying, and how large
//! the last sample is. The promise holds however the loop comes to its end (`rejoinder_cascade::refits`); the decisions
//! here determine what is paid for the promise.
//!
//! A uniform sample comes first. Then, while learning pays, the score learns from all answers so far, and as many turns
//! again are asked about, drawn uniformly from the turns that would have to be asked about anyway: so learning costs hardly
//! a call. In the end a fresh sample of the turns left makes the cut.

use rejoinder_cascade::refits::remaining_recall;
use rejoinder_core::Category;
use rejoinder_score::{Example, Examples, Model, TrainError, TrainOptions, TrainingOrigin, refit};

use super::target::RecallTarget;

/// Turns of the first sample.
pub const FIRST: usize = 400;
/// The most answers to learn from: more answers teach little, and learning takes long.
const MOST: usize = 25_600;
/// Standard errors by which the last sample's cut lies above what is owed, about.
const CAUTION: f64 = 1.9;

/// What the score says of the turns that were not asked about yet.
#[derive(Clone, Debug)]
pub struct RemainingForecast {
    /// The number of turns not asked about.
    turns: usize,
    /// Positives found by asking so far.
    found: u64,
    /// Scores of the turns that rules and votes leave open, highest first.
    open: Vec<f64>,
    /// The number of positives to expect.
    expected: f64,
}

impl RemainingForecast {
    /// A forecast for `turns` not asked about; `open` are the scores of the turns that are left to the score: calibrated
    /// probabilities.
    pub fn new(turns: usize, found: u64, mut open: Vec<f64>) -> Self {
        open.sort_unstable_by(|a, b| b.total_cmp(a));
        let expected = open.iter().sum();
        Self { turns, found, open, expected }
    }

    /// Positives found by asking so far.
    pub const fn found(&self) -> u64 {
        self.found
    }

    /// How many open turns, highest score first, hold the share `recall` of the expected positives.
    fn holding(&self, recall: f64) -> usize {
        let mut owed = recall * self.expected;
        let is_owed = |score: &&f64| {
            let is_owed = owed > 0.0;
            owed -= **score;
            is_owed
        };
        self.open.iter().take_while(is_owed).count()
    }

    /// The share of the positives not found yet that must still be found.
    fn owed(&self, recall: f64) -> f64 {
        remaining_recall(recall, self.found, self.expected.round() as u64)
    }

    /// How many turns would have to be asked about, by what the score says.
    pub fn needed(&self, recall: f64) -> usize {
        self.holding(self.owed(recall))
    }

    /// The lowest score of the turns that would have to be asked about; above all scores where there are none.
    pub fn lowest_needed(&self, recall: f64) -> f64 {
        self.needed(recall).checked_sub(1).map_or(f64::INFINITY, |last| self.open[last])
    }

    /// How many turns to ask about before the score learns again, after `asked`; none once that does not pay: as many again,
    /// while most of what has to be asked about is left for a better score to decide.
    pub fn next_round(&self, asked: usize, recall: f64) -> Option<usize> {
        (2 * asked <= MOST && 2 * asked <= self.needed(recall)).then_some(asked)
    }

    /// How large a last sample makes for the fewest calls: a larger one costs more itself, and makes a bolder cut.
    pub fn last_sample(&self, recall: f64) -> usize {
        let calls = |size: usize| self.asked_with(size, recall);
        let sizes = std::iter::successors(Some(100_usize), |size| Some(size + size / 4));
        let sizes = sizes.take_while(|size| *size < self.turns);
        sizes.min_by(|a, b| calls(*a).total_cmp(&calls(*b))).unwrap_or(self.turns)
    }

    /// How many turns are asked about with a last sample of a size, the sample included.
    pub fn asked_with(&self, size: usize, recall: f64) -> f64 {
        let owed = self.owed(recall);
        let positives = self.expected * size as f64 / self.turns as f64;
        let cautious = owed + CAUTION * (owed * (1.0 - owed) / positives.max(f64::MIN_POSITIVE)).sqrt();
        let escalated = if cautious < 1.0 { self.holding(cautious) } else { self.turns };
        size as f64 + escalated as f64 * (1.0 - size as f64 / self.turns as f64)
    }
}

/// A model that has learned, and scores by models that had not seen the turn.
pub struct LearnedModel {
    /// The model.
    pub model: Model,
    /// For each answer, the score by a model that had not seen the answer.
    pub held_out: Vec<f64>,
}

/// Learns from all answers so far; the answers of a conversation must stand one after the other. `rules` is the
/// hash of the rules in force.
///
/// # Errors
/// If there is too little to learn from.
pub fn learn<'e>(
    base: &Model,
    answers: impl Iterator<Item = (&'e Example, Option<Category>)>,
    target: &RecallTarget,
    rules: &str,
    seed: u64,
) -> Result<LearnedModel, TrainError> {
    let mut examples = Examples::after(base);
    answers.for_each(|(example, category)| examples.add(example, category));
    let origin = TrainingOrigin {
        name: "the corpus itself".to_owned(),
        part: format!("{} turns by their judge's answers", examples.len()),
        hash: String::new(),
    };
    let options = TrainOptions {
        seed,
        folds: Some(3),
        origins: vec![origin],
        rules: rules.to_owned(),
        ..TrainOptions::default()
    };
    let (model, report) = refit(base, &examples, &options)?;
    let held_out = report.held_out.iter().map(|score| f64::from(score.of(target.purpose))).collect();
    Ok(LearnedModel { model, held_out })
}

#[cfg(test)]
mod tests {
    use rejoinder_core::random::Random;

    use super::*;

    fn forecast(found: u64) -> RemainingForecast {
        // 10,000 turns whose scores fall from 1 to 0: 5,000 positives.
        RemainingForecast::new(11_000, found, (0..10_000).map(|i| f64::from(i) / 10_000.0).collect())
    }

    #[test]
    fn what_was_found_is_not_owed_again() {
        // The upper x of the scores hold 1 - (1-x)² of the positives.
        assert!(forecast(0).needed(0.75).abs_diff(5_000) < 5);
        // 5,000 of 10,000 positives found: half of the rest is owed for 0.75.
        assert!(forecast(5_000).needed(0.75).abs_diff(2_929) < 5);
        assert_eq!(forecast(50_000).needed(0.75), 0);
        assert_eq!(forecast(50_000).lowest_needed(0.75), f64::INFINITY);
    }

    #[test]
    fn rounds_double_and_end() {
        assert_eq!(forecast(0).next_round(400, 0.75), Some(400));
        assert_eq!(forecast(0).next_round(2_600, 0.75), None);
        let large = RemainingForecast::new(1_000_000, 0, vec![0.5; 1_000_000]);
        assert_eq!(large.next_round(12_800, 0.9), Some(12_800));
        assert_eq!(large.next_round(25_600, 0.9), None, "learning would take long");
    }

    #[test]
    fn larger_corpora_have_larger_samples_that_are_a_smaller_part() {
        let size = |times: usize| {
            let open = (0..1_000 * times).map(|i| (i as f64 / (1_000 * times) as f64).powi(3)).collect();
            RemainingForecast::new(1_000 * times, 0, open).last_sample(0.9)
        };
        let [small, large] = [size(5), size(100)];
        assert!(small < large && large < 20 * small && small < 5_000, "{small} {large}");
    }

    #[test]
    fn a_sample_is_never_larger_than_what_is_left() {
        let mut random = Random::with_seed(1);
        for _ in 0..300 {
            let (turns, recall) = (random.usize(1..3_000), 0.1 + 0.89 * random.f64());
            let open = (0..turns / 2).map(|i| 1.0 / (i + 1) as f64).collect();
            let forecast = RemainingForecast::new(turns, random.u64(0..500), open);
            assert!(forecast.last_sample(recall) <= turns && forecast.needed(recall) <= turns / 2);
        }
    }
}
