//! What a scan finds: conversations, and a decision for each later turn.

use std::ops::Range;

use rejoinder_cascade::{Decision, DecisionReason};
use rejoinder_core::{
    AnswerProbabilities, Category, Feedback, FeedbackSource, Hit, PluginVote, RecordId, SettledTurn,
    TurnRecord, Verdict, Vote,
};
use rejoinder_host::LoadedPlugin;
use rejoinder_read::Record;
use rejoinder_rules::Route;
use serde::{Deserialize, Serialize};

use crate::engine::{Engine, TurnMarks};
use crate::reading::SetAsideRecords;
use crate::rule_columns::RuleColumns;

/// A batch of conversations that was scanned, such as a chunk of a file.
#[derive(Default)]
pub struct ScannedBatch<'c> {
    /// The conversations, in input order.
    pub conversations: Vec<ScannedConversation<'c>>,
    /// Records that were set aside.
    pub set_aside: SetAsideRecords,
    /// Conversations with fewer messages than wanted.
    pub too_short: u64,
    /// Conversations in other languages than wanted.
    pub other_language: u64,
    /// Conversations that stand in the input before.
    pub duplicates: u64,
    /// Conversations with which a conversation of a later night begins.
    pub superseded: u64,
    /// The metadata columns that rules ask for.
    pub rule_columns: RuleColumns,
    /// Plugins' failures.
    pub faults: Vec<FaultRow>,
    pub(crate) turns: Vec<ScannedTurn>,
    pub(crate) hits: Vec<Hit>,
    pub(crate) votes: Vec<Vote>,
    /// For each turn with a rule that waited for facts, a value for each fact that rules ask for: none where the plugin was not
    /// asked, NaN where it does not know.
    pub(crate) facts: Vec<Option<f64>>,
    /// A note for each vote, where somebody wants notes.
    pub(crate) notes: Vec<String>,
}

/// A conversation of a [`ScannedBatch`], which holds the turns.
pub struct ScannedConversation<'c> {
    /// The record of the conversation.
    pub record: Record<'c>,
    /// Index of the input file.
    pub shard: u32,
    /// The 0-based line of the record.
    pub ordinal: u64,
    /// The language of the conversation; `und` where nobody can tell, and where there is no later turn.
    pub language: &'static str,
    pub(crate) turns: Range<usize>,
}

/// A later turn, decided.
pub struct ScannedTurn {
    /// Index into the conversation's messages.
    pub message_index: usize,
    /// Whether a rule marked the turn as a candidate.
    pub is_candidate: bool,
    /// Sum of the weights of the rules that hit: log-odds.
    pub prior: f32,
    /// The probability that the turn holds what is wanted: learned, else by the prior.
    pub probability: f32,
    /// The decision, with its reason.
    pub ground: DecisionReason,
    /// Which plugins' own conditions the turn meets.
    pub(crate) selected: u64,
    pub(crate) hits: Range<usize>,
    pub(crate) votes: Range<usize>,
    pub(crate) facts: Range<usize>,
}

/// A rule or a plugin, which speaks about turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voter {
    /// A rule, by its number.
    Rule(u32),
    /// A plugin, by its place in the config.
    Plugin(usize),
}

/// A plugin's failure, as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRow {
    /// The turn that the plugin failed on.
    pub id: RecordId,
    /// The name of the plugin.
    pub plugin: String,
    /// The plugin's message.
    pub message: String,
}

impl ScannedTurn {
    /// The decision.
    pub const fn decision(&self) -> Decision {
        self.ground.decision()
    }

    /// What the scan knew of the turn before plugins were asked to vote.
    pub const fn marks(&self) -> TurnMarks {
        TurnMarks { is_candidate: self.is_candidate, selected: self.selected }
    }

    /// Whether anything could look at the turn; if not, no pack in force reads the language, and no rule or plugin spoke.
    pub fn is_looked_at(&self) -> bool {
        self.ground != DecisionReason::NotLookedAt
    }
}

impl ScannedConversation<'_> {
    /// The address of a turn of the conversation.
    pub fn id(&self, turn: &ScannedTurn) -> RecordId {
        RecordId { shard: self.shard, ordinal: self.ordinal, message_index: turn.message_index as u32 }
    }
}

impl<'c> ScannedBatch<'c> {
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

    /// The plugins' votes on a turn, in the order of the plugins; empty if no plugin was asked.
    pub fn votes(&self, turn: &ScannedTurn) -> &[Vote] {
        &self.votes[turn.votes.clone()]
    }

    /// The plugins' notes on a turn, in the order of the plugins; empty if nobody wanted notes.
    pub fn notes(&self, turn: &ScannedTurn) -> &[String] {
        self.notes.get(turn.votes.clone()).unwrap_or_default()
    }

    /// Whether a plugin was asked about a turn: to vote, or for a fact.
    pub fn was_heard(&self, engine: &Engine, turn: &ScannedTurn, plugin: usize) -> bool {
        self.votes(turn).get(plugin).is_some_and(Vote::was_asked) || self.has_told(engine, turn, plugin)
    }

    /// The decision about a turn, with its reason, if a rule or a plugin were not in force.
    pub fn ground_without(
        &self,
        engine: &Engine,
        conversation: &ScannedConversation<'c>,
        turn: &ScannedTurn,
        part: Voter,
    ) -> DecisionReason {
        engine.ground_without(part, conversation.language, self.hits(turn), self.votes(turn), turn.marks())
    }

    /// The votes of the plugins that were asked about a turn, as the output shows them.
    pub fn plugin_votes(&self, engine: &Engine, turn: &ScannedTurn) -> Vec<PluginVote> {
        self.spoken(engine, turn).map(|(vote, _)| vote).collect()
    }

    /// The votes of the plugins that were asked about a turn, as the output shows them, each with the plugin's note; the note is
    /// empty if nobody wanted notes.
    pub fn spoken<'s>(
        &'s self,
        engine: &'s Engine,
        turn: &ScannedTurn,
    ) -> impl Iterator<Item = (PluginVote, &'s str)> {
        let plugins = engine.registry.plugins();
        let notes = self.notes(turn).iter().map(String::as_str).chain(std::iter::repeat(""));
        let votes = self.votes(turn).iter().zip(plugins).zip(notes);
        votes
            .filter(|((vote, _), _)| vote.was_asked())
            .map(|((vote, plugin), note)| (plugin_vote(plugin, vote), note))
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

    /// The record of a turn that was accepted as `category`.
    pub fn feedback(
        &self,
        engine: &Engine,
        conversation: &ScannedConversation<'c>,
        turn: &ScannedTurn,
        category: Category,
    ) -> Feedback {
        let (source, span, _) = self.accepted_by(engine, conversation, turn, category);
        let settled = SettledTurn {
            category,
            turn: &conversation.record.conversation.messages[turn.message_index].text,
            span,
            source,
            model: String::new(),
            reply_key: String::new(),
            reply_form: String::new(),
            probabilities: AnswerProbabilities::default(),
        };
        Feedback::new(self.turn_record(engine, conversation, turn), settled)
    }

    /// Who accepted a turn as `category`, by which span, and by which name: the accepting rule's span and id, else the whole
    /// turn and the plugin's name.
    pub fn accepted_by<'e>(
        &self,
        engine: &'e Engine,
        conversation: &ScannedConversation<'c>,
        turn: &ScannedTurn,
        category: Category,
    ) -> (FeedbackSource, Range<usize>, &'e str) {
        let accepting = self.hits(turn).iter().find(|h| {
            let rule = engine.rules.rule(h.rule);
            rule.route == Route::Accept && rule.category == Some(category)
        });
        match accepting {
            Some(hit) => {
                let name = &engine.rules.rule(hit.rule).id;
                (FeedbackSource::Rule, hit.start as usize..hit.end as usize, name)
            }
            None => {
                let text = &conversation.record.conversation.messages[turn.message_index].text;
                let start = text.len() - text.trim_start().len();
                let votes = self.votes(turn).iter().zip(engine.registry.plugins());
                let voter = votes.rev().find(|(vote, _)| vote.verdict == Verdict::Accept(category));
                let name = voter.map_or("the learned score", |(_, plugin)| plugin.name());
                (FeedbackSource::Plugin, start..start.max(text.trim_end().len()), name)
            }
        }
    }
}

fn plugin_vote(plugin: &LoadedPlugin, vote: &Vote) -> PluginVote {
    let (verdict, category) = if vote.is_fault() { ("fault", "") } else { vote.verdict.names() };
    PluginVote {
        plugin: plugin.name().to_owned(),
        identity: plugin.identity().to_owned(),
        verdict: verdict.to_owned(),
        category: category.to_owned(),
        score: vote.score,
        reason: plugin.description().reason(vote.reason).to_owned(),
    }
}
