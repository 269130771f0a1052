//! One row, as it goes to Python.

use rejoinder_core::{AnswerProbabilities, Feedback, PluginVote, TurnRecord};
use rejoinder_export::export::table::{Provenance, TableRow};
use rejoinder_run::SpoolRow;
use serde::{Deserialize, Serialize};

/// What became of a turn, or of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The turn is feedback.
    Accepted,
    /// The judge found no feedback in the turn.
    Rejected,
    /// The turn waits for the judge.
    Waiting,
    /// The record cannot be read.
    SetAside,
}

/// A row about a turn, or about a record that was set aside.
#[derive(Debug, Serialize)]
pub struct TurnRow<'a> {
    /// The columns of the feedback table: all of them for feedback, else those that are known.
    #[serde(flatten)]
    turn: TurnColumns<'a>,
    decision: Decision,
    /// The words in which the judge is asked about the turn alone.
    prompt: Option<String>,
    /// The key of that request, under which its reply can be kept.
    request_key: Option<String>,
    /// What the engine needs to read an answer, as JSON.
    question: Option<String>,
    /// Why a record was set aside, or why an answer cannot be read.
    error: Option<String>,
    shard: u32,
    ordinal: u64,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum TurnColumns<'a> {
    Feedback(Box<TableRow<'a>>),
    Turn(Box<UndecidedColumns<'a>>),
    Record { conversation_id: Option<&'a str> },
}

/// The columns of the feedback table that are known of a turn that is no feedback, or not yet.
#[derive(Debug, Serialize)]
struct UndecidedColumns<'a> {
    conversation_id: &'a str,
    feedback_turn: u32,
    id: String,
    message_index: u32,
    rules: &'a [String],
    plugins: &'a [PluginVote],
    probabilities: AnswerProbabilities,
    engine: &'a str,
    rules_hash: &'a str,
    metadata: String,
}

/// A turn that waits for the judge.
#[derive(Clone, Debug)]
pub struct WaitingTurn {
    /// What is asked, about this turn alone.
    pub row: SpoolRow,
    /// The learned score's probabilities; unset where nothing has scored the turn.
    pub probabilities: AnswerProbabilities,
}

/// How a turn that waits is asked about.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The words of the request.
    pub prompt: String,
    /// The key of the request.
    pub key: String,
    /// The question, as JSON.
    pub question: String,
}

impl<'a> TurnRow<'a> {
    /// The row of feedback.
    pub fn feedback(feedback: &'a Feedback, provenance: Provenance<'a>) -> Self {
        let row = TableRow::new(feedback, provenance);
        let at = (feedback.id.shard, feedback.id.ordinal);
        Self::of(TurnColumns::Feedback(Box::new(row)), Decision::Accepted, at)
    }

    /// The row of a turn that the judge found no feedback in.
    pub fn rejected(turn: &'a TurnRecord, provenance: Provenance<'a>) -> Self {
        Self::undecided(turn, Decision::Rejected, AnswerProbabilities::default(), provenance)
    }

    /// The row of a turn that waits, with the learned score's probabilities and what a caller needs to ask about the turn.
    pub fn waiting(turn: &'a WaitingTurn, request: Request, provenance: Provenance<'a>) -> Self {
        let Request { prompt, key, question } = request;
        Self {
            prompt: Some(prompt),
            request_key: Some(key),
            question: Some(question),
            ..Self::undecided(&turn.row.turns[0], Decision::Waiting, turn.probabilities, provenance)
        }
    }

    fn undecided(
        turn: &'a TurnRecord,
        decision: Decision,
        probabilities: AnswerProbabilities,
        provenance: Provenance<'a>,
    ) -> Self {
        let columns = UndecidedColumns {
            conversation_id: &turn.conversation_id,
            feedback_turn: turn.feedback_turn,
            id: turn.id.to_string(),
            message_index: turn.id.message_index,
            rules: &turn.rules,
            plugins: &turn.plugins,
            probabilities,
            engine: provenance.engine,
            rules_hash: provenance.rules_hash,
            metadata: serde_json::Value::Object(turn.metadata.clone()).to_string(),
        };
        Self::of(TurnColumns::Turn(Box::new(columns)), decision, (turn.id.shard, turn.id.ordinal))
    }

    /// The row of a record that was set aside.
    pub fn set_aside(reason: String, conversation_id: Option<&'a str>, shard: u32, ordinal: u64) -> Self {
        let columns = TurnColumns::Record { conversation_id };
        Self { error: Some(reason), ..Self::of(columns, Decision::SetAside, (shard, ordinal)) }
    }

    /// The row with the reason why an answer about the turn cannot be read.
    pub fn unread(self, why: Option<String>) -> Self {
        Self { error: why, ..self }
    }

    fn of(turn: TurnColumns<'a>, decision: Decision, (shard, ordinal): (u32, u64)) -> Self {
        Self { turn, decision, prompt: None, request_key: None, question: None, error: None, shard, ordinal }
    }
}
