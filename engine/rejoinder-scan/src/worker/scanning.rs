//! The worker: what a thread keeps from batch to batch, and how a batch goes through it.

use std::collections::HashSet;
use std::ops::Range;

use rejoinder_cascade::DecisionReason;
use rejoinder_core::language::Language;
use rejoinder_core::{Conversation, Hit, RecordId, Vote};
use rejoinder_host::{Batch, Fault, PluginCost, Session};
use rejoinder_read::condition::column_texts;
use rejoinder_read::{Chunk, Entry, QuarantinedRecord, Record, RecordError, language};
use rejoinder_rules::{FactCondition, RuleTimes, RuleTrial, Scanner};

use crate::config::ExclusionReason;
use crate::engine::Engine;
use crate::error::ScanError;
use crate::reading::SetAsideRecords;
use crate::repeated::{RepeatedConversations, Repetition};
use crate::scanned_batch::{ScannedBatch, ScannedConversation, ScannedTurn};
use crate::stop::StopFlag;

use super::fault_log::FaultLog;

/// A thread's own scanner, plugin states and buffers.
pub struct Worker<'e> {
    /// The shared engine.
    pub engine: &'e Engine,
    scanner: Scanner<'e>,
    pub(super) session: Session<'e>,
    pub(super) batch: Batch,
    /// The turns of the batch.
    pub(super) waiting: Vec<usize>,
    /// The turns of a conversation that some plugin is asked about.
    pub(super) asked: Vec<usize>,
    pub(super) new_votes: Vec<Vote>,
    pub(super) new_facts: Vec<f64>,
    pub(super) new_faults: Vec<Fault>,
    /// Conversations that are left out because the input holds the same conversation elsewhere.
    repeated: Option<&'e RepeatedConversations>,
    /// Turns that the judge was asked about before.
    asked_before: Option<&'e HashSet<RecordId>>,
    pub(super) fault_log: Option<&'e FaultLog>,
    pub(super) stop: StopFlag,
    lists_all_set_aside: bool,
    /// What scanning cost, where somebody wants to know the cost.
    costs: Option<RuleTimes>,
    /// Whether some plugin reads the metadata columns of records.
    pub(super) wants_columns: bool,
}

/// A batch under way.
pub(super) struct BatchInProgress<'c> {
    pub(super) out: ScannedBatch<'c>,
    pub(super) shard: u32,
    /// Hits of rules that ask for facts, in the order of the turns.
    pub(super) pending: Vec<PendingHit>,
}

/// A hit of a rule that asks for facts, if the facts allow it.
#[derive(Clone, Copy, Debug)]
pub(super) struct PendingHit {
    /// The place of the turn in the batch.
    pub(super) turn: usize,
    pub(super) hit: Hit,
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
            waiting: Vec::new(),
            asked: Vec::new(),
            new_votes: Vec::new(),
            new_facts: Vec::new(),
            new_faults: Vec::new(),
            repeated: None,
            asked_before: None,
            fault_log: None,
            stop: StopFlag::default(),
            lists_all_set_aside: false,
            costs: None,
            wants_columns: engine.registry.wants_columns(),
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

    /// What asking each plugin has cost since the last call, in the order of the plugins.
    pub fn take_plugin_costs(&mut self) -> Vec<PluginCost> {
        self.session.take_costs()
    }

    /// From now on plugins are asked for notes.
    pub fn want_notes(&mut self) {
        self.session.want_notes();
    }

    /// What each rule makes of a turn of a scanned batch (see [`Scanner::explain`]).
    pub fn explain(
        &mut self,
        scanned: &ScannedBatch<'_>,
        conversation: &ScannedConversation<'_>,
        turn: &ScannedTurn,
    ) -> Vec<RuleTrial<'e>> {
        let record = &conversation.record;
        let reading = |fact: &FactCondition| scanned.fact(self.engine, turn, fact.slot);
        self.scanner.begin_record(&record.conversation, |column| column_texts(record, column));
        self.scanner.explain(&record.conversation, turn.message_index, reading)
    }

    /// Scans conversations that are held in memory, and decides their later turns. A conversation's ordinal is its place in
    /// the batch, its shard 0. It has no metadata columns, so that no rule hits that asks for one: see [`Self::scan_records`].
    ///
    /// # Errors
    /// If a plugin fails more often than is borne, or the worker's flag is raised.
    pub fn scan_conversations<'c>(
        &mut self,
        conversations: impl IntoIterator<Item = Conversation<'c>>,
    ) -> Result<ScannedBatch<'c>, ScanError> {
        self.scan_records(conversations.into_iter().map(|conversation| Record {
            conversation,
            metadata: Vec::new(),
            shared: 0,
            tools: Vec::new(),
            media: Vec::new(),
            repaired: None,
        }))
    }

    /// Scans records that are held in memory as [`Self::scan_conversations`] scans conversations; rules see their metadata columns.
    ///
    /// # Errors
    /// If a plugin fails more often than is borne, or the worker's flag is raised.
    pub fn scan_records<'c>(
        &mut self,
        records: impl IntoIterator<Item = Record<'c>>,
    ) -> Result<ScannedBatch<'c>, ScanError> {
        let mut batching = BatchInProgress { out: ScannedBatch::default(), shard: 0, pending: Vec::new() };
        for (ordinal, record) in (0..).zip(records) {
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
        let mut batching = BatchInProgress { out: ScannedBatch::default(), shard, pending: Vec::new() };
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
                let turns = self.mark(&record, batching)?;
                let language = self.language(&record, &turns);
                let shard = batching.shard;
                batching.out.conversations.push(ScannedConversation {
                    record,
                    shard,
                    ordinal,
                    language,
                    turns,
                });
                if !self.waits_for_facts() {
                    let at = batching.out.conversations.len() - 1;
                    self.put_to_vote(batching, at, &[])?;
                }
            }
        }
        Ok(())
    }

    /// Whether plugins vote only when a whole batch is marked, since rules ask for facts.
    fn waits_for_facts(&self) -> bool {
        self.engine.facts.len() > 0
    }

    /// Lets the plugins speak about the turns, and decides all of them.
    fn end<'c>(&mut self, mut batching: BatchInProgress<'c>) -> Result<ScannedBatch<'c>, ScanError> {
        let failed = self.settle_pending(&mut batching)?;
        if self.waits_for_facts() {
            for at in 0..batching.out.conversations.len() {
                self.put_to_vote(&mut batching, at, &failed)?;
            }
        }
        self.vote(&mut batching, &failed)?;
        let mut out = batching.out;
        self.fail(&mut out, &failed);
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

    /// Lets the rules mark all later turns; returns the places of the turns in the batch.
    fn mark(
        &mut self,
        record: &Record<'_>,
        batching: &mut BatchInProgress<'_>,
    ) -> Result<Range<usize>, ScanError> {
        let BatchInProgress { out, pending, .. } = batching;
        let first = out.turns.len();
        let conversation = &record.conversation;
        let mut turns = record.later_turns().peekable();
        if turns.peek().is_some() {
            self.scanner.begin_record(conversation, |column| column_texts(record, column));
            if !self.engine.rules.columns().is_empty() {
                let values = self.scanner.columns().iter().map(|values| values.len());
                out.rule_columns.count(&self.engine.rules, record, values);
            }
        }
        for message_index in turns {
            self.stop.check()?;
            let hits = match &mut self.costs {
                None => self.scanner.scan(conversation, message_index),
                Some(costs) => self.scanner.scan_timed(conversation, message_index, costs),
            };
            let start = out.hits.len();
            out.hits.extend_from_slice(hits);
            let turn = out.turns.len();
            let is_candidate = self.engine.is_candidate(hits);
            let prior = self.engine.prior(hits);
            pending.extend(self.scanner.pending().iter().map(|&hit| PendingHit { turn, hit }));
            out.turns.push(ScannedTurn {
                message_index,
                is_candidate,
                selected: self.scanner.selected(),
                prior,
                probability: 0.0,
                ground: DecisionReason::Unmarked,
                hits: start..out.hits.len(),
                votes: 0..0,
                facts: 0..0,
            });
        }
        Ok(first..out.turns.len())
    }
}

/// The probability of log-odds.
fn of_log_odds(log_odds: f32) -> f32 {
    1.0 / (1.0 + (-log_odds).exp())
}
