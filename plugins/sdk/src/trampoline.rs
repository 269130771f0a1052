//! The table of functions behind a [`Classifier`]: the only code that runs on both sides of the border.
//!
//! Each function checks its pointers, catches every panic and writes what went wrong into the host's error slot.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rejoinder_core::Verdict as Kind;
use rejoinder_plugin_abi::{self as abi, Str, status, verdict};

use crate::candidate::Columns;
use crate::{Candidate, Classifier, FactValues, ScoreDeclaration, tables};

/// The plugin table of a classifier.
///
/// # Panics
/// If the name of the classifier, of a fact or of a word holds anything but lower-case ASCII letters, digits, `-` and `_`, or the
/// classifier gives nothing; in a `static`, as [`export_classifier!`](crate::export_classifier) writes it, that is an error
/// of compilation.
pub const fn vtable<C: Classifier>() -> abi::Plugin {
    assert!(tables::is_name(C::NAME), "a plugin's name consists of a-z, 0-9, - and _");
    let scores = match C::SCORES {
        Some(scores) => scores,
        None => ScoreDeclaration::for_every_purpose(),
    };
    let votes = C::GIVES_VOTES || C::SCORES.is_some();
    assert!(votes || !C::FACTS.is_empty(), "a classifier gives votes, scores or facts");
    abi::Plugin {
        magic: abi::MAGIC,
        struct_size: size_of::<abi::Plugin>() as u32,
        abi_major: abi::MAJOR,
        abi_minor: abi::MINOR,
        flags: flags::<C>(),
        name: Str::from_static(C::NAME),
        version: Str::from_static(C::VERSION),
        about: Str::from_static(C::ABOUT),
        config_schema: Str::from_static(C::CONFIG_SCHEMA),
        reasons: tables::reasons::<C>(),
        n_reasons: C::REASONS.len(),
        create: Some(create::<C>),
        classify_batch: if votes { Some(classify_batch::<C>) } else { None },
        destroy: Some(destroy::<C>),
        score_purposes: Str::from_static(scores.purposes),
        model: abi::Bytes::from_static(scores.model),
        asks: tables::asks_of::<C>(),
        n_facts: C::FACTS.len() as u32,
        facts: tables::facts::<C>(),
        selection: tables::selection::<C>(),
        facts_batch: if C::FACTS.is_empty() { None } else { Some(facts_batch::<C>) },
    }
}

const fn flags<C: Classifier>() -> u64 {
    abi::FLAG_CONCURRENT
        | if C::GIVES_VOTES { abi::GIVES_VOTES } else { 0 }
        | if C::SCORES.is_some() { abi::GIVES_SCORES } else { 0 }
        | if C::FACTS.is_empty() { 0 } else { abi::GIVES_FACTS }
        | if C::WANTS_COLUMNS { abi::WANTS_COLUMNS } else { 0 }
}

/// The number by which a reason crosses the border.
fn reason_number<C: Classifier>(reason: &'static str) -> Result<u16, Failure> {
    match C::REASONS.iter().position(|known| *known == reason) {
        Some(index) => Ok(index as u16 + 1),
        None => Err(Failure(status::FAILED, format!("the reason `{reason}` is not among its REASONS"))),
    }
}

/// What a state pointer of this SDK points to.
struct Instance<C> {
    classifier: C,
    host: &'static abi::Host,
}

/// Why a call gave no result.
struct Failure(abi::Status, String);

unsafe extern "C" fn create<C: Classifier>(
    host: *const abi::Host,
    config: Str,
    out: *mut *mut abi::State,
    error: *mut abi::Error,
) -> abi::Status {
    // SAFETY: the host passes its error slot or null.
    unsafe {
        guarded(error, || {
            // SAFETY: what `host` points to lives until the process ends; the configuration lives during the call.
            let (host, config) = (host.as_ref(), config.get());
            let (Some(host), Some(config), false) = (host, config, out.is_null()) else {
                return Err(Failure(status::INCOMPATIBLE, "the host passed no configuration".into()));
            };
            let invalid = |e: &dyn std::fmt::Display| Failure(status::INVALID_CONFIG, e.to_string());
            // By way of a value, so that messages do not name a column of JSON that the user never wrote.
            let value: serde_json::Value = serde_json::from_str(config).map_err(|e| invalid(&e))?;
            let config = serde_json::from_value(value).map_err(|e| invalid(&e))?;
            let classifier = C::new(config).map_err(|e| invalid(&e))?;
            let state = Box::into_raw(Box::new(Instance { classifier, host }));
            // SAFETY: `out` is not null, and the host lends it for this call.
            out.write(state.cast());
            Ok(())
        })
    }
}

unsafe extern "C" fn classify_batch<C: Classifier>(
    state: *mut abi::State,
    batch: *const abi::Batch,
    out: *mut abi::Output,
    error: *mut abi::Error,
) -> abi::Status {
    // SAFETY: the host passes its error slot or null.
    unsafe {
        guarded(error, || {
            // SAFETY: `state` came from `create::<C>` and was not destroyed; the others are borrowed for the call.
            let parts = (state.cast::<Instance<C>>().as_ref(), batch.as_ref(), out.as_ref());
            let (Some(instance), Some(batch), Some(out)) = parts else {
                return Err(Failure(status::INCOMPATIBLE, "the host passed a null pointer".into()));
            };
            if batch.struct_size < abi::floor::BATCH
                || out.struct_size < abi::floor::OUTPUT
                || out.n != batch.n
            {
                return Err(too_old());
            }
            // SAFETY: `struct_size` covers all columns, and the ABI guarantees their lengths and content.
            let mut columns = columns(batch, instance.host);
            columns.notes = out.note.map(|note| (out.note_ctx, note));
            for index in 0..batch.n as usize {
                let verdict = instance.classifier.classify(Candidate::new(&columns, index));
                let reason = verdict.reason.map_or(Ok(0), reason_number::<C>)?;
                // SAFETY: the output's columns have room for `n`, and `index` is less.
                write(out, index, verdict, reason);
            }
            Ok(())
        })
    }
}

unsafe extern "C" fn facts_batch<C: Classifier>(
    state: *mut abi::State,
    batch: *const abi::Batch,
    facts: *mut f64,
    error: *mut abi::Error,
) -> abi::Status {
    // SAFETY: the host passes its error slot or null.
    unsafe {
        guarded(error, || {
            // SAFETY: `state` came from `create::<C>` and was not destroyed; the batch is borrowed for the call.
            let parts = (state.cast::<Instance<C>>().as_ref(), batch.as_ref());
            let (Some(instance), Some(batch), false) = (parts.0, parts.1, facts.is_null()) else {
                return Err(Failure(status::INCOMPATIBLE, "the host passed a null pointer".into()));
            };
            if batch.struct_size < abi::floor::BATCH {
                return Err(too_old());
            }
            // SAFETY: `struct_size` covers all columns, and the ABI guarantees their lengths and content.
            let columns = columns(batch, instance.host);
            for index in 0..batch.n as usize {
                // SAFETY: a row a candidate, which the host lends for this call.
                let row = std::slice::from_raw_parts_mut(facts.add(index * C::FACTS.len()), C::FACTS.len());
                let mut values = FactValues::new(C::FACTS, row);
                instance.classifier.facts(Candidate::new(&columns, index), &mut values);
                if let Some(mistake) = values.into_mistake() {
                    return Err(Failure(status::FAILED, mistake));
                }
            }
            Ok(())
        })
    }
}

fn too_old() -> Failure {
    Failure(status::INCOMPATIBLE, "the host's batch is older than this plugin".into())
}

unsafe extern "C" fn destroy<C: Classifier>(state: *mut abi::State) {
    if state.is_null() {
        return;
    }
    // SAFETY: `state` came from `create::<C>`, and the host passes it here once, last.
    let instance = unsafe { Box::from_raw(state.cast::<Instance<C>>()) };
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(instance))) {
        std::mem::forget(payload);
    }
}

/// Runs `body`; a failure or a panic becomes a status and a message in the slot.
///
/// # Safety
/// `error` is null or a slot as [`abi::Error::write`] wants it.
unsafe fn guarded(error: *mut abi::Error, body: impl FnOnce() -> Result<(), Failure>) -> abi::Status {
    let Failure(status, message) = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return status::OK,
        Ok(Err(failure)) => failure,
        Err(payload) => {
            let message = format!("panicked: {}", panic_text(&*payload));
            // Dropping the payload could panic again, outside of any guard.
            std::mem::forget(payload);
            Failure(status::PANICKED, message)
        }
    };
    // SAFETY: the caller's promise.
    unsafe { abi::Error::write(error, &message) };
    status
}

/// The message of a panic, where it is text.
pub(crate) fn panic_text(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no message)")
}

/// # Safety
/// The batch's columns are as long as the header says and stay unchanged during `'a`; its text is valid UTF-8.
unsafe fn columns<'a>(batch: &'a abi::Batch, host: &'a abi::Host) -> Columns<'a> {
    let (n, messages, n_earlier) = (batch.n as usize, batch.n_messages as usize, batch.n_earlier as usize);
    let conversations = batch.n_conversations as usize;
    // SAFETY: the caller's promise covers every column; `slice` takes null for an empty one.
    unsafe {
        let text_off = slice(batch.text_off, messages + 1);
        let text = slice(batch.text, text_off.last().map_or(0, |&end| end as usize));
        let columns = slice(batch.columns, batch.n_columns as usize);
        let column_text =
            slice(batch.column_text, columns.last().map_or(0, |column| column.value_end as usize));
        Columns {
            text: std::str::from_utf8_unchecked(text),
            text_off,
            role: slice(batch.role, messages),
            time: slice(batch.time, messages),
            language: slice(batch.language.cast(), conversations),
            column_off: slice(batch.column_off, conversations + 1),
            columns,
            column_text: std::str::from_utf8_unchecked(column_text),
            conversation: slice(batch.conversation, n),
            first: slice(batch.first, n),
            target: slice(batch.target, n),
            answer: slice(batch.answer, n),
            answer_end: slice(batch.answer_end, n),
            id: slice(batch.id, n),
            prior: slice(batch.prior, n),
            hit_off: slice(batch.hit_off, n + 1),
            hits: slice(batch.hits, batch.n_hits as usize),
            n_earlier,
            earlier_verdict: slice(batch.earlier_verdict, n * n_earlier),
            earlier_category: slice(batch.earlier_category, n * n_earlier),
            earlier_score: slice(batch.earlier_score, n * n_earlier),
            host,
            notes: None,
        }
    }
}

/// # Safety
/// `pointer` is null, or points to `len` values that stay unchanged during `'a`.
unsafe fn slice<'a, T>(pointer: *const T, len: usize) -> &'a [T] {
    if pointer.is_null() {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(pointer, len) }
}

/// # Safety
/// The output's columns have more than `index` rows.
unsafe fn write(out: &abi::Output, index: usize, answer: crate::Verdict, reason: u16) {
    let (number, category) = match answer.kind {
        Kind::Abstain => (verdict::ABSTAIN, 0),
        Kind::Accept(category) => (verdict::ACCEPT, category as u8),
        Kind::Reject => (verdict::REJECT, 0),
        Kind::Escalate => (verdict::ESCALATE, 0),
    };
    // SAFETY: the caller's promise; `probs` has a row of `PROBS` for each candidate.
    unsafe {
        out.verdict.add(index).write(number);
        out.category.add(index).write(category);
        out.reason.add(index).write(reason);
        out.score.add(index).write(answer.score.unwrap_or(f32::NAN));
        if let Some(probs) = answer.probs {
            out.probs.add(index * abi::PROBS).cast::<[f32; abi::PROBS]>().write(probs);
        }
    }
}
