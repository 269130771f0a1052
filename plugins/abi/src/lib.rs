//! The C interface between the engine and its plugins, as Rust types.
//!
//! A compiled plugin may come from another compiler, another language or another year, so the two sides share nothing
//! but `include/rejoinder_plugin.h`. That header is normative and holds the rules; these types mirror it, and a
//! layout that drifts from it does not compile.

mod layout;
mod text;
mod types;

pub use types::{
    Batch, Bytes, ClassifyBatch, Create, Destroy, EntryFn, Error, Hit, Host, Note, Output, Plugin, State,
    Status, Str,
};

/// First eight bytes of every [`Plugin`].
pub const MAGIC: u64 = 0x3147_554C_504E_4A52;
/// Major version: that of host and plugin must be equal.
pub const MAJOR: u16 = 0;
/// Minor version: structs of a later one have more fields at their ends.
pub const MINOR: u16 = 3;
/// The first minor version whose structs are the beginnings of all later ones.
pub const FIRST_MINOR: u16 = 2;
/// The first minor version whose plugins can declare that they score.
pub const SCORES_MINOR: u16 = 3;

/// Sizes of the structs in [`FIRST_MINOR`]: a reader may rely on them, whichever version wrote the structs.
pub mod floor {
    /// Of [`Plugin`](crate::Plugin).
    pub const PLUGIN: u32 = 128;
    /// Of [`Plugin`](crate::Plugin) from [`SCORES_MINOR`](crate::SCORES_MINOR) on.
    pub const SCORING_PLUGIN: u32 = 160;
    /// Of [`Batch`](crate::Batch).
    pub const BATCH: u32 = 120;
    /// Of [`Output`](crate::Output).
    pub const OUTPUT: u32 = 64;
    /// Of [`Host`](crate::Host).
    pub const HOST: u32 = 32;
}

/// Exported by plugins that are not written with the Rust SDK.
pub const ENTRY_SYMBOL: &str = "rejoinder_plugin";

/// One state may classify on many threads at once.
pub const FLAG_CONCURRENT: u64 = 1;
/// The plugin gives calibrated probabilities of every candidate.
pub const FLAG_SCORES: u64 = 1 << 1;

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
