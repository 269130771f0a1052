//! What leaves the program in rows: examples, feedback, and conversations for people to review.

use std::borrow::Cow;

use rejoinder_core::{Conversation, Feedback, ToolPart, ToolUse};
use serde_json::Value;

use super::kind::PersonalKinds;
use super::redactor::Redactor;
use crate::export::arguments;
use crate::export::example::Example;

impl Redactor {
    /// Takes personal data out of an example; returns the kinds.
    pub fn example(&self, example: &mut Example) -> PersonalKinds {
        let mut taken = PersonalKinds::default();
        for message in &mut example.prompt {
            self.replace(&mut message.content, &mut taken);
            for call in &mut message.calls {
                self.replace(&mut call.name, &mut taken);
                self.replace_in_json(&mut call.arguments, &mut taken);
            }
            if let Some(answered) = &mut message.answers {
                self.replace(&mut answered.name, &mut taken);
            }
        }
        self.replace(&mut example.completion, &mut taken);
        if let Some(rejected) = &mut example.rejected {
            self.replace(rejected, &mut taken);
        }
        self.replace(&mut example.conversation_id, &mut taken);
        taken
    }

    /// Takes personal data out of a feedback; returns the kinds. Places in the turn stay those of the source.
    pub fn feedback(&self, feedback: &mut Feedback) -> PersonalKinds {
        let mut taken = PersonalKinds::default();
        self.replace(&mut feedback.conversation_id, &mut taken);
        self.replace(&mut feedback.span, &mut taken);
        feedback.plugins.iter_mut().for_each(|vote| self.replace(&mut vote.reason, &mut taken));
        let metadata = std::mem::take(&mut feedback.metadata);
        feedback.metadata =
            metadata.into_iter().map(|(key, value)| (key, self.value(value, &mut taken))).collect();
        taken
    }

    /// A conversation with personal data masked in its messages, so that all places stay, and the same of its tools. Its id stays:
    /// labels come back by the id.
    pub fn conversation<'c>(
        &self,
        conversation: &Conversation<'c>,
        tools: &[ToolUse],
        taken: &mut PersonalKinds,
    ) -> (Conversation<'c>, Vec<ToolUse>) {
        let mut masked = conversation.clone();
        for message in &mut masked.messages {
            if let Cow::Owned(text) = self.masked(&message.text, taken) {
                message.text = text.into();
            }
        }
        let mut mask = |text: &mut String| *text = self.masked(text, taken).into_owned();
        let mut tools = tools.to_vec();
        for tool in &mut tools {
            match &mut tool.part {
                ToolPart::Call { arguments, .. } => mask(arguments),
                ToolPart::Result { text, .. } => mask(text),
            }
        }
        (masked, tools)
    }

    fn replace(&self, text: &mut String, taken: &mut PersonalKinds) {
        if let Cow::Owned(redacted) = self.replaced(text, taken) {
            *text = redacted;
        }
    }

    /// Takes personal data out of the texts of a JSON object in one line; numbers and keys stay.
    fn replace_in_json(&self, object: &mut String, taken: &mut PersonalKinds) {
        *object = arguments::with_texts(object, |text| self.replaced(&text, taken).into_owned());
    }

    fn value(&self, value: Value, taken: &mut PersonalKinds) -> Value {
        match value {
            Value::String(text) => Value::String(self.replaced(&text, taken).into_owned()),
            Value::Array(all) => all.into_iter().map(|value| self.value(value, taken)).collect(),
            Value::Object(all) => {
                all.into_iter().map(|(key, value)| (key, self.value(value, taken))).collect()
            }
            other => other,
        }
    }
}
