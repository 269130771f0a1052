//! From a purpose and a recall to the cut that keeps the recall: by a sample of what the score puts last, which proves the recall
//! (see `proof_plan`) or, where the corpus is large enough, by a score that learns from the answers in rounds (see
//! [`super::learn`]).
//!
//! All draws follow from the seed, and the judge's replies lie in the store: a search that was stopped is made again from
//! the beginning, and comes to where it was stopped without a call.
//!
//! The search accepts nothing by a score, so all of the error probability goes into its one cut
//! (`rejoinder_cascade::threshold`). A [`calibrate`] or [`calibrate_enough`] that also says from which score on nobody need be
//! asked gives half of it to each of both cuts. Where a round's answers are all alike the score keeps what it knows, and the
//! next round goes on: what `rejoinder_cascade::refits` promises asks only that the score is fixed before the last sample.

use std::collections::{BTreeMap, HashSet};

use rejoinder_cascade::refits::{self, Remainder};
use rejoinder_cascade::threshold::{self, Cut};
use rejoinder_core::{Answer, RecordId};
use rejoinder_score::{Example, Model};
use serde::Serialize;

use super::audit::ProvingDraw;
use super::corpus::{Corpus, DrawScope, SampleScope, ScoredSample};
use super::forecast::RecallForecast;
use super::learning::{self, FIRST, RemainingForecast};
use super::oracle::{Oracle, OracleError};
use super::target::{CutPair, RecallTarget, find_cuts, reject_below};
use crate::error::RunError;
use crate::operator::Event;

/// Where the search takes one sample, the sample grows until it holds so many times the positives without which nothing
/// can be rejected.
const ENOUGH: u64 = 2;
/// The number of the last draw, behind the draws of all rounds.
const LAST: u64 = 1 << 20;

/// Where a search stood when the score had learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LearningRound {
    /// Turns asked about so far.
    pub asked: usize,
    /// Turns still to be asked about, by what the score now says.
    pub needed: usize,
}

/// The cut that a search found, and all that led to the cut.
#[derive(Clone, Debug)]
pub struct RecallCut {
    /// From which score on the judge is asked; `None` where the judge is asked about every turn.
    pub from: Option<f64>,
    /// The model that the score has learned, where the score has learned.
    pub model: Option<Model>,
    /// Turns that were asked about, in input order.
    pub asked: Vec<RecordId>,
    /// The last sample.
    pub sample: ScoredSample,
    /// The rounds; empty where the corpus is too small for learning to pay.
    pub rounds: Vec<LearningRound>,
    /// For each turn that the score learned from, the score by a model that had not seen the turn's conversation.
    pub held_out: BTreeMap<RecordId, f64>,
    /// The draw that has proven the recall, for the audit to go by; none where the audit makes a draw of its own.
    pub proof: Option<ProvingDraw>,
}

/// Cuts by one sample.
#[derive(Clone, Debug)]
pub struct Calibration {
    /// The sample.
    pub sample: ScoredSample,
    /// The cuts.
    pub cuts: CutPair,
    /// The number of answers that say nothing.
    pub unknown: usize,
}

/// Finds the cut that keeps a recall; `listener` hears of what is learned and found.
///
/// # Errors
/// If the corpus cannot be read, the oracle is not asked to the end, or a recall or confidence is none.
pub fn search(
    corpus: &mut impl Corpus,
    oracle: &mut (impl Oracle + ?Sized),
    target: &RecallTarget,
    seed: u64,
    listener: &dyn Fn(Event<'_>),
) -> Result<RecallCut, OracleError> {
    let search = Search {
        corpus,
        oracle,
        target,
        seed,
        answers: BTreeMap::new(),
        asked: HashSet::new(),
        model: None,
        held_out: BTreeMap::new(),
        rounds: Vec::new(),
    };
    search.cut(listener)
}

/// Finds both cuts by a sample of a size.
///
/// # Errors
/// If the corpus cannot be read, the oracle is not asked to the end, or a recall or confidence is none.
pub fn calibrate(
    corpus: &impl Corpus,
    oracle: &mut (impl Oracle + ?Sized),
    target: &RecallTarget,
    size: usize,
    seed: u64,
) -> Result<Calibration, OracleError> {
    let sample = calibration_sample(corpus, size, seed)?;
    let answers = oracle.ask(&sample.drawn())?;
    calibration(sample, &answers, target)
}

/// The turns about which a [`calibrate`] of a size asks.
///
/// # Errors
/// If the corpus cannot be read, or the score was trained on some of the turns.
pub fn calibration_sample(corpus: &impl Corpus, size: usize, seed: u64) -> Result<ScoredSample, RunError> {
    let sample = corpus.sample(SampleScope { asked: &HashSet::new(), among: DrawScope::All }, size, seed)?;
    sample.check()?;
    Ok(sample)
}

/// Finds both cuts by a sample that grows until it holds enough positives.
///
/// # Errors
/// If the corpus cannot be read, the oracle is not asked to the end, or a recall or confidence is none.
pub fn calibrate_enough(
    corpus: &impl Corpus,
    oracle: &mut (impl Oracle + ?Sized),
    target: &RecallTarget,
    seed: u64,
) -> Result<Calibration, OracleError> {
    let first = corpus.sample(SampleScope { asked: &HashSet::new(), among: DrawScope::All }, FIRST, seed)?;
    first.check()?;
    let answers = oracle.ask(&first.drawn())?;
    let (sample, answers) = draw_on(corpus, oracle, target, target.delta(), seed, (first, answers))?;
    calibration(sample, &answers, target)
}

fn calibration(
    sample: ScoredSample,
    answers: &[Answer],
    target: &RecallTarget,
) -> Result<Calibration, OracleError> {
    let cuts = find_cuts(target, &sample.judged(answers, target.purpose), &sample.open)?;
    let unknown = answers.iter().filter(|answer| !answer.is_known()).count();
    Ok(Calibration { sample, cuts, unknown })
}

/// Lets a sample grow until it holds enough positives for a cut with error probability `delta`; the promise allows that
/// ([`threshold`]).
fn draw_on(
    corpus: &impl Corpus,
    oracle: &mut (impl Oracle + ?Sized),
    target: &RecallTarget,
    delta: f64,
    seed: u64,
    first: (ScoredSample, Vec<Answer>),
) -> Result<(ScoredSample, Vec<Answer>), OracleError> {
    let enough = threshold::positives_needed(target.recall, delta)?.map_or(u64::MAX, |n| ENOUGH * n);
    let (mut sample, mut answers) = first;
    let corpus_size = sample.population;
    let mut size = FIRST;
    while (positives(&sample, &answers, target).len() as u64) < enough && (size as u64) < corpus_size {
        size *= 2;
        sample = corpus.sample(SampleScope { asked: &HashSet::new(), among: DrawScope::All }, size, seed)?;
        sample.check()?;
        answers = oracle.ask(&sample.drawn())?;
    }
    Ok((sample, answers))
}

/// Where the sampled turns stand that hold what is wanted.
fn positives(sample: &ScoredSample, answers: &[Answer], target: &RecallTarget) -> Vec<f64> {
    let judged = sample.judged(answers, target.purpose);
    judged.iter().filter(|turn| target.is_positive(turn.label)).map(|turn| turn.standing).collect()
}

pub(super) struct Search<'a, C, O: ?Sized> {
    pub(super) corpus: &'a mut C,
    pub(super) oracle: &'a mut O,
    pub(super) target: &'a RecallTarget,
    pub(super) seed: u64,
    /// Answers that say something, in input order.
    pub(super) answers: BTreeMap<RecordId, (Option<Example>, Answer)>,
    pub(super) asked: HashSet<RecordId>,
    model: Option<Model>,
    held_out: BTreeMap<RecordId, f64>,
    rounds: Vec<LearningRound>,
}

impl<C: Corpus, O: Oracle + ?Sized> Search<'_, C, O> {
    fn cut(mut self, listener: &dyn Fn(Event<'_>)) -> Result<RecallCut, OracleError> {
        let look = self.draw(DrawScope::All, 0, 0)?;
        let forecast = RecallForecast::of(&look, self.target);
        listener(Event::CostForecast { forecast: &forecast, turns_per_request: 1 });
        if !forecast.is_learning {
            return self.by_proof(look, listener);
        }
        let first = self.draw(DrawScope::All, FIRST, 0)?;
        first.check()?;
        let answers = self.oracle.ask(&first.drawn())?;
        self.keep(&first, &answers);
        let forecast = self.forecast(&first);
        let pays = forecast.next_round(self.asked.len(), self.target.recall).is_some();
        let delta = 1.0 - self.target.confidence;
        match pays && self.corpus.base_model().is_some() {
            true => self.by_rounds(delta, listener),
            false => self.by_sample((first, answers), listener),
        }
    }

    /// By one sample alone.
    fn by_sample(
        mut self,
        first: (ScoredSample, Vec<Answer>),
        listener: &dyn Fn(Event<'_>),
    ) -> Result<RecallCut, OracleError> {
        let (target, delta) = (self.target, 1.0 - self.target.confidence);
        let (sample, answers) = draw_on(self.corpus, self.oracle, target, delta, self.seed, first)?;
        let positives = positives(&sample, &answers, target);
        let cut = threshold::cut(&positives, target.recall, delta)?.cut;
        self.answers.clear();
        self.asked.clear();
        self.keep(&sample, &answers);
        Ok(self.found(cut, sample, positives.len(), listener))
    }

    /// Learns and asks in rounds, then makes the last cut by a fresh sample, at error probability `delta`; [`refits`] says what the
    /// cut promises.
    pub(super) fn by_rounds(
        mut self,
        delta: f64,
        listener: &dyn Fn(Event<'_>),
    ) -> Result<RecallCut, OracleError> {
        let recall = self.target.recall;
        let mut round = 0;
        let forecast = loop {
            let has_learned = self.learn()?;
            let left = self.draw(DrawScope::All, 0, 0)?;
            let forecast = self.forecast(&left);
            let needed = forecast.needed(recall);
            self.rounds.push(LearningRound { asked: self.asked.len(), needed });
            if has_learned {
                let answers = self.answers.len() as u64;
                listener(Event::Learned { answers, needed: needed as u64, left: left.population });
            }
            let Some(more) = forecast.next_round(self.asked.len(), recall) else { break forecast };
            round += 1;
            let drawn = self.draw(DrawScope::OpenFrom(forecast.lowest_needed(recall)), more, round)?;
            let answers = self.oracle.ask(&drawn.drawn())?;
            if self.keep(&drawn, &answers) == 0 {
                break forecast;
            }
        };
        let sample = self.draw(DrawScope::All, forecast.last_sample(recall), LAST)?;
        let answers = self.oracle.ask(&sample.drawn())?;
        let positives = positives(&sample, &answers, self.target);
        let sampled = sample.turns.len() as u64;
        let left = Remainder { found: self.found_positives(), units: sample.population, sampled };
        let cut = refits::cut(&positives, left, recall, delta)?.cut;
        self.keep(&sample, &answers);
        Ok(self.found(cut, sample, positives.len(), listener))
    }

    /// Draws from the turns not asked about; a draw follows from the seed and the number of the draw.
    pub(super) fn draw(
        &self,
        among: DrawScope,
        most: usize,
        number: u64,
    ) -> Result<ScoredSample, OracleError> {
        let scope = SampleScope { asked: &self.asked, among };
        Ok(self.corpus.sample(scope, most, self.draw_seed(number))?)
    }

    pub(super) const fn draw_seed(&self, number: u64) -> u64 {
        self.seed.wrapping_add(number << 32)
    }

    /// Takes up the answers that say something; returns how many. A turn without such an answer counts as not asked about.
    pub(super) fn keep(&mut self, sample: &ScoredSample, answers: &[Answer]) -> usize {
        let before = self.asked.len();
        for (sampled, answer) in sample.turns.iter().zip(answers).filter(|(_, answer)| answer.is_known()) {
            let id = sampled.turn.row.question.id;
            self.asked.insert(id);
            self.answers.insert(id, (sampled.example.clone(), *answer));
        }
        self.asked.len() - before
    }

    pub(super) fn found_positives(&self) -> u64 {
        let answers = self.answers.values();
        answers.filter(|(_, answer)| self.target.is_positive(answer.category())).count() as u64
    }

    pub(super) fn forecast(&self, left: &ScoredSample) -> RemainingForecast {
        RemainingForecast::new(left.population as usize, self.found_positives(), left.open.clone())
    }

    /// Lets the score learn from all answers so far; returns whether it could, which takes answers that are not all alike.
    pub(super) fn learn(&mut self) -> Result<bool, OracleError> {
        let Some(base) = self.corpus.base_model() else { return Ok(false) };
        let answers = self.answers.iter();
        let known = answers.filter_map(|(id, (example, answer))| Some((*id, example.as_ref()?, *answer)));
        let known: Vec<_> = known.collect();
        let examples = known.iter().map(|(_, example, answer)| (*example, answer.category()));
        let rules = self.corpus.rules_hash();
        let Ok(learned) = learning::learn(base, examples, self.target, rules, self.seed) else {
            return Ok(false);
        };
        self.held_out = known.iter().map(|(id, ..)| *id).zip(learned.held_out).collect();
        self.corpus.adopt(&learned.model)?;
        self.model = Some(learned.model);
        Ok(true)
    }

    fn found(
        self,
        cut: Cut,
        sample: ScoredSample,
        positives: usize,
        listener: &dyn Fn(Event<'_>),
    ) -> RecallCut {
        let from = reject_below(cut);
        self.found_from(from, sample, positives, None, listener)
    }

    /// The search's result: the cut in force from a score on, or none.
    pub(super) fn found_from(
        self,
        from: Option<f64>,
        sample: ScoredSample,
        positives: usize,
        proof: Option<ProvingDraw>,
        listener: &dyn Fn(Event<'_>),
    ) -> RecallCut {
        listener(Event::CutFound {
            positives: positives as u64,
            sampled: sample.turns.len() as u64,
            from,
            asked: sample.asked(from, None),
            turns: sample.population,
            is_for_the_rest: !self.rounds.is_empty(),
        });
        let Self { model, rounds, held_out, asked, .. } = self;
        let mut asked: Vec<RecordId> = asked.into_iter().collect();
        asked.sort_unstable();
        RecallCut { from, model, asked, sample, rounds, held_out, proof }
    }
}
