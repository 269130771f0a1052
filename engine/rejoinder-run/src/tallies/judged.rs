//! What the judge's replies add to the tallies.

use std::collections::{BTreeMap, HashMap};

use rejoinder_core::{Answer, Category, RecordId};
use serde::{Deserialize, Serialize};

use super::examples::{KeptExamples, waiting};
use super::groups::{FeedbackCounts, GroupTallies};
use super::row_standing::RowStanding;
use super::rules::RuleTally;
use crate::guards::AnswerCounts;
use crate::spool_row::SpoolRow;

/// What the judge's replies add to the tallies of the scan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct JudgedTallies {
    /// What the groups gain: feedback, squares, conversations with feedback, and turns without feedback.
    pub(super) groups: GroupTallies,
    /// What the judge says of the turns that each rule hits.
    pub(super) rules: BTreeMap<String, RuleTally>,
    /// What the judge says of the turns that count for each guard, by the guard's number.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) guards: BTreeMap<u32, AnswerCounts>,
    /// Turns that the judge has settled, and turns that still wait.
    pub(super) examples: KeptExamples,
}

/// What the judge says of the conversations of a part.
#[derive(Debug, Default)]
pub(crate) struct PartJudgements {
    conversations: HashMap<(u32, u64), SettledConversation>,
}

/// What the judge says of a conversation.
#[derive(Debug, Default)]
struct SettledConversation {
    /// The conversation's values by division; `None` where its rows do not say.
    groups: Option<BTreeMap<String, String>>,
    /// Turns with feedback that were accepted before.
    accepted: FeedbackCounts,
    /// Turns that the judge found to be feedback.
    feedback: FeedbackCounts,
    no_feedback: u64,
    /// What the judge says of the turns that count for each guard, by the guard's number.
    guards: BTreeMap<u32, AnswerCounts>,
}

impl JudgedTallies {
    /// Nothing yet, for a run whose scan has counted these groups: the judge's turns are divided by the same values.
    pub(crate) fn new(scanned: &GroupTallies) -> Self {
        let mut tallies = Self::default();
        for (name, division) in &scanned.divisions {
            let own = tallies.groups.divisions.entry(name.clone()).or_default();
            own.values = division.values.keys().map(|value| (value.clone(), Default::default())).collect();
        }
        tallies
    }

    /// Counts a row's turns, each with what the judge says. Of a row of a run before the tallies only the part is told.
    pub(crate) fn row(
        &mut self,
        part: &mut PartJudgements,
        row: &SpoolRow,
        answer_about: impl Fn(RecordId) -> Answer,
    ) {
        for (place, turn) in row.turns.iter().enumerate() {
            let answer = answer_about(turn.id);
            if answer.is_known() {
                part.judged(turn.id, answer, row.standing.as_ref());
                for one in row.coverage.get(place).into_iter().flatten() {
                    part.guard(turn.id, one.guard).count(answer, &one.categories);
                }
            }
            let Some(standing) = &row.standing else { continue };
            if !answer.is_known() {
                let ground = standing.grounds.get(place).map_or("", String::as_str);
                self.examples.offer(&waiting(ground), turn.id);
                continue;
            }
            let found = answer.category().map_or("none", Category::code);
            self.examples.offer(&format!("judged/{found}"), turn.id);
            for rule in &turn.rules {
                match self.rules.get_mut(rule) {
                    Some(tally) => tally.judge(answer),
                    None => self.rules.entry(rule.clone()).or_default().judge(answer),
                }
            }
        }
    }

    /// Counts the conversations of a part, once all its rows are counted.
    pub(crate) fn part(&mut self, part: PartJudgements) {
        for conversation in part.conversations.into_values() {
            for (guard, answers) in &conversation.guards {
                *self.guards.entry(*guard).or_default() += answers.of_conversation();
            }
            let Some(groups) = &conversation.groups else { continue };
            for (name, division) in &mut self.groups.divisions {
                let group = division.of(groups.get(name).map(String::as_str));
                group.no_feedback += conversation.no_feedback;
                group.gain(&conversation.accepted, &conversation.feedback);
            }
        }
    }
}

impl PartJudgements {
    /// Notes what the judge says of a turn.
    fn judged(&mut self, id: RecordId, answer: Answer, standing: Option<&RowStanding>) {
        let conversation = self.conversations.entry((id.shard, id.ordinal)).or_default();
        if conversation.groups.is_none() {
            conversation.groups = standing.map(|standing| standing.groups.clone());
        }
        match answer.category() {
            Some(category) => conversation.feedback[category.index()] += 1,
            None => conversation.no_feedback += 1,
        }
    }

    /// What the judge says of a turn's conversation for a guard.
    fn guard(&mut self, id: RecordId, guard: u32) -> &mut AnswerCounts {
        let conversation = self.conversations.entry((id.shard, id.ordinal)).or_default();
        conversation.guards.entry(guard).or_default()
    }

    /// Notes a turn of the part that was accepted before.
    pub(crate) fn accepted(&mut self, id: RecordId, category: Category) {
        if let Some(conversation) = self.conversations.get_mut(&(id.shard, id.ordinal)) {
            conversation.accepted[category.index()] += 1;
        }
    }

    /// Whether the judge has settled no turn of the part.
    pub(crate) fn is_empty(&self) -> bool {
        self.conversations.is_empty()
    }

    /// How many conversations have feedback that the judge found, and no turn that was accepted before.
    pub(crate) fn without_accepted(&self) -> u64 {
        let is_one = |one: &&SettledConversation| {
            one.feedback.iter().any(|count| *count > 0) && one.accepted.iter().all(|count| *count == 0)
        };
        self.conversations.values().filter(is_one).count() as u64
    }
}
