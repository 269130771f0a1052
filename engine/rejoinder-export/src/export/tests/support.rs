//! Conversations and feedback for the tests.

use rejoinder_core::{
    AnswerProbabilities, Category, Conversation, Feedback, FeedbackSource, Message, Purpose, RecordId, Role,
};

use crate::export::Dialogue;
use crate::export::example::{self, AnswerFeedback, Example, FeedbackChoice, ToolPolicy, TrainingTask};
use crate::export::skip_reason::SkipCounts;

pub(in crate::export) fn conversation(id: &str, script: &[(Role, String)]) -> Conversation<'static> {
    Conversation {
        id: id.to_owned().into(),
        messages: script.iter().map(|(role, text)| Message::new(*role, text.clone())).collect(),
    }
}

pub(in crate::export) fn feedback(
    conversation: &Conversation<'_>,
    turn: usize,
    category: Category,
) -> Feedback {
    let text = &*conversation.messages[turn].text;
    Feedback {
        conversation_id: conversation.id.to_string(),
        feedback_turn: conversation.judged_exchange(turn).map_or(0, |exchange| exchange.number),
        category,
        label: category.label(),
        span: text.to_owned(),
        span_start: 0,
        span_end: text.len() as u64,
        span_start_char: 0,
        span_end_char: text.chars().count() as u64,
        span_start_utf16: 0,
        span_end_utf16: text.encode_utf16().count() as u64,
        source: FeedbackSource::Rule,
        id: RecordId { shard: 0, ordinal: 0, message_index: turn as u32 },
        message_index: turn as u32,
        rules: Vec::new(),
        plugins: Vec::new(),
        model: String::new(),
        reply_key: String::new(),
        reply_form: String::new(),
        probabilities: AnswerProbabilities::default(),
        metadata: serde_json::Map::new(),
    }
}

pub(super) fn on_answers(feedback: &[Feedback]) -> Vec<AnswerFeedback> {
    feedback.iter().map(AnswerFeedback::from).collect()
}

pub(super) fn choice(task: TrainingTask) -> FeedbackChoice {
    let negative = if task == TrainingTask::Pairs {
        [Category::Ur1, Category::Ur2]
    } else {
        [Category::Ur2, Category::Ur3]
    };
    FeedbackChoice {
        positive: Purpose::of(&[Category::Ur5]).unwrap(),
        negative: Purpose::of(&negative).unwrap(),
        sources: Vec::new(),
        min_score: 0.0,
        tools: ToolPolicy::Keep,
    }
}

pub(in crate::export) const fn plain<'a>(conversation: &'a Conversation<'a>) -> Dialogue<'a> {
    Dialogue { conversation, tools: &[], media: &[] }
}

pub(in crate::export) fn examples(
    task: TrainingTask,
    dialogue: &Dialogue<'_>,
    feedback: &[Feedback],
) -> (Vec<Example>, SkipCounts) {
    let mut skipped = SkipCounts::new();
    let found = example::of(task, dialogue, &on_answers(feedback), &choice(task), &mut skipped);
    (found, skipped)
}

pub(in crate::export) fn script(text: &str) -> Vec<(Role, String)> {
    let roles = [("S", Role::System), ("U", Role::User), ("A", Role::Assistant), ("T", Role::Tool)];
    let message = |line: &str| {
        let (role, text) = line.split_once(": ").unwrap();
        (roles.iter().find(|(name, _)| *name == role).unwrap().1, text.to_owned())
    };
    text.split(" | ").map(message).collect()
}
