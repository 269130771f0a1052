//! A judge, and the form of the questions to the judge.

use rejoinder_judge::{JudgeConfig, QuestionForm, ServerCapabilities};
use rejoinder_scan::ConfigError;
use rejoinder_scan::config::{JudgeSection, UnitName};

use super::settings;
use crate::error::RunError;
use crate::stats::ScanStats;

/// A judge, and the form of the questions to the judge.
pub struct Judge {
    /// How the judge is reached.
    pub client: JudgeConfig,
    /// The form in which questions are put.
    pub form: QuestionForm,
}

impl Judge {
    /// A judge whose server was found to be able to do so much.
    ///
    /// # Errors
    /// If config and findings contradict each other.
    pub fn new(client: JudgeConfig, findings: &ServerCapabilities) -> Result<Self, RunError> {
        let form = QuestionForm::new(&client, findings)
            .map_err(|why| ConfigError::new(format!("[judge]: {why}")))?;
        Ok(Self { client, form })
    }

    /// The judge of a config, by the findings about its server. Of a judge that was never asked, or not even named, the
    /// common capabilities are expected.
    ///
    /// # Errors
    /// If config and findings contradict each other, or a file that the config names cannot be used.
    pub fn expected(config: &JudgeSection, findings: Option<&ServerCapabilities>) -> Result<Self, RunError> {
        let client = settings::settings(config)?;
        let able = ServerCapabilities::common(&client);
        Self::new(client, findings.unwrap_or(&able))
    }

    /// A judge that is asked in the paper's way.
    ///
    /// # Errors
    /// None: the default config is sound.
    pub fn papers() -> Result<Self, RunError> {
        Self::expected(&JudgeSection { unit: UnitName::Conversation, ..JudgeSection::default() }, None)
    }

    /// How many requests asking about the waiting turns of a scan takes, if no reply is stored and no request has a second
    /// one behind it.
    pub fn requests(&self, scan: &ScanStats) -> u64 {
        if self.form.questions_per_request() > 1 { scan.groups } else { scan.questions }
    }
}
