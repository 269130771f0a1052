//! What rules found about a turn, as the score takes it.

/// What is known of a turn besides the conversation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence<'a> {
    /// Ids of the rules that hit, such as `en.thanks.plain`.
    pub rules: &'a [&'a str],
    /// Sum of their weights: log-odds.
    pub prior: f32,
}

/// Themes of the shipped packs: the part of a rule's id after the language.
const THEMES: [&str; 8] = ["positive", "clarify", "wrong", "correction", "repeat", "shape", "not", "score"];

pub(crate) const NAMES: [&str; 10] = [
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
];

/// Numbers, behind those of [`NAMES`], that stood for votes of plugins in features of the same version. No model could ask for
/// them, since no caller ever gave votes: they were 0 for every turn, and no border between values can be drawn through one value.
pub(crate) const VOTES: usize = 4;

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
    values
}
