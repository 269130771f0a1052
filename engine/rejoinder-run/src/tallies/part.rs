//! What a chunk adds to its part, and what is kept of a part.

use std::collections::HashSet;

use rejoinder_read::Position;
use rejoinder_scan::{Engine, ScannedBatch, ScannedConversation};
use serde::{Deserialize, Serialize};

use super::disputes::Disputes;
use super::examples::{ExampleDraw, KeptExamples};
use super::groups::{ChunkDivision, GroupTallies, GroupTally};
use super::provenance::Divisions;
use super::row_standing::RowStanding;
use super::rules::{RuleCounter, RuleTallies};
use crate::guards::{GuardCounter, GuardTallies, TurnAnswers};
use crate::spool_row::SpoolRow;

/// What is kept of a part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PartTallies {
    pub(super) groups: GroupTallies,
    pub(super) rules: RuleTallies,
    pub(super) examples: KeptExamples,
    pub(super) disputes: Disputes,
    /// What is counted for guards.
    #[serde(skip_serializing_if = "GuardTallies::is_empty")]
    pub(super) guards: GuardTallies,
    /// Where reading may begin: the end of each chunk, as file, conversation and byte.
    pub(super) places: Vec<(u32, u64, u64)>,
}

/// Counts a chunk.
pub(crate) struct ChunkTallier {
    divisions: Vec<ChunkDivision>,
    rules: RuleCounter,
    examples: ExampleDraw,
    disputes: Disputes,
    guards: GuardCounter,
}

/// What a chunk adds to its part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChunkTallies {
    divisions: Vec<ChunkDivision>,
    rules: RuleTallies,
    examples: KeptExamples,
    disputes: Disputes,
    #[serde(default, skip_serializing_if = "GuardTallies::is_empty")]
    guards: GuardTallies,
}

impl ChunkTallier {
    /// Nothing yet.
    pub(crate) fn new(engine: &Engine, divisions: &Divisions) -> Self {
        Self {
            divisions: vec![ChunkDivision::default(); divisions.names().count()],
            rules: RuleCounter::new(engine),
            examples: ExampleDraw::default(),
            disputes: Disputes::default(),
            guards: GuardCounter::new(engine),
        }
    }

    /// Counts a conversation, whose waiting turns have the rows `waiting`, and notes on these how the conversation stands.
    pub(crate) fn conversation(
        &mut self,
        engine: &Engine,
        divisions: &Divisions,
        scanned: &ScannedBatch<'_>,
        conversation: &ScannedConversation<'_>,
        waiting: &mut [SpoolRow],
    ) {
        let turns = scanned.turns(conversation);
        let values = divisions.values(conversation);
        let tally = GroupTally::of(turns);
        for (division, value) in self.divisions.iter_mut().zip(&values) {
            division.add(value.as_deref(), tally);
        }
        for turn in turns {
            self.rules.turn(engine, scanned, conversation, turn);
            self.examples.turn(engine, scanned, conversation, turn);
            self.disputes.turn(engine, scanned, conversation, turn);
        }
        self.guards.conversation(engine, scanned, conversation, waiting, |_| TurnAnswers::default());
        for row in waiting {
            let ground_of = |index: u32| {
                let turn = turns.iter().find(|turn| turn.message_index == index as usize)?;
                Some(turn.ground.name().to_owned())
            };
            row.standing = Some(RowStanding {
                groups: divisions.named(&values),
                grounds: row.turns.iter().filter_map(|turn| ground_of(turn.id.message_index)).collect(),
            });
        }
    }

    /// What the chunk adds to its part.
    pub(crate) fn end(self, engine: &Engine) -> ChunkTallies {
        let Self { divisions, rules, examples, disputes, guards } = self;
        ChunkTallies {
            divisions,
            rules: rules.by_name(engine),
            examples: examples.kept(),
            disputes,
            guards: guards.end(),
        }
    }
}

/// Adds chunks up to parts.
pub(crate) struct PartTallier {
    /// The names of the divisions, and the values that the run tells apart.
    known: Vec<(String, HashSet<String>)>,
    part: PartTallies,
}

impl PartTallier {
    /// Nothing yet of the part after those with the groups `before`.
    pub(crate) fn new(divisions: &Divisions, before: &GroupTallies) -> Self {
        let known = divisions.names().map(|name| {
            let values = before.divisions.get(name).map(|division| division.values.keys().cloned());
            (name.to_owned(), values.into_iter().flatten().collect())
        });
        Self { known: known.collect(), part: PartTallies::default() }
    }

    /// Adds a chunk that ends at a place.
    pub(crate) fn add(&mut self, chunk: ChunkTallies, end: Position) {
        let part = &mut self.part;
        for ((name, known), division) in self.known.iter_mut().zip(chunk.divisions) {
            division.add_to(part.groups.divisions.entry(name.clone()).or_default(), known);
        }
        part.rules += &chunk.rules;
        part.examples += &chunk.examples;
        part.disputes.add(&chunk.disputes);
        part.guards += &chunk.guards;
        part.places.push((end.shard, end.line, end.byte));
    }

    /// What is kept of the part that ends here; the next part begins.
    pub(crate) fn end_part(&mut self) -> PartTallies {
        std::mem::take(&mut self.part)
    }
}

impl PartTallies {
    /// Where reading may begin, in the order of the input.
    pub(crate) fn places(&self) -> impl Iterator<Item = Position> {
        self.places.iter().map(|&(shard, line, byte)| Position { shard, line, byte })
    }
}
