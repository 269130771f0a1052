//! What is shown of a changed turn.

use rejoinder_authoring::change::{Standing, Transition};
use rejoinder_run::reading_sample::TurnView;

use crate::dialogue::{DialogueLook, render};
use crate::turn_row::TurnRow;

/// A changed turn as it is shown.
#[derive(Clone, Debug)]
pub struct ShownChange {
    /// The dialogue, for people.
    pub dialogue: String,
    /// The turn for programs.
    pub row: TurnRow,
}

impl ShownChange {
    /// What is shown of a turn: the view of the side on which rules hit it, that after the change if both have hits.
    pub fn of(before: TurnView<'_>, after: TurnView<'_>, look: DialogueLook) -> Self {
        let hits = |view: &TurnView<'_>| view.scanned.hits(view.turn).len();
        let view = if hits(&after) == 0 && hits(&before) > 0 { before } else { after };
        Self { dialogue: render(view, look), row: TurnRow::of(&after, None, false) }
    }
}

/// `waits for the judge → accepted UR5`
pub(in crate::rule_author) fn transition_words(transition: Transition) -> String {
    format!("{} → {}", standing_words(transition.before), standing_words(transition.after))
}

/// How a turn stands, in words.
pub(super) fn standing_words(standing: Standing) -> String {
    match standing {
        Standing::Accepted(category) => format!("accepted {category}"),
        Standing::Waiting => "waiting".to_owned(),
        Standing::Rejected => "rejected".to_owned(),
        Standing::NotLookedAt => "not looked at".to_owned(),
    }
}
