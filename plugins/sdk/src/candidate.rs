//! The candidate as a classifier sees it: views that borrow the host's columns and cannot outlive the call.

use std::ffi::c_void;

use rejoinder_plugin_abi::{self as abi, role, verdict};
use rejoinder_vocabulary::{Category, Role, Verdict};

/// Checked views over the columns of one batch.
pub(crate) struct Columns<'a> {
    pub text: &'a str,
    pub text_off: &'a [u32],
    pub role: &'a [u8],
    pub first: &'a [u32],
    pub target: &'a [u32],
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

    /// The places in the target that rules matched.
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

    fn message(self, index: usize) -> Message<'a> {
        let range = self.columns.text_off[index] as usize..self.columns.text_off[index + 1] as usize;
        Message { role: role_of(self.columns.role[index]), text: &self.columns.text[range] }
    }
}

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    role: Role,
    text: &'a str,
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

    /// The matched bytes of the target's text.
    pub const fn span(self) -> std::ops::Range<usize> {
        self.hit.start as usize..self.hit.end as usize
    }
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
