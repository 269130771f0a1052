//! What a batch adds to what is gathered: counts, and the turns with the lowest hashes. Parts merge in any order.

use std::collections::{BTreeSet, HashSet};

use rejoinder_cascade::DecisionReason;
use rejoinder_core::Category;
use serde::{Deserialize, Serialize};

use super::error::GatheringError;
use super::score_list;
use super::terms::{GatheringGoal, GatheringTerms};
use crate::recall::audit::AuditedTurn;
use crate::recall::draw::hash;
use crate::recall::{DrawScope, DrawnTurn, SampleScope, SampledTurn, ScoredSample, before, standing};
use crate::stats::ScanCounts;

/// The first line of a part's bytes.
const MAGIC: &[u8] = b"rejoinder gathered 1\n";

/// What one or more batches add to what is gathered.
#[derive(Clone, Debug)]
pub struct GatheredPart {
    pub(super) content: PartContent,
    /// The scores of the turns that rules and votes leave open, in any order; empty for an audit.
    pub(super) open: Vec<f32>,
}

/// A part but for its scores.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartContent {
    /// A hash of all that the engine decides by.
    pub engine: String,
    pub terms: GatheringTerms,
    /// A hash of each batch's addresses.
    pub batches: BTreeSet<u64>,
    pub counts: ScanCounts,
    pub scored: ScoredCounts,
    /// The turns with the lowest hashes of both draws, in the order of the hashes.
    pub draws: [Vec<GatheredTurn>; 2],
}

/// What a calibration counts beside scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScoredCounts {
    pub conversations: u64,
    pub population: u64,
    pub contradictory: u64,
    pub accepted: [u64; 5],
}

/// A turn that is among those with the lowest hashes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GatheredTurn {
    pub hash: u64,
    pub turn: DrawnTurn,
    pub standing: GatheredStanding,
}

/// How a drawn turn stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum GatheredStanding {
    Rejected,
    Accepted(Category),
    Scored {
        /// What rules and votes alone make of the turn.
        ground: DecisionReason,
        /// The bits of the score, where rules and votes leave the turn open; else 0.
        score: u32,
        likeliest: Category,
        /// Whether the score was trained on the turn's conversation.
        is_known: bool,
    },
}

impl GatheredTurn {
    pub(super) fn audited(hash: u64, AuditedTurn { turn, accepted }: AuditedTurn) -> Self {
        let standing = accepted.map_or(GatheredStanding::Rejected, GatheredStanding::Accepted);
        Self { hash, turn, standing }
    }

    pub(super) fn scored(hash: u64, (sampled, is_known): (SampledTurn, bool)) -> Self {
        let SampledTurn { turn, ground, before, .. } = sampled;
        let score = if before.is_open { (before.standing as f32).to_bits() } else { 0 };
        let standing = GatheredStanding::Scored { ground, score, likeliest: before.likeliest, is_known };
        Self { hash, turn, standing }
    }

    /// The turn of an audit's sample; `None` where the turn belongs to a calibration.
    pub(super) fn into_audited(self) -> Option<AuditedTurn> {
        let accepted = match self.standing {
            GatheredStanding::Rejected => None,
            GatheredStanding::Accepted(category) => Some(category),
            GatheredStanding::Scored { .. } => return None,
        };
        Some(AuditedTurn { turn: self.turn, accepted })
    }

    /// Whether the turn may stand in one of the two draws of a part.
    fn belongs(&self, terms: &GatheringTerms, draw: usize) -> bool {
        let is_of_draw = match (terms.goal, self.standing) {
            (GatheringGoal::Audit(_), GatheredStanding::Rejected) => draw == 0,
            (GatheringGoal::Audit(_), GatheredStanding::Accepted(_)) => draw == 1,
            (GatheringGoal::Calibration(_), GatheredStanding::Scored { .. }) => draw == 0,
            _ => false,
        };
        let row = &self.turn.row;
        let id = row.question.id;
        is_of_draw
            && hash(terms.seed(), id) == self.hash
            && row.turns.len() == 1
            && row.turns.iter().all(|record| record.id == id)
    }
}

impl GatheredPart {
    /// On which terms the part was gathered.
    pub const fn terms(&self) -> &GatheringTerms {
        &self.content.terms
    }

    /// The counts so far: all that does not depend on how conversations were batched.
    pub const fn counts(&self) -> &ScanCounts {
        &self.content.counts
    }

    /// Adds what another part has gathered. After an error the part is of no use.
    ///
    /// # Errors
    /// If the parts were gathered by other engines or on other terms, a batch stands in both, or two conversations share an address.
    pub fn merge(&mut self, other: Self) -> Result<(), GatheringError> {
        let (own, new) = (&mut self.content, other.content);
        new.check(&own.engine, &own.terms)?;
        let batches = own.batches.len() + new.batches.len();
        own.batches.extend(new.batches);
        if own.batches.len() < batches {
            return Err(GatheringError::BatchTwice);
        }
        own.counts += new.counts;
        own.scored += new.scored;
        self.open.extend(other.open);
        own.draws.iter_mut().zip(new.draws).for_each(|(own, new)| own.extend(new));
        self.keep_lowest()
    }

    /// Puts the drawn turns in order, and leaves those with the lowest hashes.
    pub(super) fn keep_lowest(&mut self) -> Result<(), GatheringError> {
        let PartContent { terms, draws, .. } = &mut self.content;
        let mut hashes = HashSet::new();
        if let Some(twin) = draws.iter().flatten().find(|turn| !hashes.insert(turn.hash)) {
            let records = &twin.turn.row.turns;
            return Err(records.first().map_or(GatheringError::BatchTwice, |record| {
                GatheringError::Twice(Box::new(record.clone()))
            }));
        }
        for (draw, most) in draws.iter_mut().zip(terms.most()) {
            draw.sort_unstable_by_key(|turn| turn.hash);
            draw.truncate(most);
        }
        Ok(())
    }

    /// The part as bytes, for [`Self::from_bytes`]. Equal parts have equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        serde_json::to_writer(&mut bytes, &self.content)
            .expect("a part is plain data, and memory takes every write");
        bytes.push(b'\n');
        bytes.extend(score_list::pack(&self.open));
        bytes
    }

    /// Reads the bytes of a part.
    ///
    /// # Errors
    /// If the bytes are no part, or one of another engine's.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, GatheringError> {
        let unreadable = |why: &str| GatheringError::Unreadable(why.to_owned());
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| unreadable("it begins otherwise"))?;
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(|| unreadable("it is cut off"))?;
        let content: PartContent =
            serde_json::from_slice(&rest[..end]).map_err(|e| GatheringError::Unreadable(e.to_string()))?;
        let open =
            score_list::unpack(&rest[end + 1..]).ok_or_else(|| unreadable("its scores are damaged"))?;
        let is_drawn = |(place, draw): (usize, &Vec<GatheredTurn>)| {
            draw.len() <= content.terms.most()[place]
                && draw.is_sorted_by_key(|turn| turn.hash)
                && draw.iter().all(|turn| turn.belongs(&content.terms, place))
        };
        match content.draws.iter().enumerate().all(is_drawn) {
            true => Ok(Self { content, open }),
            false => Err(unreadable("its turns are not those of its draw")),
        }
    }

    /// The sample of a calibration, as [`crate::recall::Corpus::sample`] says: of the turns that were drawn those with the lowest hashes.
    ///
    /// # Errors
    /// If the turns that are to be drawn were not gathered.
    pub(crate) fn sample(
        &self,
        scope: SampleScope<'_>,
        most: usize,
        seed: u64,
    ) -> Result<ScoredSample, GatheringError> {
        let GatheringGoal::Calibration(draw) = self.content.terms.goal else {
            return Err(GatheringError::OtherDraw);
        };
        if !scope.asked.is_empty() || scope.among != DrawScope::All {
            return Err(GatheringError::OtherDraw);
        }
        let drawn = &self.content.draws[0];
        let is_whole = drawn.len() < draw.sample;
        if most > 0 && seed != draw.seed {
            return Err(GatheringError::OtherSeed(draw.seed));
        }
        if most > draw.sample && !is_whole {
            return Err(GatheringError::SmallerSample { gathered: draw.sample, wanted: most });
        }
        let ScoredCounts { conversations, population, contradictory, accepted } = self.content.scored;
        let open = self.open.iter().map(|score| f64::from(*score)).collect();
        let mut sample = ScoredSample {
            conversations,
            population,
            contradictory,
            accepted,
            open,
            ..ScoredSample::default()
        };
        let sampled = |gathered: &GatheredTurn| match gathered.standing {
            GatheredStanding::Scored { ground, score, likeliest, is_known } => {
                let standing = standing(draw.purpose, ground, f32::from_bits(score));
                let before = before(ground, standing, likeliest);
                let turn = gathered.turn.clone();
                Some((SampledTurn { turn, ground, before, example: None }, is_known))
            }
            GatheredStanding::Rejected | GatheredStanding::Accepted(_) => None,
        };
        let turns: Vec<_> = drawn.iter().take(most).filter_map(sampled).collect();
        sample.put_drawn(turns.iter());
        Ok(sample)
    }
}

impl PartContent {
    /// Refuses a part of another engine, or on other terms.
    pub(super) fn check(&self, engine: &str, terms: &GatheringTerms) -> Result<(), GatheringError> {
        match self {
            _ if self.engine != engine => {
                Err(GatheringError::Different("the engines, their rules or their plugins"))
            }
            _ if self.terms != *terms => Err(GatheringError::Different("the terms, such as the seed")),
            _ => Ok(()),
        }
    }
}

impl ScoredCounts {
    pub(super) const fn of(sample: &ScoredSample) -> Self {
        let ScoredSample { conversations, population, contradictory, accepted, .. } = sample;
        Self {
            conversations: *conversations,
            population: *population,
            contradictory: *contradictory,
            accepted: *accepted,
        }
    }
}

impl std::ops::AddAssign for ScoredCounts {
    fn add_assign(&mut self, other: Self) {
        self.conversations += other.conversations;
        self.population += other.population;
        self.contradictory += other.contradictory;
        self.accepted.iter_mut().zip(other.accepted).for_each(|(all, more)| *all += more);
    }
}
