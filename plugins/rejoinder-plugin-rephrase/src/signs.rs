//! The signs by which a second try is told from new work.

use rejoinder_core::change::Change;
use rejoinder_core::dialogue::refuses;
use rejoinder_core::fold::{Folded, words};
use rejoinder_core::similarity::WordBag;

/// How many earlier user turns are compared, from the latest on.
const EARLIER: usize = 8;
/// How much of a turn is read, in bytes.
const HEAD: usize = 2048;
/// How much of the answer's end is searched for a menu, in bytes.
const MENU: usize = 4096;
/// Below this similarity a turn is about something else.
const ALIKE: f32 = 0.5;
/// From here on two turns count as the same.
const SAME: f32 = 0.95;
/// Turns whose lengths differ more than so many fold are not alike.
const LENGTHS: usize = 8;

/// Number of signs.
pub const SIGNS: usize = 13;

/// The signs of one turn, in the order of the model's weights; 1 and 0 stand for yes and no.
pub type Signs = [f32; SIGNS];

/// Reads the signs off a turn; `None` where no earlier turn is like it.
///
/// `earlier` are the user's turns before it, the latest first; `answer` is the last thing that the assistant said.
pub fn of<'a>(turn: &str, earlier: impl Iterator<Item = &'a str>, answer: &str) -> Option<Signs> {
    let turn = head(turn);
    let folded = Folded::new(turn);
    let bag = WordBag::of_folded(folded.text());
    let (mut alike, mut best, mut same) = (0.0, None, 0);
    for (distance, other) in earlier.take(EARLIER).enumerate() {
        let other = head(other);
        if turn.len().max(other.len()) > LENGTHS * turn.len().min(other.len()) {
            continue;
        }
        let other = Folded::new(other);
        let dice = bag.dice(&WordBag::of_folded(other.text()));
        if dice >= SAME {
            same += 1;
        }
        if dice > alike {
            (alike, best) = (dice, Some((distance, other)));
        }
    }
    let (distance, other) = best.filter(|_| alike >= ALIKE)?;
    let change = Change::between(other.text(), folded.text());
    let swapped = change.swapped();
    let repeated = change.is_none();
    let signs = [
        (bag.len().min(30) as f32).ln_1p(),
        alike,
        flag(change.grew()),
        flag(swapped),
        flag(swapped && change.is_small()),
        flag(change.swapped_numbers()),
        flag(objects(folded.text())),
        flag(is_code(turn)),
        flag(["error", "exception", "traceback"].iter().any(|w| folded.text().contains(w))),
        flag(bag.len() > 60),
        flag(refuses(answer)),
        flag(repeated && (bag.len() <= 3 || same > 1 || offered(answer, folded.text()))),
        flag(distance == 0),
    ];
    Some(signs)
}

const fn flag(yes: bool) -> f32 {
    if yes { 1.0 } else { 0.0 }
}

fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(HEAD)]
}

/// The turn begins by saying that something is wrong: other categories than UR1 then.
fn objects(turn: &str) -> bool {
    words(turn)
        .next()
        .is_some_and(|w| matches!(w, "no" | "not" | "nope" | "wrong" | "but" | "still" | "it's" | "that's"))
}

fn is_code(turn: &str) -> bool {
    turn.contains(['{']) || turn.contains("();") || turn.matches('=').count() > 4
}

/// The assistant's answer holds the turn: the user picks from what was offered.
fn offered(answer: &str, turn: &str) -> bool {
    let end = &answer[answer.ceil_char_boundary(answer.len().saturating_sub(MENU))..];
    Folded::new(end).text().contains(turn.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_like_no_other_has_no_signs() {
        assert_eq!(of("thanks", ["sort this list"].into_iter(), "done"), None);
        assert_eq!(of("", [""].into_iter(), ""), None);
    }

    #[test]
    fn long_and_multibyte_texts_are_cut_between_characters() {
        let long = "é".repeat(HEAD);
        assert!(of(&long, [&*long].into_iter(), &"ü".repeat(MENU)).is_some());
    }

    #[test]
    fn a_pick_from_a_menu_is_known() {
        assert!(offered("Where to?\n1) Take the LEFT path", "take the left path"));
        assert!(!offered("Done.", "take the left path"));
    }
}
