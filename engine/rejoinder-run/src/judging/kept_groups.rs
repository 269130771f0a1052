//! The groups of questions that share requests, kept in the ledger before they are asked about: a resumed run, batch files and the
//! reading of replies go by the same groups, whatever was answered in between.

use rejoinder_judge::QuestionForm;
use rejoinder_ledger::ReplyStore;

use super::grouping::{self, QuestionSize, RequestSize};
use super::spool::RequestGroup;
use crate::error::RunError;
use crate::folder::RunDir;
use crate::spool_row::SpoolRow;

/// Puts the rows of one stretch of input into the groups in which they are asked about; a row that is in no group, since it was
/// answered before the groups were made, stands alone.
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
    let kept = run.ledger.get(&name)?.map(|json| {
        serde_json::from_str(&json).map_err(|e| RunError::io("the ledger holds unreadable groups", &e))
    });
    let groups: Vec<Vec<usize>> = match kept {
        Some(kept) => kept?,
        None if !run.is_open_to_change() => Vec::new(),
        None => {
            let groups = new_groups(form, store, &rows)?;
            run.ledger.put(&name, &serde_json::to_string(&groups).expect("places are plain data"))?;
            groups
        }
    };
    Ok(arranged(rows, &groups))
}

/// The groups of the rows without an answer, by the rows' places.
fn new_groups(
    form: &QuestionForm,
    store: &ReplyStore,
    rows: &[SpoolRow],
) -> Result<Vec<Vec<usize>>, RunError> {
    let mut places = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        if !form.is_answered(&row.question, store)? {
            places.push(place);
        }
    }
    let sizes: Vec<QuestionSize> =
        places.iter().map(|&place| QuestionSize::of(&rows[place], form.window())).collect();
    let size = RequestSize { turns: form.questions_per_request(), tokens: form.shared_tokens() };
    let groups = grouping::groups(&sizes, size).into_iter();
    Ok(groups.map(|group| group.places.into_iter().map(|at| places[at]).collect()).collect())
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
