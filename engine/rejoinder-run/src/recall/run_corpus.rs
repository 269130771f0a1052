//! The input of a run as a corpus: each look at it is a scan.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use rejoinder_ledger::part;
use rejoinder_read::{Chunk, InputFile};
use rejoinder_scan::{Config, Engine, Scan, ScanError, ScoreModel, StopFlag, Worker};
use rejoinder_score::{Model, Scratch};

use super::corpus::{Corpus, DrawScope, SampleScope, SampledTurn, ScoredSample, before};
use super::draw::{DrawnTurn, UniformDraw, hash};
use super::forecast::RecallForecast;
use super::target::{RecallTarget, is_open};
use crate::error::RunError;
use crate::folder::{MODEL, RunDir};

/// The input of a run.
pub struct RunCorpus {
    /// Gives each turn its score.
    pub engine: Engine,
    files: Vec<InputFile>,
    threads: NonZeroUsize,
    target: RecallTarget,
    base: ScoreModel,
    stop: StopFlag,
    model_file: PathBuf,
}

/// What a chunk adds to a sample.
#[derive(Default)]
struct ChunkSample {
    counts: ScoredSample,
    /// Turns with hashes, and whether the score was trained on the conversation of the turn.
    drawn: Vec<(u64, (SampledTurn, bool))>,
}

impl RunCorpus {
    /// The input of a run, every later turn scored for what `target` wants, and none cut.
    ///
    /// # Errors
    /// If the run's rules or plugins cannot be loaded.
    pub fn of(
        run: &RunDir,
        target: RecallTarget,
        threads: NonZeroUsize,
        stop: StopFlag,
    ) -> Result<Self, RunError> {
        let (files, model_file) = (run.manifest.inputs.clone(), run.path.join(MODEL));
        Ok(Self { model_file, stop, ..Self::over(run.config(), files, target, threads)? })
    }

    /// Some files, every later turn scored for what `target` wants, and none cut; a score that learns from them has no place to
    /// be kept.
    ///
    /// # Errors
    /// If the config's rules or plugins cannot be loaded.
    pub fn over(
        mut config: Config,
        files: Vec<InputFile>,
        target: RecallTarget,
        threads: NonZeroUsize,
    ) -> Result<Self, RunError> {
        config.score_all_turns(target.purpose);
        let engine = Engine::build(config)?;
        let base = engine.score_model()?;
        let (stop, model_file) = (StopFlag::default(), PathBuf::new());
        Ok(Self { engine, files, threads, target, base, stop, model_file })
    }

    /// What keeping the recall will take.
    ///
    /// # Errors
    /// If the corpus cannot be read, or there is no score.
    pub fn forecast(&self) -> Result<RecallForecast, RunError> {
        let scope = SampleScope { asked: &HashSet::new(), among: DrawScope::All };
        Ok(RecallForecast::of(&self.sample(scope, 0, 0)?, &self.target))
    }
}

impl Corpus for RunCorpus {
    fn sample(&self, scope: SampleScope<'_>, most: usize, seed: u64) -> Result<ScoredSample, RunError> {
        let mut all = ScoredSample::default();
        let mut lowest = UniformDraw::new(most, 0);
        let bound = lowest.bound();
        let look = |worker: &mut Worker<'_>, chunk: &Chunk| -> Result<ChunkSample, RunError> {
            let scanned = worker.scan(chunk)?;
            let mut found = ChunkSample::default();
            let mut scratch = Scratch::default();
            for conversation in &scanned.conversations {
                scratch.begin();
                found.counts.conversations += u64::from(!scanned.turns(conversation).is_empty());
                for turn in scanned.turns(conversation) {
                    let id = conversation.id(turn);
                    let (hits, votes) = (scanned.hits(turn), scanned.votes(turn));
                    let (score, likeliest) = worker.engine.score(votes).ok_or(ScanError::NoScore)?;
                    let ground = worker.engine.settle(hits, votes, None);
                    if let Some(probabilities) =
                        worker.engine.probabilities(votes).filter(|_| is_open(ground))
                    {
                        found.counts.histograms.count(probabilities);
                    }
                    if scope.asked.contains(&id) {
                        continue;
                    }
                    let standing = self.target.standing(ground, score);
                    let before = before(ground, standing, likeliest);
                    found.counts.count(ground, standing);
                    let hash = hash(seed, id);
                    let is_eligible = scope.among.holds(ground, standing);
                    if most > 0 && is_eligible && bound.admits(hash) {
                        let is_known = self.base.was_trained_on(&conversation.record.conversation);
                        let example =
                            self.base.example(worker.engine, &mut scratch, &scanned, conversation, turn);
                        let turn = DrawnTurn::of(worker.engine, &scanned, conversation, turn);
                        found.drawn.push((hash, (SampledTurn { turn, ground, before, example }, is_known)));
                    }
                }
            }
            Ok(found)
        };
        Scan::of(&self.engine, &self.files, self.threads).run(look, |found| {
            self.stop.check()?;
            all.add_counts(found.counts);
            lowest.add(found.drawn);
            Ok(())
        })?;
        all.trained_on = lowest.found().filter(|(_, is_known)| *is_known).count() as u64;
        all.turns = lowest.found().map(|(sampled, _)| sampled.clone()).collect();
        all.turns.sort_by_key(|sampled| sampled.turn.row.question.id);
        Ok(all)
    }

    fn base_model(&self) -> Option<&Model> {
        self.base.model()
    }

    fn rules_hash(&self) -> &str {
        self.engine.rules.hash()
    }

    fn adopt(&mut self, model: &Model) -> Result<(), RunError> {
        part::write(&self.model_file, &model.to_bytes())?;
        self.engine = self.engine.with_model(&self.model_file)?;
        Ok(())
    }
}
