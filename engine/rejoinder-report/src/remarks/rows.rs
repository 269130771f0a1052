//! Remarks on rows to imitate, where many of the rows are known to harm in training.

use rejoinder_export::export::checks::RowChecks;

use crate::numbers::share;

/// Fewer rows than this say nothing of what rows are like.
const ENOUGH_ROWS: usize = 5;

/// What is known to harm.
struct Harm {
    count: fn(&RowChecks) -> usize,
    /// What such rows do, after their number.
    verb: &'static str,
    /// What leaves such rows out.
    advice: &'static str,
}

const HARMS: [Harm; 3] = [
    Harm {
        count: |rows| rows.refusals,
        verb: "have an answer that declines to do what was asked",
        advice: "--no-refusals leaves such rows out.",
    },
    Harm {
        count: |rows| rows.jailbreaks,
        verb: "have a prompt with a phrase that is known for talking models out of their rules",
        advice: "--block FILE leaves out rows with the phrases of a file.",
    },
    Harm {
        count: |rows| rows.flagged.unwrap_or(0),
        verb: "come from records that their own columns call toxic or flagged",
        advice: "--except KEY=VALUE leaves such rows out, as --except toxic=true does.",
    },
];

/// What many rows to imitate do, if that is known to harm: more than a tenth of them, or half as many again as of all rows.
pub fn rows(desirable: &RowChecks, undesirable: &RowChecks) -> Vec<String> {
    let remark = |Harm { count, verb, advice }: &Harm| {
        let [own, others] = [desirable, undesirable].map(count);
        let (rows, all) = (desirable.rows, desirable.rows + undesirable.rows);
        // own / rows > 3/2 · (own + others) / all, in whole numbers.
        let is_above = 2 * own * all > 3 * (own + others) * rows;
        let is_told = own >= ENOUGH_ROWS && (own * 10 > rows || is_above);
        let beside = match undesirable.rows {
            0 => String::new(),
            rows => format!(", beside {} of the others", share(others as u64, rows as u64)),
        };
        is_told.then(|| {
            let of_rows = share(own as u64, rows as u64);
            format!("{own} of {rows} rows to imitate ({of_rows}) {verb}{beside}. {advice}")
        })
    };
    HARMS.iter().filter_map(remark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_rows_to_imitate_do_is_told_if_it_harms_and_no_more() {
        let rows = |rows, refusals, flagged| RowChecks { rows, refusals, flagged, ..RowChecks::default() };
        let told =
            |desirable: &RowChecks, undesirable: &RowChecks| super::rows(desirable, undesirable).join(" ");
        assert_eq!(told(&rows(100, 10, None), &rows(100, 10, None)), "");
        assert_eq!(told(&rows(10, 4, None), &rows(0, 0, None)), "");
        let declined = told(&rows(100, 11, None), &rows(0, 0, None));
        assert_eq!(
            declined,
            "11 of 100 rows to imitate (11.0 %) have an answer that declines to do what was asked. --no-refusals leaves such rows out."
        );
        let flagged = told(&rows(100, 0, Some(8)), &rows(100, 0, Some(2)));
        assert!(
            flagged.starts_with("8 of 100") && flagged.contains("beside 2.0 % of the others"),
            "{flagged}"
        );
        assert_eq!(told(&rows(100, 0, Some(6)), &rows(100, 0, Some(3))), "");
    }
}
