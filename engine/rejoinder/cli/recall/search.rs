//! From a purpose and a recall to the cut of a run: by one sample or, where the corpus is large enough for it to pay, by a score
//! that learns from the answers in rounds ([`learning`]).
//!
//! All that is drawn follows from the run's seed and all that is asked lies in the store, so a search that was stopped is
//! made again from its beginning, and comes to where it was without a call.

use std::collections::{BTreeMap, HashSet};

use rejoinder_cascade::refits::{self, Remainder};
use rejoinder_cascade::threshold::{self, Cut};
use rejoinder_core::{Category, RecordId};
use rejoinder_score::Example;

use super::super::asking::Labels;
use super::super::oracle;
use super::super::terminal::remark;
use crate::failure::Failure;
use crate::pipeline::calibration::{Among, Corpus, Scored};
use crate::pipeline::cuts::{self, Wanted};
use crate::pipeline::engine::{Engine, Taught};
use crate::pipeline::learning::{self, FIRST, Outlook};
use crate::pipeline::run_dir::RunDir;
use crate::pipeline::watch::Watch;
use crate::report::summary::{share, thousands};

/// A sample alone is drawn on until it holds so many times the positives without which nothing can be rejected.
const ENOUGH: u64 = 2;
/// The draw of the last sample, behind those of all rounds.
const LAST: u64 = 1 << 20;

/// Why there is no cut.
pub(super) enum Stop {
    /// Asking ended before its end.
    Asking(Failure),
    /// Something failed.
    Failed(Failure),
}

impl<F: Into<Failure>> From<F> for Stop {
    fn from(failure: F) -> Self {
        Self::Failed(failure.into())
    }
}

/// A search for a run's cut.
pub(super) struct Search<'a> {
    run: &'a mut RunDir,
    wanted: &'a Wanted,
    threads: std::num::NonZeroUsize,
    watch: &'a Watch,
    seed: u64,
    /// With the score as it is now.
    engine: Engine,
    /// The model that the run began with.
    taught: Taught,
    /// Answers that say something, in input order.
    answers: BTreeMap<RecordId, (Option<Example>, Option<Category>)>,
    asked: HashSet<RecordId>,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        run: &'a mut RunDir,
        wanted: &'a Wanted,
        threads: std::num::NonZeroUsize,
        watch: &'a Watch,
        seed: u64,
    ) -> Result<Self, Failure> {
        let mut config = run.config();
        config.score_all_turns(wanted.purpose);
        let engine = Engine::build(config)?;
        let taught = engine.taught()?;
        let (answers, asked) = Default::default();
        Ok(Self { run, wanted, threads, watch, seed, engine, taught, answers, asked })
    }

    /// Finds the cut and puts it in force; returns the engine that goes by it.
    pub(super) fn cut(mut self) -> Result<Engine, Stop> {
        let first = self.draw(None, FIRST, 0)?;
        first.check()?;
        let labels = self.ask(&first)?;
        self.keep(&first, &labels);
        let outlook = self.outlook(&first);
        let pays = outlook.next_round(self.asked.len(), self.wanted.recall).is_some();
        if pays && self.learn()? { self.by_learning() } else { self.by_sample(first, labels) }
    }

    /// Draws a sample on until there are positives enough, which the promise allows ([`threshold`]). All of the error
    /// probability goes into the one cut: nothing is accepted by its score.
    fn by_sample(mut self, mut sample: Scored, mut labels: Labels) -> Result<Engine, Stop> {
        let (recall, delta) = (self.wanted.recall, 1.0 - self.wanted.confidence);
        let enough = threshold::positives_needed(recall, delta)?.map_or(u64::MAX, |n| ENOUGH * n);
        let corpus = sample.turns;
        let mut size = FIRST;
        loop {
            let positives = self.positives(&sample, &labels);
            if positives.len() as u64 >= enough || size as u64 >= corpus {
                let cut = threshold::cut(&positives, recall, delta)?.cut;
                self.keep(&sample, &labels);
                return self.settle(cut, &sample, &positives, false);
            }
            size *= 2;
            self.answers.clear();
            self.asked.clear();
            sample = self.draw(None, size, 0)?;
            sample.check()?;
            labels = self.ask(&sample)?;
        }
    }

    /// Asks and learns in rounds, then makes the last cut by a fresh sample; what holds of it says [`refits`].
    fn by_learning(mut self) -> Result<Engine, Stop> {
        let recall = self.wanted.recall;
        let mut round = 0;
        let outlook = loop {
            let left = self.draw(None, 0, 0)?;
            let outlook = self.outlook(&left);
            remark(&format!(
                "the score has learned from {} answers: about {} of the {} turns left are to be asked about",
                thousands(self.answers.len() as u64),
                thousands(outlook.needed(recall) as u64),
                thousands(left.turns),
            ));
            let Some(more) = outlook.next_round(self.asked.len(), recall) else { break outlook };
            round += 1;
            let drawn = self.draw(Some(outlook.lowest_needed(recall)), more, round)?;
            let labels = self.ask(&drawn)?;
            if self.keep(&drawn, &labels) == 0 || !self.learn()? {
                break outlook;
            }
        };
        let sample = self.draw(None, outlook.last_sample(recall), LAST)?;
        let labels = self.ask(&sample)?;
        let positives = self.positives(&sample, &labels);
        let sampled = sample.sample.len() as u64;
        let left = Remainder { found: self.found(), units: sample.turns, sampled };
        let cut = refits::cut(&positives, left, recall, 1.0 - self.wanted.confidence)?.cut;
        self.keep(&sample, &labels);
        self.settle(cut, &sample, &positives, true)
    }

    /// Draws from the turns not asked about; the draw follows from the seed and its number.
    fn draw(&self, from: Option<f64>, most: usize, number: u64) -> Result<Scored, Failure> {
        let corpus = Corpus {
            engine: &self.engine,
            files: &self.run.manifest.inputs,
            threads: self.threads,
            wanted: self.wanted,
            taught: &self.taught,
            watch: self.watch,
        };
        corpus.score(Among { asked: &self.asked, from }, most, self.seed.wrapping_add(number << 32))
    }

    fn ask(&mut self, drawn: &Scored) -> Result<Labels, Stop> {
        match oracle::judge(self.run, self.watch, &drawn.drawn(), "resume")? {
            Ok(answers) => Ok(answers.labels),
            Err(stopped) => Err(Stop::Asking(stopped)),
        }
    }

    /// Takes up the answers that say something; returns how many. A turn with another one counts as not asked about.
    fn keep(&mut self, drawn: &Scored, labels: &Labels) -> usize {
        let before = self.asked.len();
        for (drawn, label) in drawn.sample.iter().zip(labels) {
            if let Some(category) = label {
                let id = drawn.turn.row.question.id;
                self.asked.insert(id);
                self.answers.insert(id, (drawn.example.clone(), *category));
            }
        }
        self.asked.len() - before
    }

    fn found(&self) -> u64 {
        self.answers.values().filter(|(_, category)| self.wanted.is_positive(*category)).count() as u64
    }

    fn outlook(&self, left: &Scored) -> Outlook {
        Outlook::new(left.turns as usize, self.found(), left.open.clone())
    }

    fn positives(&self, sample: &Scored, labels: &Labels) -> Vec<f64> {
        let judged = sample.judged(labels, self.wanted.purpose);
        judged.iter().filter(|turn| self.wanted.is_positive(turn.label)).map(|turn| turn.standing).collect()
    }

    /// Lets the score learn from all answers so far; whether it could: not where the score is none of this engine's, or all
    /// answers are alike.
    fn learn(&mut self) -> Result<bool, Failure> {
        let Some(base) = self.taught.model() else { return Ok(false) };
        let answers =
            self.answers.values().filter_map(|(example, category)| Some((example.as_ref()?, *category)));
        let Ok(learned) = learning::learn(base, answers, self.wanted, self.engine.rules.hash(), self.seed)
        else {
            return Ok(false);
        };
        let file = self.run.keep_model(&learned.model)?;
        let mut config = self.engine.config.clone();
        config.plugins.iter_mut().for_each(|plugin| plugin.set_model(&file));
        self.engine = Engine::build(config)?;
        Ok(true)
    }

    fn settle(self, cut: Cut, sample: &Scored, positives: &[f64], has_learned: bool) -> Result<Engine, Stop> {
        let from = cuts::reject_below(cut);
        remark(&format!(
            "{} of {} sampled turns are wanted; {}",
            thousands(positives.len() as u64),
            thousands(sample.sample.len() as u64),
            match from {
                Some(score) => format!(
                    "asking about {} of the {} turns {}, those from {score:.4} on",
                    share(sample.asked(from, None), sample.turns),
                    thousands(sample.turns),
                    if has_learned { "left" } else { "of the corpus" },
                ),
                None => "no cut keeps the recall: asking about every turn".to_owned(),
            }
        ));
        self.run.keep_curves(&sample.spreads.curves())?;
        let mut asked: Vec<RecordId> = self.asked.into_iter().collect();
        asked.sort_unstable();
        Ok(self.run.settle(from, has_learned, &asked)?)
    }
}
