//! The second stage: the questions in the spool to the judge, and its replies to feedback.
//!
//! Asking and reading are apart: replies are stored as they came, and what they mean is worked out from the store
//! every time, so a killed run or a better parser costs no second call.

mod ask;
mod collect;
mod committed;
mod files;
mod letters;
mod spool;

pub use ask::{ask, ask_about, ask_while_scanning, inform, known};
pub use collect::{Told, Useless, answer, collect, forget, judge_of, judged, told};
pub use files::{Exported, Imported, export, import};
pub use letters::{Letters, try_letters};

use rejoinder_judge::{Findings, Form, JudgeConfig};

use crate::config::{JudgeSection, UnitName};
use crate::failure::Failure;
use crate::pipeline::stats::ScanStats;

/// A judge and how it is asked.
pub struct Judge {
    /// How it is reached.
    pub client: JudgeConfig,
    /// How questions are put.
    pub form: Form,
}

impl Judge {
    /// A judge, as far as it is known.
    ///
    /// # Errors
    /// If config and findings contradict each other.
    pub fn new(client: JudgeConfig, findings: &Findings) -> Result<Self, Failure> {
        let form = Form::new(&client, findings).map_err(|why| Failure::invalid(format!("[judge]: {why}")))?;
        Ok(Self { client, form })
    }

    /// The judge of a config as far as it is known; one that was never asked, or not even named, is taken to do what servers
    /// commonly can.
    ///
    /// # Errors
    /// If config and findings contradict each other, or a file that the config names cannot be used.
    pub fn expected(config: &JudgeSection, findings: Option<&Findings>) -> Result<Self, Failure> {
        let client = config.settings()?;
        let able = Findings::commonly(&client);
        Self::new(client, findings.unwrap_or(&able))
    }

    /// One that is asked in the paper's way.
    ///
    /// # Errors
    /// None: the default config is sound.
    pub fn papers() -> Result<Self, Failure> {
        Self::expected(&JudgeSection { unit: UnitName::Conversation, ..JudgeSection::default() }, None)
    }

    /// How many requests it takes to ask what a scan has left, if none is stored and none has a second one behind it.
    pub fn requests(&self, scan: &ScanStats) -> u64 {
        if self.form.questions_per_request() > 1 { scan.groups } else { scan.questions }
    }
}
