//! What rules and plugins found about a turn, as the score takes it.

use rejoinder_core::{Category, Verdict, Vote};

/// What is known of a turn besides the conversation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence<'a> {
    /// Ids of the rules that hit, such as `en.thanks.plain`.
    pub rules: &'a [&'a str],
    /// Sum of their weights: log-odds.
    pub prior: f32,
    /// What plugins said, in their order; empty if none was asked.
    pub votes: &'a [Vote],
}

/// Themes of the shipped packs: the part of a rule's id after the language.
const THEMES: [&str; 8] = ["positive", "clarify", "wrong", "correction", "repeat", "shape", "not", "score"];

pub(crate) const NAMES: [&str; 14] = [
    "prior",
    "hits",
    "hits positive",
    "hits clarify",
    "hits wrong",
    "hits correction",
    "hits repeat",
    "hits shape",
    "hits not",
    "hits score",
    "vote accepts",
    "vote rejects",
    "vote positive",
    "vote score",
];

pub(crate) fn of(evidence: &Evidence<'_>) -> [f32; NAMES.len()] {
    let mut values = [0.0; NAMES.len()];
    values[0] = evidence.prior;
    values[1] = evidence.rules.len() as f32;
    for id in evidence.rules {
        let theme = id.split('.').nth(1).unwrap_or_default();
        if let Some(at) = THEMES.iter().position(|&known| known == theme) {
            values[2 + at] += 1.0;
        }
    }
    for vote in evidence.votes.iter().filter(|vote| !vote.faulted) {
        match vote.verdict {
            Verdict::Accept(category) => {
                values[10] += 1.0;
                values[12] += f32::from(u8::from(category == Category::Ur5));
            }
            Verdict::Reject => values[11] += 1.0,
            _ => {}
        }
        values[13] = vote.score.unwrap_or(0.0).max(values[13]);
    }
    values
}
