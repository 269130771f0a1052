//! What one thread does with one chunk: parse, scan, let the plugins vote, decide.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use rejoinder_cascade::{Decision, Ground};
use rejoinder_core::language::Language;
use rejoinder_core::{Category, Conversation, Hit, PluginVote, RecordId, Source, TurnRecord, Verdict, Vote};
use rejoinder_host::{Batch, Fault, LoadedPlugin, Session};
use rejoinder_read::{Chunk, Entry, Quarantined, Record, language};
use rejoinder_rules::{Costs, Route, Scanner, Trial};

use crate::config::LeftOut;
use crate::failure::Failure;
use crate::pipeline::engine::Engine;
use crate::pipeline::faults::FaultRow;
use crate::pipeline::reading::SetAside;
use crate::pipeline::watch::Watch;

/// A thread's own scanner, plugin states and buffers.
pub struct Worker<'e> {
    /// The shared engine.
    pub engine: &'e Engine,
    scanner: Scanner<'e>,
    session: Session<'e>,
    batch: Batch,
    new_votes: Vec<Vote>,
    /// Conversations that are left out because they stand in the input before: shards and ordinals.
    repeated: Option<&'e HashSet<(u32, u64)>>,
    /// What scanning cost, where somebody wants to know.
    costs: Option<Costs>,
    /// How many candidates the plugins were asked about, and how long that took.
    asked: (usize, Duration),
}

/// Everything found in a chunk.
#[derive(Default)]
pub struct Scanned<'c> {
    /// The conversations, in input order.
    pub conversations: Vec<ScannedConversation<'c>>,
    /// Records that were set aside.
    pub set_aside: SetAside,
    /// Conversations with fewer messages than wanted.
    pub too_short: u64,
    /// Conversations in other languages than wanted.
    pub other_language: u64,
    /// Conversations that stand in the input before.
    pub duplicates: u64,
    /// Plugins' failures.
    pub faults: Vec<FaultRow>,
    turns: Vec<ScannedTurn>,
    hits: Vec<Hit>,
    votes: Vec<Vote>,
    /// A text a vote, where somebody wants to know.
    notes: Vec<String>,
}

/// A conversation and where its turns stand in [`Scanned`].
pub struct ScannedConversation<'c> {
    /// The record it came from.
    pub record: Record<'c>,
    /// Index of the input file.
    pub shard: u32,
    /// 0-based line.
    pub ordinal: u64,
    /// Its language; `und` where nobody can tell, and where it has no later turn.
    pub language: &'static str,
    turns: Range<usize>,
}

/// A later turn, decided.
pub struct ScannedTurn {
    /// Index into the conversation's messages.
    pub message_index: usize,
    /// Whether a rule marked it as a candidate.
    pub is_candidate: bool,
    /// Sum of the weights of the rules that hit: log-odds.
    pub prior: f32,
    /// The probability that it holds what is wanted: learned, else by the prior.
    pub probability: f32,
    /// What became of it.
    pub decision: Decision,
    /// Whether anything could look at it: else no pack in force reads its language, and nothing else spoke.
    pub is_looked_at: bool,
    hits: Range<usize>,
    votes: Range<usize>,
}

impl ScannedConversation<'_> {
    /// Address of one of its turns.
    pub fn id(&self, turn: &ScannedTurn) -> RecordId {
        RecordId { shard: self.shard, ordinal: self.ordinal, message_index: turn.message_index as u32 }
    }
}

impl<'c> Scanned<'c> {
    /// The later turns of a conversation.
    pub fn turns(&self, conversation: &ScannedConversation<'c>) -> &[ScannedTurn] {
        &self.turns[conversation.turns.clone()]
    }

    /// The rules' hits on a turn.
    pub fn hits(&self, turn: &ScannedTurn) -> &[Hit] {
        &self.hits[turn.hits.clone()]
    }

    /// Ids of the rules that hit a turn.
    pub fn rule_ids<'e>(&self, engine: &'e Engine, turn: &ScannedTurn) -> Vec<&'e str> {
        self.hits(turn).iter().map(|hit| engine.rules.rule(hit.rule).id.as_str()).collect()
    }

    /// The plugins' votes on a turn, in their order; empty if they were not asked.
    pub fn votes(&self, turn: &ScannedTurn) -> &[Vote] {
        &self.votes[turn.votes.clone()]
    }

    /// What the plugins noted on a turn, in their order; empty if nobody wanted to know.
    pub fn notes(&self, turn: &ScannedTurn) -> &[String] {
        self.notes.get(turn.votes.clone()).unwrap_or_default()
    }

    /// The plugins' votes on a turn, as the output shows them.
    pub fn plugin_votes(&self, engine: &Engine, turn: &ScannedTurn) -> Vec<PluginVote> {
        let plugins = engine.registry.plugins();
        self.votes(turn).iter().zip(plugins).map(|(vote, plugin)| plugin_vote(plugin, vote)).collect()
    }

    /// What is known of a turn, for the output.
    pub fn turn_record(
        &self,
        engine: &Engine,
        conversation: &ScannedConversation<'c>,
        turn: &ScannedTurn,
    ) -> TurnRecord {
        let source = &conversation.record.conversation;
        TurnRecord {
            conversation_id: source.id.clone().into_owned(),
            feedback_turn: source.judged_exchange(turn.message_index).map_or(0, |e| e.number),
            id: conversation.id(turn),
            rules: self.rule_ids(engine, turn).into_iter().map(str::to_owned).collect(),
            plugins: self.plugin_votes(engine, turn),
            metadata: conversation.record.metadata_values(),
        }
    }

    /// What accepted a turn as `category`, the span, and the name: those of the accepting rule, else the whole turn and
    /// the plugin's name.
    pub fn accepted_by<'e>(
        &self,
        engine: &'e Engine,
        conversation: &ScannedConversation<'c>,
        turn: &ScannedTurn,
        category: Category,
    ) -> (Source, Range<usize>, &'e str) {
        let accepting = self.hits(turn).iter().find(|h| {
            let rule = engine.rules.rule(h.rule);
            rule.route == Route::Accept && rule.category == Some(category)
        });
        match accepting {
            Some(hit) => {
                let name = &engine.rules.rule(hit.rule).id;
                (Source::Rule, hit.start as usize..hit.end as usize, name)
            }
            None => {
                let text = &conversation.record.conversation.messages[turn.message_index].text;
                let start = text.len() - text.trim_start().len();
                let votes = self.votes(turn).iter().zip(engine.registry.plugins());
                let voter = votes.rev().find(|(vote, _)| vote.verdict == Verdict::Accept(category));
                let name = voter.map_or("the learned score", |(_, plugin)| plugin.name());
                (Source::Plugin, start..start.max(text.trim_end().len()), name)
            }
        }
    }
}

fn plugin_vote(plugin: &LoadedPlugin, vote: &Vote) -> PluginVote {
    let (verdict, category) = if vote.faulted { ("fault", "") } else { vote.verdict.names() };
    PluginVote {
        plugin: plugin.name().to_owned(),
        identity: plugin.identity().to_owned(),
        verdict: verdict.to_owned(),
        category: category.to_owned(),
        score: vote.score,
        reason: plugin.description().reason(vote.reason).to_owned(),
    }
}

/// The probability of log-odds.
fn of_log_odds(log_odds: f32) -> f32 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// A candidate's number in a batch leads back to its line and message.
const MESSAGE_BITS: u32 = 20;

/// Of a conversation plugins are asked about so many turns at a time, so that a stop is heard in a very long one; with each
/// they read it from its beginning.
const MOST_TURNS: usize = 4096;

impl<'e> Worker<'e> {
    /// A worker of `engine`, with its own plugin states.
    ///
    /// # Errors
    /// If a plugin cannot make a state.
    pub fn new(engine: &'e Engine) -> Result<Self, Failure> {
        Ok(Self {
            engine,
            scanner: Scanner::new(&engine.rules),
            session: engine.registry.session()?,
            batch: Batch::default(),
            new_votes: Vec::new(),
            repeated: None,
            costs: None,
            asked: Default::default(),
        })
    }

    /// The same, leaving out these conversations, given by shard and ordinal.
    pub fn passing_over(self, repeated: &'e HashSet<(u32, u64)>) -> Self {
        Self { repeated: Some(repeated), ..self }
    }

    /// From now on notes what scanning costs; returns what was noted since the last call.
    pub fn take_costs(&mut self) -> Costs {
        let none = Costs::new(self.engine.rules.rules().len());
        self.costs.replace(none.clone()).unwrap_or(none)
    }

    /// How many candidates the plugins were asked about since the last call, and how long that took.
    pub fn take_asked(&mut self) -> (usize, Duration) {
        std::mem::take(&mut self.asked)
    }

    /// From now on plugins are asked for notes.
    pub fn want_notes(&mut self) {
        self.session.want_notes();
    }

    /// What each rule makes of a turn (see [`Scanner::explain`]).
    pub fn explain(&mut self, conversation: &Conversation<'_>, message_index: usize) -> Vec<Trial<'e>> {
        self.scanner.begin(conversation);
        self.scanner.explain(conversation, message_index)
    }

    /// As [`Self::process_watched`], with nobody watching.
    ///
    /// # Errors
    /// See there.
    pub fn process<'c>(&mut self, chunk: &'c Chunk) -> Result<Scanned<'c>, Failure> {
        self.process_watched(chunk, &Watch::default())
    }

    /// Parses, scans and decides a chunk.
    ///
    /// # Errors
    /// If a plugin fails more often than allowed, or the watch says stop.
    pub fn process_watched<'c>(&mut self, chunk: &'c Chunk, watch: &Watch) -> Result<Scanned<'c>, Failure> {
        let mut out = Scanned::default();
        for lost in &chunk.lost {
            out.set_aside.add(lost.reason.clone(), |_| lost.clone());
        }
        // Turns that wait in the batch for the plugins' votes.
        let mut voting: Vec<usize> = Vec::new();
        for entry in chunk.entries() {
            let line = entry.ordinal;
            let parsed = self.parse(&entry);
            let left_out = parsed.as_ref().ok().and_then(|r| self.engine.config.input.leaves_out(r));
            match (parsed, left_out) {
                (Ok(_), Some(LeftOut::TooShort)) => out.too_short += 1,
                (Ok(_), Some(LeftOut::OtherLanguage)) => out.other_language += 1,
                (Ok(_), None) if self.repeated.is_some_and(|r| r.contains(&(chunk.start.shard, line))) => {
                    out.duplicates += 1;
                }
                (Ok(record), None) => {
                    let turns = self.scan(&record, watch, &mut out)?;
                    let language = self.language(&record, &turns);
                    for first in turns.clone().step_by(MOST_TURNS) {
                        let some = first..turns.end.min(first + MOST_TURNS);
                        self.enlist(&record, line, some, &mut out, &mut voting);
                        if self.batch.is_full() {
                            watch.check()?;
                            self.vote(chunk, &mut voting, &mut out)?;
                        }
                    }
                    out.conversations.push(ScannedConversation {
                        record,
                        shard: chunk.start.shard,
                        ordinal: line,
                        language,
                        turns,
                    });
                }
                (Err(reason), _) => out.set_aside.add(reason, |reason| Quarantined {
                    shard: chunk.start.shard,
                    line,
                    file: chunk.file.clone(),
                    bytes: entry.size(),
                    reason,
                }),
            }
        }
        self.vote(chunk, &mut voting, &mut out)?;
        for at in 0..out.conversations.len() {
            for index in out.conversations[at].turns.clone() {
                let turn = &out.turns[index];
                let (id, hits, votes) = (out.conversations[at].id(turn), out.hits(turn), out.votes(turn));
                let probability =
                    self.engine.score(votes).map_or_else(|| of_log_odds(turn.prior), |(p, _)| p);
                let language = out.conversations[at].language;
                let ground = self.engine.decide_turn(id, language, hits, votes);
                let turn = &mut out.turns[index];
                (turn.probability, turn.decision) = (probability, ground.decision());
                turn.is_looked_at = ground != Ground::NotLookedAt;
            }
        }
        Ok(out)
    }

    fn parse<'c>(&self, entry: &Entry<'c>) -> Result<Record<'c>, String> {
        let input = &self.engine.config.input;
        if entry.size() > input.max_record_bytes as u64 {
            return Err(rejoinder_read::chunk::too_long(entry.size(), input.max_record_bytes));
        }
        entry.record()
    }

    /// The language of a conversation that was scanned last, where it has a later turn.
    fn language(&self, record: &Record<'_>, turns: &Range<usize>) -> &'static str {
        if turns.is_empty() {
            return language::UNDETERMINED;
        }
        let detected =
            || self.scanner.language(&record.conversation).map_or(language::UNDETERMINED, Language::code);
        language::given(record).unwrap_or_else(detected)
    }

    /// Scans all later turns; returns where they stand in `out.turns`.
    fn scan(
        &mut self,
        record: &Record<'_>,
        watch: &Watch,
        out: &mut Scanned<'_>,
    ) -> Result<Range<usize>, Failure> {
        let first = out.turns.len();
        let conversation = &record.conversation;
        self.scanner.begin(conversation);
        for message_index in record.later_turns() {
            watch.check()?;
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
                decision: Decision::Rejected,
                is_looked_at: true,
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
        line: u64,
        turns: Range<usize>,
        out: &mut Scanned<'_>,
        voting: &mut Vec<usize>,
    ) {
        if self.engine.registry.plugins().is_empty() {
            return;
        }
        let asked = || turns.clone().filter(|&t| self.engine.asks_plugins(out.turns[t].is_candidate));
        let Some(last) = asked().next_back() else { return };
        self.batch.begin_conversation(&record.conversation, out.turns[last].message_index);
        for index in asked() {
            let turn = &out.turns[index];
            let id = (line << MESSAGE_BITS) | turn.message_index as u64;
            self.batch.push_candidate(id, turn.message_index, turn.prior, &out.hits[turn.hits.clone()]);
            voting.push(index);
        }
    }

    /// Lets the plugins vote on the batch, and empties it.
    fn vote(&mut self, chunk: &Chunk, voting: &mut Vec<usize>, out: &mut Scanned<'_>) -> Result<(), Failure> {
        if voting.is_empty() {
            return Ok(());
        }
        let mut faults: Vec<Fault> = Vec::new();
        let begun = Instant::now();
        let classified = self.session.classify(&self.batch, &mut self.new_votes, &mut faults);
        self.asked.0 += self.batch.len();
        self.asked.1 += begun.elapsed();
        if !faults.is_empty() {
            let rows = faults.into_iter().map(|fault| FaultRow {
                id: RecordId {
                    shard: chunk.start.shard,
                    ordinal: fault.id >> MESSAGE_BITS,
                    message_index: (fault.id & ((1 << MESSAGE_BITS) - 1)) as u32,
                },
                plugin: fault.plugin,
                message: fault.message,
            });
            let first = out.faults.len();
            out.faults.extend(rows);
            let mut all = self.engine.faults.lock().unwrap_or_else(PoisonError::into_inner);
            all.extend_from_slice(&out.faults[first..]);
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
