//! The input of a run as a corpus: each look at it is a scan.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use rejoinder_ledger::part;
use rejoinder_read::{Chunk, InputFile};
use rejoinder_scan::{Config, Engine, Scan, ScoreModel, StopFlag, Worker};
use rejoinder_score::Model;

use super::batch_sample::{BatchSample, BatchSampler};
use super::corpus::{Corpus, DrawScope, SampleScope, ScoredSample};
use super::draw::{TurnAddress, UniformDraw};
use super::forecast::RecallForecast;
use super::target::RecallTarget;
use crate::error::RunError;
use crate::folder::{MODEL, RunDir};
use crate::gathering::GatheredPart;

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
    /// What was gathered over a data set, in place of files.
    gathered: Option<GatheredPart>,
}

impl RunCorpus {
    /// The input of a run, every later turn scored for what `target` wants, and none cut; or what was gathered so over a data set.
    ///
    /// # Errors
    /// If the run's rules or plugins cannot be loaded, or what was gathered is not what `target` wants, or was gathered by others.
    pub fn of(
        run: &RunDir,
        target: RecallTarget,
        threads: NonZeroUsize,
        stop: StopFlag,
    ) -> Result<Self, RunError> {
        let (files, model_file) = (run.manifest.inputs.clone(), run.path.join(MODEL));
        let gathered = GatheredPart::of_run(run, &target)?;
        let corpus = Self::over(run.config(), files, target, threads)?;
        if gathered.is_some() {
            run.check_engine(&corpus.engine)?;
        }
        Ok(Self { model_file, stop, gathered, ..corpus })
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
        Ok(Self { engine, files, threads, target, base, stop, model_file, gathered: None })
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
        if let Some(gathered) = &self.gathered {
            return Ok(gathered.sample(scope, most, seed)?);
        }
        let mut all = ScoredSample::default();
        let mut lowest = UniformDraw::new(most, 0);
        let sampler = BatchSampler {
            purpose: self.target.purpose,
            base: &self.base,
            scope,
            most,
            seed,
            bound: lowest.bound(),
            address: TurnAddress::Place,
            learns: true,
        };
        let look = |worker: &mut Worker<'_>, chunk: &Chunk| -> Result<BatchSample, RunError> {
            let scanned = worker.scan(chunk)?;
            Ok(sampler.of(worker.engine, &scanned)?)
        };
        Scan::of(&self.engine, &self.files, self.threads).run(look, |found| {
            self.stop.check()?;
            all.add_counts(found.counts);
            lowest.add(found.drawn);
            Ok(())
        })?;
        all.put_drawn(lowest.found());
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
