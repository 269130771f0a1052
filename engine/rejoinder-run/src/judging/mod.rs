//! The second stage: the questions in the spool to the judge, and its replies to feedback.
//!
//! Asking and reading are apart: replies are stored as they came, and what they mean is worked out from the store
//! every time, so a killed run or a better parser costs no second call.

mod ask;
mod collect;
mod committed;
mod files;
mod judge;
mod letters;
pub mod settings;
mod spool;
mod trial;

pub use ask::{ask, ask_about, ask_while_scanning, inform, known};
pub use collect::{JudgeTrace, Useless, answer, collect, forget, judge_of, judged, trace};
pub use files::{Exported, Imported, export, import};
pub use judge::Judge;
pub use letters::{Letters, try_letters};
pub use trial::{ExampleAnswer, JudgeTrial};
