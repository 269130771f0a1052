//! What one thread does with one batch of conversations: read, scan, let the plugins vote, decide.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rejoinder_cascade::DecisionReason;
use rejoinder_core::language::Language;
use rejoinder_core::{Conversation, RecordId, Vote};
use rejoinder_host::{Batch, ConversationContext, Fault, Session};
use rejoinder_read::{Chunk, Entry, QuarantinedRecord, Record, RecordError, language};
use rejoinder_rules::{RuleTimes, RuleTrial, Scanner};

use crate::config::ExclusionReason;
use crate::engine::Engine;
use crate::error::ScanError;
use crate::reading::SetAsideRecords;
use crate::repeated::{RepeatedConversations, Repetition};
use crate::scanned_batch::{FaultRow, ScannedBatch, ScannedConversation, ScannedTurn};
use crate::stop::StopFlag;

/// A thread's own scanner, plugin states and buffers.
pub struct Worker<'e> {
    /// The shared engine.
    pub engine: &'e Engine,
    scanner: Scanner<'e>,
    session: Session<'e>,
    batch: Batch,
    new_votes: Vec<Vote>,
    /// Conversations that are left out because the input holds the same conversation elsewhere.
    repeated: Option<&'e RepeatedConversations>,
    /// Turns that the judge was asked about before.
    asked_before: Option<&'e HashSet<RecordId>>,
    fault_log: Option<&'e FaultLog>,
    stop: StopFlag,
    lists_all_set_aside: bool,
    /// What scanning cost, where somebody wants to know the cost.
    costs: Option<RuleTimes>,
    /// How many candidates the plugins were asked about, and how long that took.
    plugin_time: (usize, Duration),
}

/// Plugins' failures, also on turns of batches whose scan did not come to its end.
#[derive(Debug, Default)]
pub struct FaultLog(Mutex<Vec<FaultRow>>);

impl FaultLog {
    fn add(&self, rows: &[FaultRow]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(rows);
    }

    /// All failures so far.
    pub fn rows(&self) -> Vec<FaultRow> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A candidate's number in a batch leads back to the conversation and the message: so many bits are the message's.
const MESSAGE_BITS: u32 = 20;

/// Plugins are asked about so many turns of a conversation at a time, so that a stop is heard in a very long conversation.
/// Each time the plugins read the conversation from its beginning.
const MOST_TURNS: usize = 4096;

/// A batch under way.
struct BatchInProgress<'c> {
    out: ScannedBatch<'c>,
    shard: u32,
    /// Turns that wait in the batch for the plugins' votes.
    voting: Vec<usize>,
}

impl<'e> Worker<'e> {
    /// A worker of `engine`, with its own plugin states.
    ///
    /// # Errors
    /// If a plugin cannot make a state.
    pub fn new(engine: &'e Engine) -> Result<Self, ScanError> {
        Ok(Self {
            engine,
            scanner: Scanner::new(&engine.rules),
            session: engine.registry.session()?,
            batch: Batch::default(),
            new_votes: Vec::new(),
            repeated: None,
            asked_before: None,
            fault_log: None,
            stop: StopFlag::default(),
            lists_all_set_aside: false,
            costs: None,
            plugin_time: Default::default(),
        })
    }

    /// The worker, leaving out these conversations.
    pub fn passing_over(self, repeated: &'e RepeatedConversations) -> Self {
        Self { repeated: Some(repeated), ..self }
    }

    /// The worker, leaving these turns to what the judge has said of them before.
    pub fn knowing(self, asked_before: &'e HashSet<RecordId>) -> Self {
        Self { asked_before: Some(asked_before), ..self }
    }

    /// The worker, with a log of the plugins' failures.
    pub fn logging(self, faults: &'e FaultLog) -> Self {
        Self { fault_log: Some(faults), ..self }
    }

    /// The worker, listing each record that it sets aside, however many there are for the same kind of reason.
    pub fn listing_all_set_aside(self) -> Self {
        Self { lists_all_set_aside: true, ..self }
    }

    /// The worker, ending as soon as the flag is raised.
    pub fn until(self, stop: StopFlag) -> Self {
        Self { stop, ..self }
    }

    /// From now on notes what scanning costs; returns what was noted since the last call.
    pub fn take_costs(&mut self) -> RuleTimes {
        let none = RuleTimes::new(self.engine.rules.rules().len());
        self.costs.replace(none.clone()).unwrap_or(none)
    }

    /// How many candidates the plugins were asked about since the last call, and how long that took.
    pub fn take_plugin_time(&mut self) -> (usize, Duration) {
        std::mem::take(&mut self.plugin_time)
    }

    /// From now on plugins are asked for notes.
    pub fn want_notes(&mut self) {
        self.session.want_notes();
    }

    /// What each rule makes of a turn (see [`Scanner::explain`]).
    pub fn explain(&mut self, conversation: &Conversation<'_>, message_index: usize) -> Vec<RuleTrial<'e>> {
        self.scanner.begin(conversation);
        self.scanner.explain(conversation, message_index)
    }

    /// Scans conversations that are held in memory, and decides their later turns. A conversation's ordinal is its place in
    /// the batch, its shard 0.
    ///
    /// # Errors
    /// If a plugin fails more often than is borne, or the worker's flag is raised.
    pub fn scan_conversations<'c>(
        &mut self,
        conversations: impl IntoIterator<Item = Conversation<'c>>,
    ) -> Result<ScannedBatch<'c>, ScanError> {
        let mut batching = BatchInProgress { out: ScannedBatch::default(), shard: 0, voting: Vec::new() };
        for (ordinal, conversation) in (0..).zip(conversations) {
            let record = Record {
                conversation,
                metadata: Vec::new(),
                shared: 0,
                tools: Vec::new(),
                media: Vec::new(),
                repaired: None,
            };
            self.take(record, ordinal, &mut batching)?;
        }
        self.end(batching)
    }

    /// Reads the records of a chunk, scans them, and decides their later turns.
    ///
    /// # Errors
    /// If a plugin fails more often than is borne, or the worker's flag is raised.
    pub fn scan<'c>(&mut self, chunk: &'c Chunk) -> Result<ScannedBatch<'c>, ScanError> {
        let shard = chunk.start.shard;
        let mut batching = BatchInProgress { out: ScannedBatch::default(), shard, voting: Vec::new() };
        if self.lists_all_set_aside {
            batching.out.set_aside = SetAsideRecords::listing_all();
        }
        for lost in &chunk.set_aside {
            batching.out.set_aside.add(lost.reason.clone(), |_| lost.clone());
        }
        for entry in chunk.entries() {
            let line = entry.ordinal;
            match self.parse(&entry) {
                Ok(record) => self.take(record, line, &mut batching)?,
                Err(why) => batching.out.set_aside.add(why.to_string(), |reason| QuarantinedRecord {
                    shard,
                    line,
                    file: chunk.file.clone(),
                    bytes: entry.size(),
                    reason,
                }),
            }
        }
        self.end(batching)
    }

    fn parse<'c>(&self, entry: &Entry<'c>) -> Result<Record<'c>, RecordError> {
        let input = &self.engine.config.input;
        if entry.size() > input.max_record_bytes as u64 {
            return Err(RecordError::TooLong { bytes: entry.size(), limit: input.max_record_bytes });
        }
        entry.record()
    }

    /// Scans a conversation, unless the config leaves it out.
    fn take<'c>(
        &mut self,
        record: Record<'c>,
        ordinal: u64,
        batching: &mut BatchInProgress<'c>,
    ) -> Result<(), ScanError> {
        let out = &mut batching.out;
        let repetition = || self.repeated.and_then(|repeated| repeated.why(batching.shard, ordinal));
        match (self.engine.config.input.leaves_out(&record), repetition()) {
            (Some(ExclusionReason::TooShort), _) => out.too_short += 1,
            (Some(ExclusionReason::OtherLanguage), _) => out.other_language += 1,
            (None, Some(Repetition::Before)) => out.duplicates += 1,
            (None, Some(Repetition::Superseded)) => out.superseded += 1,
            (None, None) => {
                let turns = self.mark(&record, out)?;
                let language = self.language(&record, &turns);
                for first in turns.clone().step_by(MOST_TURNS) {
                    self.enlist(
                        &record,
                        ordinal,
                        first..turns.end.min(first + MOST_TURNS),
                        language,
                        batching,
                    );
                    if self.batch.is_full() {
                        self.stop.check()?;
                        self.vote(batching)?;
                    }
                }
                let shard = batching.shard;
                batching.out.conversations.push(ScannedConversation {
                    record,
                    shard,
                    ordinal,
                    language,
                    turns,
                });
            }
        }
        Ok(())
    }

    /// Lets the plugins vote on the turns that still wait, and decides all turns.
    fn end<'c>(&mut self, mut batching: BatchInProgress<'c>) -> Result<ScannedBatch<'c>, ScanError> {
        self.vote(&mut batching)?;
        let mut out = batching.out;
        for at in 0..out.conversations.len() {
            let language = out.conversations[at].language;
            for index in out.conversations[at].turns.clone() {
                let turn = &out.turns[index];
                let (id, hits, votes) = (out.conversations[at].id(turn), out.hits(turn), out.votes(turn));
                let probability =
                    self.engine.score(votes).map_or_else(|| of_log_odds(turn.prior), |(p, _)| p);
                let ground = match self.asked_before.is_some_and(|asked| asked.contains(&id)) {
                    true => DecisionReason::AskedBefore,
                    false => self.engine.ground(language, hits, votes),
                };
                let turn = &mut out.turns[index];
                (turn.probability, turn.ground) = (probability, ground);
            }
        }
        Ok(out)
    }

    /// The language of the conversation that was scanned last, if the conversation has a later turn.
    fn language(&self, record: &Record<'_>, turns: &Range<usize>) -> &'static str {
        if turns.is_empty() {
            return language::UNDETERMINED;
        }
        let detected =
            || self.scanner.language(&record.conversation).map_or(language::UNDETERMINED, Language::code);
        language::given(record).unwrap_or_else(detected)
    }

    /// Lets the rules mark all later turns; returns the places of the turns in `out.turns`.
    fn mark(&mut self, record: &Record<'_>, out: &mut ScannedBatch<'_>) -> Result<Range<usize>, ScanError> {
        let first = out.turns.len();
        let conversation = &record.conversation;
        self.scanner.begin(conversation);
        for message_index in record.later_turns() {
            self.stop.check()?;
            let hits = match &mut self.costs {
                None => self.scanner.scan(conversation, message_index),
                Some(costs) => self.scanner.scan_timed(conversation, message_index, costs),
            };
            let start = out.hits.len();
            out.hits.extend_from_slice(hits);
            out.turns.push(ScannedTurn {
                message_index,
                is_candidate: self.engine.is_candidate(hits),
                prior: hits.iter().map(|h| self.engine.rules.rule(h.rule).weight).sum(),
                probability: 0.0,
                ground: DecisionReason::Unmarked,
                hits: start..out.hits.len(),
                votes: 0..0,
            });
        }
        Ok(first..out.turns.len())
    }

    /// Puts a conversation's turns that the plugins are asked about into the batch.
    fn enlist(
        &mut self,
        record: &Record<'_>,
        ordinal: u64,
        turns: Range<usize>,
        language: &str,
        batching: &mut BatchInProgress<'_>,
    ) {
        if self.engine.registry.plugins().is_empty() {
            return;
        }
        let BatchInProgress { out, voting, .. } = batching;
        let asked = || turns.clone().filter(|&t| self.engine.asks_plugins(out.turns[t].is_candidate));
        let Some(last) = asked().next_back() else { return };
        let wants_columns = self.engine.registry.wants_columns();
        let columns: Vec<_> = record
            .metadata
            .iter()
            .filter(|_| wants_columns)
            .map(|(name, json)| (name.as_ref().into(), json.text()))
            .collect();
        let context = ConversationContext { language, columns: &columns };
        self.batch.begin_conversation(&record.conversation, out.turns[last].message_index, &context);
        for index in asked() {
            let turn = &out.turns[index];
            let id = (ordinal << MESSAGE_BITS) | turn.message_index as u64;
            self.batch.push_candidate(id, turn.message_index, turn.prior, &out.hits[turn.hits.clone()]);
            voting.push(index);
        }
    }

    /// Lets the plugins vote on the batch, and empties it.
    fn vote(&mut self, batching: &mut BatchInProgress<'_>) -> Result<(), ScanError> {
        let BatchInProgress { out, shard, voting } = batching;
        if voting.is_empty() {
            return Ok(());
        }
        let mut faults: Vec<Fault> = Vec::new();
        let begun = Instant::now();
        let classified = self.session.classify(&self.batch, &mut self.new_votes, &mut faults);
        self.plugin_time.0 += self.batch.len();
        self.plugin_time.1 += begun.elapsed();
        if !faults.is_empty() {
            let rows = faults.into_iter().map(|fault| FaultRow {
                id: RecordId {
                    shard: *shard,
                    ordinal: fault.id >> MESSAGE_BITS,
                    message_index: (fault.id & ((1 << MESSAGE_BITS) - 1)) as u32,
                },
                plugin: fault.plugin,
                message: fault.message,
            });
            let first = out.faults.len();
            out.faults.extend(rows);
            if let Some(log) = self.fault_log {
                log.add(&out.faults[first..]);
            }
        }
        classified?;
        out.notes.extend_from_slice(self.session.notes());
        self.batch.clear();
        let plugins = self.engine.registry.plugins().len();
        for (turn, votes) in voting.drain(..).zip(self.new_votes.chunks_exact(plugins)) {
            let start = out.votes.len();
            out.votes.extend_from_slice(votes);
            out.turns[turn].votes = start..out.votes.len();
        }
        Ok(())
    }
}

/// The probability of log-odds.
fn of_log_odds(log_odds: f32) -> f32 {
    1.0 / (1.0 + (-log_odds).exp())
}
