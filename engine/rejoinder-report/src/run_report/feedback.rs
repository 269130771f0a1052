//! How much feedback there is, by category, and among whom.

use rejoinder_core::Category;
use rejoinder_run::tallies::{DivisionTally, GroupTallies, GroupTally};
use schemars::JsonSchema;
use serde::Serialize;

use super::division::Division;
use super::share::Share;
use crate::summary::Summary;

/// Divisions of a report.
const DIVISIONS: usize = 12;

/// How much feedback there is, by category, and among whom.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FeedbackSection {
    /// Whose decisions the figures count.
    pub according_to: String,
    /// How often these decisions are right, as far as is known.
    pub trust: String,
    /// What the intervals say.
    pub intervals: &'static str,
    /// A row a category.
    pub categories: Vec<CategoryRow>,
    /// By language, model, source and month, and by the columns that `[report] by` names: as far as the corpus says them.
    pub divisions: Vec<Division>,
}

/// The feedback of one category.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CategoryRow {
    /// `UR1` to `UR5`.
    pub code: &'static str,
    /// The category's name.
    pub name: &'static str,
    /// What a user of this category does.
    pub meaning: &'static str,
    /// Turns that rules, plugins and score accepted.
    pub accepted: u64,
    /// Turns that the judge found.
    pub judged: u64,
    /// Both together.
    pub turns: u64,
    /// Both together as a share of the later turns; absent where the run has no tallies for the interval.
    pub share: Option<Share>,
}

/// What the intervals of the feedback section say.
const INTERVALS: &str = "95 % intervals: what another draw of such conversations would show, where turns of one conversation are \
                         not independent. They know nothing of wrong decisions.";

impl FeedbackSection {
    /// The section of a run; `groups` are absent where the run has no tallies.
    pub(super) fn of(
        summary: &Summary,
        groups: Option<&GroupTallies>,
        according_to: String,
        anonymous: bool,
    ) -> Self {
        let total: Option<GroupTally> =
            groups.and_then(|groups| groups.divisions.values().next()).map(DivisionTally::total);
        let categories = Category::ALL.map(|category| {
            let (accepted, judged) = (summary.accepted.get(category), summary.judged_feedback.get(category));
            let share = total.map(|total| {
                Share::of_turns(
                    accepted + judged,
                    summary.turns,
                    total.squares.get(category),
                    total.conversations,
                )
            });
            CategoryRow {
                code: category.code(),
                name: category.name(),
                meaning: category.meaning(),
                accepted,
                judged,
                turns: accepted + judged,
                share,
            }
        });
        let tallies = groups.into_iter().flat_map(|groups| &groups.divisions);
        let mut divisions: Vec<Division> =
            tallies.take(DIVISIONS).map(|(name, tally)| Division::new(name, tally)).collect();
        divisions.sort_by_key(|division| place(&division.name));
        if anonymous {
            let is_plain = |name: &str| ["language", "model", "month"].contains(&name);
            divisions = divisions
                .into_iter()
                .map(|division| if is_plain(&division.name) { division } else { division.without_values() })
                .collect();
        }
        let trust = summary.trust();
        Self {
            according_to,
            trust: trust.strip_prefix("accepted: ").unwrap_or(trust).to_owned(),
            intervals: INTERVALS,
            categories: categories.into(),
            divisions,
        }
    }
}

/// The usual divisions in the order in which people look for them, then the others by name.
fn place(name: &str) -> usize {
    ["language", "model", "source", "month"].iter().position(|usual| *usual == name).unwrap_or(usize::MAX)
}
