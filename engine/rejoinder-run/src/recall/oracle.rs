//! Who says what drawn turns hold: the judge, or labels.

use rejoinder_core::Answer;
use rejoinder_export::labels::label_file::LabelFile;
use rejoinder_judge::StopReason;

use super::draw::DrawnTurn;
use crate::error::RunError;
use crate::folder::RunDir;
use crate::operator::Operator;
use crate::stages;

/// Says what turns hold.
pub trait Oracle {
    /// The answers about some turns, in their order.
    ///
    /// # Errors
    /// If asking fails, or is stopped.
    fn ask(&mut self, turns: &[&DrawnTurn]) -> Result<Vec<Answer>, OracleError>;
}

/// Why an oracle did not answer to the end.
#[derive(Debug)]
pub enum OracleError {
    /// Asking the judge was stopped; the answers so far are kept.
    Stopped(StopReason),
    /// Something failed.
    Failed(RunError),
}

impl<E: Into<RunError>> From<E> for OracleError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// The judge of a run, at the run's expense.
pub struct JudgeOracle<'a> {
    /// The run.
    pub run: &'a mut RunDir,
    /// Who runs the asking.
    pub operator: Operator<'a>,
}

impl Oracle for JudgeOracle<'_> {
    fn ask(&mut self, turns: &[&DrawnTurn]) -> Result<Vec<Answer>, OracleError> {
        let rows: Vec<_> = turns.iter().map(|turn| turn.row.clone()).collect();
        stages::answers(self.run, &self.operator, &rows)
    }
}

/// Labels that stand with the turns themselves; a turn that the record does not list is no feedback.
#[derive(Clone, Copy, Debug)]
pub struct LabelOracle;

/// Labels that stand in a file beside the corpus. A turn that somebody has read and could not label is answered, by an answer that says
/// nothing.
#[derive(Clone, Copy, Debug)]
pub struct LabelFileOracle<'a>(pub &'a LabelFile);

impl Oracle for LabelFileOracle<'_> {
    fn ask(&mut self, turns: &[&DrawnTurn]) -> Result<Vec<Answer>, OracleError> {
        let record = |turn: &&DrawnTurn| turn.row.turns[0].clone();
        let label = |turn: &&DrawnTurn| -> Option<Answer> {
            let record = record(turn);
            let index = record.id.message_index as usize;
            self.0.answer(&record.conversation_id, index, record.feedback_turn)
        };
        let answers: Vec<Option<Answer>> = turns.iter().map(label).collect();
        let mut missing = turns.iter().zip(&answers).filter(|(_, answer)| answer.is_none());
        match missing.next() {
            None => Ok(answers.into_iter().flatten().collect()),
            Some((first, _)) => Err(OracleError::Failed(RunError::LabelsMissing {
                drawn: turns.len(),
                missing: missing.count() + 1,
                first: Box::new(record(first)),
            })),
        }
    }
}

impl Oracle for LabelOracle {
    fn ask(&mut self, turns: &[&DrawnTurn]) -> Result<Vec<Answer>, OracleError> {
        if turns.iter().any(|turn| !turn.is_labelled) {
            return Err(OracleError::Failed(RunError::NotLabelled));
        }
        Ok(turns.iter().map(|turn| turn.label.into()).collect())
    }
}
