//! The model as a whole: its parts, and what it knows of itself.

use std::collections::BTreeMap;

use super::parts::Parts;
use super::{Provenance, Quality, Score};
use crate::cuts::MeasuredCuts;
use crate::features::{Buckets, Idf};
use crate::heads::HEADS;
use crate::profile::{Profile, Reference};

/// A trained model.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub(crate) idf: Idf,
    pub(crate) parts: Parts,
    /// By head: slope and intercept of the calibrated log-odds.
    pub(crate) calibration: [(f32, f32); HEADS],
    /// Sorted hashes of the conversations that it was trained on.
    pub(crate) trained_on: Vec<u64>,
    pub(crate) provenance: Provenance,
    pub(crate) quality: Quality,
    pub(crate) measured_on: Reference,
    pub(crate) cuts: MeasuredCuts,
}

impl Model {
    /// Where it comes from.
    pub const fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// How good it was on turns of conversations that it had not seen.
    pub const fn quality(&self) -> &Quality {
        &self.quality
    }

    /// Adds kinds of dialogue that it was measured on.
    pub fn add_measured(&mut self, kinds: BTreeMap<String, Profile>) {
        for (name, profile) in kinds {
            *self.measured_on.kinds.entry(name).or_default() += profile;
        }
    }

    /// The cuts that were measured with it.
    pub const fn cuts(&self) -> &MeasuredCuts {
        &self.cuts
    }

    /// Keeps the cuts that were measured with it.
    pub fn set_cuts(&mut self, cuts: MeasuredCuts) {
        self.cuts = cuts;
    }

    /// How rare words are in what it was trained on.
    pub const fn idf(&self) -> &Idf {
        &self.idf
    }

    /// Whether labels of the conversation with this [`crate::conversation_hash`] went into it.
    pub fn was_trained_on(&self, conversation: u64) -> bool {
        self.trained_on.binary_search(&conversation).is_ok()
    }

    pub(crate) fn score(&self, dense: &[f32], buckets: Buckets<'_>) -> Score {
        Score::new(&self.parts.eval(dense, buckets), &self.calibration)
    }
}
