//! What a corpus is like, beside what the score and the accept rules were measured on.

use std::slice;

use rejoinder_core::{Hit, Role};
use rejoinder_read::condition::column_texts;
use rejoinder_read::{Chunk, ChunkReader, InputFile, Position, Record};
use rejoinder_rules::{Route, Scanner};
use rejoinder_score::features::{KnownWords, WordReader};
use rejoinder_score::{Profile, Trait};

use crate::engine::Engine;
use crate::error::ScanError;
use crate::scanned_batch::{ScannedBatch, ScannedConversation, ScannedTurn};
use crate::worker::Worker;

/// The turns of a chunk whose words are read: so many turns say as much as all, at a fraction of the work.
const READ_A_CHUNK: usize = 64;
/// Chunks of about a mebibyte that are looked at before a scan, and how much content in all.
const LEADING_CHUNKS: usize = 8;
const LEADING_BYTES: u64 = 8 << 20;
/// Turns that the rules are asked about before a scan, in all and of a chunk.
const MARKED: usize = 1_000;
const MARKED_A_CHUNK: usize = 250;

/// Counts what the later turns of a chunk are like.
pub struct Profiler<'a> {
    known: KnownWords<'a>,
    words: WordReader,
    to_read: usize,
}

impl<'a> Profiler<'a> {
    /// For a chunk of a corpus that an engine's score and rules are used on.
    pub fn of_chunk(engine: &'a Engine) -> Self {
        Self::new(KnownWords::Model(&engine.measured.idf), READ_A_CHUNK)
    }

    /// For a conversation that a model is trained on.
    pub fn of_training(known: KnownWords<'a>) -> Self {
        Self::new(known, usize::MAX)
    }

    fn new(known: KnownWords<'a>, to_read: usize) -> Self {
        Self { known, words: WordReader::default(), to_read }
    }

    /// Counts the texts of a conversation's later turns.
    pub fn texts(&mut self, record: &Record<'_>, profile: &mut Profile) {
        let mut turns = record.later_turns().peekable();
        if turns.peek().is_none() {
            return;
        }
        profile.begin(record.later_turns().count());
        let mut answer = 0;
        for (index, message) in record.conversation.messages.iter().enumerate() {
            if turns.next_if_eq(&index).is_some() {
                profile.count(Trait::AnswerBytes, answer as f32);
                profile.count(Trait::TurnBytes, message.text.len() as f32);
                if self.to_read > 0
                    && let Some(share) = self.words.new_share(&message.text, &self.known)
                {
                    self.to_read -= 1;
                    profile.count(Trait::NewWords, share);
                }
            }
            if message.role == Role::Assistant && !message.is_blank() {
                answer = message.text.len();
            }
        }
    }

    /// Counts a conversation's later turns: the texts, the rules' marks, if the rules are those that the model was measured
    /// with, and the model's scores, if all turns are scored.
    pub fn turns(
        &mut self,
        engine: &Engine,
        scanned: &ScannedBatch<'_>,
        conversation: &ScannedConversation<'_>,
        profile: &mut Profile,
    ) {
        self.texts(&conversation.record, profile);
        let same_rules = engine.rules.hash() == engine.measured.rules;
        let scores_all = engine.cuts().is_some();
        for turn in scanned.turns(conversation) {
            if same_rules {
                profile.count(Trait::Mark, mark(engine, scanned, turn));
            }
            if scores_all && let Some(probabilities) = engine.probabilities(scanned.votes(turn)) {
                profile.count(Trait::Score, 1.0 - probabilities[0]);
            }
        }
    }
}

/// The mark of rules on a turn, as [`Trait::Mark`] counts it.
pub fn mark(engine: &Engine, scanned: &ScannedBatch<'_>, turn: &ScannedTurn) -> f32 {
    mark_of(engine, scanned.hits(turn))
}

fn mark_of(engine: &Engine, hits: &[Hit]) -> f32 {
    let rules = hits.iter().map(|hit| engine.rules.rule(hit.rule));
    let mut marks = rules.filter(|rule| matches!(rule.route, Route::Accept | Route::Escalate));
    marks.next().map_or(0.0, |rule| rule.category.map_or(6.0, |category| category as u8 as f32))
}

/// What the beginnings of a corpus's files are like.
///
/// # Errors
/// If a file cannot be read, or a plugin fails.
pub fn profile_of_beginnings(engine: &Engine, files: &[InputFile]) -> Result<Profile, ScanError> {
    let mut worker = Worker::new(engine)?;
    let mut profile = Profile::default();
    each_leading(beginnings(engine, files), |chunk| {
        let scanned = worker.scan(chunk)?;
        let mut profiler = Profiler::of_chunk(engine);
        for conversation in &scanned.conversations {
            profiler.turns(engine, &scanned, conversation, &mut profile);
        }
        Ok(())
    })?;
    Ok(profile)
}

/// Whether a corpus is unlike what the score was measured on, by some of its chunks. This is looked at before every run, so
/// that the score is left out, and the rules are asked about as many turns as tell.
///
/// # Errors
/// If a chunk could not be read.
pub(crate) fn is_unlike(engine: &Engine, chunks: impl Iterator<Item = Chunk>) -> Result<bool, ScanError> {
    let input = &engine.config.input;
    let same_rules = engine.rules.hash() == engine.measured.rules;
    let mut scanner = Scanner::new(&engine.rules);
    let mut profile = Profile::default();
    let mut to_mark = MARKED;
    each_leading(chunks, |chunk| {
        let mut profiler = Profiler::of_chunk(engine);
        let mut to_mark_here = to_mark.min(MARKED_A_CHUNK);
        to_mark -= to_mark_here;
        let records = chunk.entries().filter(|entry| entry.size() <= input.max_record_bytes as u64);
        for record in records.filter_map(|entry| entry.record().ok()) {
            if input.leaves_out(&record).is_some() {
                continue;
            }
            profiler.texts(&record, &mut profile);
            if !same_rules || to_mark_here == 0 {
                continue;
            }
            scanner.begin_record(&record.conversation, |column| column_texts(&record, column));
            for turn in record.later_turns().take(to_mark_here) {
                to_mark_here -= 1;
                profile.count(Trait::Mark, mark_of(engine, scanner.scan(&record.conversation, turn)));
            }
        }
        Ok(())
    })?;
    Ok(!engine.measured.on.differences(&profile).is_empty())
}

/// The first chunks of each file.
pub(crate) fn beginnings<'f>(engine: &'f Engine, files: &'f [InputFile]) -> impl Iterator<Item = Chunk> + 'f {
    let input = &engine.config.input;
    let each = (LEADING_CHUNKS / files.len().max(1)).max(1);
    files.iter().flat_map(move |file| {
        ChunkReader::new(slice::from_ref(file), &input.map, Position::default(), input.max_record_bytes)
            .take(each)
    })
}

/// Calls `visit` with chunks, until they hold as much as tells what a corpus is like.
fn each_leading(
    chunks: impl Iterator<Item = Chunk>,
    mut visit: impl FnMut(&Chunk) -> Result<(), ScanError>,
) -> Result<(), ScanError> {
    let mut read = 0;
    for chunk in chunks {
        if let Some(why) = chunk.failure {
            return Err(ScanError::Read(why));
        }
        read += chunk.content_bytes;
        visit(&chunk)?;
        if read >= LEADING_BYTES {
            break;
        }
    }
    Ok(())
}
