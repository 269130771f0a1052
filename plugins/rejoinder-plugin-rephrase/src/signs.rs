//! The signs by which a second try is told from new work.

use rejoinder_core::change::Change;
use rejoinder_core::dialogue::{Opening, is_cut_off};
use rejoinder_core::fold::{Folded, words};

use crate::requests::{self, EarlierRequests, Request};

/// How much of the answer's end is searched for a menu, in bytes.
const MENU: usize = 4096;
/// Below this share of words in common a turn is about something else.
const ALIKE: f32 = 0.5;
/// Counts above this say nothing more.
const MANY: usize = 30;

/// What is measured, in the order of the model's weights.
pub const NAMES: [&str; 15] = [
    "log of the words",
    "three-letter runs in common",
    "same beginning",
    "same end",
    "shorter by longer",
    "words exchanged",
    "numbers exchanged",
    "begins with an objection",
    "an error message",
    "the answer refused",
    "the answer apologised",
    "grew upon the latest",
    "the latest, word for word",
    "stock phrase or menu entry",
    "log of the user's turns",
];

/// The signs of one turn; 1 and 0 stand for yes and no.
pub type SignValues = [f32; NAMES.len()];

/// A turn beside the earlier one that it is most like.
#[derive(Clone, Debug, PartialEq)]
pub struct Signs {
    /// What was measured.
    pub values: SignValues,
    /// How the request was made again.
    pub change: RequestChange,
}

/// How a request was made again, the plainest way first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestChange {
    /// The user asks again after the answer declined the request.
    Refused,
    /// The user asks again after the answer was cut off.
    CutOff,
    /// The user asks the same again word for word.
    Same,
    /// The user asks the same about other data.
    OtherData,
    /// The user adds something to the request.
    Grew,
    /// The user puts the request in other words.
    Reworded,
}

impl RequestChange {
    /// The plugin's reason for a turn of this kind.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Refused => "the same request after a refusal",
            Self::CutOff => "the same request, cut short before",
            Self::Same => "the same request again",
            Self::OtherData => "a like request on other data",
            Self::Grew => "a request with more said",
            Self::Reworded => "a reworded request",
        }
    }
}

/// The signs of a turn; `None` where no earlier turn is like it. `answer` is the assistant's last message.
pub fn of(request: &Request, earlier: &EarlierRequests, answer: &str) -> Option<Signs> {
    let turns = earlier.count() + 1;
    let nearest = earlier.nearest(request).filter(|nearest| nearest.words >= ALIKE)?;
    let (old, new) = (nearest.request.text(), request.text());
    let change = Change::between(old, new);
    let (begin, end) = requests::frame(old, new);
    let opening = Opening::of(answer);
    let is_latest = nearest.distance == 0;
    let is_stock = change.is_none() && (request.len() <= 3 || nearest.same > 1 || offered(answer, new));
    let values = [
        log(request.len()),
        requests::grams(old, new),
        begin,
        end,
        old.len().min(new.len()) as f32 / old.len().max(new.len()) as f32,
        flag(change.swapped()),
        flag(change.swapped_numbers()),
        flag(objects(new)),
        flag(["error", "exception", "traceback"].iter().any(|w| new.contains(w))),
        flag(opening.refuses),
        flag(opening.apologises),
        flag(change.grew() && is_latest),
        flag(change.is_none() && is_latest && !is_stock),
        flag(is_stock),
        log(turns),
    ];
    let kind = if change.is_template() {
        RequestChange::OtherData
    } else if opening.refuses {
        RequestChange::Refused
    } else if is_cut_off(answer) {
        RequestChange::CutOff
    } else if change.is_none() {
        RequestChange::Same
    } else if change.grew() {
        RequestChange::Grew
    } else {
        RequestChange::Reworded
    };
    Some(Signs { values, change: kind })
}

const fn flag(yes: bool) -> f32 {
    if yes { 1.0 } else { 0.0 }
}

fn log(count: usize) -> f32 {
    (count.min(MANY) as f32).ln_1p()
}

/// Whether the turn begins by saying that something is wrong, which speaks for other categories than UR1.
fn objects(turn: &str) -> bool {
    words(turn)
        .next()
        .is_some_and(|w| matches!(w, "no" | "not" | "nope" | "wrong" | "but" | "still" | "it's" | "that's"))
}

/// The assistant's answer holds the turn: the user picks from what was offered.
fn offered(answer: &str, turn: &str) -> bool {
    let end = &answer[answer.ceil_char_boundary(answer.len().saturating_sub(MENU))..];
    Folded::new(end).text().contains(turn.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(before: &str, answer: &str, turn: &str) -> Option<Signs> {
        let mut earlier = EarlierRequests::default();
        earlier.push(Request::new(before));
        of(&Request::new(turn), &earlier, answer)
    }

    fn change_of(before: &str, answer: &str, turn: &str) -> Option<RequestChange> {
        signs(before, answer, turn).map(|signs| signs.change)
    }

    #[test]
    fn a_turn_like_no_other_has_no_signs() {
        assert_eq!(change_of("sort this list", "done", "thanks"), None);
        assert_eq!(change_of("", "", ""), None);
    }

    #[test]
    fn how_a_request_is_made_again_is_told() {
        let ask = "list the rivers of this country by length";
        assert_eq!(change_of(ask, "I cannot do that.", ask), Some(RequestChange::Refused));
        assert_eq!(change_of(ask, "```\n1. the", ask), Some(RequestChange::CutOff));
        assert_eq!(change_of(ask, "Done.", ask), Some(RequestChange::Same));
        assert_eq!(change_of(ask, "Done.", &format!("{ask} and basin")), Some(RequestChange::Grew));
        assert_eq!(
            change_of(ask, "Done.", &ask.replace("rivers", "mountains")),
            Some(RequestChange::OtherData)
        );
        assert_eq!(change_of(ask, "Done.", &format!("so, could you {ask}")), Some(RequestChange::Reworded));
    }

    #[test]
    fn long_and_multibyte_texts_are_cut_between_characters() {
        let long = "é".repeat(5000);
        assert!(signs(&long, &"ü".repeat(MENU), &long).is_some());
    }

    #[test]
    fn a_pick_from_a_menu_is_known() {
        assert!(offered("Where to?\n1) Take the LEFT path", "take the left path"));
        assert!(!offered("Done.", "take the left path"));
    }
}
