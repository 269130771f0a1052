//! Training files: rows for supervised training, for KTO, and pairs.

use std::collections::HashSet;
use std::io::{self, Write};

use rejoinder_core::Feedback;
use rejoinder_export::export::example::{self, Example, FeedbackChoice, TrainingTask};
use rejoinder_export::export::filter::Filters;
use rejoinder_export::export::skip_reason::{SkipCounts, SkipReason};
use rejoinder_export::export::style::Style;
use rejoinder_export::export::{Dialogue, RowChanges, arrange};
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
    /// Feedback that was left out: why, and how much.
    pub left_out: Vec<(String, u64)>,
    /// Rows that were changed: what, and how many.
    pub changed: Vec<(&'static str, u64)>,
}

/// The rows of training files, conversation by conversation.
pub struct TrainingRows {
    request: TrainingRequest,
    skipped: SkipCounts,
    examples: Vec<Example>,
    blamed: HashSet<[u8; 32]>,
}

impl TrainingRows {
    /// No rows yet.
    pub fn new(request: TrainingRequest) -> Self {
        Self { request, skipped: SkipCounts::new(), examples: Vec::new(), blamed: HashSet::new() }
    }

    /// Adds the rows that a conversation and the feedback in it make.
    pub fn add(&mut self, record: &Record<'_>, feedback: &[Feedback]) {
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
                self.examples.push(example);
            }
        }
    }

    /// The rows, balanced, split and in order.
    pub fn arranged(self) -> TrainingFiles {
        let Self { request, skipped, mut examples, blamed } = self;
        let TrainingRequest { task, filters, validation: share, seed, .. } = request;
        let mut left_out: Vec<_> =
            skipped.iter().map(|(why, count)| (why.describe().to_owned(), *count)).collect();
        left_out.extend(filters.report());
        let conflicts = arrange::remove_conflicts(&mut examples, &blamed);
        left_out.push(("the same answer praised and blamed in different places".to_owned(), conflicts));
        left_out.retain(|(_, count)| *count > 0);
        let is_balanced = request.is_balanced && task == TrainingTask::Kto;
        let held_out = |example: &Example| arrange::is_validation(&example.conversation_id, share, seed);
        let (mut validation, train): (Vec<_>, Vec<_>) = examples.into_iter().partition(held_out);
        let mut balanced = 0;
        let mut arranged = |mut split: Vec<Example>| {
            if is_balanced {
                balanced += arrange::balance(&mut split, seed);
            }
            arrange::order(split, seed)
        };
        let train = arranged(train);
        let unseen = arrange::remove_unseen_tools(&mut validation, &train);
        let validation = arranged(validation);
        if unseen > 0 {
            left_out.push(("held out with tools, which no row to train on has".to_owned(), unseen));
        }
        if balanced > 0 {
            left_out.push(("drawn to balance the labels".to_owned(), balanced));
        }
        let changed = RowChanges::counts(train.iter().chain(&validation).map(|example| example.changes));
        TrainingFiles { train, validation, left_out, changed }
    }
}

impl TrainingFiles {
    /// Reads a run and its input, and makes and arranges the rows.
    ///
    /// # Errors
    /// If the run or its input cannot be read, or the input is not what it was.
    pub fn of(run: &RunDir, request: TrainingRequest) -> Result<Self, RunError> {
        let mut rows = TrainingRows::new(request);
        replay::conversations_with_feedback(run, |record, feedback| {
            rows.add(record, feedback);
            Ok::<_, RunError>(())
        })?;
        Ok(rows.arranged())
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
