//! The turn that the kinds look at, with what came before it. Both are cut to a length that bounds the work.

use std::ops::Range;

use rejoinder_core::dialogue::has_code;
use rejoinder_core::fold::Folded;
use rejoinder_core::similarity::WordBag;
use rejoinder_plugin::{Candidate, Hit};

use crate::phrases::{self, Phrases};

/// How much of a turn's beginning is folded and searched for phrases, in bytes.
const HEAD: usize = 2048;
/// How much of the answer's end is looked at, in bytes.
const TAIL: usize = 4096;
/// How much of all earlier user turns together is compared, in bytes.
const EARLIER: usize = 64 << 10;

/// Words that make a turn an error report, which is feedback wherever it stands.
static REPORT: Phrases = Phrases::new(&[
    "error",
    "errors",
    "exception",
    "traceback",
    "warning",
    "failed",
    "failure",
    "undefined",
    "output",
    "result",
    "you said",
    "you wrote",
    "your answer",
    "hint",
    "错误",
    "报错",
    "エラー",
    "ошибка",
    "fehler",
    "erreur",
]);

/// A turn in its dialogue.
pub struct Turn<'a> {
    candidate: Candidate<'a>,
    /// What the user wrote.
    pub text: &'a str,
    /// The beginning of the text, folded.
    pub head: Folded,
    /// The end of the assistant's last message.
    pub answer: &'a str,
}

impl<'a> Turn<'a> {
    /// The candidate's turn.
    pub fn of(candidate: Candidate<'a>) -> Self {
        let text = candidate.target().text();
        let answer = candidate.previous_answer().trim_end();
        Self {
            candidate,
            text,
            head: Folded::new(cut(text, HEAD)),
            answer: &answer[answer.ceil_char_boundary(answer.len().saturating_sub(TAIL))..],
        }
    }

    /// The turn's words without punctuation, in one line; `None` if it is longer than `len` bytes.
    pub fn bare(&self, len: usize) -> Option<String> {
        let folded = self.head.text().trim_end();
        (self.text.len() <= HEAD && folded.len() <= len).then(|| phrases::bare(folded))
    }

    /// The places in the turn where rules matched.
    pub fn hits(&self) -> impl Iterator<Item = Range<usize>> {
        self.candidate.hits().map(Hit::span)
    }

    /// Whether there are hits.
    pub fn is_marked(&self) -> bool {
        self.candidate.hits().len() > 0
    }

    /// Whether there are hits, and `holds` is true for the places of all of them.
    pub fn all_hits(&self, holds: impl Fn(&Range<usize>) -> bool) -> bool {
        self.is_marked() && self.hits().all(|hit| holds(&hit))
    }

    /// Whether the turn's beginning tells of an error, or of what the assistant said.
    pub fn reports(&self) -> bool {
        REPORT.stand_in(self.head.text())
    }

    /// Whether the turn may show the answer's code or an earlier request once more.
    pub fn may_be_about_the_answer(&self) -> bool {
        has_code(self.answer) || self.is_like_an_earlier_one()
    }

    /// Whether this turn shares half of its words with an earlier user turn: then it may be that request once more.
    pub fn is_like_an_earlier_one(&self) -> bool {
        let bag = WordBag::of_folded(self.head.text());
        let mut budget = EARLIER;
        self.candidate
            .earlier_user_texts()
            .map(|earlier| cut(earlier, HEAD))
            .take_while(|earlier| {
                budget = budget.saturating_sub(earlier.len().max(1));
                budget > 0
            })
            .any(|earlier| bag.dice(&WordBag::new(earlier)) >= 0.5)
    }
}

/// The text's beginning, of at most `len` bytes.
fn cut(text: &str, len: usize) -> &str {
    &text[..text.floor_char_boundary(len)]
}
