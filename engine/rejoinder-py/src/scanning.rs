//! A scan of a table: the same workers as in the command, over chunks of the table's rows.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;

use arrow_array::RecordBatch;
use rejoinder::failure::Failure;
use rejoinder_cascade::Decision as Verdict;
use rejoinder_core::{AnswerProbabilities, Feedback};
use rejoinder_export::export::table::Provenance;
use rejoinder_judge::QuestionForm;
use rejoinder_read::{Chunk, Portion, TableReader};
use rejoinder_run::SpoolRow;
use rejoinder_scan::{Engine, RepeatedConversations, ScannedBatch, StopFlag, Worker, in_order, repeated};

use crate::error::is_interrupted;
use crate::places::Places;
use crate::rows::{Request, TurnRow, WaitingTurn, schema, table_of};

/// What a scan needs beside the table.
pub struct TableScan<'e> {
    /// Decides about turns.
    pub engine: &'e Engine,
    /// Puts questions into words.
    pub form: &'e QuestionForm,
    /// How many threads work.
    pub threads: NonZeroUsize,
    /// Where the rows stand, where the caller says so.
    pub places: &'e Places,
}

impl TableScan<'_> {
    /// Scans a whole table.
    ///
    /// # Errors
    /// If a plugin fails more often than is borne.
    pub fn run(&self, reader: &TableReader, batches: &[RecordBatch]) -> Result<ScannedRows, Failure> {
        let portions = || reader.chunks(batches.iter().cloned()).map(Portion::from);
        let repeated =
            repeated(&self.engine.config.input, &[], self.threads, &StopFlag::default(), portions)?;
        let begin = || self.worker(&repeated);
        let mut all = ScannedRows::default();
        in_order(
            portions(),
            self.threads,
            begin,
            |worker, chunk| self.rows(worker, chunk),
            |(batch, conversations)| {
                if is_interrupted() {
                    return Err(Failure::interrupted());
                }
                all.conversations += conversations;
                all.rows.extend((batch.num_rows() > 0).then_some(batch));
                Ok(())
            },
        )?;
        Ok(all)
    }

    fn worker<'w>(&'w self, repeated: &'w RepeatedConversations) -> Result<Worker<'w>, Failure> {
        Ok(Worker::new(self.engine)?.passing_over(repeated).listing_all_set_aside())
    }

    /// The rows of a chunk, in input order, so that it does not show how a table is cut; and the number of its conversations.
    fn rows(&self, worker: &mut Worker<'_>, chunk: &Chunk) -> Result<(RecordBatch, u64), Failure> {
        let mut scanned = worker.scan(chunk)?;
        let lines: Vec<u64> = scanned.conversations.iter().map(|conversation| conversation.ordinal).collect();
        self.places.put(&mut scanned);
        let found = self.found(&scanned, &lines);
        let provenance = provenance(self.engine);
        let turns = found.iter().map(|(line, found)| match found {
            FoundTurn::Accepted(feedback) => (*line, TurnRow::feedback(feedback, provenance)),
            FoundTurn::Waiting(turn) => {
                (*line, TurnRow::waiting(turn, request(self.form, &turn.row), provenance))
            }
        });
        let lost: HashSet<u64> = scanned.set_aside.rows().map(|record| record.line).collect();
        // Hardly any chunk is looked at once more: most have lost nothing.
        let entries = (!lost.is_empty()).then(|| chunk.entries()).into_iter().flatten();
        let own = entries.filter(|entry| lost.contains(&entry.ordinal));
        let ids: HashMap<u64, String> = own.filter_map(|entry| Some((entry.ordinal, entry.id()?))).collect();
        let set_aside = scanned.set_aside.rows().map(|record| {
            let (shard, ordinal) = self.places.of(record.line);
            let id = ids.get(&record.line).map(String::as_str);
            (record.line, TurnRow::set_aside(record.reason, id, shard, ordinal))
        });
        let mut rows: Vec<_> = turns.chain(set_aside).collect();
        rows.sort_by_key(|(line, _)| *line);
        let rows = table_of(&rows.into_iter().map(|(_, row)| row).collect::<Vec<_>>(), &schema())?;
        Ok((rows, lines.len() as u64))
    }

    /// The turns that are feedback, or may be, each with the number of its conversation; `lines` has the numbers.
    fn found(&self, scanned: &ScannedBatch<'_>, lines: &[u64]) -> Vec<(u64, FoundTurn)> {
        let mut found = Vec::new();
        for (conversation, &line) in scanned.conversations.iter().zip(lines) {
            let mut waiting = SpoolRow::of(self.engine, scanned, conversation).into_iter();
            for turn in scanned.turns(conversation) {
                match turn.decision() {
                    Verdict::Accepted(category) => {
                        let feedback = scanned.feedback(self.engine, conversation, turn, category);
                        found.push((line, FoundTurn::Accepted(Box::new(feedback))));
                    }
                    Verdict::Undecided => {
                        let learned = self.engine.probabilities(scanned.votes(turn));
                        let probabilities = learned.map(of_score).unwrap_or_default();
                        let turn = waiting.next().map(|row| WaitingTurn { row, probabilities });
                        found.extend(turn.map(|turn| (line, FoundTurn::Waiting(Box::new(turn)))));
                    }
                    Verdict::Rejected => {}
                }
            }
        }
        found
    }
}

/// What a scan of a table gives.
#[derive(Default)]
pub struct ScannedRows {
    /// The rows, in the order of the table.
    pub rows: Vec<RecordBatch>,
    /// The number of conversations that were read.
    pub conversations: u64,
}

/// A turn that is feedback, or may be.
enum FoundTurn {
    Accepted(Box<Feedback>),
    Waiting(Box<WaitingTurn>),
}

fn of_score(&[none, ur1, ur2, ur3, ur4, ur5]: &[f32; 6]) -> AnswerProbabilities {
    AnswerProbabilities::new(none, [ur1, ur2, ur3, ur4, ur5])
}

/// The version and the rules that all rows of an engine share.
pub fn provenance(engine: &Engine) -> Provenance<'_> {
    Provenance { engine: env!("CARGO_PKG_VERSION"), rules_hash: engine.rules.hash() }
}

/// How a waiting turn is asked about by itself.
pub fn request(form: &QuestionForm, row: &SpoolRow) -> Request {
    let request = form.next(std::slice::from_ref(&row.question), &[]);
    let (key, prompt) = request.map(|request| (request.key.clone(), request.prompt())).unwrap_or_default();
    let question = serde_json::to_string(row).expect("a row is plain data");
    Request { prompt, key, question }
}
