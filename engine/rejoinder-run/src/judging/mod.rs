//! The second stage: from the questions in the spool to the replies of the judge, and from the replies to feedback.
//!
//! Asking and reading are apart: replies are stored as they came, and the meaning of replies is worked out from the
//! store every time, so a killed run or a better parser costs no second call.

mod ask;
mod batch_files;
mod collect;
mod committed_parts;
pub mod comparison;
mod group_removal;
pub(crate) mod grouping;
mod judge;
mod kept_groups;
mod letters;
mod reading;
mod rows;
pub mod server_time;
pub mod settings;
mod spool;
mod trace;
mod trial;

pub use ask::{ask, ask_about, ask_while_scanning, known_capabilities, prepare_judge};
pub use batch_files::{BatchExport, BatchImport, export, import};
pub use collect::{UselessReply, answer, collect, findings, forget, judge_of, judged};
pub(crate) use group_removal::{GroupRemoval, StretchPlace};
pub use judge::Judge;
pub(crate) use kept_groups::FACTS as GROUPS;
pub use letters::{LetterCheck, try_letters};
pub use rows::{JudgeAnswer, TurnAnswer, ask_rows, read_reply};
pub(crate) use spool::stretches;
pub use trace::{JudgeTrace, trace, traces};
pub use trial::{ExampleAnswer, JudgeTrial};
