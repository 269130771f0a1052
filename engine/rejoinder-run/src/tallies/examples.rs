//! Turns that are kept as examples: of each stratum an even sample, whatever the order the turns come in.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use rejoinder_cascade::{Decision, DecisionReason};
use rejoinder_core::{Category, FeedbackSource, RecordId};
use rejoinder_scan::{Engine, ScannedBatch, ScannedConversation, ScannedTurn};
use serde::{Deserialize, Serialize};

use crate::reading_sample::rank;

/// The turns that are kept of each stratum.
const MOST: usize = 12;
/// The seed of the ranks.
const SEED: u64 = 0;

/// Turns that are kept as examples, by stratum. The turns with the lowest ranks are kept, at most 12 a stratum, the lowest first, so that
/// the first of them are an even sample as well.
///
/// The strata are `accepted/UR2/rule`, `accepted/UR2/plugin` and `accepted/UR2/score` by who accepted the turn; `rejected/GROUND` and
/// `waiting/GROUND` by the name of a [`DecisionReason`]; `judged/UR2` and `judged/none`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeptExamples {
    /// The turns of each stratum that has any.
    pub strata: BTreeMap<String, Vec<RecordId>>,
}

impl KeptExamples {
    /// Offers a turn.
    pub(super) fn offer(&mut self, stratum: &str, id: RecordId) {
        match self.strata.get_mut(stratum) {
            Some(kept) => offer(kept, id),
            None => drop(self.strata.insert(stratum.to_owned(), vec![id])),
        }
    }
}

impl AddAssign<&Self> for KeptExamples {
    fn add_assign(&mut self, other: &Self) {
        for (stratum, ids) in &other.strata {
            ids.iter().for_each(|id| self.offer(stratum, *id));
        }
    }
}

fn offer(kept: &mut Vec<RecordId>, id: RecordId) {
    let key = |id: RecordId| (rank(SEED, id), id);
    let own = key(id);
    if kept.len() >= MOST && kept.last().is_some_and(|last| key(*last) <= own) {
        return;
    }
    let place = kept.partition_point(|other| key(*other) < own);
    kept.insert(place, id);
    kept.truncate(MOST);
}

/// Draws examples of a chunk.
#[derive(Clone, Debug, Default)]
pub(super) struct ExampleDraw {
    /// The turns of each stratum, by the stratum's number, each with its rank.
    strata: Vec<Vec<(u64, RecordId)>>,
    names: Vec<(Stratum, usize)>,
}

/// A stratum of turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stratum {
    ground: DecisionReason,
    /// Whether a rule accepted the turn.
    is_by_rule: bool,
}

impl Stratum {
    fn name(self) -> String {
        let accepted = |category: Category, who: &str| format!("accepted/{}/{who}", category.code());
        match self.ground {
            DecisionReason::HighScore(category) => accepted(category, "score"),
            DecisionReason::Accepted(category) => {
                accepted(category, if self.is_by_rule { "rule" } else { "plugin" })
            }
            ground if ground.decision() == Decision::Undecided => waiting(ground.name()),
            ground => format!("rejected/{}", ground.name()),
        }
    }
}

/// The stratum of turns that wait for a reason.
pub(super) fn waiting(ground: &str) -> String {
    format!("waiting/{ground}")
}

impl ExampleDraw {
    pub(super) fn turn(
        &mut self,
        engine: &Engine,
        scanned: &ScannedBatch<'_>,
        conversation: &ScannedConversation<'_>,
        turn: &ScannedTurn,
    ) {
        let is_by_rule = match turn.ground {
            DecisionReason::Accepted(category) => {
                scanned.accepted_by(engine, conversation, turn, category).0 == FeedbackSource::Rule
            }
            _ => false,
        };
        let stratum = Stratum { ground: turn.ground, is_by_rule };
        let known = self.names.iter().find(|(known, _)| *known == stratum);
        let place = known.map_or(self.strata.len(), |(_, place)| *place);
        if place == self.strata.len() {
            self.names.push((stratum, place));
            self.strata.push(Vec::with_capacity(MOST + 1));
        }
        let kept = &mut self.strata[place];
        let id = conversation.id(turn);
        let own = (rank(SEED, id), id);
        if kept.len() < MOST || kept.last().is_some_and(|last| own < *last) {
            kept.insert(kept.partition_point(|other| *other < own), own);
            kept.truncate(MOST);
        }
    }

    /// The examples of the chunk.
    pub(super) fn kept(self) -> KeptExamples {
        let mut kept = KeptExamples::default();
        for (stratum, place) in &self.names {
            let name = stratum.name();
            self.strata[*place].iter().for_each(|(_, id)| kept.offer(&name, *id));
        }
        kept
    }
}
