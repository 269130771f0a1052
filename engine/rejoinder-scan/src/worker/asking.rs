//! The passes over a batch in which plugins are asked: for facts that rules wait for, and for votes.

use rejoinder_core::{Hit, RecordId, Vote};
use rejoinder_host::{ConversationContext, Fault, HostError};
use rejoinder_rules::FactCondition;

use super::scanning::{BatchInProgress, PendingHit, Worker};
use crate::error::ScanError;
use crate::scanned_batch::{FaultRow, ScannedBatch};

/// A candidate's number in a batch leads back to the conversation and the message: so many bits are the message's.
const MESSAGE_BITS: u32 = 20;

/// Plugins are asked about so many turns of a conversation at a time, so that a stop is heard in a very long conversation.
/// Each time the plugins read the conversation from its beginning.
const MOST_TURNS: usize = 4096;

/// A plugin that failed to tell its facts of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FailedTelling {
    /// The place of the turn in the batch.
    turn: usize,
    plugin: usize,
}

impl Worker<'_> {
    /// Asks for the facts that rules wait for, and adds the hits that the facts allow. Returns where a plugin failed.
    pub(super) fn settle_pending(
        &mut self,
        batching: &mut BatchInProgress<'_>,
    ) -> Result<Vec<FailedTelling>, ScanError> {
        let mut failed = Vec::new();
        if batching.pending.is_empty() {
            return Ok(failed);
        }
        let facts = &self.engine.facts;
        let mut at = None;
        for &PendingHit { turn, .. } in &batching.pending {
            if at.replace(turn) != Some(turn) {
                let start = batching.out.facts.len();
                batching.out.facts.resize(start + facts.len(), None);
                batching.out.turns[turn].facts = start..batching.out.facts.len();
            }
        }
        for &plugin in facts.plugins() {
            let rules = &self.engine.rules;
            let asks = |hit: &Hit| rules.rule(hit.rule).facts().any(|fact| facts.plugin(fact.slot) == plugin);
            let mut turns: Vec<usize> =
                batching.pending.iter().filter(|pending| asks(&pending.hit)).map(|p| p.turn).collect();
            turns.dedup();
            self.tell(plugin, &turns, batching, &mut failed)?;
        }
        self.add_allowed(batching);
        Ok(failed)
    }

    /// Asks a plugin for its facts of these turns, which are sorted.
    fn tell(
        &mut self,
        plugin: usize,
        turns: &[usize],
        batching: &mut BatchInProgress<'_>,
        failed: &mut Vec<FailedTelling>,
    ) -> Result<(), ScanError> {
        let mut rest = turns;
        for at in 0..batching.out.conversations.len() {
            let end = batching.out.conversations[at].turns.end;
            let (own, others) = rest.split_at(rest.partition_point(|&turn| turn < end));
            rest = others;
            for own in own.chunks(MOST_TURNS) {
                self.enlist(&batching.out, at, own, Evidence::None);
                if self.batch.is_full() {
                    self.tell_batch(plugin, batching, failed)?;
                }
            }
        }
        self.tell_batch(plugin, batching, failed)
    }

    /// Asks a plugin for its facts of the turns in the batch, and empties it.
    fn tell_batch(
        &mut self,
        plugin: usize,
        batching: &mut BatchInProgress<'_>,
        failed: &mut Vec<FailedTelling>,
    ) -> Result<(), ScanError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.stop.check()?;
        let told = self.session.facts(plugin, &self.batch, &mut self.new_facts, &mut self.new_faults);
        failed.extend(
            self.new_faults.iter().map(|fault| FailedTelling { turn: self.waiting[fault.candidate], plugin }),
        );
        self.note_faults(told, batching)?;
        self.batch.clear();
        let facts = &self.engine.facts;
        let declared = self.new_facts.len() / self.waiting.len();
        for (turn, told) in self.waiting.drain(..).zip(self.new_facts.chunks_exact(declared.max(1))) {
            let row = batching.out.turns[turn].facts.clone();
            for (slot, known) in (0..).zip(&mut batching.out.facts[row]) {
                if facts.plugin(slot) == plugin {
                    *known = Some(told[facts.place(slot)]);
                }
            }
        }
        Ok(())
    }

    /// Adds those of the pending hits that the facts allow to the hits of their turns.
    fn add_allowed(&self, batching: &mut BatchInProgress<'_>) {
        let BatchInProgress { out, pending, .. } = batching;
        for of_turn in pending.chunk_by(|one, other| one.turn == other.turn) {
            let index = of_turn[0].turn;
            let turn = &out.turns[index];
            let waiting: Vec<Hit> = of_turn.iter().map(|pending| pending.hit).collect();
            let reading = |fact: &FactCondition| out.fact(self.engine, turn, fact.slot);
            let mut hits = self.engine.rules.allowed(out.hits(turn), &waiting, reading);
            if hits.is_empty() {
                continue;
            }
            hits.extend_from_slice(out.hits(turn));
            hits.sort_unstable_by_key(|hit| hit.rule);
            let start = out.hits.len();
            out.hits.extend_from_slice(&hits);
            let turn = &mut out.turns[index];
            turn.hits = start..out.hits.len();
            turn.is_candidate = self.engine.is_candidate(&hits);
            turn.prior = self.engine.prior(&hits);
        }
    }

    /// Puts the turns of a conversation that some plugin is asked about into the batch, and lets the plugins vote whenever the batch is full.
    pub(super) fn put_to_vote(
        &mut self,
        batching: &mut BatchInProgress<'_>,
        at: usize,
        failed: &[FailedTelling],
    ) -> Result<(), ScanError> {
        let turns = batching.out.conversations[at].turns.clone();
        let mut asked = std::mem::take(&mut self.asked);
        asked.clear();
        asked.extend(turns.filter(|&turn| self.engine.asks_some(batching.out.turns[turn].marks())));
        let mut voted = Ok(());
        for own in asked.chunks(MOST_TURNS) {
            self.enlist(&batching.out, at, own, Evidence::OfRules);
            if self.batch.is_full() {
                voted = self.vote(batching, failed);
            }
            if voted.is_err() {
                break;
            }
        }
        self.asked = asked;
        voted
    }

    /// Lets the plugins vote on the turns in the batch, and empties it.
    pub(super) fn vote(
        &mut self,
        batching: &mut BatchInProgress<'_>,
        failed: &[FailedTelling],
    ) -> Result<(), ScanError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.stop.check()?;
        let (engine, out, waiting) = (self.engine, &mut batching.out, &self.waiting);
        let asks = |plugin: usize, candidate: usize| {
            let turn = waiting[candidate];
            engine.asks(plugin, out.turns[turn].marks())
                && (failed.is_empty() || !failed.contains(&FailedTelling { turn, plugin }))
        };
        let classified =
            self.session.classify_where(&self.batch, &asks, &mut self.new_votes, &mut self.new_faults);
        self.note_faults(classified, batching)?;
        let out = &mut batching.out;
        out.notes.extend_from_slice(self.session.notes());
        self.batch.clear();
        let plugins = engine.registry.plugins().len();
        for (turn, votes) in self.waiting.drain(..).zip(self.new_votes.chunks_exact(plugins)) {
            let start = out.votes.len();
            out.votes.extend_from_slice(votes);
            out.turns[turn].votes = start..out.votes.len();
        }
        Ok(())
    }

    /// A plugin that failed to tell its facts of a turn has failed on the turn.
    pub(super) fn fail(&self, out: &mut ScannedBatch<'_>, failed: &[FailedTelling]) {
        for &FailedTelling { turn, plugin } in failed {
            if out.turns[turn].votes.is_empty() {
                let start = out.votes.len();
                out.votes.resize(start + self.engine.registry.plugins().len(), Vote::default());
                out.turns[turn].votes = start..out.votes.len();
                if !out.notes.is_empty() {
                    out.notes.resize(out.votes.len(), String::new());
                }
            }
            let start = out.turns[turn].votes.start;
            out.votes[start + plugin] = Vote::FAULT;
        }
    }

    /// Writes the new failures down, as far as the plugins came.
    fn note_faults(
        &mut self,
        asked: Result<(), HostError>,
        batching: &mut BatchInProgress<'_>,
    ) -> Result<(), ScanError> {
        let faults = &mut batching.out.faults;
        let first = faults.len();
        faults.extend(self.new_faults.drain(..).map(|Fault { id, plugin, message, .. }| FaultRow {
            id: RecordId {
                shard: batching.shard,
                ordinal: id >> MESSAGE_BITS,
                message_index: (id & ((1 << MESSAGE_BITS) - 1)) as u32,
            },
            plugin,
            message,
        }));
        if let Some(log) = self.fault_log
            && faults.len() > first
        {
            log.add(&faults[first..]);
        }
        Ok(asked?)
    }

    /// Puts turns of a conversation into the batch.
    fn enlist(&mut self, out: &ScannedBatch<'_>, at: usize, turns: &[usize], evidence: Evidence) {
        let Some(&last) = turns.last() else { return };
        let conversation = &out.conversations[at];
        let record = &conversation.record;
        let columns: Vec<_> = match self.wants_columns {
            true => record.metadata.iter().map(|(name, json)| (name.as_ref().into(), json.text())).collect(),
            false => Vec::new(),
        };
        let context = ConversationContext { language: conversation.language, columns: &columns };
        self.batch.begin_conversation(&record.conversation, out.turns[last].message_index, &context);
        for &index in turns {
            let turn = &out.turns[index];
            let id = (conversation.ordinal << MESSAGE_BITS) | turn.message_index as u64;
            let (prior, hits) = match evidence {
                Evidence::OfRules => (turn.prior, out.hits(turn)),
                Evidence::None => (0.0, &[][..]),
            };
            self.batch.push_candidate(id, turn.message_index, prior, hits);
            self.waiting.push(index);
        }
    }
}

/// What the plugins are shown of the rules' work.
#[derive(Clone, Copy, Debug)]
enum Evidence {
    /// Hits and prior.
    OfRules,
    /// Nothing: the rules are not done yet.
    None,
}
