//! The groups of questions that share requests, kept in the ledger before they are asked about: a resumed run, batch files and the
//! reading of replies go by the same groups, whatever was answered in between.

use rejoinder_judge::{Question, QuestionForm};
use rejoinder_ledger::ReplyStore;

use super::grouping::{self, QuestionSize, RequestSize};
use super::spool::RequestGroup;
use crate::error::RunError;
use crate::folder::RunDir;
use crate::spool_row::SpoolRow;

/// Puts the rows of one stretch of input into the groups in which they are asked about; a row that is in no group, since it was
/// asked about before the groups were made, or answered before its group was asked about, stands alone.
///
/// # Errors
/// If the ledger or the store fails.
pub(super) fn of_stretch(
    run: &RunDir,
    form: &QuestionForm,
    store: &ReplyStore,
    rows: Vec<SpoolRow>,
) -> Result<Vec<RequestGroup>, RunError> {
    let name = rows.first().map(|row| format!("groups {} {}", form.identity(), row.stretch));
    of_name(run, form, store, rows, name)
}

/// Puts rows that were drawn into groups, as [`of_stretch`] does.
///
/// # Errors
/// If the ledger or the store fails.
pub(super) fn of_sample(
    run: &RunDir,
    form: &QuestionForm,
    store: &ReplyStore,
    rows: &[SpoolRow],
) -> Result<Vec<RequestGroup>, RunError> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let mut drawn = blake3::Hasher::new();
    for row in rows {
        drawn.update(row.question.id.to_string().as_bytes()).update(b"\n");
    }
    let name = format!("groups {} of sample {}", form.identity(), &drawn.finalize().to_hex()[..32]);
    let stretch = first.question.id;
    let rows = rows.iter().map(|row| SpoolRow { stretch, ..row.clone() }).collect();
    of_name(run, form, store, rows, Some(name))
}

fn of_name(
    run: &RunDir,
    form: &QuestionForm,
    store: &ReplyStore,
    rows: Vec<SpoolRow>,
    name: Option<String>,
) -> Result<Vec<RequestGroup>, RunError> {
    let Some(name) = name.filter(|_| form.questions_per_request() > 1) else {
        return Ok(rows.into_iter().map(|row| vec![row]).collect());
    };
    let kept: Option<Groups> = match run.ledger.get(&name)? {
        None => None,
        Some(json) => Some(
            serde_json::from_str(&json)
                .map_err(|e| RunError::io("the ledger holds unreadable groups", &e))?,
        ),
    };
    if !run.is_open_to_change() {
        return Ok(arranged(rows, &kept.unwrap_or_default()));
    }
    let groups = Grouping { form, store, rows: &rows }.of(kept.as_deref())?;
    if kept.as_ref() != Some(&groups) {
        run.ledger.put(&name, &serde_json::to_string(&groups).expect("places are plain data"))?;
    }
    Ok(arranged(rows, &groups))
}

/// The places of rows that share a request, for each request.
type Groups = Vec<Vec<usize>>;

/// What is needed to group rows.
struct Grouping<'r> {
    form: &'r QuestionForm,
    store: &'r ReplyStore,
    rows: &'r [SpoolRow],
}

impl Grouping<'_> {
    /// The groups of the rows, by those that are kept. Where other requests have answered turns of groups that were not asked about,
    /// the groups that were asked about stay, and the others are made anew of what is left.
    fn of(&self, kept: Option<&[Vec<usize>]>) -> Result<Groups, RunError> {
        let Some(kept) = kept else { return self.made_of(0..self.rows.len()) };
        let (mut asked, mut left) = (Vec::new(), Vec::new());
        let mut are_answered = false;
        for group in kept {
            if self.is_asked(group)? {
                asked.push(group.clone());
                continue;
            }
            for &place in group.iter().filter(|&&place| place < self.rows.len()) {
                are_answered =
                    are_answered || self.form.is_answered(&self.rows[place].question, self.store)?;
            }
            left.extend(group);
        }
        if !are_answered {
            return Ok(kept.to_vec());
        }
        left.sort_unstable();
        asked.extend(self.made_of(left.into_iter())?);
        asked.sort_unstable();
        Ok(asked)
    }

    /// Whether there is a reply to the request about a group.
    fn is_asked(&self, group: &[usize]) -> Result<bool, RunError> {
        let rows = group.iter().filter_map(|&place| self.rows.get(place));
        let questions: Vec<Question> = rows.map(|row| row.question.clone()).collect();
        match questions.as_slice() {
            [question] => self.form.stands_alone(question, self.store).map_err(RunError::from),
            _ => match self.form.next(&questions, &[]) {
                Some(request) => self.store.contains(&request.key).map_err(RunError::from),
                None => Ok(true),
            },
        }
    }

    /// The groups of those rows at some places of which nothing is known.
    fn made_of(&self, places: impl Iterator<Item = usize>) -> Result<Groups, RunError> {
        let mut open = Vec::new();
        for place in places {
            if !self.form.stands_alone(&self.rows[place].question, self.store)? {
                open.push(place);
            }
        }
        let sizes: Vec<QuestionSize> =
            open.iter().map(|&place| QuestionSize::of(&self.rows[place], self.form.window())).collect();
        let size =
            RequestSize { turns: self.form.questions_per_request(), tokens: self.form.shared_tokens() };
        let groups = grouping::groups(&sizes, size).into_iter();
        Ok(groups.map(|group| group.places.into_iter().map(|at| open[at]).collect()).collect())
    }
}

/// Rows in groups, by the first row of each, and the rows in no group alone.
fn arranged(rows: Vec<SpoolRow>, groups: &[Vec<usize>]) -> Vec<RequestGroup> {
    let mut group_of: Vec<Option<usize>> = vec![None; rows.len()];
    for (number, places) in groups.iter().enumerate() {
        for &place in places {
            if let Some(group) = group_of.get_mut(place) {
                *group = Some(number);
            }
        }
    }
    let mut arranged: Vec<RequestGroup> = Vec::new();
    let mut place_of_group = vec![None; groups.len()];
    for (row, group) in rows.into_iter().zip(group_of) {
        match group.and_then(|group| place_of_group[group]) {
            Some(place) => RequestGroup::push(&mut arranged[place], row),
            None => {
                if let Some(group) = group {
                    place_of_group[group] = Some(arranged.len());
                }
                arranged.push(vec![row]);
            }
        }
    }
    arranged
}
