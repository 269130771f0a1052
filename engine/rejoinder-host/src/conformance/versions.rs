//! Engines of other minor versions: a later one, whose structs go on where this one's end, and the oldest.

use rejoinder_core::Vote;

use super::{Outcome, Subject, material, outcome};
use crate::abi::{self, Host, Str, floor, status};

/// A struct of a later minor version: this one's fields, and more that this one does not know.
#[repr(C)]
#[derive(Clone, Copy)]
struct Later<T: Copy> {
    known: T,
    unknown: [u64; 8],
}

impl<T: Copy> Later<T> {
    const fn new(known: T) -> Self {
        Self { known, unknown: [0xDEAD_BEEF_DEAD_BEEF; 8] }
    }
}

pub fn later(subject: &Subject) -> Outcome {
    outcome(compare(subject, |host, batch, output| {
        host.known.abi_minor += 7;
        host.known.struct_size = size_of::<Later<Host>>() as u32;
        batch.known.struct_size = size_of::<Later<abi::Batch>>() as u32;
        output.known.struct_size = size_of::<Later<abi::Output>>() as u32;
    }))
}

pub fn oldest(subject: &Subject) -> Outcome {
    outcome(compare(subject, |host, batch, output| {
        host.known.abi_minor = abi::FIRST_MINOR;
        host.known.struct_size = floor::HOST;
        batch.known.struct_size = floor::BATCH;
        output.known.struct_size = floor::OUTPUT;
    }))
}

/// The same answers from this version's host and from one that `change` makes of it.
fn compare(
    subject: &Subject,
    change: fn(&mut Later<Host>, &mut Later<abi::Batch>, &mut Later<abi::Output>),
) -> Result<(), String> {
    let batch = material::batch(material::TURNS);
    let expected = subject.ask(&mut subject.state()?, &batch)?;

    let (range, earlier) = (0..batch.len(), super::subject::earlier(batch.len()));
    let mut answers = crate::output::Columns::default();
    answers.resize(batch.len());
    let mut host = Box::new(Later::new(*subject.host));
    let mut columns = Later::new(batch.columns(&range, &earlier));
    let mut output = Later::new(answers.prefilled(&range, false));
    change(&mut host, &mut columns, &mut output);
    // A plugin may keep its host until the process ends.
    let host: &'static Later<Host> = Box::leak(host);
    let mut buffer = [0; 256];
    let mut error = abi::Error::over(&mut buffer);
    let mut state = std::ptr::null_mut();
    // SAFETY: every struct begins with this version's fields, which hold what the header says, and is as long as its
    // `struct_size`; all of them outlive the calls.
    let (started, called) = unsafe {
        let host: *const Host = (&raw const *host).cast();
        let started =
            (subject.functions.create)(host, Str::borrowed(&subject.config), &raw mut state, &raw mut error);
        let called = if started == status::OK {
            let called = (subject.functions.classify_batch)(
                state,
                (&raw const columns).cast(),
                (&raw mut output).cast(),
                &raw mut error,
            );
            (subject.functions.destroy)(state);
            called
        } else {
            started
        };
        (started, called)
    };
    let said = String::from_utf8_lossy(&buffer[..(error.len as usize).min(buffer.len())]).into_owned();
    if started != status::OK {
        return Err(format!("it does not start there (status {started}): {said}"));
    }
    if called != status::OK {
        return Err(format!("the call failed (status {called}): {said}"));
    }
    let found: Vec<Vote> = subject.read(&answers, batch.len())?;
    if found == expected { Ok(()) } else { Err("it answers differently there".into()) }
}
