//! A session: its draw, its log, and its pages.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rejoinder_core::{Answer, RecordId};
use rejoinder_run::reviewing::{LabelLog, ReviewDraw, ReviewError, ReviewForecaster, ReviewSample};
use rejoinder_run::{RunDir, RunError};
use rejoinder_scan::Engine;

use super::next_commands::next_commands;
use crate::turns::{PageSource, TurnDesk, can_seek};

/// What a reader wants to read.
pub struct ReviewRequest {
    /// Which turns.
    pub draw: ReviewDraw,
    /// What the draw depends on; `None` as drawn before, or as usual.
    pub seed: Option<u64>,
    /// The reader's name.
    pub reader: String,
    /// Whether what the program thinks is shown before the reader decides.
    pub is_open: bool,
}

/// A reader's session over a draw of a run. The reader's log is this session's until it is dropped.
pub struct ReviewSession {
    pub(super) sample: ReviewSample,
    /// The place of each turn in reading order.
    pub(super) places: HashMap<RecordId, usize>,
    pub(super) is_open: bool,
    pub(super) forecaster: ReviewForecaster,
    pub(super) desk: TurnDesk,
    pub(super) next: Vec<String>,
    pub(super) labels_file: PathBuf,
    /// Why turns are slow to come, where they are.
    pub(super) slow: Option<String>,
    run: Mutex<RunDir>,
    book: Mutex<LabelBook>,
}

/// The reader's log in use.
pub(super) struct LabelBook {
    pub(super) log: LabelLog,
    /// Labels of this session that stand, so that no label of another draw is taken back unseen.
    pub(super) given: usize,
}

impl ReviewSession {
    /// Draws the turns, or takes those that were drawn before, opens the reader's log, and begins to make the pages. `engine` is the
    /// run's. `None` where no turn fits; nothing is kept then.
    ///
    /// # Errors
    /// If the run or its input cannot be used, the turns cannot be drawn, or the log cannot be opened.
    pub fn open(
        run: RunDir,
        engine: Engine,
        request: ReviewRequest,
        threads: NonZeroUsize,
    ) -> Result<Option<Self>, ReviewError> {
        let ReviewRequest { draw, seed, reader, is_open } = request;
        let sample = ReviewSample::of(&run, &engine, &draw, seed, threads)?;
        if sample.turns.is_empty() {
            return Ok(None);
        }
        // After the sample: a first audit is drawn with it.
        let forecaster = ReviewForecaster::of(&run)?;
        let log = LabelLog::open(&run, &reader)?;
        let places = sample.turns.iter().enumerate().map(|(place, turn)| (turn.id, place)).collect();
        let mut own = RunDir::open(&run.path)?;
        own.manifest.inputs.clone_from(&run.manifest.inputs);
        let slow = sample.turns.iter().any(|turn| !can_seek(&run, turn.id)).then(|| {
            "The input is compressed, or its records are joined with others: all that stands before a turn is read with it, so the \
             first turns take a while."
                .to_owned()
        });
        let turns = sample.turns.clone();
        let desk = TurnDesk::open(PageSource { run: own, engine, turns })
            .map_err(|error| RunError::Io(format!("cannot begin to read turns: {error}")))?;
        Ok(Some(Self {
            next: next_commands(&run, &sample.draw, log.path()),
            labels_file: log.path().to_owned(),
            sample,
            places,
            is_open,
            forecaster,
            desk,
            slow,
            run: Mutex::new(run),
            book: Mutex::new(LabelBook { log, given: 0 }),
        }))
    }

    /// The turns of the draw.
    pub const fn sample(&self) -> &ReviewSample {
        &self.sample
    }

    /// The file of the reader's labels.
    pub fn labels_file(&self) -> &std::path::Path {
        &self.labels_file
    }

    /// The commands that take the labels, the most fitting first.
    pub fn next_commands(&self) -> &[String] {
        &self.next
    }

    /// How many turns of the draw have a label.
    pub fn labelled(&self) -> usize {
        let book = self.book();
        self.states(&book.log).chars().filter(|state| *state != '.').count()
    }

    pub(super) fn run(&self) -> MutexGuard<'_, RunDir> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn book(&self) -> MutexGuard<'_, LabelBook> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A letter for each turn in reading order.
    pub(super) fn states(&self, log: &LabelLog) -> String {
        self.sample
            .turns
            .iter()
            .map(|turn| log.of(turn.id).map_or('.', |label| state(label.answer)))
            .collect()
    }
}

/// The letter of a label: the number of the category, 0 for no feedback, `u` where the reader is unsure.
pub(super) fn state(answer: Answer) -> char {
    match answer {
        Answer::Feedback(category) => char::from(b'1' + category.index() as u8),
        Answer::NoFeedback => '0',
        Answer::Unknown => 'u',
    }
}
