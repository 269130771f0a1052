//! What the program thinks of a turn: shown only to those who have decided, or who do not want to decide blind.

use std::ops::Range;

use rejoinder_core::Category;
use rejoinder_report::decision::{Decider, TurnDecision};
use rejoinder_report::excerpt::{TextLimit, cut};
use rejoinder_report::explanation::{Explanation, JudgeRow, RuleTrialRow};
use rejoinder_report::plugin_rows::PluginRow;
use rejoinder_run::reading_sample::TurnView;
use serde::Serialize;

use super::dialogue_page::place_in_shown;

/// Characters of a judge's reply, and of a passage.
const REPLY_CHARS: usize = 2_000;
const SPAN_CHARS: usize = 2_000;

/// What the program thinks of a turn.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Program {
    /// `accepted`, `rejected`, `waiting` or `judged`.
    pub(crate) outcome: &'static str,
    /// The category, if the turn was found to be feedback.
    pub(crate) category: Option<Category>,
    /// What became of the turn, why, and who decided, in one line.
    line: String,
    /// What rules, plugins and score decided, in words.
    decision: String,
    /// Who decided, or marked the turn.
    by: Vec<Decider>,
    /// Where the feedback stands.
    span: Option<ProgramSpan>,
    explanation: Evidence,
    /// Why the turn is disputed, if it was drawn for that.
    dispute: Option<String>,
}

/// A passage of the turn as it is shown.
#[derive(Clone, Debug, Serialize)]
struct ProgramSpan {
    /// In UTF-16 code units, as JavaScript counts.
    start_utf16: usize,
    end_utf16: usize,
    text: String,
}

/// What the decision rests on.
#[derive(Clone, Debug, Serialize)]
struct Evidence {
    /// The rules that hit, with their checks.
    rules: Vec<RuleTrialRow>,
    plugins: Vec<PluginRow>,
    /// The score, where the engine has one.
    score: Option<Score>,
    judge: Option<JudgeRow>,
}

/// How probable it is that the turn is feedback.
#[derive(Clone, Copy, Debug, Serialize)]
struct Score {
    probability: f32,
    likeliest: Category,
}

impl Program {
    /// What an explanation of a turn says; `shown` is the turn's text as it is shown, `dispute` why the turn is disputed.
    pub(super) fn of(
        view: &TurnView<'_>,
        explanation: Explanation,
        shown: &str,
        dispute: Option<String>,
    ) -> Self {
        let TurnView { engine, scanned, conversation, turn, span, .. } = *view;
        let whole = &conversation.record.conversation.messages[turn.message_index].text;
        let span = span.and_then(|(start, end)| place_in_shown(whole, shown, start..end));
        let Explanation { decision, plugins, mut rules, mut judge, .. } = explanation;
        rules.retain(|rule| rule.hit);
        for request in judge.iter_mut().flat_map(|judge| &mut judge.requests) {
            request.reply = cut(&request.reply, TextLimit::Chars(REPLY_CHARS)).text;
        }
        let score = engine.score(scanned.votes(turn));
        let score = score.map(|(probability, likeliest)| Score { probability, likeliest });
        let line = decision.line();
        let TurnDecision { outcome, category, decision, by, .. } = decision;
        Self {
            outcome,
            category,
            line,
            decision,
            by,
            span: span.map(|span| ProgramSpan::of(shown, span)),
            explanation: Evidence { rules, plugins, score, judge },
            dispute,
        }
    }
}

impl ProgramSpan {
    fn of(shown: &str, span: Range<usize>) -> Self {
        let utf16 = |end: usize| shown[..end].encode_utf16().count();
        let text = cut(&shown[span.clone()], TextLimit::Chars(SPAN_CHARS)).text;
        Self { start_utf16: utf16(span.start), end_utf16: utf16(span.end), text }
    }
}
