//! The turns about which the forms are compared: the waiting and judged turns of whole conversations, drawn uniformly. So groups hold
//! turns of one conversation as those of a run do.

use rejoinder_cascade::Decision;
use rejoinder_core::{Answer, RecordId};
use rejoinder_export::labels::label_file::LabelFile;
use rejoinder_judge::prompt::DialogueWindow;
use rejoinder_scan::Scan;

use crate::error::RunError;
use crate::folder::RunDir;
use crate::judging::settings;
use crate::operator::Operator;
use crate::recall::DrawnTurn;
use crate::recall::draw::{UniformDraw, hash};
use crate::spool_row::SpoolRow;

/// The sample.
pub(super) struct ComparisonSample {
    /// The turns, in input order, in one stretch.
    pub(super) rows: Vec<SpoolRow>,
    /// For each turn the number of its conversation, in the order of the draw.
    pub(super) conversations: Vec<usize>,
    /// What labels say of each turn.
    pub(super) labels: Vec<Answer>,
    /// What the questions keep of a dialogue.
    pub(super) kept: DialogueWindow,
}

impl ComparisonSample {
    /// Draws about so many turns, the conversations with the lowest hashes under the seed, by a scan of the run's input. Labels are
    /// those of the file or, without a file, the records' own.
    ///
    /// # Errors
    /// If input, rules or plugins are not what they were, or the scan fails or is stopped.
    pub(super) fn draw(
        run: &RunDir,
        operator: &Operator<'_>,
        most: usize,
        seed: u64,
        labels: Option<&LabelFile>,
    ) -> Result<Self, RunError> {
        let mut engine = run.engine()?;
        // The reference shows the long window, whatever window of old the config names.
        let judge = &mut engine.config.judge;
        (judge.window_messages, judge.window_bytes) = (None, None);
        let kept = settings::kept_window(judge);
        let mut lowest = UniformDraw::new(most, 0);
        let bound = lowest.bound();
        let asked_before = run.asked()?;
        let stop = operator.watch.stop.clone();
        let scan = Scan {
            asked_before: Some(&asked_before),
            stop: stop.clone(),
            ..Scan::of(&engine, &run.manifest.inputs, operator.threads)
        };
        scan.run(
            |worker, chunk| {
                let scanned = worker.scan(chunk)?;
                let mut drawn = Vec::new();
                for conversation in &scanned.conversations {
                    let turns = scanned.turns(conversation).iter();
                    let mut open = turns.filter(|turn| turn.decision() == Decision::Undecided).peekable();
                    let Some(first) = open.peek() else { continue };
                    let hash = hash(seed, RecordId { message_index: 0, ..conversation.id(first) });
                    if bound.admits(hash) {
                        let of = |turn| DrawnTurn::of(worker.engine, &scanned, conversation, turn);
                        drawn.push((hash, open.take(most).map(of).collect::<Vec<_>>()));
                    }
                }
                Ok::<_, RunError>(drawn)
            },
            |drawn| {
                stop.check()?;
                lowest.add(drawn);
                Ok(())
            },
        )?;
        let mut conversations: Vec<&Vec<DrawnTurn>> = lowest.found().collect();
        conversations.sort_by_key(|turns| hash(seed, conversation_of(&turns[0])));
        let numbered = conversations.into_iter().enumerate();
        let turns = numbered.flat_map(|(number, turns)| turns.iter().map(move |turn| (number, turn)));
        let mut turns: Vec<(usize, &DrawnTurn)> = turns.take(most).collect();
        turns.sort_by_key(|(_, turn)| turn.row.question.id);
        let mut rows = Vec::with_capacity(turns.len());
        SpoolRow::extend_stretch(&mut rows, turns.iter().map(|(_, turn)| turn.row.clone()));
        Ok(Self {
            rows,
            conversations: turns.iter().map(|(number, _)| *number).collect(),
            labels: turns.iter().map(|(_, turn)| label(turn, labels)).collect(),
            kept,
        })
    }

    /// The places of the turns that the reference is asked about once more: a quarter of the turns, and 50 where there are so many, of
    /// the conversations that were drawn first.
    pub(super) fn repeated(&self) -> Vec<usize> {
        const FEWEST: usize = 50;
        let wanted = self.rows.len().div_ceil(4).max(FEWEST);
        let mut places: Vec<usize> = (0..self.rows.len()).collect();
        places.sort_by_key(|&place| self.conversations[place]);
        places.truncate(wanted);
        places.sort_unstable();
        places
    }

    /// The number of conversations of the turns.
    pub(super) fn number_of_conversations(&self) -> usize {
        self.conversations.iter().max().map_or(0, |last| last + 1)
    }
}

fn conversation_of(turn: &DrawnTurn) -> RecordId {
    RecordId { message_index: 0, ..turn.row.question.id }
}

fn label(turn: &DrawnTurn, file: Option<&LabelFile>) -> Answer {
    match file {
        Some(file) => {
            let record = &turn.row.turns[0];
            let index = record.id.message_index as usize;
            file.answer(&record.conversation_id, index, record.feedback_turn).unwrap_or_default()
        }
        None if turn.is_labelled => turn.label.into(),
        None => Answer::Unknown,
    }
}
