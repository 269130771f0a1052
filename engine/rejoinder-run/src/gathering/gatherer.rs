//! Makes parts of batches that workers have scanned.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use rejoinder_host::LoadedPlugin;
use rejoinder_read::Duplicates;
use rejoinder_scan::{Engine, ScannedBatch, ScoreModel};

use super::error::GatheringError;
use super::part::{GatheredPart, GatheredTurn, PartContent, ScoredCounts};
use super::terms::{GatheringGoal, GatheringTerms};
use crate::error::RunError;
use crate::recall::batch_sample::{BatchSample, BatchSampler};
use crate::recall::draw::UniformDraw;
use crate::recall::{DrawScope, SampleScope, audit};
use crate::stats::ScanCounts;

/// Gathers counts and a sample from batches of a data set; workers of [`Self::engine`] scan the batches.
pub struct Gatherer {
    engine: Arc<Engine>,
    pub(super) terms: GatheringTerms,
    /// The model of the score, which a calibration must not have been trained on the sample.
    base: ScoreModel,
    /// A hash of all that the engine decides by.
    mark: String,
}

impl Gatherer {
    /// A gatherer on these terms, for the data set that `engine` is used on. A calibration scores all turns with none cut, and so goes
    /// by an engine of its own, which is built here from the same config.
    ///
    /// # Errors
    /// If the config leaves repeated conversations out, or that other engine cannot be built.
    pub fn new(engine: Arc<Engine>, terms: GatheringTerms) -> Result<Self, RunError> {
        if engine.config.input.duplicates != Duplicates::Keep {
            return Err(GatheringError::Duplicates.into());
        }
        let engine = match terms.goal {
            GatheringGoal::Audit(_) => engine,
            GatheringGoal::Calibration(draw) => {
                let mut config = engine.config.clone();
                config.score_all_turns(draw.purpose);
                Arc::new(Engine::build(config)?)
            }
        };
        let base = engine.score_model()?;
        let mark = mark_of(&engine);
        Ok(Self { engine, terms, base, mark })
    }

    /// The engine whose workers scan the batches.
    pub const fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// A part of no batch: what others are merged into.
    pub fn begin(&self) -> GatheredPart {
        let content = PartContent {
            engine: self.mark.clone(),
            terms: self.terms,
            batches: BTreeSet::new(),
            counts: ScanCounts::default(),
            scored: ScoredCounts::default(),
            draws: Default::default(),
        };
        GatheredPart { content, open: Vec::new() }
    }

    /// What a batch adds, scanned by a worker of [`Self::engine`]: a function of the batch and the terms alone.
    ///
    /// # Errors
    /// If two conversations of the batch share an address, or turns have no score for a calibration.
    pub fn of_batch(&self, scanned: &ScannedBatch<'_>) -> Result<GatheredPart, RunError> {
        let mut part = self.begin();
        let content = &mut part.content;
        content.counts = ScanCounts::of(&self.engine, scanned);
        content.batches.extend(self.batch_hash(scanned));
        let GatheringTerms { goal, address, .. } = self.terms;
        let seed = self.terms.seed();
        match goal {
            GatheringGoal::Audit(_) => {
                let mut draws = self.terms.draws();
                let bounds = draws.each_ref().map(UniformDraw::bound);
                let found = audit::of_batch(&self.engine, scanned, seed, address, &bounds);
                draws.iter_mut().zip(found).for_each(|(draw, found)| draw.add(found));
                content.draws = draws.map(|draw| gathered(draw, GatheredTurn::audited));
            }
            GatheringGoal::Calibration(draw) => {
                let [mut lowest, _] = self.terms.draws();
                let sampler = BatchSampler {
                    purpose: draw.purpose,
                    base: &self.base,
                    scope: SampleScope { asked: &HashSet::new(), among: DrawScope::All },
                    most: draw.sample,
                    seed,
                    bound: lowest.bound(),
                    address,
                    learns: false,
                };
                let BatchSample { counts, drawn } = sampler.of(&self.engine, scanned)?;
                content.scored = ScoredCounts::of(&counts);
                // A standing of an open turn is a score, as it was.
                part.open = counts.open.iter().map(|score| *score as f32).collect();
                lowest.add(drawn);
                content.draws[0] = gathered(lowest, GatheredTurn::scored);
            }
        }
        part.keep_lowest()?;
        Ok(part)
    }

    /// A hash of the addresses of a batch's conversations; `None` where no conversation has a later turn, and nothing could be counted
    /// twice that a draw goes by.
    fn batch_hash(&self, scanned: &ScannedBatch<'_>) -> Option<u64> {
        let mut hasher = blake3::Hasher::new();
        for conversation in scanned.conversations.iter().filter(|one| !scanned.turns(one).is_empty()) {
            let first = self.terms.address.of(conversation);
            hasher.update(&first.shard.to_le_bytes()).update(&first.ordinal.to_le_bytes());
        }
        let beginning = hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default();
        (hasher.count() > 0).then(|| u64::from_le_bytes(beginning))
    }

    /// Whether a part was made by a gatherer like this one.
    ///
    /// # Errors
    /// If not; the message says what differs.
    pub(super) fn check(&self, part: &GatheredPart) -> Result<(), GatheringError> {
        part.content.check(&self.mark, &self.terms)
    }
}

fn gathered<T>(draw: UniformDraw<T>, of: impl Fn(u64, T) -> GatheredTurn) -> Vec<GatheredTurn> {
    draw.into_found().into_iter().map(|(hash, turn)| of(hash, turn)).collect()
}

/// A hash of all that an engine decides by, wherever its files lie.
fn mark_of(engine: &Engine) -> String {
    let config = &engine.config;
    let plugins: Vec<&str> = engine.registry.plugins().iter().map(LoadedPlugin::identity).collect();
    let parts = (
        env!("CARGO_PKG_VERSION"),
        engine.rules.hash(),
        plugins,
        &engine.role,
        (&config.input, config.rules.other_languages, config.purpose, &config.cascade, config.judge.all),
    );
    let json = serde_json::to_vec(&parts).expect("a config is plain data");
    blake3::hash(&json).to_hex().to_string()
}
