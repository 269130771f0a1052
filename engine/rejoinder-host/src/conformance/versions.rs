//! Engines of other minor versions: a later one, whose structs go on where this one's end, and the oldest.

use super::outcome::{Outcome, settled};
use super::{Subject, material};
use crate::Batch;
use crate::abi::{self, Host, Str, floor, status};
use crate::earlier_votes::EarlierVotes;
use crate::output::Columns;
use crate::state::AnswerRoom;

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

    let mut host = Box::new(LaterStruct::new(*subject.host));
    // A call changes the structs of its own; these show what it makes of the host.
    let mut buffer = [0; 256];
    let mut error = LaterStruct::new(abi::Error::over(&mut buffer));
    let mut unused = (LaterStruct::new(no_batch()), LaterStruct::new(no_output()));
    change(&mut Structs { host: &mut host, batch: &mut unused.0, output: &mut unused.1, error: &mut error });
    // A plugin may keep its host until the process ends.
    let host: *const Host = (&raw const *Box::leak(host)).cast();
    let (mut state, config) = (std::ptr::null_mut(), subject.config.to_string());
    let create = subject.functions.create;
    // SAFETY: every struct begins with this version's fields, and is as long as its `struct_size`; all outlive the call.
    let started = unsafe { create(host, Str::borrowed(&config), &raw mut state, (&raw mut error).cast()) };
    if started != status::OK {
        let said = said(&buffer, &error);
        return Err(format!("it does not start there (status {started}): {said}").into());
    }
    let answers = subject.answers(&batch, false, |batch, earlier, room| {
        ask(subject, state, &batch.columns(&(0..batch.len()), earlier), room, change)
    });
    // SAFETY: the state was made above, and nobody uses it any more.
    unsafe { (subject.functions.destroy)(state) };
    if subject.read(&answers?, batch.len()) == expected {
        Ok(())
    } else {
        Err("it answers differently there".to_owned().into())
    }
}

/// One call with structs of another minor version.
fn ask(
    subject: &Subject,
    state: *mut abi::State,
    batch: &abi::Batch,
    room: &AnswerRoom,
    change: fn(&mut Structs<'_>),
) -> Result<(), String> {
    let mut buffer = [0; 256];
    let mut error = LaterStruct::new(abi::Error::over(&mut buffer));
    let mut batch = LaterStruct::new(*batch);
    let mut output = LaterStruct::new(match room {
        AnswerRoom::Votes(output) => *output,
        AnswerRoom::Facts(_) => no_output(),
    });
    let mut host = LaterStruct::new(*subject.host);
    change(&mut Structs { host: &mut host, batch: &mut batch, output: &mut output, error: &mut error });
    let (functions, slot) = (&subject.functions, (&raw mut error).cast());
    // SAFETY: every struct begins with this version's fields, which hold what the header says, and is as long as its
    // `struct_size`; all of them outlive the call.
    let called = unsafe {
        match (room, functions.classify_batch, functions.facts_batch) {
            (AnswerRoom::Votes(_), Some(classify), _) => {
                classify(state, (&raw const batch).cast(), (&raw mut output).cast(), slot)
            }
            (AnswerRoom::Facts(values), _, Some(facts)) => {
                facts(state, (&raw const batch).cast(), *values, slot)
            }
            _ => unreachable!("a plugin is asked for what it gives"),
        }
    };
    if called == status::OK { Ok(()) } else { Err(format!("(status {called}) {}", said(&buffer, &error))) }
}

fn said(buffer: &[u8], error: &LaterStruct<abi::Error>) -> String {
    String::from_utf8_lossy(&buffer[..(error.known.len as usize).min(buffer.len())]).into_owned()
}

fn no_batch() -> abi::Batch {
    Batch::new().columns(&(0..0), &EarlierVotes::default())
}

fn no_output() -> abi::Output {
    Columns::default().prefilled(&(0..0), false)
}
