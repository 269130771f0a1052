//! Remarks on exports that hold no row, or fewer than were asked for.

use rejoinder_export::export::data_set::DrawFacts;

use crate::numbers::{counted, thousands};
use crate::summary::Summary;

/// Why an export of a run holds no row, and what to do; `left_out` is what the export itself left out, and why.
pub fn no_row(summary: &Summary, left_out: &[(String, u64)]) -> String {
    let run = &summary.run_dir;
    let found = summary.accepted.total() + summary.judged_feedback.total();
    let waiting = match summary.undecided {
        0 => String::new(),
        1 => format!(" 1 turn waits for the judge: rejoinder judge {run}"),
        n => format!(" {} turns wait for the judge: rejoinder judge {run}", thousands(n)),
    };
    match (found, left_out.iter().max_by_key(|(_, count)| *count)) {
        (0, _) => format!(
            "No row was written: the run holds no feedback among {}.{waiting}",
            counted(summary.turns, "later turn")
        ),
        (_, Some((why, count))) => format!(
            "No row was written, though the run holds {} of feedback: {} of them are left out as feedback {why}.{waiting}",
            counted(found, "turn"),
            thousands(*count),
        ),
        (_, None) => format!(
            "No row was written, though the run holds {} of feedback: none of them is of the categories asked for.{waiting}",
            counted(found, "turn")
        ),
    }
}

/// Why an export of labels or of drawn exchanges holds no row. `noun` is what rows are made of, and `given` how much of it the input
/// holds.
pub fn no_row_of(noun: &str, given: u64, left_out: &[(String, u64)]) -> String {
    match left_out.iter().max_by_key(|(_, count)| *count) {
        Some((why, count)) if given > 0 => format!(
            "No row was written, though the input holds {} {noun}: {} are left out as {noun} {why}.",
            thousands(given),
            thousands(*count)
        ),
        _ => format!("No row was written: the input holds no {noun}."),
    }
}

/// Lengths that are named.
const NAMED_LENGTHS: usize = 3;

/// That a corpus has fewer exchanges than were asked for.
pub fn lacking(draw: &DrawFacts) -> Option<String> {
    let missing: usize = draw.lacking.iter().map(|(_, rows)| rows).sum();
    if missing == 0 {
        return None;
    }
    let mut lengths: Vec<_> =
        draw.lacking.iter().filter_map(|(bin, rows)| Some((bin.as_ref()?, rows))).collect();
    lengths.sort_by_key(|(_, rows)| std::cmp::Reverse(**rows));
    let named: Vec<_> =
        lengths.iter().take(NAMED_LENGTHS).map(|(bin, rows)| format!("{rows} with {bin}")).collect();
    let (which, more) = match lengths.len() {
        0 => (String::new(), ""),
        n if n > NAMED_LENGTHS => (format!(": {}", named.join("; ")), "; and others"),
        _ => (format!(": {}", named.join("; ")), ""),
    };
    Some(format!(
        "The corpus has too few exchanges that pass the filters: {} of {} are missing{which}{more}.",
        thousands(missing as u64),
        counted(draw.wanted as u64, "row"),
    ))
}
