//! The groups of questions that share requests, kept in the ledger before they are asked about: a resumed run, batch files and the
//! reading of replies go by the same groups, whatever was answered in between.

use rejoinder_judge::accounts::StoredReplies;
use rejoinder_judge::{Question, QuestionForm};
use serde::{Deserialize, Serialize};

use super::grouping::{self, QuestionSize, RequestSize};
use super::spool::{RequestGroup, Spool};
use crate::error::RunError;
use crate::folder::RunDir;
use crate::spool_row::SpoolRow;

/// Facts of the ledger with groups begin so; form and stretch follow.
pub(crate) const FACTS: &str = "groups ";

/// Whose groups are made: those of one stretch of input, or those of rows that were drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RowSource {
    Stretch,
    Sample,
}

/// The groups of some rows, by the places of the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptGroups {
    /// The rows that share a request, for each request.
    pub(super) groups: Vec<Vec<usize>>,
    /// Rows whose prompt is that of a row in an earlier group, whose answer is theirs.
    pub(super) twins: Vec<usize>,
}

/// The groups in which the rows of one stretch of input are asked about; a row that is in no group, since it was asked about before
/// the groups were made, or answered before its group was asked about, stands alone.
///
/// # Errors
/// If the ledger or the store fails.
pub(super) fn of_stretch(spool: Spool<'_>, rows: Vec<SpoolRow>) -> Result<Vec<RequestGroup>, RunError> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let name = format!("{FACTS}{} {}", spool.form.identity(), first.stretch);
    of_name(spool, rows, RowSource::Stretch, &name)
}

/// The groups in which rows that were drawn are asked about, as [`of_stretch`] makes them.
///
/// # Errors
/// If the ledger or the store fails.
pub(super) fn of_sample(spool: Spool<'_>, rows: &[SpoolRow]) -> Result<Vec<RequestGroup>, RunError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut drawn = blake3::Hasher::new();
    for row in rows {
        drawn.update(row.question.id.to_string().as_bytes()).update(b"\n");
    }
    let name = format!("{FACTS}{} of sample {}", spool.form.identity(), &drawn.finalize().to_hex()[..32]);
    let mut stretch = Vec::with_capacity(rows.len());
    SpoolRow::extend_stretch(&mut stretch, rows.iter().cloned());
    of_name(spool, stretch, RowSource::Sample, &name)
}

fn of_name(
    spool: Spool<'_>,
    rows: Vec<SpoolRow>,
    source: RowSource,
    name: &str,
) -> Result<Vec<RequestGroup>, RunError> {
    let Spool { run, form, store, is_to_ask } = spool;
    if form.questions_per_request() == 1 {
        return Ok(rows.into_iter().map(|row| vec![row]).collect());
    }
    let unreadable = |e: serde_json::Error| RunError::io("the ledger holds unreadable groups", &e);
    let kept: Option<KeptGroups> =
        run.ledger.get(name)?.map(|json| serde_json::from_str(&json).map_err(unreadable)).transpose()?;
    let json = |groups: &KeptGroups| serde_json::to_string(groups).expect("places are plain data");
    let grouping = Grouping { form, store, rows: &rows };
    let groups = match kept {
        kept if !run.is_open_to_change() => kept.unwrap_or_default(),
        Some(kept) => {
            let groups = grouping.mended(&kept)?;
            if groups != kept {
                run.ledger.put(name, &json(&groups))?;
            }
            groups
        }
        None => {
            let (groups, turns) = grouping.first(run, source)?;
            let turns: Vec<&str> = turns.iter().map(String::as_str).collect();
            run.ledger.put_groups(&form.identity(), &turns, name, &json(&groups))?;
            groups
        }
    };
    let left_out = if is_to_ask { grouping.left_to_others(&groups.twins)? } else { Vec::new() };
    Ok(arranged(rows, &groups.groups, &left_out))
}

/// What is needed to group rows.
pub(super) struct Grouping<'r> {
    pub(super) form: &'r QuestionForm,
    pub(super) store: &'r dyn StoredReplies,
    pub(super) rows: &'r [SpoolRow],
}

impl Grouping<'_> {
    /// The first groups of the rows that nothing is known about, and the keys by which the ledger is to know their turns. Of a stretch
    /// of input, rows with the prompt of an earlier stretch's row are in no group.
    fn first(&self, run: &RunDir, source: RowSource) -> Result<(KeptGroups, Vec<String>), RunError> {
        let form = self.form;
        let open = self.open(0..self.rows.len())?;
        let keys: Vec<String> = open.iter().map(|&place| form.turn_key(&self.rows[place].question)).collect();
        let names: Vec<&str> = keys.iter().map(String::as_str).collect();
        let mut new = match source {
            RowSource::Stretch => run.ledger.ungrouped(&form.identity(), &names)?,
            RowSource::Sample => names.iter().copied().collect(),
        };
        let (mut grouped, mut twins) = (Vec::new(), Vec::new());
        for (place, key) in open.into_iter().zip(&names) {
            if new.remove(key) { grouped.push(place) } else { twins.push(place) }
        }
        let groups = KeptGroups { groups: self.groups_of(&grouped), twins };
        Ok((groups, if source == RowSource::Stretch { keys } else { Vec::new() }))
    }

    /// The groups as they are now. Where other requests have answered turns of groups that were not asked about, the groups that were
    /// asked about stay, and the others are made anew of what is left.
    pub(super) fn mended(&self, kept: &KeptGroups) -> Result<KeptGroups, RunError> {
        let Self { form, store, .. } = *self;
        let (mut groups, mut left) = (Vec::new(), Vec::new());
        let mut are_answered = false;
        for group in &kept.groups {
            if self.is_asked(group)? {
                groups.push(group.clone());
                continue;
            }
            for &place in group.iter().filter(|&&place| place < self.rows.len()) {
                are_answered = are_answered || form.is_answered(&self.rows[place].question, store)?;
                left.push(place);
            }
        }
        if !are_answered {
            return Ok(kept.clone());
        }
        left.sort_unstable();
        groups.extend(self.groups_of(&self.open(left)?));
        groups.sort_unstable();
        Ok(KeptGroups { groups, twins: kept.twins.clone() })
    }

    /// Twins that need not be asked about: those whose prompt no reply is about yet. Others are asked about where that reply does
    /// not tell the turns apart.
    fn left_to_others(&self, twins: &[usize]) -> Result<Vec<usize>, RunError> {
        let Self { form, store, .. } = *self;
        let mut left = Vec::new();
        for &place in twins {
            if let Some(row) = self.rows.get(place)
                && !form.has_shared_reply(&row.question, store)?
            {
                left.push(place);
            }
        }
        Ok(left)
    }

    /// Whether there is a reply to the request about a group.
    fn is_asked(&self, group: &[usize]) -> Result<bool, RunError> {
        let Self { form, store, .. } = *self;
        let rows = group.iter().filter_map(|&place| self.rows.get(place));
        let questions: Vec<Question> = rows.map(|row| row.question.clone()).collect();
        match questions.as_slice() {
            [question] => form.stands_alone(question, store).map_err(RunError::from),
            _ => match form.next(&questions, &[]) {
                Some(request) => store.contains(&request.key).map_err(RunError::from),
                None => Ok(true),
            },
        }
    }

    /// Those of some places at which nothing is known of the rows.
    fn open(&self, places: impl IntoIterator<Item = usize>) -> Result<Vec<usize>, RunError> {
        let Self { form, store, .. } = *self;
        let mut open = Vec::new();
        for place in places {
            if !form.stands_alone(&self.rows[place].question, store)? {
                open.push(place);
            }
        }
        Ok(open)
    }

    /// The groups of the rows at some places.
    pub(super) fn groups_of(&self, places: &[usize]) -> Vec<Vec<usize>> {
        let form = self.form;
        let sizes: Vec<QuestionSize> =
            places.iter().map(|&place| QuestionSize::of(&self.rows[place], form.window())).collect();
        let size = RequestSize { turns: form.questions_per_request(), tokens: form.shared_tokens() };
        let groups = grouping::groups(&sizes, size).into_iter();
        groups.map(|group| group.places.into_iter().map(|at| places[at]).collect()).collect()
    }
}

/// Rows in groups, by the first row of each, and the rows in no group alone, without those at the places `left_out`.
fn arranged(rows: Vec<SpoolRow>, groups: &[Vec<usize>], left_out: &[usize]) -> Vec<RequestGroup> {
    let places = arranged_places(rows.len(), groups, left_out);
    let mut rows: Vec<Option<SpoolRow>> = rows.into_iter().map(Some).collect();
    let group = |places: Vec<usize>| places.into_iter().filter_map(|place| rows[place].take()).collect();
    places.into_iter().map(group).collect()
}

/// The places of so many rows in groups, as [`arranged`] puts the rows.
pub(super) fn arranged_places(rows: usize, groups: &[Vec<usize>], left_out: &[usize]) -> Vec<Vec<usize>> {
    let mut group_of: Vec<Option<usize>> = vec![None; rows];
    for (number, places) in groups.iter().enumerate() {
        for &place in places {
            if let Some(group) = group_of.get_mut(place) {
                *group = Some(number);
            }
        }
    }
    let mut arranged: Vec<Vec<usize>> = Vec::new();
    let mut place_of_group = vec![None; groups.len()];
    for (place, group) in group_of.into_iter().enumerate() {
        if left_out.contains(&place) {
            continue;
        }
        match group.and_then(|group| place_of_group[group]) {
            Some(at) => Vec::push(&mut arranged[at], place),
            None => {
                if let Some(group) = group {
                    place_of_group[group] = Some(arranged.len());
                }
                arranged.push(vec![place]);
            }
        }
    }
    arranged
}
