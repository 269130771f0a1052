//! What each strategy would ask, find and miss on labelled turns, the labels in the judge's place: the same search and audit that
//! a run goes through, without a server. Labels are looked at only where the judge would have been asked.

use std::cell::Cell;
use std::collections::BTreeMap;

use rejoinder_cascade::Decision;
use rejoinder_cascade::certificate::Certificate;
use rejoinder_core::{Answer, Category, RecordId};
use rejoinder_score::Model;

use super::audit::{self, AuditDraw, AuditedTurn, CertificateTerms, OutcomeCounts, ProvingDraw, certificate};
use super::forecast::RecallForecast;
use super::labelled_corpus::{LabelledCorpus, LabelledTurns};
use super::oracle::{LabelOracle, Oracle, OracleError};
use super::search::{self, LearningRound};
use super::target::{RecallTarget, is_open, reject_below};
use crate::error::RunError;
use crate::operator::Event;

/// What a strategy made of labelled turns; all lists are by turn.
#[derive(Clone, Debug)]
pub struct StrategyOutcome {
    /// Turns asked about, samples included.
    pub asked: Vec<bool>,
    /// The category that each turn was accepted as without asking.
    pub accepted: Vec<Option<Category>>,
    /// Turns that the audit asked about afterwards; its answers are used.
    pub audited: Vec<bool>,
    /// Turns of the sample that made the cut.
    pub sampled: u64,
    /// From which score on the judge was asked; `None` where no cut was made, or every turn had to be asked about.
    pub cut: Option<f64>,
    /// What the audit certifies.
    pub certificate: Certificate,
}

/// What a search for a cut made of labelled turns.
#[derive(Clone, Debug)]
pub struct SearchOutcome {
    /// What came of the cut.
    pub outcome: StrategyOutcome,
    /// The last score of each turn; a turn that the score learned from has the score by a model that had not seen the turn's
    /// conversation.
    pub scores: Vec<f64>,
    /// The rounds, none where the corpus is too small for learning to pay.
    pub rounds: Vec<LearningRound>,
    /// What the search was expected to take, before its first question.
    pub forecast: Option<RecallForecast>,
}

/// The paper's method: everything is asked.
///
/// # Errors
/// A confidence outside (0, 1).
pub fn paper(turns: &LabelledTurns, target: &RecallTarget, seed: u64) -> Result<StrategyOutcome, RunError> {
    let all = turns.turns.len();
    let corpus = LabelledCorpus::new(turns, target, None, "");
    StrategyDecisions { asked: vec![true; all], accepted: vec![None; all] }
        .audited(&corpus, target, seed, 0, None)
}

/// The rules and plugins alone: candidates that nothing settles are asked about.
///
/// # Errors
/// A confidence outside (0, 1).
pub fn rules(turns: &LabelledTurns, target: &RecallTarget, seed: u64) -> Result<StrategyOutcome, RunError> {
    let decisions = || turns.turns.iter().map(|turn| turn.ground.decision());
    let corpus = LabelledCorpus::new(turns, target, None, "");
    let decisions = StrategyDecisions {
        asked: decisions().map(|decision| decision == Decision::Undecided).collect(),
        accepted: decisions().map(accepted_as).collect(),
    };
    decisions.audited(&corpus, target, seed, 0, None)
}

/// A score that does not change: a sample makes both cuts, the turns between the cuts are asked about, and an audit looks
/// at the rest.
///
/// # Errors
/// A recall or confidence outside (0, 1).
pub fn calibrated(
    turns: &LabelledTurns,
    target: &RecallTarget,
    seed: u64,
) -> Result<StrategyOutcome, RunError> {
    let corpus = LabelledCorpus::new(turns, target, None, "");
    let found = search::calibrate_enough(&corpus, &mut LabelOracle, target, seed).map_err(no_judge)?;
    let from = reject_below(found.cuts.threshold.cut);
    let mut decisions = StrategyDecisions::none(turns);
    let sampled = found.sample.turns.iter().map(|sampled| sampled.turn.row.question.id);
    decisions.ask(&corpus, sampled);
    decisions.decide(&corpus, from, found.cuts.accept_at);
    decisions.audited(&corpus, target, seed, found.sample.turns.len() as u64, from)
}

/// The search of a run that keeps a recall ([`search::search`]); the score goes on from `base`, and `rules` is the hash of
/// the rules in force.
///
/// # Errors
/// A recall or confidence outside (0, 1).
pub fn searched(
    turns: &LabelledTurns,
    target: &RecallTarget,
    seed: u64,
    base: &Model,
    rules: &str,
) -> Result<SearchOutcome, RunError> {
    let mut corpus = LabelledCorpus::new(turns, target, Some(base), rules);
    let forecast = Cell::new(None);
    let listener = |event: Event<'_>| {
        if let Event::CostForecast { forecast: said, .. } = event {
            forecast.set(Some(*said));
        }
    };
    let found = search::search(&mut corpus, &mut LabelOracle, target, seed, &listener).map_err(no_judge)?;
    let mut decisions = StrategyDecisions::none(turns);
    decisions.ask(&corpus, found.asked.iter().copied());
    decisions.decide(&corpus, found.from, None);
    let sampled = found.sample.turns.len() as u64;
    let outcome = match found.proof {
        None => decisions.audited(&corpus, target, seed, sampled, found.from)?,
        Some(ProvingDraw { draw, stage }) => {
            decisions.audited_by(&corpus, target, draw, Some(stage), sampled, found.from)?
        }
    };
    let scores = scores(&corpus, &found.held_out);
    Ok(SearchOutcome { outcome, scores, rounds: found.rounds, forecast: forecast.get() })
}

/// The present score of each turn, or the score by a model that had not seen the turn.
fn scores(corpus: &LabelledCorpus<'_>, held_out: &BTreeMap<RecordId, f64>) -> Vec<f64> {
    let turns = corpus.turns().iter().enumerate();
    turns
        .map(|(index, turn)| held_out.get(&turn.id).copied().unwrap_or_else(|| corpus.score(index)))
        .collect()
}

/// Labels stop nothing.
fn no_judge(halt: OracleError) -> RunError {
    match halt {
        OracleError::Failed(error) => error,
        OracleError::Stopped(_) => RunError::NoJudge,
    }
}

fn accepted_as(decision: Decision) -> Option<Category> {
    if let Decision::Accepted(category) = decision { Some(category) } else { None }
}

/// Which turns are asked about, and which are accepted without asking.
struct StrategyDecisions {
    asked: Vec<bool>,
    accepted: Vec<Option<Category>>,
}

impl StrategyDecisions {
    fn none(turns: &LabelledTurns) -> Self {
        let all = turns.turns.len();
        Self { asked: vec![false; all], accepted: vec![None; all] }
    }

    fn ask(&mut self, corpus: &LabelledCorpus<'_>, ids: impl Iterator<Item = RecordId>) {
        ids.filter_map(|id| corpus.index_of(id)).for_each(|index| self.asked[index] = true);
    }

    /// Decides the turns that were not asked about, as a run does with these cuts; without a lower cut a run asks about
    /// every turn that is not accepted.
    fn decide(&mut self, corpus: &LabelledCorpus<'_>, from: Option<f64>, accept_at: Option<f64>) {
        for (index, turn) in corpus.turns().iter().enumerate() {
            if self.asked[index] {
                continue;
            }
            let standing = corpus.standing(index);
            let is_sure = is_open(turn.ground) && accept_at.is_some_and(|at| standing >= at);
            self.accepted[index] = match from {
                _ if is_sure => Some(turn.likeliest),
                Some(_) => accepted_as(turn.ground.decision()),
                None => None,
            };
            self.asked[index] = self.accepted[index].is_none()
                && match from {
                    None => true,
                    Some(from) if is_open(turn.ground) => standing >= from,
                    Some(_) => turn.ground.decision() == Decision::Undecided,
                };
        }
    }

    /// Audits what was not asked about.
    fn audited(
        self,
        corpus: &LabelledCorpus<'_>,
        target: &RecallTarget,
        seed: u64,
        sampled: u64,
        cut: Option<f64>,
    ) -> Result<StrategyOutcome, RunError> {
        // Another seed than the search's: turns that made the cut must not be likelier to be audited.
        let draw = AuditDraw::fitting(corpus.turns().len() as u64, seed.wrapping_add(1));
        self.audited_by(corpus, target, draw, None, sampled, cut)
    }

    /// Audits what was not asked about by a draw, which may be that of a stage of the search's proof.
    fn audited_by(
        self,
        corpus: &LabelledCorpus<'_>,
        target: &RecallTarget,
        draw: AuditDraw,
        stage: Option<u32>,
        sampled: u64,
        cut: Option<f64>,
    ) -> Result<StrategyOutcome, RunError> {
        let Self { asked, accepted } = self;
        let turns = corpus.turns();
        let left = (0..turns.len()).filter(|&index| !asked[index]);
        let left = left.map(|index| (index, turns[index].id, accepted[index]));
        let drawn = audit::draw_among(left, draw);
        let sample: Vec<AuditedTurn> = drawn
            .iter()
            .map(|&(index, accepted)| AuditedTurn { turn: corpus.drawn(index), accepted })
            .collect();
        let asked_about: Vec<_> = sample.iter().map(|drawn| &drawn.turn).collect();
        let answers: Vec<Answer> = LabelOracle.ask(&asked_about).map_err(no_judge)?;
        let mut outcomes = OutcomeCounts::default();
        for (index, turn) in turns.iter().enumerate() {
            match (asked[index], accepted[index]) {
                (true, _) => outcomes.judged.push(turn.label),
                (false, Some(category)) => outcomes.accepted[category.index()] += 1,
                (false, None) => outcomes.rejected += 1,
            }
        }
        let RecallTarget { purpose, confidence, .. } = *target;
        let terms = CertificateTerms { confidence, stage, lean: 0.0, uses_answers: true };
        let certificate = certificate(&outcomes, &sample, &answers, purpose, terms)?;
        let mut audited = vec![false; turns.len()];
        drawn.iter().for_each(|(index, _)| audited[*index] = true);
        Ok(StrategyOutcome { asked, accepted, audited, sampled, cut, certificate })
    }
}
