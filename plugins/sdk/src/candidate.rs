//! The candidate as a classifier sees it: views that borrow the host's columns and cannot outlive the call.

use std::ffi::c_void;

use rejoinder_core::{Category, Role, Verdict};
use rejoinder_plugin_abi::{self as abi, role, route, verdict};

/// Checked views over the columns of one batch.
pub(crate) struct Columns<'a> {
    pub text: &'a str,
    pub text_off: &'a [u32],
    pub role: &'a [u8],
    pub time: &'a [i64],
    pub language: &'a [[u8; 4]],
    pub column_off: &'a [u32],
    pub columns: &'a [abi::Column],
    pub column_text: &'a str,
    pub conversation: &'a [u32],
    pub first: &'a [u32],
    pub target: &'a [u32],
    pub answer: &'a [u32],
    pub answer_end: &'a [u32],
    pub id: &'a [u64],
    pub prior: &'a [f32],
    pub hit_off: &'a [u32],
    pub hits: &'a [abi::Hit],
    pub n_earlier: usize,
    pub earlier_verdict: &'a [u8],
    pub earlier_category: &'a [u8],
    pub earlier_score: &'a [f32],
    pub host: &'a abi::Host,
    /// Where notes go, if somebody reads them.
    pub notes: Option<(*mut c_void, abi::Note)>,
}

/// One user turn to judge, with its conversation so far.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    columns: &'a Columns<'a>,
    index: usize,
}

impl<'a> Candidate<'a> {
    pub(crate) const fn new(columns: &'a Columns<'a>, index: usize) -> Self {
        Self { columns, index }
    }

    /// The user message to judge.
    pub fn target(self) -> Message<'a> {
        self.message(self.columns.target[self.index] as usize)
    }

    /// All messages of the conversation up to the target, which is the last.
    pub fn messages(self) -> impl DoubleEndedIterator<Item = Message<'a>> + ExactSizeIterator {
        let (first, target) = (self.columns.first[self.index], self.columns.target[self.index]);
        (first as usize..target as usize + 1).map(move |m| self.message(m))
    }

    /// Whether the candidate before it in the batch is an earlier turn of the same conversation, so that what was measured of
    /// the messages up to there still holds. A verdict must be the same either way.
    pub fn goes_on(self) -> bool {
        let Some(before) = self.index.checked_sub(1) else { return false };
        self.columns.first[before] == self.columns.first[self.index]
            && self.columns.target[before] < self.columns.target[self.index]
    }

    /// Texts of the user messages before the target, the latest first.
    pub fn earlier_user_texts(self) -> impl Iterator<Item = &'a str> {
        self.messages().rev().skip(1).filter(|m| m.role == Role::User).map(|m| m.text)
    }

    /// The last assistant text before the target that is not blank, or the empty string.
    pub fn previous_answer(self) -> &'a str {
        self.messages()
            .rev()
            .skip(1)
            .find(|m| m.role == Role::Assistant && !m.text.trim().is_empty())
            .map_or("", |m| m.text)
    }

    /// The answer that the turn would be feedback on: the assistant's messages, and those of tools, of the exchange before it.
    /// None where the assistant has not said anything before the turn.
    pub fn answer(self) -> impl DoubleEndedIterator<Item = Message<'a>> + ExactSizeIterator {
        let (start, end) = (self.columns.answer[self.index], self.columns.answer_end[self.index]);
        (start as usize..end as usize).map(move |m| self.message(m))
    }

    /// The language of the conversation as a code of ISO 639, such as `en`; none where it is not determined.
    pub fn language(self) -> Option<&'a str> {
        let code = &self.columns.language[self.conversation()];
        let len = code.iter().position(|byte| *byte == 0).unwrap_or(code.len());
        std::str::from_utf8(&code[..len]).ok().filter(|code| !code.is_empty())
    }

    /// The value of a metadata column of the record: a string as it is, anything else as JSON. None where the record has no
    /// such column, or [`Classifier::WANTS_COLUMNS`](crate::Classifier::WANTS_COLUMNS) is not set.
    pub fn column(self, name: &str) -> Option<&'a str> {
        self.columns().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The metadata columns of the record, names and values, as [`Self::column`] gives them.
    pub fn columns(self) -> impl ExactSizeIterator<Item = (&'a str, &'a str)> {
        let (conversation, offsets) = (self.conversation(), self.columns.column_off);
        let columns =
            &self.columns.columns[offsets[conversation] as usize..offsets[conversation + 1] as usize];
        let text = |start: u32, end: u32| &self.columns.column_text[start as usize..end as usize];
        columns.iter().map(move |c| (text(c.name, c.name_end), text(c.value, c.value_end)))
    }

    /// The places in the target that rules matched; none while facts are asked for.
    pub fn hits(self) -> impl ExactSizeIterator<Item = Hit<'a>> {
        let range = self.columns.hit_off[self.index] as usize..self.columns.hit_off[self.index + 1] as usize;
        self.columns.hits[range].iter().map(move |&hit| Hit { hit, host: self.columns.host })
    }

    /// What the rules think, as log-odds of feedback.
    pub fn prior(self) -> f32 {
        self.columns.prior[self.index]
    }

    /// What the plugins before this one said, in their order.
    pub fn earlier_votes(self) -> impl ExactSizeIterator<Item = EarlierVote> {
        let start = self.index * self.columns.n_earlier;
        (start..start + self.columns.n_earlier).map(move |i| EarlierVote {
            verdict: verdict_of(self.columns.earlier_verdict[i], self.columns.earlier_category[i]),
            score: Some(self.columns.earlier_score[i]).filter(|s| !s.is_nan()),
        })
    }

    /// Says in free words what was measured, for `rejoinder explain`; `text` is made only if somebody reads it.
    pub fn note(self, text: impl FnOnce() -> String) {
        if let Some((context, note)) = self.columns.notes {
            let text = text();
            // SAFETY: the host gave both for the length of this call, to which a candidate is confined, and copies.
            unsafe { note(context, self.index as u32, abi::Str::borrowed(&text)) };
        }
    }

    /// A number for messages to people; verdicts must not depend on it.
    pub fn id(self) -> u64 {
        self.columns.id[self.index]
    }

    fn conversation(self) -> usize {
        self.columns.conversation[self.index] as usize
    }

    fn message(self, index: usize) -> Message<'a> {
        let range = self.columns.text_off[index] as usize..self.columns.text_off[index + 1] as usize;
        Message {
            role: role_of(self.columns.role[index]),
            text: &self.columns.text[range],
            time: Some(self.columns.time[index]).filter(|time| *time != abi::NO_TIME),
        }
    }
}

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    role: Role,
    text: &'a str,
    time: Option<i64>,
}

impl<'a> Message<'a> {
    /// Who wrote it.
    pub const fn role(self) -> Role {
        self.role
    }

    /// What was written.
    pub const fn text(self) -> &'a str {
        self.text
    }

    /// When it was written, in milliseconds since the beginning of 1970 in UTC, where the corpus says it.
    pub const fn time(self) -> Option<i64> {
        self.time
    }
}

/// A rule matched a place in the target.
#[derive(Clone, Copy)]
pub struct Hit<'a> {
    hit: abi::Hit,
    host: &'a abi::Host,
}

impl<'a> Hit<'a> {
    /// The rule's id, such as `en.thanks.plain`.
    pub fn rule(self) -> &'a str {
        // SAFETY: the host's functions may be called from any thread with its context, and its strings live until
        // the process ends.
        unsafe { (self.host.rule_name)(self.host.ctx, self.hit.rule).get() }.unwrap_or("")
    }

    /// The category that the rule gives a turn, if it gives one.
    pub fn category(self) -> Option<Category> {
        // SAFETY: the host's functions may be called from any thread with its context.
        Category::from_number(unsafe { (self.host.rule_category)(self.host.ctx, self.hit.rule) })
    }

    /// What a hit of the rule leads to, before plugins and scores have a say; none of a rule that is not there.
    pub fn route(self) -> Option<Route> {
        // SAFETY: as above.
        match unsafe { (self.host.rule_route)(self.host.ctx, self.hit.rule) } {
            route::ACCEPT => Some(Route::Accept),
            route::REJECT => Some(Route::Reject),
            route::ESCALATE => Some(Route::Escalate),
            route::SCORE => Some(Route::Score),
            _ => None,
        }
    }

    /// The matched bytes of the target's text.
    pub const fn span(self) -> std::ops::Range<usize> {
        self.hit.start as usize..self.hit.end as usize
    }
}

/// What a hit of a rule leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route {
    /// The turn is feedback of the rule's category.
    Accept,
    /// The turn looks like feedback and is not.
    Reject,
    /// The turn is a candidate.
    Escalate,
    /// The hit only adds the rule's weight to the turn's prior.
    Score,
}

/// What an earlier plugin said of the same candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EarlierVote {
    /// Its verdict.
    pub verdict: Verdict,
    /// Its P(feedback), if it gave one.
    pub score: Option<f32>,
}

fn role_of(number: u8) -> Role {
    match number {
        role::SYSTEM => Role::System,
        role::USER => Role::User,
        role::ASSISTANT => Role::Assistant,
        _ => Role::Tool,
    }
}

/// The verdict that two output columns spell; an accept of no category is none.
pub(crate) fn verdict_of(number: u8, category: u8) -> Verdict {
    match number {
        verdict::ACCEPT => Category::from_number(category).map_or(Verdict::Abstain, Verdict::Accept),
        verdict::REJECT => Verdict::Reject,
        verdict::ESCALATE => Verdict::Escalate,
        _ => Verdict::Abstain,
    }
}
