//! The rows of the spool in the order of asking, in the groups that share requests.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};

use rejoinder_core::RecordId;
use rejoinder_judge::QuestionForm;
use rejoinder_ledger::ReplyStore;
use serde::Deserialize;

use super::kept_groups;
use crate::error::RunError;
use crate::folder::{PartKind, RunDir};
use crate::spool_row::SpoolRow;

/// Rows that share a request.
pub(super) type RequestGroup = Vec<SpoolRow>;

/// Groups of rows, one after the other.
pub(super) type Groups<'r> = Box<dyn Iterator<Item = Result<RequestGroup, RunError>> + 'r>;

/// What is needed to find the groups of a run's rows.
#[derive(Clone, Copy)]
pub(super) struct Spool<'r> {
    /// The run.
    pub(super) run: &'r RunDir,
    /// The form in which the questions are put.
    pub(super) form: &'r QuestionForm,
    /// The store of replies: what is answered is in no group.
    pub(super) store: &'r ReplyStore,
    /// Whether the rows are to be asked about: of several with the same prompt one is enough then.
    pub(super) is_to_ask: bool,
}

impl<'r> Spool<'r> {
    /// The rows of one part.
    pub(super) fn of_part(self, part: u64) -> Groups<'r> {
        Box::new(stretches(self.run, part).flat_map(move |stretch| self.grouped(stretch)))
    }

    /// All rows in the order of asking: with a budget the most promising ones first, without a budget in input order.
    ///
    /// # Errors
    /// If the spool, the ledger or the store fails.
    pub(super) fn in_order(self) -> Result<Groups<'r>, RunError> {
        match self.run.limits().is_none() {
            true => self.in_input_order(),
            false => self.by_gain(),
        }
    }

    /// All rows, in input order.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub(super) fn in_input_order(self) -> Result<Groups<'r>, RunError> {
        let parts = self.run.parts()?;
        Ok(Box::new(parts.into_iter().flat_map(move |(part, _)| self.of_part(part))))
    }

    /// Rows that were drawn, which need not stand in the spool.
    ///
    /// # Errors
    /// If the ledger or the store fails.
    pub(super) fn of_sample(self, rows: &[SpoolRow]) -> Result<Vec<RequestGroup>, RunError> {
        kept_groups::of_sample(self, rows)
    }

    fn grouped(self, stretch: Result<Vec<SpoolRow>, RunError>) -> Vec<Result<RequestGroup, RunError>> {
        let groups = stretch.and_then(|rows| kept_groups::of_stretch(self, rows));
        match groups {
            Ok(groups) => groups.into_iter().map(Ok).collect(),
            Err(failure) => vec![Err(failure)],
        }
    }

    /// All rows: those with the most expected feedback a token come first, summed over what shares a request or, where nothing
    /// does, over a conversation; ties in input order.
    fn by_gain(self) -> Result<Groups<'r>, RunError> {
        let fixed = self.form.fixed_tokens();
        let shares = self.form.questions_per_request() > 1;
        let mut sequences: Vec<RowSequence> = Vec::new();
        for (part, _) in self.run.parts()? {
            let offsets_of = offsets(self.run, part)?;
            for group in self.of_part(part) {
                let group = group?;
                let conversation = (group[0].question.id.shard, group[0].question.id.ordinal);
                let gain = group.iter().map(|row| f64::from(row.gain)).sum::<f64>();
                let tokens = group.iter().map(|row| row.shown_tokens).sum::<u64>() + fixed;
                let offsets = group.iter().filter_map(|row| offsets_of.get(&row.question.id).copied());
                match sequences.last_mut() {
                    Some(last) if !shares && last.part == part && last.conversation == conversation => {
                        last.offsets.extend(offsets);
                        last.gain += gain;
                        last.tokens += tokens;
                    }
                    _ => {
                        let offsets = offsets.collect();
                        sequences.push(RowSequence { part, conversation, offsets, gain, tokens });
                    }
                }
            }
        }
        let worth = |sequence: &RowSequence| sequence.gain / sequence.tokens.max(1) as f64;
        // The sort is stable.
        sequences.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
        let groups = sequences.into_iter().flat_map(move |sequence| match (self.read(&sequence), shares) {
            (Ok(rows), true) => vec![Ok(rows)],
            (Ok(rows), false) => rows.into_iter().map(|row| Ok(vec![row])).collect(),
            (Err(failure), _) => vec![Err(failure)],
        });
        Ok(Box::new(groups))
    }

    fn read(self, rows: &RowSequence) -> Result<Vec<SpoolRow>, RunError> {
        let mut file = BufReader::new(File::open(self.run.part_file(PartKind::Spool, rows.part))?);
        let mut line = String::new();
        let read = rows.offsets.iter().map(|offset| {
            line.clear();
            file.seek(SeekFrom::Start(*offset))?;
            file.read_line(&mut line)?;
            parse(&line)
        });
        read.collect()
    }
}

/// The rows of a part, a stretch of input at a time.
pub(crate) fn stretches(run: &RunDir, part: u64) -> impl Iterator<Item = Result<Vec<SpoolRow>, RunError>> {
    Stretches { rows: run.rows(PartKind::Spool, part).peekable() }
}

/// The rows of a part, a stretch of input at a time.
struct Stretches<I: Iterator<Item = Result<SpoolRow, RunError>>> {
    rows: std::iter::Peekable<I>,
}

impl<I: Iterator<Item = Result<SpoolRow, RunError>>> Iterator for Stretches<I> {
    type Item = Result<Vec<SpoolRow>, RunError>;

    fn next(&mut self) -> Option<Self::Item> {
        let first = match self.rows.next()? {
            Ok(row) => row,
            Err(failure) => return Some(Err(failure)),
        };
        let stretch = first.stretch;
        let mut rows = vec![first];
        while let Some(Ok(row)) =
            self.rows.next_if(|row| row.as_ref().is_ok_and(|row| row.stretch == stretch))
        {
            rows.push(row);
        }
        Some(Ok(rows))
    }
}

/// Rows of a part that are asked one after the other.
struct RowSequence {
    part: u64,
    conversation: (u32, u64),
    /// Where the rows stand in the part's file.
    offsets: Vec<u64>,
    gain: f64,
    tokens: u64,
}

/// Where each row of a part stands in the part's file, by the id of its question.
fn offsets(run: &RunDir, part: u64) -> Result<HashMap<RecordId, u64>, RunError> {
    #[derive(Deserialize)]
    struct RowHead {
        question: QuestionHead,
    }
    #[derive(Deserialize)]
    struct QuestionHead {
        id: RecordId,
    }
    let mut offsets = HashMap::new();
    let Ok(file) = File::open(run.part_file(PartKind::Spool, part)) else { return Ok(offsets) };
    let (mut reader, mut line, mut offset) = (BufReader::new(file), String::new(), 0);
    loop {
        line.clear();
        let length = reader.read_line(&mut line)? as u64;
        if length == 0 {
            return Ok(offsets);
        }
        let head: RowHead = parse(&line)?;
        offsets.insert(head.question.id, offset);
        offset += length;
    }
}

fn parse<'a, T: Deserialize<'a>>(line: &'a str) -> Result<T, RunError> {
    serde_json::from_str(line).map_err(|e| RunError::io("the spool holds something unreadable", &e))
}
