//! Training files of exchanges drawn at random: what training on as much of anything does.

use std::collections::HashSet;

use rejoinder_export::export::data_set::DrawFacts;
use rejoinder_export::export::example::{Example, ToolPolicy, TrainingTask};
use rejoinder_export::export::exchange::{self, ExchangeSource};
use rejoinder_export::export::filter::Filters;
use rejoinder_export::export::skip_reason::{SkipCounts, SkipReason};
use rejoinder_export::export::style::Style;
use rejoinder_export::export::{Dialogue, arrange, checks};
use rejoinder_read::Record;

use super::draw::{Drawn, ExchangeDraw, ExchangeDrawSize};
use super::training::{TrainingFiles, told};
use crate::error::RunError;
use crate::folder::RunDir;
use crate::replay;

/// What exchanges are asked for.
pub struct RandomRequest {
    /// How many, and how long.
    pub size: ExchangeDrawSize,
    /// What exchanges must pass.
    pub filters: Filters,
    /// The form of the rows.
    pub style: Style,
    /// What happens to dialogues with tools.
    pub tools: ToolPolicy,
    /// The share of the conversations that other exports with the same seed hold out for validation, which are left out here.
    pub validation: f64,
    /// What the draw, the split and the order depend on.
    pub seed: u64,
}

/// Files of drawn exchanges.
pub struct RandomFiles {
    /// The files. No row is held out.
    pub files: TrainingFiles,
    /// How the draw went.
    pub draw: DrawFacts,
}

/// The exchanges of a corpus, conversation by conversation.
struct RandomRows {
    request: RandomRequest,
    draw: ExchangeDraw,
    given: u64,
    pool: u64,
    skipped: SkipCounts,
    /// Hashes of the ids of conversations that are held out. Other conversations may have the same ids.
    held_out: HashSet<[u8; 32]>,
    of_held_out: u64,
}

impl RandomRows {
    fn new(request: RandomRequest) -> Self {
        let draw = ExchangeDraw::new(&request.size, request.seed);
        let (given, pool, skipped, held_out, of_held_out) = Default::default();
        Self { request, draw, given, pool, skipped, held_out, of_held_out }
    }

    fn add(&mut self, record: &Record<'_>, shard: u32, ordinal: u64) {
        let RandomRequest { ref mut filters, style, tools, validation, seed, .. } = self.request;
        let conversation = &record.conversation;
        let dialogue = Dialogue { conversation, tools: &record.tools, media: &record.media };
        let source = ExchangeSource { shard, ordinal, shared: record.shared };
        let before: u64 = self.skipped.values().sum();
        let examples = exchange::examples(&dialogue, source, tools, &mut self.skipped);
        self.given += examples.len() as u64 + self.skipped.values().sum::<u64>() - before;
        let id = id_hash(&conversation.id);
        let is_held_out = |example: &Example| arrange::is_validation(&example.opening(), validation, seed);
        if examples.first().is_some_and(is_held_out) {
            self.held_out.insert(id);
        }
        let is_flagged = checks::is_flagged(record);
        for example in examples {
            if self.held_out.contains(&id) {
                self.of_held_out += 1;
            } else if !style.expresses(TrainingTask::Sft, &example) {
                *self.skipped.entry(SkipReason::Form).or_default() += 1;
            } else if filters.keep(&example, record) {
                self.pool += 1;
                self.draw.offer(Example { is_flagged, ..example });
            }
        }
    }

    fn arranged(self) -> RandomFiles {
        let Self { request, draw, given, pool, skipped, held_out, of_held_out } = self;
        let Drawn { examples, lacking } =
            draw.end(|example| !held_out.contains(&id_hash(&example.conversation_id)));
        let mut left_out = told(&skipped, &request.filters);
        left_out.push(("of conversations that are held out for validation".to_owned(), of_held_out));
        let files = TrainingFiles::arranged(examples, Vec::new(), request.seed, given, left_out);
        let draw = DrawFacts { wanted: request.size.rows(), pool, like_sha256: None, lacking };
        RandomFiles { files, draw }
    }
}

fn id_hash(id: &str) -> [u8; 32] {
    *blake3::hash(id.as_bytes()).as_bytes()
}

impl RandomFiles {
    /// Reads the input of a run, and draws and arranges the rows.
    ///
    /// # Errors
    /// If the input cannot be read, or is not what it was.
    pub fn of(run: &RunDir, request: RandomRequest) -> Result<Self, RunError> {
        let mut rows = RandomRows::new(request);
        replay::conversations(run, &mut |record, shard, ordinal| rows.add(record, shard, ordinal))?;
        Ok(rows.arranged())
    }
}
