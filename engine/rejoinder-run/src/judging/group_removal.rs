//! Taking rows out of the groups that the ledger keeps.
//!
//! A group is kept by the places of its rows among those of a stretch, and the key of its request follows from all of its rows. Where
//! rows are taken out of a group that was asked about, the others stand alone, and find their answers by the requests that they shared.

use std::collections::{BTreeMap, BTreeSet};

use rejoinder_core::RecordId;
use rejoinder_judge::{Question, QuestionForm};
use rejoinder_ledger::ReplyStore;

use super::kept_groups::{FACTS, KeptGroups};
use crate::error::RunError;
use crate::folder::{RunDir, from_json};
use crate::spool_row::SpoolRow;

/// The place of a row: the stretch's name, and the place among its rows.
pub(crate) type StretchPlace = (RecordId, usize);

/// Facts of the ledger with groups that are not in force yet begin so; the name of the fact in force follows.
const STAGED: &str = "staged ";

/// Rows that are taken out of their groups.
#[derive(Debug, Default)]
pub(crate) struct GroupRemoval {
    /// The rows of each stretch that loses rows.
    rows: BTreeMap<RecordId, Vec<SpoolRow>>,
    /// The places of the rows that are taken out of the spool.
    removed: BTreeMap<RecordId, BTreeSet<usize>>,
    /// The places of rows that have left their answer to a row which is taken out.
    freed: BTreeMap<RecordId, BTreeSet<usize>>,
}

impl GroupRemoval {
    /// Takes up the rows of a stretch; those at some places are taken out.
    pub(crate) fn remove(&mut self, rows: Vec<SpoolRow>, removed: BTreeSet<usize>) {
        if let Some(first) = rows.first() {
            self.removed.insert(first.stretch, removed);
            self.rows.insert(first.stretch, rows);
        }
    }

    /// Notes that a row no longer leaves its answer to another one.
    pub(crate) fn free(&mut self, (stretch, place): StretchPlace) {
        self.freed.entry(stretch).or_default().insert(place);
    }

    /// Works out the groups as they will be, once the rows are gone from the spool, and settles each row of a group that was asked about
    /// in one of the forms on the reply that it has its answer from.
    ///
    /// # Errors
    /// If ledger or store fails.
    pub(crate) fn stage(
        &self,
        run: &RunDir,
        forms: &[QuestionForm],
        store: &ReplyStore,
    ) -> Result<(), RunError> {
        let nothing = BTreeSet::new();
        for (name, json) in run.ledger.facts(FACTS)? {
            let Some((identity, stretch)) = named(&name) else { continue };
            let removed = self.removed.get(&stretch).unwrap_or(&nothing);
            let freed = self.freed.get(&stretch).unwrap_or(&nothing);
            if removed.is_empty() && freed.is_empty() {
                continue;
            }
            let kept: KeptGroups = from_json(&json)?;
            let rows = self.rows.get(&stretch).map_or(&[][..], Vec::as_slice);
            let form = forms.iter().find(|form| form.identity() == identity);
            let mut left = Vec::new();
            for group in &kept.groups {
                let is_whole = group.iter().all(|place| !removed.contains(place));
                if !is_whole && is_asked(form, rows, group, store)? {
                    continue;
                }
                let stay = group.iter().filter(|place| !removed.contains(place));
                left.push(stay.map(|place| shifted(*place, removed)).collect::<Vec<_>>());
            }
            left.retain(|group| !group.is_empty());
            let twins = kept.twins.iter().filter(|place| !removed.contains(place) && !freed.contains(place));
            let twins = twins.map(|place| shifted(*place, removed)).collect();
            let json =
                serde_json::to_string(&KeptGroups { groups: left, twins }).expect("places are plain data");
            run.ledger.put(&format!("{STAGED}{name}"), &json)?;
        }
        Ok(())
    }

    /// Puts the groups in force that were worked out before, of all stretches whose rows are gone from the spool; of the others they
    /// are forgotten.
    ///
    /// # Errors
    /// If the ledger fails.
    pub(crate) fn settle(&self, run: &RunDir) -> Result<(), RunError> {
        for (staged, json) in run.ledger.facts(STAGED)? {
            let name = &staged[STAGED.len()..];
            if named(name).is_some_and(|(_, stretch)| !self.removed.contains_key(&stretch)) {
                run.ledger.put(name, &json)?;
            }
            run.ledger.remove(&staged)?;
        }
        Ok(())
    }
}

/// Whether a group was asked about; then each of its turns is settled on the reply that the turn has its answer from. In a form that is
/// not known, each group may have been asked about.
fn is_asked(
    form: Option<&QuestionForm>,
    rows: &[SpoolRow],
    group: &[usize],
    store: &ReplyStore,
) -> Result<bool, RunError> {
    let Some(form) = form else { return Ok(true) };
    let rows = group.iter().filter_map(|place| rows.get(*place));
    let questions: Vec<Question> = rows.map(|row| row.question.clone()).collect();
    let Some(request) = form.next(&questions, &[]) else { return Ok(true) };
    if !store.contains(&request.key)? {
        return Ok(false);
    }
    for answered in form.follow(&questions, store)? {
        let Some((index, _)) = form.decisive_reply(&answered.replies) else { continue };
        let key = &answered.keys[index];
        // Stores of earlier engines do not say which turns a reply is about.
        let asked = form.turn_keys(&questions[answered.group]);
        store.note_shared([(key.as_str(), asked.as_slice())])?;
        store.settle_on(key, &asked[..answered.questions.len().min(asked.len())])?;
    }
    Ok(true)
}

/// The place of a row once others are gone.
fn shifted(place: usize, removed: &BTreeSet<usize>) -> usize {
    place - removed.range(..place).count()
}

/// The form and the stretch in the name of a fact with groups; `None` for those of a sample.
fn named(name: &str) -> Option<(&str, RecordId)> {
    let (identity, stretch) = name.strip_prefix(FACTS)?.split_once(' ')?;
    Some((identity, stretch.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_move_up_into_the_places_of_those_that_are_gone() {
        let removed = BTreeSet::from([1, 2, 5]);
        assert_eq!([0, 3, 4, 6].map(|place| shifted(place, &removed)), [0, 1, 2, 3]);
    }

    #[test]
    fn groups_of_a_stretch_are_told_from_those_of_a_sample() {
        let stretch = RecordId { shard: 0, ordinal: 7, message_index: 2 };
        assert_eq!(named("groups 0a1b 0:7:2"), Some(("0a1b", stretch)));
        assert_eq!(named("groups 0a1b of sample 00ff"), None);
        assert_eq!(named("judged"), None);
    }
}
