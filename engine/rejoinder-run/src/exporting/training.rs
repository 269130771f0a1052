//! Training files: rows for supervised training, for KTO, and pairs.

use std::collections::HashSet;
use std::io::{self, Write};

use rejoinder_export::export::arrange::SplitExamples;
use rejoinder_export::export::example::{self, AnswerFeedback, Example, FeedbackChoice, TrainingTask};
use rejoinder_export::export::filter::Filters;
use rejoinder_export::export::skip_reason::{SkipCounts, SkipReason};
use rejoinder_export::export::style::Style;
use rejoinder_export::export::{Dialogue, RowChanges, arrange, checks};
use rejoinder_export::redaction::{RedactedRows, Redactor};
use rejoinder_read::Record;

use crate::error::RunError;
use crate::folder::RunDir;
use crate::replay;

/// What training files are asked for.
pub struct TrainingRequest {
    /// What is trained.
    pub task: TrainingTask,
    /// Which feedback counts, and as what.
    pub choice: FeedbackChoice,
    /// What rows must pass.
    pub filters: Filters,
    /// The form of the rows.
    pub style: Style,
    /// The share of the conversations that is held out for validation.
    pub validation: f64,
    /// Whether the more frequent label of KTO is drawn down to the other.
    pub is_balanced: bool,
    /// What draws, splits and shuffles depend on.
    pub seed: u64,
}

/// The rows of training files, and what was left out of the files or changed.
pub struct TrainingFiles {
    /// The rows to train on.
    pub train: Vec<Example>,
    /// The rows that are held out.
    pub validation: Vec<Example>,
    /// How much feedback there was, or how many exchanges there were, before anything was left out.
    pub given: u64,
    /// What was left out: why, and how much.
    pub left_out: Vec<(String, u64)>,
    /// Rows that were changed: what, and how many.
    pub changed: Vec<(&'static str, u64)>,
}

/// The rows of training files, conversation by conversation.
pub struct TrainingRows {
    request: TrainingRequest,
    given: u64,
    skipped: SkipCounts,
    examples: Vec<Example>,
    blamed: HashSet<[u8; 32]>,
}

impl TrainingRows {
    /// No rows yet.
    pub fn new(request: TrainingRequest) -> Self {
        let (skipped, examples, blamed) = Default::default();
        Self { request, given: 0, skipped, examples, blamed }
    }

    /// Adds the rows that a conversation and the feedback in it make.
    pub fn add(&mut self, record: &Record<'_>, feedback: &[AnswerFeedback]) {
        self.given += feedback.len() as u64;
        let TrainingRequest { task, ref choice, ref mut filters, style, .. } = self.request;
        let conversation = &record.conversation;
        let dialogue = Dialogue { conversation, tools: &record.tools, media: &record.media };
        for example in example::of(task, &dialogue, feedback, choice, &mut self.skipped) {
            if task == TrainingTask::Sft && !example.label {
                self.blamed.insert(example.hash(false));
                *self.skipped.entry(SkipReason::Category).or_default() += 1;
            } else if !style.expresses(task, &example) {
                *self.skipped.entry(SkipReason::Form).or_default() += 1;
            } else if filters.keep(&example, record) {
                self.examples.push(Example { is_flagged: checks::is_flagged(record), ..example });
            }
        }
    }

    /// The rows, split, balanced and in order. The rows that are held out are for measuring, so all of them stay.
    pub fn arranged(self) -> TrainingFiles {
        let Self { request, given, skipped, mut examples, blamed } = self;
        let TrainingRequest { task, filters, validation: share, seed, .. } = request;
        let mut left_out = told(&skipped, &filters);
        let conflicts = arrange::remove_conflicts(&mut examples, &blamed);
        left_out.push(("the same answer praised and blamed in different places".to_owned(), conflicts));
        let SplitExamples { mut train, mut validation, torn } = arrange::split(examples, share, seed);
        left_out.push(("held out, of a conversation with other rows to train on".to_owned(), torn));
        let unseen = arrange::remove_unseen_tools(&mut validation, &train);
        left_out.push(("held out with tools, which no row to train on has".to_owned(), unseen));
        if request.is_balanced && task == TrainingTask::Kto {
            let balanced = arrange::balance(&mut train, seed);
            left_out.push(("drawn to balance the labels".to_owned(), balanced));
        }
        TrainingFiles::arranged(train, validation, seed, given, left_out)
    }
}

/// What was left out before anything was arranged: why, and how much.
pub(super) fn told(skipped: &SkipCounts, filters: &Filters) -> Vec<(String, u64)> {
    let skipped = skipped.iter().map(|(why, count)| (why.describe().to_owned(), *count));
    skipped.chain(filters.report()).collect()
}

impl TrainingFiles {
    /// Reads a run and its input, and makes and arranges the rows that the feedback makes.
    ///
    /// # Errors
    /// If the run or its input cannot be read, or the input is not what it was.
    pub fn of_run(run: &RunDir, request: TrainingRequest) -> Result<Self, RunError> {
        let mut rows = TrainingRows::new(request);
        replay::conversations_with_feedback(run, |record, feedback| {
            let feedback: Vec<_> = feedback.iter().map(AnswerFeedback::from).collect();
            rows.add(record, &feedback);
            Ok::<_, RunError>(())
        })?;
        Ok(rows.arranged())
    }

    /// Puts the rows in order.
    pub(super) fn arranged(
        train: Vec<Example>,
        validation: Vec<Example>,
        seed: u64,
        given: u64,
        mut left_out: Vec<(String, u64)>,
    ) -> Self {
        left_out.retain(|(_, count)| *count > 0);
        let [train, validation] = [train, validation].map(|split| arrange::order(split, seed));
        let changed = RowChanges::counts(train.iter().chain(&validation).map(|example| example.changes));
        Self { train, validation, given, left_out, changed }
    }

    /// The files without personal data. Which rows there are, and in what order, does not depend on the personal data in them.
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        let mut rows = RedactedRows::default();
        for example in self.train.iter_mut().chain(&mut self.validation) {
            rows.count(redactor.example(example));
        }
        self.changed.extend(rows.changes());
        self
    }

    /// How many rows hold calls and results of tools.
    pub fn with_tools(&self) -> usize {
        self.train.iter().chain(&self.validation).filter(|example| example.has_tools()).count()
    }
}

/// Writes rows as lines of JSON.
///
/// # Errors
/// If `out` cannot be written.
pub fn write_rows(
    out: &mut dyn Write,
    task: TrainingTask,
    style: Style,
    examples: &[Example],
) -> io::Result<()> {
    for example in examples {
        serde_json::to_writer(&mut *out, &style.row(task, example))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
