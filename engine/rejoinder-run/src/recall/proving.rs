//! The search on a small corpus: the turns that the score puts first are asked about, and a sample of the others proves the recall,
//! or a further stage begins ([`rejoinder_cascade::closing`]).

use rejoinder_cascade::closing::left_delta;
use rejoinder_core::Answer;

use super::audit::{AuditDraw, AuditedTurn, CertificateTerms, OutcomeCounts, ProvingDraw, certificate};
use super::corpus::{Corpus, DrawScope, ScoredSample};
use super::oracle::{Oracle, OracleError};
use super::proof_plan::{ProofPlan, ProofState};
use super::search::{RecallCut, Search};
use crate::operator::Event;

/// The number of the first draw of the first stage, behind the draws of all rounds.
const PROOF: u64 = 1 << 21;
/// So many stages are tried before another kind of search takes what is left of the error probability.
const STAGES: u32 = 4;

impl<C: Corpus, O: Oracle + ?Sized> Search<'_, C, O> {
    /// Goes from stage to stage; `look` is what the score says of all turns.
    pub(super) fn by_proof(
        mut self,
        mut look: ScoredSample,
        listener: &dyn Fn(Event<'_>),
    ) -> Result<RecallCut, OracleError> {
        let delta = 1.0 - self.target.confidence;
        let mut scale = 1.0;
        for stage in 0..STAGES {
            let state = ProofState::new(&look, self.target, scale, self.found_positives());
            let plan = state.plan(self.target, stage);
            if plan.turns() >= look.population {
                return Ok(self.found_from(None, look, 0, None, listener));
            }
            let from = plan.from.min(1.0);
            let number = PROOF + u64::from(stage);
            let top = self.draw(DrawScope::AskedFrom(from), look.population as usize, number)?;
            let answers = self.oracle.ask(&top.drawn())?;
            self.keep(&top, &answers);
            let proof = ProvingDraw { draw: self.proving_draw(plan, number), stage };
            let rejected = self.draw(DrawScope::RejectedBelow(from), proof.draw.rejected, number)?;
            let accepted = self.draw(DrawScope::Accepted, proof.draw.accepted, number)?;
            let turns = rejected.drawn().into_iter().chain(accepted.drawn()).collect::<Vec<_>>();
            let answers = self.oracle.ask(&turns)?;
            let positive = self.positive(&rejected, &answers);
            if self.certified(&rejected, &accepted, &answers, from, stage)? >= self.target.recall {
                return Ok(self.found_from(Some(from), rejected, positive, Some(proof), listener));
            }
            let expected: f64 = rejected
                .turns
                .iter()
                .filter(|turn| turn.before.is_open)
                .map(|turn| turn.before.standing)
                .sum();
            let (below, above) = answers.split_at(rejected.turns.len());
            self.keep(&rejected, below);
            self.keep(&accepted, above);
            let has_learned = self.learn()?;
            look = self.draw(DrawScope::All, 0, 0)?;
            if has_learned && self.forecast(&look).next_round(self.asked.len(), self.target.recall).is_some()
            {
                return self.by_rounds(left_delta(delta, stage + 1), listener);
            }
            // Calibrated anew where it has learned; else by what the sample held.
            scale =
                if has_learned { 1.0 } else { scale * (positive as f64 + 2.0) / (scale * expected + 2.0) };
        }
        self.by_rounds(left_delta(delta, STAGES), listener)
    }

    fn proving_draw(&self, plan: ProofPlan, number: u64) -> AuditDraw {
        AuditDraw {
            rejected: plan.rejected as usize,
            accepted: plan.accepted as usize,
            seed: self.draw_seed(number),
        }
    }

    /// How many of the sampled turns that would be rejected hold what is wanted.
    fn positive(&self, rejected: &ScoredSample, answers: &[Answer]) -> usize {
        let own = rejected.turns.iter().zip(answers);
        own.filter(|(_, answer)| !answer.is_known() || self.target.is_positive(answer.category())).count()
    }

    /// The recall that the samples prove; `answers` stand in the order of both, one after the other.
    fn certified(
        &self,
        rejected: &ScoredSample,
        accepted: &ScoredSample,
        answers: &[Answer],
        from: f64,
        stage: u32,
    ) -> Result<f64, OracleError> {
        let outcomes = OutcomeCounts {
            judged: self.answers.values().map(|(_, answer)| answer.category()).collect(),
            waiting: rejected.asked(Some(from), None),
            accepted: rejected.accepted,
            rejected: rejected.population
                - rejected.asked(Some(from), None)
                - rejected.accepted.iter().sum::<u64>(),
        };
        let audited = |sample: &ScoredSample, is_accepted: bool| -> Vec<AuditedTurn> {
            let turns = sample.turns.iter();
            turns
                .map(|sampled| AuditedTurn {
                    turn: sampled.turn.clone(),
                    accepted: is_accepted.then_some(sampled.before.likeliest),
                })
                .collect()
        };
        let mut turns = audited(rejected, false);
        turns.extend(audited(accepted, true));
        let (purpose, confidence) = (self.target.purpose, self.target.confidence);
        let terms = CertificateTerms { confidence, stage: Some(stage), lean: 0.0, uses_answers: false };
        let made = certificate(&outcomes, &turns, answers, purpose, terms)?;
        Ok(made.claims[0].recall.at_least)
    }
}
