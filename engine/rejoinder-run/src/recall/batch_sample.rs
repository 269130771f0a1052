//! What one scanned batch adds to a sample by the score, wherever the batch comes from: a chunk of a run's input, or a piece of a data
//! set that is gathered elsewhere.

use rejoinder_core::{Purpose, RecordId};
use rejoinder_scan::{Engine, ScanError, ScannedBatch, ScoreModel};
use rejoinder_score::Scratch;

use super::corpus::{SampleScope, SampledTurn, ScoredSample, before};
use super::draw::{DrawnTurn, HashBound, TurnAddress, hash};
use super::target::{is_open, standing};

/// Counts the later turns of batches by their score, and takes the turns that a draw may hold.
pub(crate) struct BatchSampler<'a> {
    /// What the feedback is for.
    pub purpose: Purpose,
    /// The model that the score began as.
    pub base: &'a ScoreModel,
    /// Which turns count, and which are drawn from.
    pub scope: SampleScope<'a>,
    /// The number of turns to draw; 0 where turns are counted only.
    pub most: usize,
    /// The seed of the draw.
    pub seed: u64,
    /// The highest hash that can still be drawn.
    pub bound: HashBound,
    /// By what turns are told apart.
    pub address: TurnAddress,
    /// Whether a score is to learn from the turns.
    pub learns: bool,
}

/// What a batch adds to a sample.
#[derive(Default)]
pub(crate) struct BatchSample {
    /// The counts, without turns.
    pub counts: ScoredSample,
    /// Turns with hashes, and whether the score was trained on the conversation of the turn.
    pub drawn: Vec<(u64, (SampledTurn, bool))>,
}

impl BatchSampler<'_> {
    /// What a batch adds; `engine` has scanned the batch, and scores all turns.
    ///
    /// # Errors
    /// If there is no score.
    pub(crate) fn of(&self, engine: &Engine, scanned: &ScannedBatch<'_>) -> Result<BatchSample, ScanError> {
        let mut found = BatchSample::default();
        let mut scratch = Scratch::default();
        for conversation in &scanned.conversations {
            scratch.begin();
            let turns = scanned.turns(conversation);
            if turns.is_empty() {
                continue;
            }
            found.counts.conversations += 1;
            let first = self.address.of(conversation);
            for turn in turns {
                let id = RecordId { message_index: turn.message_index as u32, ..first };
                let (hits, votes) = (scanned.hits(turn), scanned.votes(turn));
                let (score, likeliest) = engine.score(votes).ok_or(ScanError::NoScore)?;
                let ground = engine.settle(hits, votes, None);
                if let Some(probabilities) = engine.probabilities(votes).filter(|_| is_open(ground)) {
                    found.counts.histograms.count(probabilities);
                }
                if self.scope.asked.contains(&id) {
                    continue;
                }
                let standing = standing(self.purpose, ground, score);
                let before = before(ground, standing, likeliest);
                found.counts.count(ground, standing);
                let hash = hash(self.seed, id);
                let is_eligible = self.scope.among.holds(ground, standing);
                if self.most > 0 && is_eligible && self.bound.admits(hash) {
                    let is_known = self.base.was_trained_on(&conversation.record.conversation);
                    let example = match self.learns {
                        true => self.base.example(engine, &mut scratch, scanned, conversation, turn),
                        false => None,
                    };
                    let turn = DrawnTurn::of(engine, scanned, conversation, turn).under(id);
                    found.drawn.push((hash, (SampledTurn { turn, ground, before, example }, is_known)));
                }
            }
        }
        Ok(found)
    }
}
