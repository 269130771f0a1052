//! Turns that wait for the judge, as they lie in the spool: what is asked, and what is needed to write a feedback record
//! once the judge has answered.

use std::collections::HashSet;
use std::ops::Add;

use rejoinder_cascade::Decision;
use rejoinder_core::text::CharCount;
use rejoinder_core::{RecordId, TurnRecord};
use rejoinder_judge::{DialogueLine, Question, QuestionUnit, RuleHint, prompt, tokens};
use rejoinder_scan::{Engine, ScannedBatch, ScannedConversation, ScannedTurn};
use serde::{Deserialize, Serialize};

use crate::judging::settings;

/// A row of the spool.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpoolRow {
    /// What the judge is asked.
    pub question: Question,
    /// The first open turn of the rows that share a request, where the form of the answer allows that.
    pub group: RecordId,
    /// Expected number of feedback turns in the answer.
    pub gain: f32,
    /// The estimated tokens of the messages that are shown.
    pub shown_tokens: u64,
    /// The undecided turns that the question is about.
    pub turns: Vec<TurnRecord>,
}

impl SpoolRow {
    /// The rows for the undecided turns of a conversation: a row for each turn, or one row in all.
    pub fn of(
        engine: &Engine,
        scanned: &ScannedBatch<'_>,
        conversation: &ScannedConversation<'_>,
    ) -> Vec<Self> {
        let turns = scanned.turns(conversation);
        let undecided: Vec<&ScannedTurn> =
            turns.iter().filter(|t| t.decision() == Decision::Undecided).collect();
        if undecided.is_empty() {
            return Vec::new();
        }
        Self::about(engine, scanned, conversation, &undecided)
    }

    /// The rows for these turns, at least one, of a conversation.
    pub fn about(
        engine: &Engine,
        scanned: &ScannedBatch<'_>,
        conversation: &ScannedConversation<'_>,
        wanted: &[&ScannedTurn],
    ) -> Vec<Self> {
        let source = &conversation.record.conversation;
        let judge = &engine.config.judge;
        let row = |turns: &[&ScannedTurn], lines: Vec<DialogueLine>, hints: Vec<RuleHint>| {
            let id = conversation.id(turns[0]);
            Self {
                group: id,
                gain: turns.iter().map(|t| t.probability).sum(),
                shown_tokens: shown_tokens(&lines),
                turns: turns.iter().map(|turn| scanned.turn_record(engine, conversation, turn)).collect(),
                question: Question {
                    id,
                    lines,
                    open: turns.iter().map(|t| t.message_index as u32).collect(),
                    hints,
                },
            }
        };
        match settings::unit(judge) {
            QuestionUnit::Turn => wanted
                .iter()
                .map(|turn| {
                    let lines = prompt::window(source, turn.message_index, &settings::window(judge));
                    row(&[turn], lines, hints(engine, scanned, turn))
                })
                .collect(),
            QuestionUnit::Conversation => {
                let lines = (0..).zip(&source.messages);
                let lines =
                    lines.map(|(index, m)| DialogueLine { index, role: m.role, text: m.text.to_string() });
                vec![row(wanted, lines.collect(), Vec::new())]
            }
        }
    }
}

/// Where rules with a category hit the turn.
fn hints(engine: &Engine, scanned: &ScannedBatch<'_>, turn: &ScannedTurn) -> Vec<RuleHint> {
    let hits = scanned.hits(turn).iter();
    let hints = hits.filter_map(|hit| {
        let category = engine.rules.rule(hit.rule).category?;
        (hit.start < hit.end).then_some(RuleHint { category, start: hit.start, end: hit.end })
    });
    hints.collect()
}

/// Estimated tokens of the messages that a question about one turn shows.
pub(crate) fn shown_of_turn(
    engine: &Engine,
    conversation: &ScannedConversation<'_>,
    turn: &ScannedTurn,
) -> u64 {
    let window = settings::window(&engine.config.judge);
    shown_tokens(&prompt::window(&conversation.record.conversation, turn.message_index, &window))
}

/// Estimated tokens of messages as a prompt shows them.
fn shown_tokens(lines: &[DialogueLine]) -> u64 {
    let of = |line: &DialogueLine| {
        CharCount::of("# : \n") + CharCount::of(line.role.name()) + CharCount::of(&line.text)
    };
    tokens::of(lines.iter().map(of).fold(CharCount::default(), CharCount::add))
}

/// Puts rows that follow one another into groups that can share a request: as many turns as the config allows, and no more
/// text than one long window has. A function of the rows alone, so that the groups are the same whenever they are made.
#[derive(Debug, Default)]
pub struct RequestGrouping {
    first: Option<RecordId>,
    turns: usize,
    tokens: u64,
    is_alone: bool,
}

/// Most tokens that are shown in one request about several turns.
const MAX_SHARED_TOKENS: u64 = 3_000;

impl RequestGrouping {
    /// Sets a row's group; returns whether the row begins a new group. `asked_before` are the turns that the
    /// judge was asked about before the scan.
    pub fn place(&mut self, row: &mut SpoolRow, engine: &Engine, asked_before: &HashSet<RecordId>) -> bool {
        let judge = &engine.config.judge;
        let most = if settings::unit(judge) == QuestionUnit::Turn { judge.turns_per_request } else { 1 };
        let is_full = self.turns == most || self.tokens + row.shown_tokens > MAX_SHARED_TOKENS;
        // What was asked by itself before the scan is found again only as the same request.
        let is_alone = asked_before.contains(&row.question.id);
        if self.first.is_none() || is_full || self.is_alone || is_alone {
            *self = Self { first: Some(row.question.id), turns: 0, tokens: 0, is_alone };
        }
        self.turns += 1;
        self.tokens += row.shown_tokens;
        row.group = self.first.unwrap_or(row.question.id);
        self.turns == 1
    }
}
