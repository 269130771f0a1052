//! The structs of the header, field by field. What the fields mean is said there.
#![expect(missing_docs, reason = "the header documents every field; a second text would drift from it")]

use std::ffi::c_void;

/// `rjn_status`.
pub type Status = i32;

/// `rjn_state`: a plugin's own, never looked into by the host.
#[repr(C)]
pub struct State {
    _opaque: [u8; 0],
}

/// `rjn_str`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Str {
    pub ptr: *const u8,
    pub len: usize,
}

/// `rjn_bytes`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Bytes {
    pub ptr: *const u8,
    pub len: usize,
}

/// `rjn_hit`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    pub rule: u32,
    pub start: u32,
    pub end: u32,
}

/// `rjn_column`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: u32,
    pub name_end: u32,
    pub value: u32,
    pub value_end: u32,
}

/// `rjn_batch`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    pub struct_size: u32,
    pub n: u32,
    pub n_messages: u32,
    pub n_conversations: u32,
    pub n_columns: u32,
    pub n_hits: u32,
    pub n_earlier: u32,
    pub reserved: u32,
    pub text: *const u8,
    pub text_off: *const u32,
    pub role: *const u8,
    pub time: *const i64,
    pub language: *const u8,
    pub column_off: *const u32,
    pub columns: *const Column,
    pub column_text: *const u8,
    pub conversation: *const u32,
    pub first: *const u32,
    pub target: *const u32,
    pub answer: *const u32,
    pub answer_end: *const u32,
    pub id: *const u64,
    pub prior: *const f32,
    pub hit_off: *const u32,
    pub hits: *const Hit,
    pub earlier_verdict: *const u8,
    pub earlier_category: *const u8,
    pub earlier_score: *const f32,
}

/// `rjn_output`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Output {
    pub struct_size: u32,
    pub n: u32,
    pub verdict: *mut u8,
    pub category: *mut u8,
    pub reason: *mut u16,
    pub score: *mut f32,
    pub probs: *mut f32,
    pub note_ctx: *mut c_void,
    pub note: Option<Note>,
}

/// `rjn_output.note`.
pub type Note = unsafe extern "C" fn(note_ctx: *mut c_void, index: u32, text: Str);

/// `rjn_error`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Error {
    pub struct_size: u32,
    pub cap: u32,
    pub len: u32,
    pub reserved: u32,
    pub buf: *mut u8,
}

/// `rjn_host`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Host {
    pub struct_size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub ctx: *mut c_void,
    pub log: unsafe extern "C" fn(ctx: *mut c_void, level: i32, message: Str),
    pub rule_name: unsafe extern "C" fn(ctx: *mut c_void, rule: u32) -> Str,
    pub rule_category: unsafe extern "C" fn(ctx: *mut c_void, rule: u32) -> u8,
    pub rule_route: unsafe extern "C" fn(ctx: *mut c_void, rule: u32) -> u8,
}

// SAFETY: the header demands that its functions may be called with `ctx` from any thread.
unsafe impl Sync for Host {}
// SAFETY: as above; nothing in it belongs to the thread that made it.
unsafe impl Send for Host {}

/// `rjn_plugin.create`.
pub type Create = unsafe extern "C" fn(*const Host, Str, *mut *mut State, *mut Error) -> Status;
/// `rjn_plugin.classify_batch`.
pub type ClassifyBatch = unsafe extern "C" fn(*mut State, *const Batch, *mut Output, *mut Error) -> Status;
/// `rjn_plugin.destroy`.
pub type Destroy = unsafe extern "C" fn(*mut State);
/// `rjn_plugin.facts_batch`.
pub type FactsBatch = unsafe extern "C" fn(*mut State, *const Batch, *mut f64, *mut Error) -> Status;

/// `rjn_fact`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    pub name: Str,
    pub about: Str,
    pub kind: u32,
    pub n_words: u32,
    pub words: *const Str,
    pub least: f64,
    pub most: f64,
}

/// `rjn_selection`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Selection {
    pub struct_size: u32,
    pub n_phrases: u32,
    pub phrases: *const Str,
    pub n_languages: u32,
    pub min_words: u32,
    pub languages: *const Str,
    pub max_words: u32,
    pub reserved: u32,
}

// SAFETY: its strings are constants.
unsafe impl Sync for Selection {}
// SAFETY: as above.
unsafe impl Send for Selection {}

/// `rjn_plugin`. A function may be absent only in a broken plugin; the host refuses it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Plugin {
    pub magic: u64,
    pub struct_size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub flags: u64,
    pub name: Str,
    pub version: Str,
    pub about: Str,
    pub config_schema: Str,
    pub reasons: *const Str,
    pub n_reasons: usize,
    pub create: Option<Create>,
    pub classify_batch: Option<ClassifyBatch>,
    pub destroy: Option<Destroy>,
    pub score_purposes: Str,
    pub model: Bytes,
    pub asks: u32,
    pub n_facts: u32,
    pub facts: *const Fact,
    pub selection: *const Selection,
    pub facts_batch: Option<FactsBatch>,
}

// SAFETY: its strings are constants, and the header lets any thread call its functions.
unsafe impl Sync for Plugin {}
// SAFETY: as above.
unsafe impl Send for Plugin {}

/// The entry that a plugin's library exports.
pub type EntryFn = unsafe extern "C" fn(host: *const Host) -> *const Plugin;
