//! Turns that wait for the judge, as they lie in the spool: what is asked, and what is needed to write a feedback record
//! once the judge has answered.

use std::ops::Add;

use rejoinder_cascade::Decision;
use rejoinder_core::text::CharCount;
use rejoinder_core::{RecordId, TurnRecord};
use rejoinder_judge::prompt::PromptWindow;
use rejoinder_judge::{DialogueLine, Question, QuestionUnit, RuleHint, prompt, tokens};
use rejoinder_scan::{Engine, ScannedBatch, ScannedConversation, ScannedTurn};
use serde::{Deserialize, Serialize};

use crate::guards::{self, GuardCoverage};
use crate::judging::settings;
use crate::tallies::RowStanding;

/// A row of the spool.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpoolRow {
    /// What the judge is asked.
    pub question: Question,
    /// The first question of the stretch of input whose questions may share requests.
    #[serde(rename = "group")]
    pub stretch: RecordId,
    /// Expected number of feedback turns in the answer.
    pub gain: f32,
    /// The estimated tokens of the messages that the config's window shows.
    pub shown_tokens: u64,
    /// The undecided turns that the question is about.
    pub turns: Vec<TurnRecord>,
    /// How the turns and their conversation stand, where a run tallies them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<RowStanding>,
    /// The guards that cover each turn, in the order of the turns; empty where none covers any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coverage: Vec<Vec<GuardCoverage>>,
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
        let window = settings::shown_window(judge);
        let row = |turns: &[&ScannedTurn], lines: Vec<DialogueLine>, hints: Vec<RuleHint>| {
            let coverage = match engine.rules.guards().all().is_empty() {
                true => Vec::new(),
                false => guarded(engine, scanned, turns),
            };
            let id = conversation.id(turns[0]);
            let open = turns.iter().map(|t| t.message_index as u32).collect();
            let question = Question { id, lines, open, hints };
            Self {
                stretch: id,
                gain: turns.iter().map(|t| t.probability).sum(),
                shown_tokens: shown(&question, window.as_ref()).map(|(_, tokens)| tokens).sum(),
                turns: turns.iter().map(|turn| scanned.turn_record(engine, conversation, turn)).collect(),
                question,
                standing: None,
                coverage,
            }
        };
        match settings::unit(judge) {
            QuestionUnit::Turn => wanted
                .iter()
                .map(|turn| {
                    let lines = prompt::window(source, turn.message_index, &settings::kept_window(judge));
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

    /// Appends rows to those of one stretch, which is named after its first row.
    pub(crate) fn extend_stretch(stretch: &mut Vec<Self>, rows: impl IntoIterator<Item = Self>) {
        for row in rows {
            let name = stretch.first().map_or(row.question.id, |first| first.stretch);
            stretch.push(Self { stretch: name, ..row });
        }
    }
}

/// The guards that cover each turn; empty where none covers any.
fn guarded(engine: &Engine, scanned: &ScannedBatch<'_>, turns: &[&ScannedTurn]) -> Vec<Vec<GuardCoverage>> {
    let coverage: Vec<_> = turns.iter().map(|turn| guards::coverage(engine, scanned, turn)).collect();
    if coverage.iter().all(Vec::is_empty) { Vec::new() } else { coverage }
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
    let judge = &engine.config.judge;
    let source = &conversation.record.conversation;
    let question = Question {
        id: conversation.id(turn),
        lines: prompt::window(source, turn.message_index, &settings::kept_window(judge)),
        open: vec![turn.message_index as u32],
        hints: Vec::new(),
    };
    shown(&question, settings::shown_window(judge).as_ref()).map(|(_, tokens)| tokens).sum()
}

/// The messages that a prompt shows of a question, each by its index, with its estimated tokens.
pub(crate) fn shown<'q>(
    question: &'q Question,
    window: Option<&'q PromptWindow>,
) -> Box<dyn Iterator<Item = (u32, u64)> + 'q> {
    let tokens = |line: &DialogueLine, texts: &[&str]| {
        let head = CharCount::of("# : \n") + CharCount::of(line.role.name());
        tokens::of(texts.iter().map(|text| CharCount::of(text)).fold(head, CharCount::add))
    };
    match window {
        None => Box::new(question.lines.iter().map(move |line| (line.index, tokens(line, &[&line.text])))),
        Some(window) => Box::new(
            window
                .lines(question)
                .map(move |(line, is_open)| (line.index, tokens(line, &window.shown(line, is_open)))),
        ),
    }
}
