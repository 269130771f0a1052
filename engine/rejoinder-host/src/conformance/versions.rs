//! Engines of other minor versions: a later one, whose structs go on where this one's end, and the oldest.

use rejoinder_core::Vote;

use super::outcome::{Outcome, settled};
use super::{Subject, material};
use crate::abi::{self, Host, Str, floor, status};

/// A struct of a later minor version: this one's fields, and more that this one does not know.
#[repr(C)]
#[derive(Clone, Copy)]
struct LaterStruct<T: Copy> {
    known: T,
    unknown: [u64; 8],
}

impl<T: Copy> LaterStruct<T> {
    const fn new(known: T) -> Self {
        Self { known, unknown: [0xDEAD_BEEF_DEAD_BEEF; 8] }
    }
}

pub fn later(subject: &Subject) -> Outcome {
    settled(compare(subject, |structs| {
        structs.host.known.abi_minor += 7;
        structs.host.known.struct_size = size_of::<LaterStruct<Host>>() as u32;
        structs.batch.known.struct_size = size_of::<LaterStruct<abi::Batch>>() as u32;
        structs.output.known.struct_size = size_of::<LaterStruct<abi::Output>>() as u32;
        structs.error.known.struct_size = size_of::<LaterStruct<abi::Error>>() as u32;
    }))
}

pub fn oldest(subject: &Subject) -> Outcome {
    settled(compare(subject, |structs| {
        structs.host.known.abi_minor = 0;
        structs.host.known.struct_size = floor::HOST;
        structs.batch.known.struct_size = floor::BATCH;
        structs.output.known.struct_size = floor::OUTPUT;
    }))
}

/// The structs of a call, of another minor version.
struct Structs<'a> {
    host: &'a mut LaterStruct<Host>,
    batch: &'a mut LaterStruct<abi::Batch>,
    output: &'a mut LaterStruct<abi::Output>,
    error: &'a mut LaterStruct<abi::Error>,
}

/// The same answers from this version's host and from one that `change` makes of it.
fn compare(subject: &Subject, change: fn(&mut Structs<'_>)) -> Result<(), Outcome> {
    let batch = material::batch(material::TURNS);
    let expected = subject.ask_twice(&mut subject.state()?, &batch)?;

    let (range, earlier) = (0..batch.len(), super::subject::earlier(batch.len()));
    let mut answers = crate::output::Columns::default();
    answers.resize(batch.len());
    let mut host = Box::new(LaterStruct::new(*subject.host));
    let mut columns = LaterStruct::new(batch.columns(&range, &earlier));
    let mut output = LaterStruct::new(answers.prefilled(&range, false));
    let mut buffer = [0; 256];
    let mut error = LaterStruct::new(abi::Error::over(&mut buffer));
    change(&mut Structs { host: &mut host, batch: &mut columns, output: &mut output, error: &mut error });
    // A plugin may keep its host until the process ends.
    let host: &'static LaterStruct<Host> = Box::leak(host);
    let error_slot: *mut abi::Error = (&raw mut error).cast();
    let (mut state, config) = (std::ptr::null_mut(), subject.config.to_string());
    // SAFETY: every struct begins with this version's fields, which hold what the header says, and is as long as its
    // `struct_size`; all of them outlive the calls.
    let (started, called) = unsafe {
        let host: *const Host = (&raw const *host).cast();
        let started = (subject.functions.create)(host, Str::borrowed(&config), &raw mut state, error_slot);
        let called = if started == status::OK {
            let called = subject.functions.classify_batch.expect("it votes")(
                state,
                (&raw const columns).cast(),
                (&raw mut output).cast(),
                error_slot,
            );
            (subject.functions.destroy)(state);
            called
        } else {
            started
        };
        (started, called)
    };
    let said = String::from_utf8_lossy(&buffer[..(error.known.len as usize).min(buffer.len())]).into_owned();
    if started != status::OK {
        return Err(format!("it does not start there (status {started}): {said}").into());
    }
    if called != status::OK {
        return Err(format!("the call failed (status {called}): {said}").into());
    }
    let found: Vec<Vote> = subject.read(&answers, batch.len());
    if found == expected { Ok(()) } else { Err("it answers differently there".to_owned().into()) }
}
