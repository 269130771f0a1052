//! A judge, and the form of the questions to the judge.

use rejoinder_judge::{AskingForm, FormBill, JudgeConfig, QuestionForm, QuestionUnit, ServerCapabilities};
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

    /// The judge of a config as [`Self::expected`] says, asked in one form, whichever the config says.
    ///
    /// # Errors
    /// If config, findings and form contradict each other, or a file that the config names cannot be used.
    pub fn in_form(
        config: &JudgeSection,
        findings: Option<&ServerCapabilities>,
        form: AskingForm,
    ) -> Result<Self, RunError> {
        let client = settings::settings(config)?;
        let turns_per_request = form.turns();
        let client = JudgeConfig { answer: Some(form.answer()), template: None, turns_per_request, ..client };
        let able = ServerCapabilities::common(&client);
        Self::new(client, findings.unwrap_or(&able))
    }

    /// The same judge in the other forms in which its server can be asked, by the findings about the server as in
    /// [`Self::expected`]; none for a judge with a prompt of its own.
    ///
    /// # Errors
    /// As [`Self::in_form`].
    pub fn other_forms(
        &self,
        config: &JudgeSection,
        findings: Option<&ServerCapabilities>,
    ) -> Result<Vec<Self>, RunError> {
        if self.client.template.is_some() || self.client.unit == QuestionUnit::Conversation {
            return Ok(Vec::new());
        }
        let able = ServerCapabilities::common(&self.client);
        let forms = FormBill::all(&self.client, findings.unwrap_or(&able)).into_iter().map(|bill| bill.form);
        let others = forms.filter(|form| *form != self.form.form);
        others.map(|form| Self::in_form(config, findings, form)).collect()
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

    /// The estimated tokens of the messages that these requests show.
    pub fn shown_tokens(&self, scan: &ScanStats) -> u64 {
        if self.form.questions_per_request() > 1 { scan.group_shown_tokens } else { scan.shown_tokens }
    }
}
