//! The files of the parts, and what is counted of their rows.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;

use rejoinder_core::{Category, Feedback, FeedbackSource, RecordId};
use rejoinder_ledger::part;
use rejoinder_scan::reading::add;
use serde::Deserialize;

use super::target::ForgottenTarget;
use crate::error::RunError;
use crate::folder::{PartKind, RunDir, from_json};
use crate::spool_row::SpoolRow;
use crate::stats::{ByCategory, ScanCounts};

/// What the ledger counts of an accepted turn that neither a rule nor a plugin accepted.
const BY_SCORE: &str = "the learned score";

/// Takes the rows of the conversations out of the files of one kind, also of parts that are not committed; returns their number.
///
/// # Errors
/// If a file is not what was written, or cannot be written.
pub(super) fn remove(run: &RunDir, target: &ForgottenTarget, kind: PartKind) -> Result<u64, RunError> {
    let Ok(entries) = fs::read_dir(run.path.join(kind.folder())) else { return Ok(0) };
    let names = entries.flatten().filter_map(|entry| part::index(&entry.file_name().to_string_lossy()));
    let mut removed = 0;
    for index in names.collect::<BTreeSet<u64>>() {
        removed += run.retain_rows(kind, index, |line| stays(line, target))?;
    }
    Ok(removed)
}

/// Whether a line of a file is about none of the conversations. Lines of all kinds of files are understood, by the address in each.
pub(super) fn stays(line: &[u8], target: &ForgottenTarget) -> Result<bool, RunError> {
    /// Where a row says what it is about.
    #[derive(Deserialize)]
    struct Row {
        id: Option<RecordId>,
        question: Option<QuestionHead>,
        shard: Option<u32>,
        line: Option<u64>,
    }
    #[derive(Deserialize)]
    struct QuestionHead {
        id: RecordId,
    }
    let row: Row = serde_json::from_slice(line)
        .map_err(|e| RunError::io("the run's folder holds an unreadable row", &e))?;
    let of_record = row.shard.zip(row.line);
    let of_record = of_record.map(|(shard, ordinal)| RecordId { shard, ordinal, message_index: 0 });
    let about = row.id.or(row.question.map(|question| question.id)).or(of_record);
    Ok(about.is_none_or(|id| !target.holds(id)))
}

/// Counts the accepted and the waiting turns of the conversations' parts anew by the rows that are left. What the scan read and
/// rejected stays counted.
///
/// # Errors
/// If rows cannot be read, or the ledger fails.
pub(super) fn recount(run: &RunDir, target: &ForgottenTarget) -> Result<(), RunError> {
    let ends = run.ends_of_parts()?;
    let part_of = |(shard, ordinal): &(u32, u64)| {
        let place = ends.partition_point(|(_, end)| (end.shard, end.line) <= (*shard, *ordinal));
        ends.get(place).map(|(part, _)| *part)
    };
    let parts: BTreeSet<u64> = target.conversations.keys().filter_map(part_of).collect();
    for row in run.ledger.parts()?.into_iter().filter(|row| parts.contains(&row.index)) {
        let before: ScanCounts = from_json(&row.summary)?;
        let mut counts = recounted(run, row.index, before)?;
        for (shard, reasons) in &target.reasons {
            let of_file = counts.details.files.get_mut(shard);
            of_file.into_iter().for_each(|file| reasons.iter().for_each(|reason| file.merge_reason(reason)));
        }
        run.ledger.set_summary(row.index, &serde_json::to_string(&counts).expect("counts are plain data"))?;
    }
    Ok(())
}

fn recounted(run: &RunDir, part: u64, mut counts: ScanCounts) -> Result<ScanCounts, RunError> {
    let (mut accepted, mut accepted_by) = (ByCategory::default(), BTreeMap::new());
    let mut conversations = HashSet::new();
    for row in run.rows::<Feedback>(PartKind::Parts, part) {
        let row = row?;
        accepted.count(row.category);
        add(&mut accepted_by, accepting(&row, &counts.accepted_by), 1);
        conversations.insert((row.id.shard, row.id.ordinal));
    }
    let waiting = run.rows::<SpoolRow>(PartKind::Spool, part).collect::<Result<Vec<_>, _>>()?;
    run.recount_waiting(part, &waiting)?;
    let undecided = waiting.iter().map(|row| row.turns.len() as u64).sum();
    let stats = &mut counts.stats;
    stats.turns = accepted.total() + undecided + stats.passed_over();
    stats.with_accepted = conversations.len() as u64;
    (stats.accepted, stats.undecided) = (accepted, undecided);
    stats.questions = waiting.len() as u64;
    stats.shown_tokens = waiting.iter().map(|row| row.shown_tokens).sum();
    counts.accepted_by = accepted_by;
    Ok(counts)
}

/// The rule or the plugin that accepted a turn, one of those that have `accepted` any.
fn accepting<'r>(row: &'r Feedback, accepted: &BTreeMap<String, u64>) -> &'r str {
    let is_of = |category: &str| category.parse::<Category>() == Ok(row.category);
    let rule = row.rules.iter().find(|rule| accepted.contains_key(*rule));
    let plugin = row.plugins.iter().rev().find(|vote| vote.verdict == "accept" && is_of(&vote.category));
    match row.source {
        FeedbackSource::Rule => rule.map_or(BY_SCORE, String::as_str),
        _ => plugin.map_or(BY_SCORE, |vote| &vote.plugin),
    }
}
