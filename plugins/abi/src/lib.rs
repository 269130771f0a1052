//! The C interface between the engine and its plugins, as Rust types.
//!
//! A compiled plugin may come from another compiler, another language or another year, so the two sides share nothing
//! but `include/rejoinder_plugin.h`. That header is normative and holds the rules; these types mirror it, and a
//! layout that drifts from it does not compile.

mod layout;
mod text;
mod types;

pub use types::{
    Batch, Bytes, ClassifyBatch, Column, Create, Destroy, EntryFn, Error, Fact, FactsBatch, Hit, Host, Note,
    Output, Plugin, Selection, State, Status, Str,
};

/// First eight bytes of every [`Plugin`].
pub const MAGIC: u64 = 0x3147_554C_504E_4A52;
/// Major version: that of host and plugin must be equal.
pub const MAJOR: u16 = 1;
/// Minor version: structs of a later one have more fields at their ends.
pub const MINOR: u16 = 0;

/// Sizes of the structs in 1.0: a reader may rely on them, whichever version wrote the structs.
pub mod floor {
    /// Of [`Plugin`](crate::Plugin).
    pub const PLUGIN: u32 = 192;
    /// Of [`Selection`](crate::Selection).
    pub const SELECTION: u32 = 40;
    /// Of [`Batch`](crate::Batch).
    pub const BATCH: u32 = 192;
    /// Of [`Output`](crate::Output).
    pub const OUTPUT: u32 = 64;
    /// Of [`Error`](crate::Error).
    pub const ERROR: u32 = 24;
    /// Of [`Host`](crate::Host).
    pub const HOST: u32 = 48;
}

/// Exported by plugins that are not written with the Rust SDK.
pub const ENTRY_SYMBOL: &str = "rejoinder_plugin";

/// One state may be used on many threads at once.
pub const FLAG_CONCURRENT: u64 = 1;
/// The plugin gives verdicts.
pub const GIVES_VOTES: u64 = 1 << 1;
/// The plugin gives calibrated probabilities of every candidate.
pub const GIVES_SCORES: u64 = 1 << 2;
/// The plugin gives facts that rules may ask for.
pub const GIVES_FACTS: u64 = 1 << 3;
/// The plugin reads the metadata columns of records.
pub const WANTS_COLUMNS: u64 = 1 << 4;

/// In [`Batch::time`]: nobody knows when the message was written.
pub const NO_TIME: i64 = i64::MIN;

/// Values of [`Status`].
pub mod status {
    use crate::Status;

    /// Success.
    pub const OK: Status = 0;
    /// `create` does not understand its configuration.
    pub const INVALID_CONFIG: Status = 1;
    /// The other side's structs are too old.
    pub const INCOMPATIBLE: Status = 2;
    /// The plugin could not do its work.
    pub const FAILED: Status = 3;
    /// A panic was caught at the border.
    pub const PANICKED: Status = 4;
}

/// Values of [`Output::verdict`].
pub mod verdict {
    /// Nothing to say.
    pub const ABSTAIN: u8 = 0;
    /// Feedback of the given category.
    pub const ACCEPT: u8 = 1;
    /// Looks like feedback and is not.
    pub const REJECT: u8 = 2;
    /// Ask the judge.
    pub const ESCALATE: u8 = 3;
}

/// Values of [`Batch::role`].
pub mod role {
    /// Instructions of the application.
    pub const SYSTEM: u8 = 1;
    /// The person.
    pub const USER: u8 = 2;
    /// The model.
    pub const ASSISTANT: u8 = 3;
    /// The answer of a tool.
    pub const TOOL: u8 = 4;
}

/// What [`Host::rule_route`] says; 0 of a rule that is not there.
pub mod route {
    /// A hit says that the turn is feedback of the rule's category.
    pub const ACCEPT: u8 = 1;
    /// A hit says that the turn looks like feedback and is not.
    pub const REJECT: u8 = 2;
    /// A hit makes the turn a candidate.
    pub const ESCALATE: u8 = 3;
    /// A hit only adds to the turn's prior.
    pub const SCORE: u8 = 4;
}

/// Values of [`Plugin::asks`].
pub mod asks {
    /// Whatever the host finds best.
    pub const DEFAULT: u32 = 0;
    /// Turns that a rule marked.
    pub const MARKED: u32 = 1;
    /// Every user turn after an answer.
    pub const ALL: u32 = 2;
    /// The turns of [`Plugin::selection`](crate::Plugin::selection).
    pub const SELECTED: u32 = 3;
}

/// Values of [`Fact::kind`].
pub mod fact_kind {
    /// A number between two others.
    pub const NUMBER: u32 = 1;
    /// 0 or 1.
    pub const TRUTH: u32 = 2;
    /// The index of one of some words.
    pub const WORD: u32 = 3;
}

/// Levels of [`Host::log`].
pub mod log_level {
    /// Something went wrong.
    pub const ERROR: i32 = 1;
    /// Something looks wrong.
    pub const WARN: i32 = 2;
    /// Something worth knowing.
    pub const INFO: i32 = 3;
    /// Something for the author.
    pub const DEBUG: i32 = 4;
}

/// Columns of [`Output::probs`]: none, UR1, …, UR5.
pub const PROBS: usize = 6;
