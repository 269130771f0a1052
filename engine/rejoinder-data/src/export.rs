//! Training rows: the answer that a feedback judges, paired with all that led to it.
//!
//! Rows have the conversational form of TRL: `prompt` ends with a user message, `completion` is one assistant
//! message, the one *before* the feedback, and every key is always there. Source messages are brought into
//! alternation: blank and tool messages are left out, neighbours of one role joined, an opening greeting dropped.

use std::collections::BTreeMap;

use rejoinder_core::{Category, Conversation, Feedback, Message, Role};
use serde::Serialize;

/// A chat message as trainers read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChatMessage {
    role: &'static str,
    content: String,
}

/// A row of a KTO file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KtoRow {
    prompt: Vec<ChatMessage>,
    completion: [ChatMessage; 1],
    label: bool,
    conversation_id: String,
    feedback_turn: u32,
    category: Category,
}

impl KtoRow {
    /// Whether the answer was praised.
    pub fn is_desirable(&self) -> bool {
        self.label
    }
}

/// A row of an SFT file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SftRow {
    prompt: Vec<ChatMessage>,
    completion: [ChatMessage; 1],
    conversation_id: String,
    feedback_turn: u32,
}

/// Why a feedback gives no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Skipped {
    /// The export does not use its category.
    Category,
    /// It is about an opening greeting: there is no prompt.
    Greeting,
    /// The judged answer, or the request before it, is blank.
    Blank,
    /// Another feedback on the same answer says the opposite.
    Conflict,
    /// Another feedback on the same answer says the same.
    Repeated,
}

impl Skipped {
    /// For the report.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Category => "of a category that this export does not use",
            Self::Greeting => "about an opening greeting",
            Self::Blank => "about a blank answer or request",
            Self::Conflict => "contradicted by other feedback on the same answer",
            Self::Repeated => "repeated on the same answer",
        }
    }
}

/// KTO rows of one conversation: UR5 is desirable, UR2 and UR3 are not (the paper's choice).
pub fn kto(
    conversation: &Conversation<'_>,
    feedback: &[Feedback],
    skipped: &mut BTreeMap<Skipped, u64>,
) -> Vec<KtoRow> {
    let wanted = |c| matches!(c, Category::Ur5 | Category::Ur2 | Category::Ur3);
    rows(conversation, feedback, wanted, skipped, |prompt, completion, f| KtoRow {
        prompt,
        completion: [completion],
        label: f.category.label() > 0,
        conversation_id: f.conversation_id.clone(),
        feedback_turn: f.feedback_turn,
        category: f.category,
    })
}

/// SFT rows of one conversation: the answers that UR5 praises.
pub fn sft(
    conversation: &Conversation<'_>,
    feedback: &[Feedback],
    skipped: &mut BTreeMap<Skipped, u64>,
) -> Vec<SftRow> {
    // A blamed answer is no model answer, whatever praise it got besides: so blame takes part in the conflicts.
    let wanted = |c| matches!(c, Category::Ur5 | Category::Ur2 | Category::Ur3);
    let praised: Vec<_> = rows(conversation, feedback, wanted, skipped, |prompt, completion, f| {
        let row = SftRow {
            prompt,
            completion: [completion],
            conversation_id: f.conversation_id.clone(),
            feedback_turn: f.feedback_turn,
        };
        (f.category, row)
    });
    let (rows, blamed): (Vec<_>, Vec<_>) = praised.into_iter().partition(|(c, _)| *c == Category::Ur5);
    if !blamed.is_empty() {
        *skipped.entry(Skipped::Category).or_default() += blamed.len() as u64;
    }
    rows.into_iter().map(|(_, row)| row).collect()
}

/// One row for each answer whose feedback agrees.
fn rows<R>(
    conversation: &Conversation<'_>,
    feedback: &[Feedback],
    wanted: impl Fn(Category) -> bool,
    skipped: &mut BTreeMap<Skipped, u64>,
    row: impl Fn(Vec<ChatMessage>, ChatMessage, &Feedback) -> R,
) -> Vec<R> {
    let mut skip = |why| *skipped.entry(why).or_default() += 1;
    let mut by_answer: BTreeMap<u32, Vec<&Feedback>> = BTreeMap::new();
    for f in feedback {
        if wanted(f.category) {
            by_answer.entry(f.feedback_turn).or_default().push(f);
        } else {
            skip(Skipped::Category);
        }
    }
    let mut rows = Vec::new();
    for same in by_answer.into_values() {
        let first = same[0];
        if same.iter().any(|f| f.label != first.label) {
            same.iter().for_each(|_| skip(Skipped::Conflict));
            continue;
        }
        same[1..].iter().for_each(|_| skip(Skipped::Repeated));
        match pair(conversation, first.message_index as usize) {
            Ok((prompt, completion)) => rows.push(row(prompt, completion, first)),
            Err(why) => skip(why),
        }
    }
    rows
}

/// The prompt and the answer that the feedback in message `turn` judges.
fn pair(conversation: &Conversation<'_>, turn: usize) -> Result<(Vec<ChatMessage>, ChatMessage), Skipped> {
    let exchange = conversation.judged_exchange(turn).ok_or(Skipped::Greeting)?;
    if exchange.number == 0 {
        return Err(Skipped::Greeting);
    }
    let prompt = alternating(&conversation.messages[..exchange.answer_start]);
    let answer = alternating(&conversation.messages[exchange.answer()]);
    let asked = conversation.messages[..exchange.answer_start]
        .iter()
        .rev()
        .take_while(|m| m.role != Role::Assistant)
        .any(|m| m.role == Role::User && !m.is_blank());
    match answer.into_iter().find(|m| m.role == Role::Assistant.name()) {
        Some(completion) if asked => Ok((without_greeting(prompt), completion)),
        _ => Err(Skipped::Blank),
    }
}

fn alternating(messages: &[Message<'_>]) -> Vec<ChatMessage> {
    let mut chat: Vec<ChatMessage> = Vec::new();
    for message in messages.iter().filter(|m| m.role != Role::Tool && !m.is_blank()) {
        match chat.last_mut() {
            Some(last) if last.role == message.role.name() => {
                last.content.push_str("\n\n");
                last.content.push_str(&message.text);
            }
            _ => chat.push(ChatMessage { role: message.role.name(), content: message.text.to_string() }),
        }
    }
    chat
}

/// Many chat templates refuse a dialogue that the assistant opens.
fn without_greeting(mut chat: Vec<ChatMessage>) -> Vec<ChatMessage> {
    if let Some(first) = chat.iter().position(|m| m.role != Role::System.name())
        && chat[first].role == Role::Assistant.name()
    {
        chat.remove(first);
    }
    chat
}

/// Shuffles rows by seed, so that labels and conversations are mixed (KTO's KL term pairs neighbouring rows).
pub fn shuffle<R>(rows: &mut [R], seed: u64) {
    fastrand::Rng::with_seed(seed).shuffle(rows);
}
