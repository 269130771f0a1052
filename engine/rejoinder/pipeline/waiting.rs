//! Turns that wait for the judge, as they lie in the spool: the question, ready to be asked, and what is needed to
//! write a feedback record once it is answered.

use rejoinder_cascade::Decision;
use rejoinder_core::TurnRecord;
use rejoinder_judge::{AskedTurn, Question, Unit, prompt, tokens};
use serde::{Deserialize, Serialize};

use crate::pipeline::engine::Engine;
use crate::pipeline::worker::{Scanned, ScannedConversation, ScannedTurn};

/// A row of the spool.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// What the judge is asked.
    pub question: Question,
    /// Estimated tokens of the prompt.
    pub input_tokens: u64,
    /// The undecided turns it is about.
    pub turns: Vec<TurnRecord>,
}

impl Waiting {
    /// The rows for the undecided turns of a conversation: one a turn, or one in all.
    pub fn of(engine: &Engine, scanned: &Scanned<'_>, conversation: &ScannedConversation<'_>) -> Vec<Self> {
        let turns = scanned.turns(conversation);
        let undecided: Vec<&ScannedTurn> =
            turns.iter().filter(|t| t.decision == Decision::Undecided).collect();
        let Some(first) = undecided.first() else { return Vec::new() };
        let source = &conversation.record.conversation;
        let record = |turn: &ScannedTurn| scanned.turn_record(engine, conversation, turn);
        let asked = |turn: &ScannedTurn| AskedTurn {
            message_index: turn.message_index as u32,
            text: source.messages[turn.message_index].text.to_string(),
            open: turn.decision == Decision::Undecided,
        };
        let unit = engine.config.judge.unit();
        let row =
            |dialogue: String, first: &ScannedTurn, turns: &[&ScannedTurn], shown: Vec<AskedTurn>| Self {
                input_tokens: tokens::estimate(prompt::instructions(unit)) + tokens::estimate(&dialogue),
                question: Question {
                    id: conversation.id(first),
                    dialogue,
                    gain: turns.iter().map(|t| probability(t.prior)).sum(),
                    turns: shown,
                },
                turns: turns.iter().map(|t| record(t)).collect(),
            };
        match unit {
            Unit::Turn => undecided
                .iter()
                .map(|turn| {
                    let dialogue = prompt::turn(source, turn.message_index, &engine.config.window());
                    row(dialogue, turn, &[turn], vec![asked(turn)])
                })
                .collect(),
            Unit::Conversation => {
                vec![row(prompt::conversation(source), first, &undecided, turns.iter().map(asked).collect())]
            }
        }
    }
}

/// The probability of log-odds.
fn probability(log_odds: f32) -> f32 {
    1.0 / (1.0 + (-log_odds).exp())
}
