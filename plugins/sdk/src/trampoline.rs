//! The table of functions behind a [`Classifier`]: the only code that runs on both sides of the border.
//!
//! Each function checks its pointers, catches every panic and writes what went wrong into the host's error slot.

use std::any::Any;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rejoinder_plugin_abi::{self as abi, Str, status, verdict};
use rejoinder_vocabulary::Verdict as Kind;

use crate::candidate::Columns;
use crate::{Candidate, Classifier, ScoreDeclaration};

/// The plugin table of a classifier.
///
/// # Panics
/// If the classifier's name holds anything but lower-case ASCII letters, digits, `-` and `_`; in a `static`, as
/// [`export_classifier!`](crate::export_classifier) writes it, that is an error of compilation.
pub const fn vtable<C: Classifier>() -> abi::Plugin {
    assert!(is_name(C::NAME), "a plugin's name consists of a-z, 0-9, - and _");
    let scores = match C::SCORES {
        Some(scores) => scores,
        None => ScoreDeclaration::for_every_purpose(),
    };
    abi::Plugin {
        magic: abi::MAGIC,
        struct_size: size_of::<abi::Plugin>() as u32,
        abi_major: abi::MAJOR,
        abi_minor: abi::MINOR,
        flags: abi::FLAG_CONCURRENT | if C::SCORES.is_some() { abi::FLAG_SCORES } else { 0 },
        name: Str::from_static(C::NAME),
        version: Str::from_static(C::VERSION),
        about: Str::from_static(C::ABOUT),
        config_schema: Str::from_static(C::CONFIG_SCHEMA),
        reasons: Reasons::<C>::TABLE.as_ptr(),
        n_reasons: C::REASONS.len(),
        create: Some(create::<C>),
        classify_batch: Some(classify_batch::<C>),
        destroy: Some(destroy::<C>),
        score_purposes: Str::from_static(scores.purposes),
        model: abi::Bytes::from_static(scores.model),
    }
}

/// Greatest number of reasons that a classifier may give.
const MAX_REASONS: usize = 64;

/// The reasons of a classifier as the table wants them: a constant whose size does not depend on `C`.
struct Reasons<C>(PhantomData<C>);

impl<C: Classifier> Reasons<C> {
    const TABLE: &'static [Str; MAX_REASONS] = &{
        assert!(C::REASONS.len() <= MAX_REASONS, "a classifier has at most 64 reasons");
        let mut table = [Str::from_static(""); MAX_REASONS];
        let mut i = 0;
        while i < C::REASONS.len() {
            table[i] = Str::from_static(C::REASONS[i]);
            i += 1;
        }
        table
    };

    /// The number by which `reason` crosses the border.
    fn number(reason: &'static str) -> Result<u16, Failure> {
        match C::REASONS.iter().position(|known| *known == reason) {
            Some(index) => Ok(index as u16 + 1),
            None => Err(Failure(status::FAILED, format!("the reason `{reason}` is not among its REASONS"))),
        }
    }
}

const fn is_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        if !matches!(bytes[i], b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_') {
            return false;
        }
        i += 1;
    }
    !bytes.is_empty()
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
            let covered = batch.struct_size >= abi::floor::BATCH
                && out.struct_size >= abi::floor::OUTPUT
                && out.n == batch.n;
            if !covered {
                return Err(Failure(
                    status::INCOMPATIBLE,
                    "the host's batch is older than this plugin".into(),
                ));
            }
            // SAFETY: `struct_size` covers all columns, and the ABI guarantees their lengths and content.
            let mut columns = columns(batch, instance.host);
            columns.notes = out.note.map(|note| (out.note_ctx, note));
            for index in 0..batch.n as usize {
                let verdict = instance.classifier.classify(Candidate::new(&columns, index));
                let reason = verdict.reason.map_or(Ok(0), Reasons::<C>::number)?;
                // SAFETY: the output's columns have room for `n`, and `index` is less.
                write(out, index, verdict, reason);
            }
            Ok(())
        })
    }
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
    // SAFETY: the caller's promise covers every column; `slice` takes null for an empty one.
    unsafe {
        let text_off = slice(batch.text_off, messages + 1);
        let text = slice(batch.text, text_off.last().map_or(0, |&end| end as usize));
        Columns {
            text: std::str::from_utf8_unchecked(text),
            text_off,
            role: slice(batch.role, messages),
            first: slice(batch.first, n),
            target: slice(batch.target, n),
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
