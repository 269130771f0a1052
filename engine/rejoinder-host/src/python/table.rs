//! A plugin in Python behind a table of C functions, as a library has one: the conformance kit asks it as any other. Each state is
//! an interpreter of its own.

use std::sync::{Mutex, OnceLock, PoisonError};

use crate::Batch;
use crate::abi::{self, Error, Host, Output, State, Status, Str, status};
use crate::batch::COLUMNS;
use crate::child::{Child, Header, Launch};
use crate::child_failure::ChildFailure;
use crate::earlier_votes::EarlierVotes;
use crate::facts::FactValues;
use crate::handshake::{CheckedPlugin, Functions};
use crate::output::Columns;

/// The plugin of this process: the kit checks one in each.
static PLUGIN: OnceLock<PythonPlugin> = OnceLock::new();

#[derive(Debug)]
struct PythonPlugin {
    launch: Launch,
    /// The interpreter that has said what the file says of itself: the first state is made in it.
    loaded: Mutex<Option<Child>>,
    /// How many facts it has.
    facts: usize,
}

/// The plugin behind functions.
///
/// # Errors
/// The plugin does not load, or this process has one already.
pub fn behind_functions(launch: Launch) -> Result<CheckedPlugin, String> {
    let (child, description) = launch.spawn().map_err(ChildFailure::reason)?;
    let plugin = PythonPlugin { launch, loaded: Mutex::new(Some(child)), facts: description.facts.len() };
    PLUGIN.set(plugin).map_err(|_| "this process has another plugin in Python")?;
    let functions = Functions {
        create,
        classify_batch: description.gives.is_asked().then_some(classify_batch as abi::ClassifyBatch),
        destroy,
        facts_batch: description.gives.facts.then_some(facts_batch as abi::FactsBatch),
        concurrent: false,
    };
    Ok(CheckedPlugin { functions, description, model: &[] })
}

/// What states leave behind that are made one after another in one interpreter, each asked once about `batch`: bytes a state, as
/// many as remain after each of several rounds.
///
/// # Errors
/// A state does not start or does not answer, or this process has no plugin.
pub fn left_behind(config: &str, batch: &Batch) -> Result<u64, String> {
    const STATES: u64 = 100;
    const ROUNDS: u32 = 3;
    let PythonPlugin { launch, facts, .. } = PLUGIN.get().ok_or("there is no plugin")?;
    let (mut child, description) = launch.spawn().map_err(ChildFailure::reason)?;
    let range = 0..batch.len();
    let (mut answers, mut values) = (Columns::default(), FactValues::default());
    answers.resize(batch.len());
    values.resize(batch.len(), *facts);
    let mut round = || {
        for _ in 0..STATES {
            launch.start_with(&mut child, config)?;
            if description.gives.is_asked() {
                child.classify(batch, &range, &EarlierVotes::default(), false, &mut answers)?;
            }
            if description.gives.facts {
                child.facts(batch, &range, &mut values)?;
            }
        }
        child.memory()
    };
    let mut least = u64::MAX;
    // The first count begins the counting, and after the next round all that is kept for good is there.
    let mut before = round().and_then(|_| round()).map_err(ChildFailure::reason)?;
    for _ in 0..ROUNDS {
        let after = round().map_err(ChildFailure::reason)?;
        least = least.min(after.saturating_sub(before));
        before = after;
    }
    Ok(least / STATES)
}

unsafe extern "C" fn create(_: *const Host, config: Str, out: *mut *mut State, error: *mut Error) -> Status {
    // SAFETY: the host lends the text for this call.
    let config = unsafe { config.get() };
    let started = config.ok_or_else(|| "its configuration is not UTF-8".to_owned()).and_then(|config| {
        let PythonPlugin { launch, loaded, .. } = PLUGIN.get().ok_or("there is no plugin")?;
        let loaded = loaded.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut child = match loaded {
            Some(child) => child,
            None => launch.spawn().map_err(ChildFailure::reason)?.0,
        };
        launch.start_with(&mut child, config).map_err(ChildFailure::reason)?;
        Ok(child)
    });
    match started {
        Ok(child) => {
            // SAFETY: the host gives room for a pointer.
            unsafe { out.write(Box::into_raw(Box::new(child)).cast()) };
            status::OK
        }
        // SAFETY: the host gives an error slot.
        Err(why) => unsafe { say(error, &why, status::INVALID_CONFIG) },
    }
}

unsafe extern "C" fn destroy(state: *mut State) {
    // SAFETY: `create` made the state of a box, and nobody uses it any more.
    drop(unsafe { Box::from_raw(state.cast::<Child>()) });
}

unsafe extern "C" fn classify_batch(
    state: *mut State,
    batch: *const abi::Batch,
    output: *mut Output,
    error: *mut Error,
) -> Status {
    // SAFETY: `create` made the state of a child; the host lends batch and output for this call and keeps the header's guarantees.
    let (child, output, (batch, earlier)) =
        unsafe { (&mut *state.cast::<Child>(), &mut *output, copied(&*batch)) };
    let range = 0..batch.len();
    let mut answers = Columns::default();
    answers.resize(batch.len());
    match child.classify(&batch, &range, &earlier, output.note.is_some(), &mut answers) {
        Ok(notes) => {
            let room = [
                output.verdict,
                output.category,
                output.reason.cast(),
                output.score.cast(),
                output.probs.cast::<u8>(),
            ];
            for (column, room) in answers.as_bytes(&range, true).into_iter().zip(room) {
                // SAFETY: the output's columns have room for all candidates, and are no columns of this function.
                unsafe { room.copy_from_nonoverlapping(column.as_ptr(), column.len()) };
            }
            if let Some(note) = output.note {
                for (index, text) in notes {
                    // SAFETY: the host gives both for this call, and copies the text.
                    unsafe { note(output.note_ctx, index, Str::borrowed(&text)) };
                }
            }
            status::OK
        }
        // SAFETY: the host gives an error slot.
        Err(failure) => unsafe { say(error, &failure.reason(), status::FAILED) },
    }
}

unsafe extern "C" fn facts_batch(
    state: *mut State,
    batch: *const abi::Batch,
    room: *mut f64,
    error: *mut Error,
) -> Status {
    // SAFETY: `create` made the state of a child; the host lends the batch for this call and keeps the header's guarantees.
    let (child, (batch, _)) = unsafe { (&mut *state.cast::<Child>(), copied(&*batch)) };
    let range = 0..batch.len();
    let mut values = FactValues::default();
    values.resize(batch.len(), PLUGIN.get().map_or(0, |plugin| plugin.facts));
    match child.facts(&batch, &range, &mut values) {
        Ok(()) => {
            let values = values.as_bytes(&range);
            // SAFETY: there is room for all facts of all candidates.
            unsafe { room.cast::<u8>().copy_from_nonoverlapping(values.as_ptr(), values.len()) };
            status::OK
        }
        // SAFETY: the host gives an error slot.
        Err(failure) => unsafe { say(error, &failure.reason(), status::FAILED) },
    }
}

/// A copy of a host's batch, and of the votes that go with it.
///
/// # Safety
/// The batch keeps the header's guarantees.
unsafe fn copied(batch: &abi::Batch) -> (Batch, EarlierVotes) {
    let last = |count: u32| (count as usize).checked_sub(1);
    // SAFETY: the offsets end with the text's length, and the last column ends the columns' text.
    let (text, column_text) = unsafe {
        (
            *batch.text_off.add(batch.n_messages as usize),
            last(batch.n_columns).map_or(0, |column| (*batch.columns.add(column)).value_end),
        )
    };
    let header = Header {
        text,
        column_text,
        n: batch.n,
        n_messages: batch.n_messages,
        n_conversations: batch.n_conversations,
        n_columns: batch.n_columns,
        n_hits: batch.n_hits,
        n_earlier: batch.n_earlier,
        ..Header::default()
    };
    let columns: [*const u8; COLUMNS] = [
        batch.text,
        batch.text_off.cast(),
        batch.role,
        batch.time.cast(),
        batch.language,
        batch.column_off.cast(),
        batch.columns.cast(),
        batch.column_text,
        batch.conversation.cast(),
        batch.first.cast(),
        batch.target.cast(),
        batch.answer.cast(),
        batch.answer_end.cast(),
        batch.id.cast(),
        batch.prior.cast(),
        batch.hit_off.cast(),
        batch.hits.cast(),
    ];
    let votes = [batch.earlier_verdict, batch.earlier_category, batch.earlier_score.cast()];
    let (mut own, mut earlier) = (Batch::new(), EarlierVotes::default());
    let room = own.make_room(&header).into_iter();
    let room = room.chain(earlier.make_room(batch.n as usize, batch.n_earlier as usize));
    for (room, column) in room.zip(columns.into_iter().chain(votes)) {
        // SAFETY: a column is as long as its counts say, by which the room was made.
        unsafe { room.as_mut_ptr().copy_from_nonoverlapping(column, room.len()) };
    }
    (own, earlier)
}

/// Says why a call failed, as far as there is room.
///
/// # Safety
/// `error` is an error slot of the host's.
unsafe fn say(error: *mut Error, why: &str, status: Status) -> Status {
    // SAFETY: the caller's promise; no more is written than there is room for.
    unsafe {
        let end = why.floor_char_boundary((*error).cap as usize);
        (*error).buf.copy_from_nonoverlapping(why.as_ptr(), end);
        (*error).len = end as u32;
    }
    status
}
