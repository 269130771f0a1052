//! The remark on an export without a row.

use crate::report::numbers::{counted, thousands};
use crate::report::summary::Summary;

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
