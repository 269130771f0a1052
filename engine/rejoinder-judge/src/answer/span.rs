//! Where a quoted text stands in a turn.

use rejoinder_core::fold::Folded;

/// The bytes of `turn` that `quote` names, compared in folded form; `None` if they are not there.
pub(super) fn locate(quote: &str, turn: &str) -> Option<(usize, usize)> {
    let turn_folded = Folded::new(turn);
    let haystack = turn_folded.text().replace('\n', " ");
    let folded = Folded::new(quote);
    let spaced = folded.text().replace('\n', " ");
    let quote = spaced.trim();
    // Models add the quotation marks, the dots of an omission, or a full stop.
    let bare = quote.trim_matches(['"', '\'', '.', '…', ' ']);
    [quote, bare].into_iter().filter(|q| !q.is_empty()).find_map(|q| {
        let at = haystack.find(q)?;
        let range = turn_folded.original_range(turn, at..at + q.len());
        Some((range.start, range.end))
    })
}

/// The whole turn without white space at its ends; `None` if nothing is left.
pub(super) fn whole(turn: &str) -> Option<(usize, usize)> {
    let start = turn.len() - turn.trim_start().len();
    let end = turn.trim_end().len();
    (start < end).then_some((start, end))
}
