//! Training examples: the answer that a feedback judges, and all messages before the answer.

use std::collections::BTreeMap;

use rejoinder_core::{Category, Feedback, FeedbackSource, Purpose, RecordId};

use super::chat::{self, AnswerPair, ChatMessage, Dialogue, RowChanges};
use super::opening::{self, OpeningHash};
use super::skip_reason::{SkipCounts, SkipReason, note};

/// The kind of training that a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainingTask {
    /// Supervised fine-tuning: answers to imitate.
    Sft,
    /// Kahneman-Tversky optimisation: answers, each desirable or undesirable.
    Kto,
    /// Preference pairs: two answers to one request, the first better than the second.
    Pairs,
}

impl TrainingTask {
    /// The name of the export and of the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sft => "sft",
            Self::Kto => "kto",
            Self::Pairs => "pairs",
        }
    }
}

/// One training example, before a library's style is applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// All messages before the answer; the last is a user's or a tool's result.
    pub prompt: Vec<ChatMessage>,
    /// The judged answer, which is the assistant's last words; in a pair the better answer.
    pub completion: String,
    /// In a pair the worse answer to the same prompt.
    pub rejected: Option<String>,
    /// Whether `completion` is desirable.
    pub label: bool,
    /// The conversation that the example comes from.
    pub conversation_id: String,
    /// The number of the exchange with the answer; in a pair the exchange with the worse answer.
    pub feedback_turn: u32,
    /// The category of the feedback on the answer; `None` where nobody was asked what the user said about the answer.
    pub category: Option<Category>,
    /// Where the turn after the answer stands.
    pub id: RecordId,
    /// Whether the columns of the record call the chat toxic or flagged; `None` where the record has no such column.
    pub is_flagged: Option<bool>,
    /// Whether the assistant used tools for `completion`.
    pub uses_tools: bool,
    /// What was left out or joined of the dialogue.
    pub changes: RowChanges,
}

impl Example {
    /// All texts of the example, and the names and arguments of calls.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let prompt = self.prompt.iter().flat_map(ChatMessage::texts);
        prompt.chain([&*self.completion]).chain(self.rejected.as_deref())
    }

    /// Whether calls and results of tools stand in the prompt.
    pub fn has_tools(&self) -> bool {
        self.prompt.iter().any(ChatMessage::has_tools)
    }

    /// How the conversation opens.
    pub fn opening(&self) -> OpeningHash {
        OpeningHash::of(&self.prompt)
    }

    /// The number of characters of the answer.
    pub fn answer_chars(&self) -> usize {
        self.completion.chars().count()
    }

    /// The number of characters of the words in the prompt.
    pub fn prompt_chars(&self) -> usize {
        self.prompt.iter().map(|message| message.content.chars().count()).sum()
    }

    /// A hash of what a model learns from the example: prompt and answers, and the label if `with_label`.
    pub fn hash(&self, with_label: bool) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        self.prompt.iter().for_each(|message| opening::add_message(&mut hasher, message));
        opening::add_text(&mut hasher, "", &self.completion);
        if let Some(rejected) = &self.rejected {
            opening::add_text(&mut hasher, "", rejected);
        }
        if with_label {
            hasher.update(&[u8::from(self.label)]);
        }
        *hasher.finalize().as_bytes()
    }
}

/// What happens to rows whose prompt or answer uses tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolPolicy {
    /// Calls and results stand in the prompt.
    Keep,
    /// The rows are left out.
    DropRows,
}

/// What a later turn says of the answer before it: a run found it, or somebody labelled it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnswerFeedback {
    /// Where the turn stands.
    pub id: RecordId,
    /// The number of the exchange with the answer.
    pub feedback_turn: u32,
    /// The category.
    pub category: Category,
    /// Who settled the feedback; `None` for a label.
    pub source: Option<FeedbackSource>,
    /// How sure the feedback is, where that is known ([`Feedback::score`]).
    pub score: Option<f32>,
}

impl From<&Feedback> for AnswerFeedback {
    fn from(feedback: &Feedback) -> Self {
        Self {
            id: feedback.id,
            feedback_turn: feedback.feedback_turn,
            category: feedback.category,
            source: Some(feedback.source),
            score: feedback.score(),
        }
    }
}

/// Which feedback counts, and whether as praise or as blame.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedbackChoice {
    /// Categories that praise the answer before them.
    pub positive: Purpose,
    /// Categories that blame the answer before them.
    pub negative: Purpose,
    /// The sources whose feedback counts; all sources if empty.
    pub sources: Vec<FeedbackSource>,
    /// The least score that counts, where feedback has one.
    pub min_score: f32,
    /// What happens to dialogues with tools.
    pub tools: ToolPolicy,
}

impl FeedbackChoice {
    /// Whether a feedback praises the answer; the error says why the feedback does not count.
    fn praises(&self, feedback: &AnswerFeedback) -> Result<bool, SkipReason> {
        let is_of_source = |source| self.sources.contains(&source);
        let is_positive = self.positive.wants(feedback.category);
        if !is_positive && !self.negative.wants(feedback.category) {
            Err(SkipReason::Category)
        } else if !self.sources.is_empty() && !feedback.source.is_some_and(is_of_source) {
            Err(SkipReason::Source)
        } else if feedback.score.is_some_and(|score| score < self.min_score) {
            Err(SkipReason::Score)
        } else {
            Ok(is_positive)
        }
    }
}

/// The examples of one conversation for a task.
///
/// The examples of SFT include the blamed answers. They take part in the search for conflicts: a blamed answer is not to be imitated,
/// whatever praise it got elsewhere.
pub fn of(
    task: TrainingTask,
    dialogue: &Dialogue<'_>,
    feedback: &[AnswerFeedback],
    choice: &FeedbackChoice,
    skipped: &mut SkipCounts,
) -> Vec<Example> {
    let judged = judged(dialogue, feedback, choice, skipped);
    match task {
        TrainingTask::Sft | TrainingTask::Kto => judged,
        TrainingTask::Pairs => pairs(judged, skipped),
    }
}

/// One example for each answer whose feedback agrees, in the order of the answers.
fn judged(
    dialogue: &Dialogue<'_>,
    feedback: &[AnswerFeedback],
    choice: &FeedbackChoice,
    skipped: &mut SkipCounts,
) -> Vec<Example> {
    let mut by_answer: BTreeMap<u32, Vec<(&AnswerFeedback, bool)>> = BTreeMap::new();
    for f in feedback {
        match choice.praises(f) {
            Ok(label) => by_answer.entry(f.feedback_turn).or_default().push((f, label)),
            Err(why) => note(skipped, why, 1),
        }
    }
    let mut examples = Vec::new();
    for same in by_answer.into_values() {
        let (first, label) = same[0];
        if same.iter().any(|(_, other)| *other != label) {
            note(skipped, SkipReason::Conflict, same.len());
            continue;
        }
        note(skipped, SkipReason::Repeated, same.len() - 1);
        match pair(dialogue, first.id.message_index as usize, choice.tools) {
            Ok(AnswerPair { prompt, completion, uses_tools, changes }) => examples.push(Example {
                prompt,
                completion,
                rejected: None,
                label,
                conversation_id: dialogue.conversation.id.to_string(),
                feedback_turn: first.feedback_turn,
                category: Some(first.category),
                id: first.id,
                is_flagged: None,
                uses_tools,
                changes,
            }),
            Err(why) => note(skipped, why, 1),
        }
    }
    examples
}

pub(super) fn pair(
    dialogue: &Dialogue<'_>,
    turn: usize,
    tools: ToolPolicy,
) -> Result<AnswerPair, SkipReason> {
    match tools {
        ToolPolicy::DropRows if dialogue.has_tools_until(turn) => Err(SkipReason::Tools),
        ToolPolicy::DropRows | ToolPolicy::Keep => chat::pair(dialogue, turn),
    }
}

/// Pairs of a blamed answer and the praised one at the end of an unbroken row of attempts: the user asked again or
/// corrected, perhaps several times, and then was content.
fn pairs(judged: Vec<Example>, skipped: &mut SkipCounts) -> Vec<Example> {
    let mut pairs = Vec::new();
    let mut attempts: Vec<Example> = Vec::new();
    for example in judged {
        let goes_on = attempts.last().is_some_and(|last| last.feedback_turn + 1 == example.feedback_turn);
        if !goes_on {
            note(skipped, SkipReason::Unpaired, std::mem::take(&mut attempts).len());
        }
        if !example.label {
            attempts.push(example);
            continue;
        }
        let (better, same): (Vec<_>, Vec<_>) =
            attempts.drain(..).partition(|attempt| attempt.completion != example.completion);
        note(skipped, SkipReason::Unpaired, same.len());
        if example.uses_tools {
            note(skipped, SkipReason::BetterByTools, better.len());
            continue;
        }
        pairs.extend(better.into_iter().map(|attempt| preferred(attempt, &example)));
    }
    note(skipped, SkipReason::Unpaired, attempts.len());
    pairs
}

fn preferred(worse: Example, better: &Example) -> Example {
    let RowChanges { joined, calls, .. } = better.changes;
    let changes = RowChanges {
        joined: joined || worse.changes.joined,
        calls: calls || worse.changes.calls,
        ..worse.changes
    };
    Example {
        completion: better.completion.clone(),
        rejected: Some(worse.completion),
        label: true,
        uses_tools: better.uses_tools,
        changes,
        ..worse
    }
}
