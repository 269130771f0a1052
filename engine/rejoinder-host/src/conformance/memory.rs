//! Bytes that are none of the plugin's to touch: its inputs to write to, and what lies behind them, around its outputs and
//! beyond the room for its messages.

use bytemuck::cast_slice;

use super::guard::GuardedCopy;
use super::outcome::{Breach, Outcome, about_to_ask, outcome};
use super::{Subject, material};
use crate::Batch;
use crate::abi::{self, Str};
use crate::batch::COLUMNS;
use crate::earlier_votes::EarlierVotes;
use crate::state::{AnswerRoom, State};

/// Candidates in these checks: an odd number, so that no column ends on a boundary by chance.
const N: usize = 29;

/// Asks with one input column (in the order of the header) at the end of what may be read. A plugin that reads beyond
/// crashes.
pub fn over_read(subject: &Subject, column: usize) -> Outcome {
    outcome((|| {
        let mut state = subject.state()?;
        let batch = material::batch(&material::TURNS[..N]);
        let ask = |batch: &Batch, earlier: &EarlierVotes, room: &mut AnswerRoom| {
            let guarded = GuardedCopy::new(input_bytes(batch, earlier)[column]).map_err(|Breach(why)| why)?;
            let mut columns = batch.columns(&(0..N), earlier);
            place(&mut columns, column, guarded.start());
            // SAFETY: the columns are as long as the header says; one of them is a copy.
            unsafe { state.answer(&columns, room) }
        };
        subject.answers(&batch, false, ask).map(drop)
    })())
}

/// Puts an input column elsewhere.
fn place(columns: &mut abi::Batch, column: usize, start: *const u8) {
    match column {
        0 => columns.text = start,
        1 => columns.text_off = start.cast(),
        2 => columns.role = start,
        3 => columns.time = start.cast(),
        4 => columns.language = start,
        5 => columns.column_off = start.cast(),
        6 => columns.columns = start.cast(),
        7 => columns.column_text = start,
        8 => columns.conversation = start.cast(),
        9 => columns.first = start.cast(),
        10 => columns.target = start.cast(),
        11 => columns.answer = start.cast(),
        12 => columns.answer_end = start.cast(),
        13 => columns.id = start.cast(),
        14 => columns.prior = start.cast(),
        15 => columns.hit_off = start.cast(),
        16 => columns.hits = start.cast(),
        17 => columns.earlier_verdict = start,
        18 => columns.earlier_category = start,
        _ => columns.earlier_score = start.cast(),
    }
}

/// The input columns, as they lie in memory.
const INPUTS: [&str; COLUMNS + 3] = [
    "text",
    "text_off",
    "role",
    "time",
    "language",
    "column_off",
    "columns",
    "column_text",
    "conversation",
    "first",
    "target",
    "answer",
    "answer_end",
    "id",
    "prior",
    "hit_off",
    "hits",
    "earlier_verdict",
    "earlier_category",
    "earlier_score",
];

fn input_bytes<'a>(batch: &'a Batch, earlier: &'a EarlierVotes) -> [&'a [u8]; COLUMNS + 3] {
    let mut bytes = [&[][..]; COLUMNS + 3];
    bytes[..COLUMNS].copy_from_slice(&batch.as_bytes());
    bytes[COLUMNS..].copy_from_slice(&earlier.as_bytes());
    bytes
}

/// Asks with one input column after the other, and last the batch itself, on pages that may only be read. A plugin that writes
/// there crashes, whatever it writes.
pub fn inputs(subject: &Subject) -> Outcome {
    outcome((|| {
        let mut state = subject.state()?;
        let batch = material::batch(&material::TURNS[..N]);
        for (column, name) in INPUTS.iter().enumerate() {
            about_to_ask(&format!("a batch whose `{name}` may only be read"));
            let ask = |batch: &Batch, earlier: &EarlierVotes, room: &mut AnswerRoom| {
                let copy =
                    GuardedCopy::read_only(input_bytes(batch, earlier)[column]).map_err(|Breach(why)| why)?;
                let mut columns = batch.columns(&(0..N), earlier);
                place(&mut columns, column, copy.start());
                // SAFETY: the columns are as long as the header says; one of them is a copy.
                unsafe { state.answer(&columns, room) }
            };
            subject.answers(&batch, false, ask)?;
        }
        about_to_ask("a batch that may only be read");
        let ask = |batch: &Batch, earlier: &EarlierVotes, room: &mut AnswerRoom| {
            let columns = batch.columns(&(0..N), earlier);
            // SAFETY: a struct without padding, read as the bytes that it is.
            let bytes = unsafe {
                std::slice::from_raw_parts((&raw const columns).cast::<u8>(), size_of::<abi::Batch>())
            };
            let copy = GuardedCopy::read_only(bytes).map_err(|Breach(why)| why)?;
            // SAFETY: a copy of the batch, which is aligned as its size is a multiple of its alignment.
            unsafe { state.answer(&*copy.start().cast::<abi::Batch>(), room) }
        };
        subject.answers(&batch, false, ask).map(drop)
    })())
}

/// What stands before and after each output column.
const CANARY: u8 = 0xC5;
/// How many bytes of it, on either side.
const ROOM: usize = 256;

/// An output column between canaries.
struct FencedColumn {
    name: &'static str,
    // Of words, so that it is aligned for every column.
    words: Vec<u64>,
    len: usize,
}

impl FencedColumn {
    fn new(name: &'static str, fill: &[u8]) -> Self {
        let total = ROOM * 2 + fill.len();
        let mut words = vec![u64::from_ne_bytes([CANARY; 8]); total.div_ceil(8)];
        bytemuck::cast_slice_mut(&mut words)[ROOM..ROOM + fill.len()].copy_from_slice(fill);
        Self { name, words, len: fill.len() }
    }

    fn pointer(&mut self) -> *mut u8 {
        bytemuck::cast_slice_mut::<u64, u8>(&mut self.words)[ROOM..].as_mut_ptr()
    }

    fn check(&self) -> Result<(), Breach> {
        let bytes: &[u8] = cast_slice(&self.words);
        let is_canary = |byte: &u8| *byte == CANARY;
        if !bytes[..ROOM].iter().all(is_canary) {
            return Err(format!("it wrote before the column `{}`", self.name).into());
        }
        match bytes[ROOM + self.len..].iter().position(|byte| !is_canary(byte)) {
            Some(at) => Err(format!(
                "it wrote {} bytes beyond the end of the column `{}`, which has {} for {N} candidates",
                at + 1,
                self.name,
                self.len
            )
            .into()),
            None => Ok(()),
        }
    }
}

pub fn canaries(subject: &Subject) -> Outcome {
    outcome((|| {
        let mut state = subject.state()?;
        let batch = material::batch(&material::TURNS[..N]);
        let nan = f32::NAN.to_ne_bytes();
        let mut columns = [
            FencedColumn::new("verdict", &[0; N]),
            FencedColumn::new("category", &[0; N]),
            FencedColumn::new("reason", &[0; N * 2]),
            FencedColumn::new("score", &nan.repeat(N)),
            FencedColumn::new("probs", &nan.repeat(N * abi::PROBS)),
            FencedColumn::new("facts", &f64::NAN.to_ne_bytes().repeat(N * subject.description.facts.len())),
        ];
        let [verdict, category, reason, score, probs, facts] = columns.each_mut().map(FencedColumn::pointer);
        let output = abi::Output {
            struct_size: size_of::<abi::Output>() as u32,
            n: N as u32,
            verdict,
            category,
            reason: reason.cast(),
            score: score.cast(),
            probs: probs.cast(),
            note_ctx: std::ptr::null_mut(),
            note: None,
        };
        let called = subject.answers(&batch, false, |batch, earlier, room| {
            let mut fenced = match room {
                AnswerRoom::Votes(_) => AnswerRoom::Votes(output),
                AnswerRoom::Facts(_) => AnswerRoom::Facts(facts.cast()),
            };
            // SAFETY: the batch's own columns, and output columns with room for its candidates.
            unsafe { state.answer(&batch.columns(&(0..N), earlier), &mut fenced) }
        });
        columns.iter().try_for_each(FencedColumn::check)?;
        called.map(drop)
    })())
}

/// Makes `create` fail with less and less room for its message.
pub fn error_slot(subject: &Subject) -> Outcome {
    let refused = |config: &String| State::create(subject.functions, subject.host, config).is_err();
    let Some(config) = super::config::senseless(&subject.description.config_schema).into_iter().find(refused)
    else {
        return Outcome::Skipped("it starts with any configuration, so it has no message to give".into());
    };
    outcome([64, 5, 1, 0].into_iter().try_for_each(|cap| write_message(subject, &config, cap)))
}

fn write_message(subject: &Subject, config: &str, cap: usize) -> Result<(), Breach> {
    let mut buffer = [CANARY; 4096];
    let mut slot = abi::Error::over(&mut buffer[..cap]);
    let mut state = std::ptr::null_mut();
    // SAFETY: the services live until the process ends; the other arguments outlive the call.
    let status = unsafe {
        (subject.functions.create)(subject.host, Str::borrowed(config), &raw mut state, &raw mut slot)
    };
    if status == abi::status::OK {
        // SAFETY: the plugin just made this state, and nobody uses it.
        unsafe { (subject.functions.destroy)(state) };
        return Err(
            format!("with room for {cap} bytes of a message it starts where it did not before").into()
        );
    }
    if buffer[cap..].iter().any(|byte| *byte != CANARY) {
        return Err(format!("it wrote a message beyond the {cap} bytes that there were for it").into());
    }
    if slot.len as usize > cap {
        return Err(format!("it says that its message has {} bytes, in {cap}", slot.len).into());
    }
    Ok(())
}
