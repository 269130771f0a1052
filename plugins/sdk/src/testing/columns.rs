//! One question, laid out as the host lays out a batch.

use rejoinder_core::Role;
use rejoinder_core::case::message;
use rejoinder_plugin_abi as abi;

use super::Question;

/// The columns of a batch of one candidate.
pub struct QuestionColumns {
    text: String,
    text_off: Vec<u32>,
    role: Vec<u8>,
    time: Vec<i64>,
    language: [u8; 4],
    column_off: [u32; 2],
    columns: Vec<abi::Column>,
    column_text: String,
    conversation: u32,
    first: u32,
    target: u32,
    answer: u32,
    answer_end: u32,
    id: u64,
    prior: f32,
    hit_off: [u32; 2],
    hits: Vec<abi::Hit>,
}

impl QuestionColumns {
    /// Lays out a question, with its metadata columns or without.
    ///
    /// # Panics
    /// If a line of the dialogue begins with no role, the last message is not the user's, or the language is longer than four
    /// bytes.
    pub fn of(question: &Question<'_>, wants_columns: bool) -> Self {
        let (mut text, mut text_off, mut role) = (String::new(), vec![0], Vec::new());
        for line in question.dialogue {
            let message = message(line).unwrap_or_else(|why| panic!("{why}"));
            role.push(message.role as u8);
            text.push_str(&message.text);
            text_off.push(text.len() as u32);
        }
        assert_eq!(role.last(), Some(&(Role::User as u8)), "the last message is the user's");
        let time = (0..role.len()).map(|m| question.times.get(m).copied().unwrap_or(abi::NO_TIME)).collect();
        let mut language = [0; 4];
        language[..question.language.len()].copy_from_slice(question.language.as_bytes());

        let (mut columns, mut column_text) = (Vec::new(), String::new());
        let mut append = |part: &str| {
            let start = column_text.len() as u32;
            column_text.push_str(part);
            (start, column_text.len() as u32)
        };
        for (name, value) in question.columns.iter().filter(|_| wants_columns) {
            let ((name, name_end), (value, value_end)) = (append(name), append(value));
            columns.push(abi::Column { name, name_end, value, value_end });
        }

        let target = role.len() - 1;
        let before = &role[..target];
        let (answer, answer_end) = match before.iter().rposition(|r| *r == Role::Assistant as u8) {
            Some(last) => (
                before[..last].iter().rposition(|r| *r == Role::User as u8).map_or(0, |user| user + 1),
                last + 1,
            ),
            None => (target, target),
        };
        let hits = question.hits.iter();
        let hits: Vec<_> =
            hits.map(|(rule, span)| abi::Hit { rule: *rule, start: span.start, end: span.end }).collect();
        Self {
            text,
            text_off,
            role,
            time,
            language,
            column_off: [0, columns.len() as u32],
            columns,
            column_text,
            conversation: 0,
            first: 0,
            target: target as u32,
            answer: answer as u32,
            answer_end: answer_end as u32,
            id: 0,
            prior: question.prior,
            hit_off: [0, hits.len() as u32],
            hits,
        }
    }

    /// The batch, which borrows the columns.
    pub fn batch(&self) -> abi::Batch {
        abi::Batch {
            struct_size: size_of::<abi::Batch>() as u32,
            n: 1,
            n_messages: self.role.len() as u32,
            n_conversations: 1,
            n_columns: self.columns.len() as u32,
            n_hits: self.hits.len() as u32,
            n_earlier: 0,
            reserved: 0,
            text: self.text.as_ptr(),
            text_off: self.text_off.as_ptr(),
            role: self.role.as_ptr(),
            time: self.time.as_ptr(),
            language: self.language.as_ptr(),
            column_off: self.column_off.as_ptr(),
            columns: self.columns.as_ptr(),
            column_text: self.column_text.as_ptr(),
            conversation: &raw const self.conversation,
            first: &raw const self.first,
            target: &raw const self.target,
            answer: &raw const self.answer,
            answer_end: &raw const self.answer_end,
            id: &raw const self.id,
            prior: &raw const self.prior,
            hit_off: self.hit_off.as_ptr(),
            hits: self.hits.as_ptr(),
            earlier_verdict: std::ptr::null(),
            earlier_category: std::ptr::null(),
            earlier_score: std::ptr::null(),
        }
    }
}
