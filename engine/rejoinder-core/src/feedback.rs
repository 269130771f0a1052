//! The record that the engine exists for: one piece of feedback, with everything that led to it.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{Category, RecordId};

/// Who decided that a turn is feedback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedbackSource {
    /// An accept rule.
    Rule,
    /// A plugin.
    Plugin,
    /// The judge.
    Judge,
}

impl FeedbackSource {
    /// All of them, in the order in which a turn comes to them.
    pub const ALL: [Self; 3] = [Self::Rule, Self::Plugin, Self::Judge];

    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Plugin => "plugin",
            Self::Judge => "judge",
        }
    }
}

/// One plugin's vote as the output shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PluginVote {
    /// The plugin's name.
    pub plugin: String,
    /// The plugin's library, version and configuration, as the run's manifest identifies them.
    pub identity: String,
    /// `accept`, `reject`, `escalate`, `abstain` or `fault`.
    pub verdict: String,
    /// The accepted category; empty where the verdict is not `accept`.
    pub category: String,
    /// P(feedback), if the plugin gave it.
    pub score: Option<f32>,
    /// The plugin's reason in its own words; empty where it gave none.
    pub reason: String,
}

/// What is known about a later turn before anybody has decided about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TurnRecord {
    /// The source's conversation id, or the content's hash.
    pub conversation_id: String,
    /// The paper's number: 1-based number of the judged exchange, 0 for a greeting.
    pub feedback_turn: u32,
    /// `shard:ordinal:message_index`.
    pub id: RecordId,
    /// Ids of the rules that hit the turn.
    pub rules: Vec<String>,
    /// The vote of each plugin.
    pub plugins: Vec<PluginVote>,
    /// The other columns of the input record, unchanged.
    pub metadata: serde_json::Map<String, serde_json::Value>,
}

/// How probable each answer of the judge was. All fields are unset where the judge gave no probabilities; where they are
/// set, they sum up to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "UPPERCASE")]
pub struct AnswerProbabilities {
    /// No feedback.
    #[serde(rename = "none")]
    pub none: Option<f32>,
    /// Repeat or Rephrase.
    pub ur1: Option<f32>,
    /// Make Aware with Correction.
    pub ur2: Option<f32>,
    /// Make Aware without Correction.
    pub ur3: Option<f32>,
    /// Ask for Clarification.
    pub ur4: Option<f32>,
    /// Positive Feedback.
    pub ur5: Option<f32>,
}

impl AnswerProbabilities {
    /// Takes P(no feedback) and the probabilities of the categories, in their order.
    pub fn new(none: f32, by_category: [f32; 5]) -> Self {
        let [ur1, ur2, ur3, ur4, ur5] = by_category.map(Some);
        Self { none: Some(none), ur1, ur2, ur3, ur4, ur5 }
    }

    /// The probability of one category.
    pub const fn of(&self, category: Category) -> Option<f32> {
        match category {
            Category::Ur1 => self.ur1,
            Category::Ur2 => self.ur2,
            Category::Ur3 => self.ur3,
            Category::Ur4 => self.ur4,
            Category::Ur5 => self.ur5,
        }
    }
}

/// A turn that was decided to be feedback.
#[derive(Clone, Debug, PartialEq)]
pub struct SettledTurn<'a> {
    /// The category.
    pub category: Category,
    /// The whole turn.
    pub turn: &'a str,
    /// Where the feedback stands in the turn, in bytes.
    pub span: Range<usize>,
    /// Who decided.
    pub source: FeedbackSource,
    /// The judge's model; empty where the judge was not asked.
    pub model: String,
    /// Key of the judge's reply; empty where the judge was not asked.
    pub reply_key: String,
    /// The form of the request that the judge answered; empty where the judge was not asked.
    pub reply_form: String,
    /// How probable the judge's answers were.
    pub probabilities: AnswerProbabilities,
}

/// A row of the feedback table. The first four columns are those of the paper's data set; every key is always
/// written, so that readers which infer a schema from the first rows see all columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feedback {
    /// See [`TurnRecord::conversation_id`].
    pub conversation_id: String,
    /// See [`TurnRecord::feedback_turn`].
    pub feedback_turn: u32,
    /// The category.
    pub category: Category,
    /// +1 (UR5) or −1.
    pub label: i8,
    /// The text of the feedback: the turn's bytes `span_start..span_end`.
    pub span: String,
    /// First byte of the span in the turn.
    pub span_start: u64,
    /// One past the last byte of the span in the turn.
    pub span_end: u64,
    /// First character of the span in the turn, in Unicode characters, as Python counts.
    pub span_start_char: u64,
    /// One past the last character of the span, counted as [`Self::span_start_char`] is.
    pub span_end_char: u64,
    /// First code unit of the span in the turn, in UTF-16 code units, as JavaScript counts.
    pub span_start_utf16: u64,
    /// One past the last code unit of the span, counted as [`Self::span_start_utf16`] is.
    pub span_end_utf16: u64,
    /// Who decided that the turn is feedback.
    pub source: FeedbackSource,
    /// `shard:ordinal:message_index`.
    pub id: RecordId,
    /// 0-based index of the user turn that holds the feedback.
    pub message_index: u32,
    /// Ids of the rules that hit the turn.
    pub rules: Vec<String>,
    /// The vote of each plugin.
    pub plugins: Vec<PluginVote>,
    /// The judge's model; empty where the judge was not asked.
    pub model: String,
    /// Key of the judge's reply in the ledger; empty where the judge was not asked.
    pub reply_key: String,
    /// The form of the request that the judge answered: `single`, `grouped`, `json`, `conversation`, or `single, longer window` where
    /// the answer was stored before; empty where the judge was not asked.
    #[serde(default)]
    pub reply_form: String,
    /// How probable the judge's answers were.
    pub probabilities: AnswerProbabilities,
    /// The other columns of the input record, unchanged.
    pub metadata: serde_json::Map<String, serde_json::Value>,
}

impl Feedback {
    /// How sure the feedback is: the judge's probability of the category, else the highest score that a plugin gave; `None`
    /// where neither the judge nor a plugin gave one.
    pub fn score(&self) -> Option<f32> {
        let scores = self.plugins.iter().filter_map(|vote| vote.score);
        self.probabilities.of(self.category).or_else(|| scores.max_by(f32::total_cmp))
    }

    /// The row of a turn that was decided to be feedback.
    ///
    /// # Panics
    /// If the span does not lie on character boundaries of the turn.
    pub fn new(record: TurnRecord, settled: SettledTurn<'_>) -> Self {
        let (before, through) = (&settled.turn[..settled.span.start], &settled.turn[..settled.span.end]);
        let chars = |text: &str| text.chars().count() as u64;
        let utf16 = |text: &str| text.encode_utf16().count() as u64;
        Self {
            conversation_id: record.conversation_id,
            feedback_turn: record.feedback_turn,
            category: settled.category,
            label: settled.category.label(),
            span: settled.turn[settled.span.clone()].to_owned(),
            span_start: settled.span.start as u64,
            span_end: settled.span.end as u64,
            span_start_char: chars(before),
            span_end_char: chars(through),
            span_start_utf16: utf16(before),
            span_end_utf16: utf16(through),
            source: settled.source,
            id: record.id,
            message_index: record.id.message_index,
            rules: record.rules,
            plugins: record.plugins,
            model: settled.model,
            reply_key: settled.reply_key,
            reply_form: settled.reply_form,
            probabilities: settled.probabilities,
            metadata: record.metadata,
        }
    }
}
