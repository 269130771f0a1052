//! What asking the judge takes, and what the paper's method would take.

use rejoinder_judge::{QuestionForm, ServerCapabilities};
use rejoinder_run::judging::Judge;
use rejoinder_run::stats::ScanStats;
use rejoinder_scan::Config;

use rejoinder_run::RunError;

/// What asking takes.
pub struct AskingCost {
    /// Requests.
    pub requests: u64,
    /// Input tokens, the instructions charged in full.
    pub input_tokens: u64,
    /// Input tokens, the instructions' prefix charged once.
    pub input_tokens_shared_prefix: u64,
    pub(super) max_output_tokens: u64,
    pub(super) form: String,
    pub(super) prompt: String,
}

impl AskingCost {
    /// Asking what a scan left, by a judge with these `findings`.
    pub(super) fn of(
        config: &Config,
        findings: Option<&ServerCapabilities>,
        scan: &ScanStats,
    ) -> Result<Self, RunError> {
        let judge = Judge::expected(&config.judge, findings)?;
        Ok(Self::by(&judge.form, judge.requests(scan), scan.questions, judge.shown_tokens(scan)))
    }

    /// The paper's way of asking about all that was scanned.
    pub(super) fn papers(scan: &ScanStats) -> Result<Self, RunError> {
        let requests = scan.paper_requests;
        Ok(Self::by(&Judge::papers()?.form, requests, requests, scan.paper_shown_tokens))
    }

    /// Asking about so many turns one by one, or by as many as share a request in a form.
    pub fn of_turns(form: &QuestionForm, turns: u64, shown_tokens: u64) -> Self {
        Self::by(form, turns.div_ceil(form.questions_per_request() as u64), turns, shown_tokens)
    }

    fn by(form: &QuestionForm, requests: u64, questions: u64, shown_tokens: u64) -> Self {
        let template = &form.template;
        Self {
            requests,
            input_tokens: requests * form.fixed_tokens() + shown_tokens,
            input_tokens_shared_prefix: requests * (form.fixed_tokens() - form.prefix_tokens())
                + form.prefix_tokens().min(requests * form.prefix_tokens())
                + shown_tokens,
            max_output_tokens: match requests {
                0 => 0,
                _ => requests * u64::from(form.max_tokens(questions.div_ceil(requests) as usize)),
            },
            form: form.form.to_string(),
            prompt: format!("{} {} {}", template.name, template.version, &template.hash[..12]),
        }
    }
}
