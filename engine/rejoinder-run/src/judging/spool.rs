//! The rows of the spool in the order of asking; rows that share a request stand together.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};

use rejoinder_core::RecordId;
use rejoinder_judge::QuestionForm;
use serde::Deserialize;

use super::settings;
use crate::error::RunError;
use crate::folder::{PartKind, RunDir};
use crate::spool_row::SpoolRow;

/// Rows that share a request.
pub(super) type RequestGroup = Vec<SpoolRow>;

/// The rows of one part; rows that share a request stand together where `most` is more than one.
pub(super) fn of_part(
    run: &RunDir,
    part: u64,
    most: usize,
) -> impl Iterator<Item = Result<RequestGroup, RunError>> {
    together(run.rows(PartKind::Spool, part), most)
}

/// All rows in the order of asking: with a budget the most promising rows first, without a budget in input order.
pub(super) fn in_order<'r>(
    run: &'r RunDir,
    form: &QuestionForm,
) -> Result<Box<dyn Iterator<Item = Result<RequestGroup, RunError>> + 'r>, RunError> {
    let most = form.questions_per_request();
    Ok(match settings::limits(&run.manifest.config.budget).is_none() {
        true => Box::new(in_input_order(run, most)?),
        false => Box::new(by_gain(run, most, form.fixed_tokens())?),
    })
}

/// All rows, in input order.
pub(super) fn in_input_order(
    run: &RunDir,
    most: usize,
) -> Result<impl Iterator<Item = Result<RequestGroup, RunError>>, RunError> {
    let parts = run.parts()?;
    Ok(parts.into_iter().flat_map(move |(part, _)| of_part(run, part, most)))
}

fn together(
    rows: impl Iterator<Item = Result<SpoolRow, RunError>>,
    most: usize,
) -> impl Iterator<Item = Result<RequestGroup, RunError>> {
    let mut rows = rows.peekable();
    std::iter::from_fn(move || {
        let first = match rows.next()? {
            Ok(row) => row,
            Err(failure) => return Some(Err(failure)),
        };
        let mut group = vec![first];
        while group.len() < most
            && let Some(Ok(row)) =
                rows.next_if(|row| row.as_ref().is_ok_and(|row| row.group == group[0].group))
        {
            group.push(row);
        }
        Some(Ok(group))
    })
}

/// The fields of a row that the order needs.
#[derive(Deserialize)]
struct RowHead {
    question: RowHeadQuestion,
    group: RecordId,
    gain: f32,
    shown_tokens: u64,
}

#[derive(Deserialize)]
struct RowHeadQuestion {
    id: RecordId,
}

/// Rows that are asked one after the other: the rows of a conversation, and of others that share a request with the
/// conversation.
struct RowSequence {
    group: RecordId,
    conversation: (u32, u64),
    part: u64,
    offset: u64,
    rows: u32,
    gain: f64,
    tokens: u64,
}

/// All rows: conversations with the most expected feedback a token come first, ties in input order. `fixed_tokens` is
/// what a request takes beside the shown messages.
fn by_gain(
    run: &RunDir,
    most: usize,
    fixed_tokens: u64,
) -> Result<impl Iterator<Item = Result<RequestGroup, RunError>>, RunError> {
    let mut runs: Vec<RowSequence> = Vec::new();
    for (part, _) in run.parts()? {
        let Ok(file) = File::open(run.part_file(PartKind::Spool, part)) else { continue };
        let mut reader = BufReader::new(file);
        let mut line = String::new();
        let mut offset = 0;
        loop {
            line.clear();
            let length = reader.read_line(&mut line)? as u64;
            if length == 0 {
                break;
            }
            let head: RowHead = parse(&line)?;
            let conversation = (head.question.id.shard, head.question.id.ordinal);
            let (gain, tokens) = (f64::from(head.gain), head.shown_tokens + fixed_tokens);
            match runs.last_mut() {
                Some(run)
                    if run.part == part
                        && (run.conversation == conversation || (most > 1 && run.group == head.group)) =>
                {
                    run.conversation = conversation;
                    run.group = head.group;
                    run.rows += 1;
                    run.gain += gain;
                    run.tokens += tokens;
                }
                _ => runs.push(RowSequence {
                    group: head.group,
                    conversation,
                    part,
                    offset,
                    rows: 1,
                    gain,
                    tokens,
                }),
            }
            offset += length;
        }
    }
    let worth = |run: &RowSequence| run.gain / run.tokens.max(1) as f64;
    // The sort is stable.
    runs.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
    let rows = runs.into_iter().flat_map(move |part| {
        read(run, &part).map_or_else(|e| vec![Err(e)], |rows| rows.into_iter().map(Ok).collect())
    });
    Ok(together(rows, most))
}

fn read(run: &RunDir, rows: &RowSequence) -> Result<Vec<SpoolRow>, RunError> {
    let mut file = File::open(run.part_file(PartKind::Spool, rows.part))?;
    file.seek(SeekFrom::Start(rows.offset))?;
    BufReader::new(file).lines().take(rows.rows as usize).map(|line| parse(&line?)).collect()
}

fn parse<'a, T: Deserialize<'a>>(line: &'a str) -> Result<T, RunError> {
    serde_json::from_str(line).map_err(|e| RunError::io("the spool holds something unreadable", &e))
}
