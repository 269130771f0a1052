//! A judge and how it is asked.

use rejoinder_judge::{JudgeConfig, QuestionForm, ServerCapabilities};
use rejoinder_scan::ConfigError;
use rejoinder_scan::config::{JudgeSection, UnitName};

use super::settings;
use crate::error::RunError;
use crate::stats::ScanStats;

/// A judge and how it is asked.
pub struct Judge {
    /// How it is reached.
    pub client: JudgeConfig,
    /// How questions are put.
    pub form: QuestionForm,
}

impl Judge {
    /// A judge, as far as it is known.
    ///
    /// # Errors
    /// If config and findings contradict each other.
    pub fn new(client: JudgeConfig, findings: &ServerCapabilities) -> Result<Self, RunError> {
        let form = QuestionForm::new(&client, findings)
            .map_err(|why| ConfigError::new(format!("[judge]: {why}")))?;
        Ok(Self { client, form })
    }

    /// The judge of a config as far as it is known; one that was never asked, or not even named, is taken to do what servers
    /// commonly can.
    ///
    /// # Errors
    /// If config and findings contradict each other, or a file that the config names cannot be used.
    pub fn expected(config: &JudgeSection, findings: Option<&ServerCapabilities>) -> Result<Self, RunError> {
        let client = settings::settings(config)?;
        let able = ServerCapabilities::common(&client);
        Self::new(client, findings.unwrap_or(&able))
    }

    /// One that is asked in the paper's way.
    ///
    /// # Errors
    /// None: the default config is sound.
    pub fn papers() -> Result<Self, RunError> {
        Self::expected(&JudgeSection { unit: UnitName::Conversation, ..JudgeSection::default() }, None)
    }

    /// How many requests it takes to ask what a scan has left, if none is stored and none has a second one behind it.
    pub fn requests(&self, scan: &ScanStats) -> u64 {
        if self.form.questions_per_request() > 1 { scan.groups } else { scan.questions }
    }
}
