//! A cue inside a quotation or a code block was not said to the assistant.

use crate::spans::foreign;
use crate::turn::Turn;

/// Longer turns are not searched.
const LONGEST: usize = 64 << 10;

pub fn fits(turn: &Turn<'_>) -> bool {
    if turn.text.len() > LONGEST || !turn.is_marked() {
        return false;
    }
    let spans = foreign(turn.text);
    let outside: usize = turn.text.len().saturating_sub(spans.iter().map(ExactSizeIterator::len).sum());
    // A quotation without words of the user beside it is what the user says.
    outside >= 8
        && turn.all_hits(|hit| spans.iter().any(|span| span.start <= hit.start && hit.end <= span.end))
        && !turn.reports()
        && !turn.may_be_about_the_answer()
}
