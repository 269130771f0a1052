//! The features of one turn, as numbers in a fixed order.

use super::grams::{Buckets, Grams};
use super::{answer, course, evidence, lexicon, likeness, runs, shape};

/// Version of the features: a model is good for those alone that it was trained on. Any change of what is measured, of the
/// hash or of the lexicon is a new version.
pub const VERSION: u32 = 1;

/// Number of dense features.
pub const DENSE: usize = shape::NAMES.len()
    + likeness::NAMES.len()
    + answer::NAMES.len()
    + course::NAMES.len()
    + lexicon::LEN
    + lexicon::BEFORE
    + runs::NAMES.len()
    + evidence::NAMES.len();

/// The first dense feature that rules give; all from here on are theirs.
pub(crate) const FIRST_EVIDENCE: usize = DENSE - evidence::NAMES.len();

/// What a feature is in most turns, where that is one value in most.
pub(crate) const fn usual(feature: usize) -> Option<f32> {
    const LEXICON: usize =
        shape::NAMES.len() + likeness::NAMES.len() + answer::NAMES.len() + course::NAMES.len();
    match feature.checked_sub(LEXICON) {
        Some(at) if at < lexicon::LEN - lexicon::GROUPS => Some(0.0),
        Some(at) if at < lexicon::LEN => Some(lexicon::NOWHERE),
        Some(at) if at < lexicon::LEN + lexicon::BEFORE => Some(0.0),
        _ => None,
    }
}

/// Names of the dense features, in their order.
pub fn dense_names() -> Vec<String> {
    let measured = [&shape::NAMES[..], &likeness::NAMES, &answer::NAMES, &course::NAMES];
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let mut names: Vec<String> = measured.into_iter().flat_map(owned).collect();
    names.extend(lexicon::names());
    names.extend(lexicon::before_names());
    names.extend(owned(&runs::NAMES));
    names.extend(owned(&evidence::NAMES));
    names
}

/// The features of one turn.
#[derive(Clone, Debug)]
pub struct Features {
    /// Hashes of the n-grams, and the kind of each.
    pub(crate) grams: Grams,
    /// What was measured.
    pub dense: [f32; DENSE],
}

impl Default for Features {
    fn default() -> Self {
        Self { grams: Grams::default(), dense: [0.0; DENSE] }
    }
}

impl Features {
    /// The buckets of the n-grams, each once.
    pub(crate) fn buckets(&self) -> Buckets<'_> {
        self.grams.buckets()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_names_as_features() {
        assert_eq!(dense_names().len(), DENSE);
    }
}
