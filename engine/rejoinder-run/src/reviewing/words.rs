//! Numbers in words that a layman reads.

use rejoinder_core::Purpose;
use rejoinder_core::numbers::thousands;

use super::bounds::Bounds;

/// A number of turns.
pub(super) fn turns(count: u64) -> String {
    match count {
        1 => "1 turn".to_owned(),
        count => format!("{} turns", thousands(count)),
    }
}

/// What a purpose wants, at the beginning of a sentence.
pub(super) fn named(purpose: Purpose) -> String {
    match purpose {
        Purpose::ALL => "For all feedback".to_owned(),
        Purpose::KTO => "For KTO (UR2, UR3, UR5)".to_owned(),
        Purpose::SFT => "For SFT (UR5)".to_owned(),
        other => format!("For {other}"),
    }
}

/// The lower bound of a recall in words.
pub(super) fn found(recall: f64) -> String {
    let least = hundredths(recall);
    format!("at least {least} of 100 were found (recall {:.2})", least as f64 / 100.0)
}

/// The lower bound of a precision in words.
fn right(precision: f64) -> String {
    let least = hundredths(precision);
    format!("at least {least} of 100 finds are right (precision {:.2})", least as f64 / 100.0)
}

/// A lower bound in hundredths, rounded down.
fn hundredths(share: f64) -> u64 {
    // Shares such as 0.29 have no exact form, and must not become 28.
    (share * 100.0 + 1e-9) as u64
}

fn both(bounds: Bounds) -> String {
    bounds.recall.map(found).into_iter().chain(bounds.precision.map(right)).collect::<Vec<_>>().join(" and ")
}

/// What the certificate of an audit will say.
pub(super) fn certified_words(purpose: Purpose, best: Bounds, so_far: Option<Bounds>) -> String {
    let now = so_far.map_or_else(String::new, |bounds| {
        format!(" By the labels so far, if the others are as the run says: {}.", both(bounds))
    });
    format!(
        "{}: {}, if readers find nothing in what the run passed over, and confirm what it accepted.{now}",
        named(purpose),
        both(best)
    )
}

/// What an evaluation will say of so many turns with what is wanted.
pub(super) fn evaluated_words(
    purpose: Purpose,
    expected: u64,
    drawn: u64,
    best: Bounds,
    so_far: Option<Bounds>,
) -> String {
    let now = so_far.map_or_else(String::new, |bounds| format!(" By the labels so far: {}.", both(bounds)));
    let (named, drawn) = (named(purpose), turns(drawn));
    let held = match (expected, best.recall) {
        (0, _) => {
            let so_nothing = "by what the run has found so far, so that nothing can be said of it";
            return format!("{named}: of {drawn} hardly any hold it, {so_nothing}.{now}");
        }
        (_, Some(_)) => format!(
            "about {} of {drawn} hold it, by what the run has found so far. Even if the run has found each of them",
            thousands(expected)
        ),
        (_, None) => format!(
            "the run has found it in {} of {drawn}. Even if the run is right about each of them",
            thousands(expected)
        ),
    };
    format!("{named}: {held}, that shows only that {}.{now}", both(best))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_never_says_more_than_is_proven() {
        assert_eq!(found(0.9189), "at least 91 of 100 were found (recall 0.91)");
        assert_eq!([0.0, 0.29, 0.5799, 1.0].map(hundredths), [0, 29, 57, 100]);
    }

    #[test]
    fn numbers_are_as_people_write_them() {
        assert_eq!(
            [1, 2, 999, 1_000, 1_234_567].map(turns),
            ["1 turn", "2 turns", "999 turns", "1,000 turns", "1,234,567 turns"]
        );
    }
}
