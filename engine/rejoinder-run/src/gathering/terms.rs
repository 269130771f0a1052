//! What is gathered: for which verb, by which draw, and by what turns are told apart.

use std::fmt;

use rejoinder_core::Purpose;
use serde::{Deserialize, Serialize};

use crate::recall::TurnAddress;
use crate::recall::audit::AuditDraw;
use crate::recall::draw::UniformDraw;

/// On which terms a data set is gathered: the same for all batches.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatheringTerms {
    /// What the sample is for.
    pub goal: GatheringGoal,
    /// By what turns are told apart. Two conversations with later turns must not share an address.
    pub address: TurnAddress,
    /// About how many turns there are, so that the part of a batch holds no turns that cannot be drawn.
    #[serde(default)]
    pub expected: ExpectedTurns,
}

/// What a sample is for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GatheringGoal {
    /// An audit of what the engine in force decides.
    Audit(AuditDraw),
    /// A calibration of cuts.
    Calibration(CalibrationDraw),
}

/// The draw of a calibration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationDraw {
    /// What the feedback is for.
    #[serde(rename = "for")]
    pub purpose: Purpose,
    /// The number of turns to draw.
    pub sample: usize,
    /// The seed of the draw.
    pub seed: u64,
}

/// About how many turns of a data set there are to draw from; 0 where nobody knows. Parts are then larger: up to the whole sample each.
/// Where there are fewer than a quarter of these turns the sample may come short, which is an error when it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExpectedTurns {
    /// Later turns that the engine rejects or does not look at: an audit draws from these.
    pub rejected: u64,
    /// Later turns that the engine accepts: an audit draws from these, too.
    pub accepted: u64,
    /// All later turns: a calibration draws from these.
    pub turns: u64,
}

/// The verbs that take what was gathered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampledVerb {
    /// `audit`.
    Audit,
    /// `calibrate`.
    Calibrate,
}

/// What a run's folder without input was made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatheredFrom {
    /// What the caller calls the data set.
    pub data_set: String,
    /// The number of conversations that were read.
    pub conversations: u64,
    /// On which terms the data set was gathered.
    pub terms: GatheringTerms,
}

impl GatheringTerms {
    /// The seed of the draws.
    pub const fn seed(&self) -> u64 {
        match self.goal {
            GatheringGoal::Audit(AuditDraw { seed, .. })
            | GatheringGoal::Calibration(CalibrationDraw { seed, .. }) => seed,
        }
    }

    /// How many turns are drawn: rejected and accepted ones for an audit; for a calibration any turns, and none.
    pub(super) const fn most(&self) -> [usize; 2] {
        match self.goal {
            GatheringGoal::Audit(AuditDraw { rejected, accepted, .. }) => [rejected, accepted],
            GatheringGoal::Calibration(CalibrationDraw { sample, .. }) => [sample, 0],
        }
    }

    /// The two draws, not begun.
    pub(super) fn draws<T>(&self) -> [UniformDraw<T>; 2] {
        let (most, expected) = (self.most(), self.expected);
        match self.goal {
            GatheringGoal::Audit(_) => {
                [UniformDraw::new(most[0], expected.rejected), UniformDraw::new(most[1], expected.accepted)]
            }
            GatheringGoal::Calibration(_) => {
                [UniformDraw::new(most[0], expected.turns), UniformDraw::new(most[1], 0)]
            }
        }
    }
}

impl GatheringGoal {
    /// The verb that takes the sample.
    pub const fn verb(&self) -> SampledVerb {
        match self {
            Self::Audit(_) => SampledVerb::Audit,
            Self::Calibration(_) => SampledVerb::Calibrate,
        }
    }
}

impl fmt::Display for SampledVerb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Audit => "audit",
            Self::Calibrate => "calibrate",
        })
    }
}
