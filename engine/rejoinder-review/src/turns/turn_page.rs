//! All that is shown of a turn, and how it is made.

use std::collections::HashSet;

use rejoinder_core::{RecordId, printable};
use rejoinder_read::Chunk;
use rejoinder_report::decision::TurnDecision;
use rejoinder_report::explanation::{Explanation, JudgeRow};
use rejoinder_run::reading_sample::TurnView;
use rejoinder_run::reviewing::{LabelTarget, ReviewTurn};
use rejoinder_run::{RunDir, TurnOutcome, judging};
use rejoinder_scan::{Engine, ScanError, Worker};

use super::dialogue_page::DialoguePage;
use super::program::Program;

/// All that is shown of a turn.
#[derive(Clone, Debug)]
pub(crate) struct TurnPage {
    /// The turn, as a label names it.
    pub(crate) target: LabelTarget,
    pub(crate) dialogue: DialoguePage,
    /// The whole turn, in which a span must occur.
    pub(crate) turn: String,
    pub(crate) program: Program,
}

impl TurnPage {
    /// About so many bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        let json = |value: serde_json::Result<Vec<u8>>| value.map_or(0, |json| json.len());
        json(serde_json::to_vec(&self.dialogue)) + json(serde_json::to_vec(&self.program)) + self.turn.len()
    }
}

/// Makes pages of records.
pub(super) struct PageMaker<'e> {
    run: &'e RunDir,
    engine: &'e Engine,
    worker: Worker<'e>,
}

impl<'e> PageMaker<'e> {
    /// A maker for the turns of a run; `asked` is what the judge was asked about before the run's scan.
    ///
    /// # Errors
    /// If a plugin cannot be used.
    pub(super) fn new(
        run: &'e RunDir,
        engine: &'e Engine,
        asked: &'e HashSet<RecordId>,
    ) -> Result<Self, ScanError> {
        let mut worker = Worker::new(engine)?.knowing(asked);
        worker.want_notes();
        Ok(Self { run, engine, worker })
    }

    /// The page of a turn, whose record the chunk holds.
    ///
    /// # Errors
    /// In words: if the record lacks the turn, or the judge's replies cannot be read.
    pub(super) fn make(&mut self, chunk: &Chunk, turn: &ReviewTurn) -> Result<TurnPage, String> {
        let (engine, id) = (self.engine, turn.id);
        let gone = || {
            format!(
                "{}: record {id} holds no such later turn: the input has changed since the run",
                printable(&chunk.file)
            )
        };
        let scanned = self.worker.scan(chunk).map_err(|error| error.to_string())?;
        let conversation = scanned.conversations.first().ok_or_else(gone)?;
        let found = scanned.turns(conversation).iter().find(|turn| conversation.id(turn) == id);
        let found = found.ok_or_else(gone)?;
        let trace = match turn.outcome {
            TurnOutcome::Judged(_) => judging::trace(self.run, id).map_err(|error| error.to_string())?,
            _ => None,
        };
        let view = TurnView {
            engine,
            scanned: &scanned,
            conversation,
            turn: found,
            outcome: turn.outcome,
            span: turn.span,
        };
        let source = &conversation.record.conversation;
        let trials = self.worker.explain(&scanned, conversation, found);
        let judge = trace.as_ref().map(JudgeRow::new);
        let decision = TurnDecision::of(&view, judge.as_ref().and_then(JudgeRow::model));
        let explanation = Explanation::new(&view, decision, &trials, judge, false);
        let dialogue = DialoguePage::of(&view, &chunk.file);
        let program = Program::of(&view, explanation, dialogue.turn_text(), turn.dispute.clone());
        Ok(TurnPage {
            target: LabelTarget::of(id, source),
            dialogue,
            turn: source.messages[found.message_index].text.to_string(),
            program,
        })
    }
}
