//! From the config's words about the judge and the budget to what the judge's client and the ledger take.

use std::time::Duration;

use rejoinder_core::diagnostic::{SourceText, did_you_mean};
use rejoinder_judge::accounts::KeeperTerms;
use rejoinder_judge::prompt::{AnswerFormat, DialogueWindow, PromptTemplate, PromptWindow};
use rejoinder_judge::{
    ApiKey, JudgeConfig, LabelConstraint, NANOS_PER_UNIT, Pace, Price, QuestionUnit, TokenCounter,
};
use rejoinder_ledger::SpendingLimits;
use rejoinder_scan::config::{
    AnswerForm, BudgetConfig, ConstraintName, JudgeSection, PriceSection, SpanFrom, UnitName, WindowSection,
};
use rejoinder_scan::{Config, ConfigError};

/// What one question is about.
pub const fn unit(judge: &JudgeSection) -> QuestionUnit {
    match judge.unit {
        UnitName::Turn => QuestionUnit::Turn,
        UnitName::Conversation => QuestionUnit::Conversation,
    }
}

/// How much of a dialogue a question keeps: as much as earlier versions showed, so that their answers are found, and no less than
/// prompts show.
pub fn kept_window(judge: &JudgeSection) -> DialogueWindow {
    let usual = DialogueWindow::default();
    let (messages, bytes) = match shown_window(judge) {
        None => (0, 0),
        Some(PromptWindow { messages, request, answer, .. }) => (messages, request.max(answer)),
    };
    DialogueWindow {
        messages: judge.window_messages.unwrap_or(usual.messages).max(messages),
        max_bytes_per_message: judge.window_bytes.unwrap_or(usual.max_bytes_per_message).max(bytes),
    }
}

/// What a prompt shows of a question; `None` for all that the question keeps: a whole conversation, or the window of earlier
/// versions.
pub fn shown_window(judge: &JudgeSection) -> Option<PromptWindow> {
    let WindowSection { messages, request, answer, turn } = judge.window;
    let is_old = judge.window_messages.or(judge.window_bytes).is_some();
    let is_whole = unit(judge) == QuestionUnit::Conversation;
    (!is_old && !is_whole).then_some(PromptWindow { messages, request, answer, turn })
}

/// The limits for the ledger.
pub fn limits(budget: &BudgetConfig) -> SpendingLimits {
    let nano = |amount: Option<f64>| amount.map(|n| (n * NANOS_PER_UNIT).floor() as u64);
    SpendingLimits {
        calls: budget.calls,
        tokens: budget.tokens,
        money: nano(budget.money),
        gpu: nano(budget.gpu_seconds),
    }
}

/// What a whole job on a cluster may spend, and how fast, by a config: its budget, and the rates of `[judge]`, which then are those of
/// all machines and endpoints together.
pub fn keeper_terms(config: &Config) -> KeeperTerms {
    KeeperTerms {
        limits: limits(&config.budget),
        requests_per_minute: config.judge.requests_per_minute,
        tokens_per_minute: config.judge.tokens_per_minute,
        ..KeeperTerms::default()
    }
}

/// The client's settings, with the key from the environment; `None` where no judge is configured.
///
/// # Errors
/// If the named environment variable is not set, or a prompt or tokenizer file cannot be used.
pub fn client(judge: &JudgeSection) -> Result<Option<JudgeConfig>, ConfigError> {
    let Some(mut client) = client_without_key(judge)? else { return Ok(None) };
    if let Some(name) = &judge.api_key_env {
        let key = std::env::var(name).map_err(|_| {
            ConfigError::new(format!(
                "[judge] api-key-env names `{name}`, which is not set in the environment"
            ))
        })?;
        client.api_key = Some(ApiKey::new(key));
    }
    Ok(Some(client))
}

/// The client's settings without a key: enough to find the replies that are stored already.
///
/// # Errors
/// If a prompt or tokenizer file cannot be used.
pub fn client_without_key(judge: &JudgeSection) -> Result<Option<JudgeConfig>, ConfigError> {
    judge.base_url.as_ref().map(|_| settings(judge)).transpose()
}

/// The client's settings, also for a judge that nobody has named yet: what a plan reckons with.
///
/// # Errors
/// If a prompt or tokenizer file cannot be used.
pub fn settings(judge: &JudgeSection) -> Result<JudgeConfig, ConfigError> {
    Ok(JudgeConfig {
        base_urls: judge.base_urls().to_vec(),
        identity: judge.identity.clone(),
        model: judge.model.clone(),
        revision: judge.revision.clone(),
        api_key: None,
        unit: unit(judge),
        answer: match judge.answer {
            AnswerForm::Auto => None,
            AnswerForm::Label => Some(AnswerFormat::Label),
            AnswerForm::Letters => Some(AnswerFormat::Letters),
            AnswerForm::Json => Some(AnswerFormat::Json),
        },
        constraint: match judge.constraint {
            ConstraintName::Auto => None,
            ConstraintName::Choice => Some(LabelConstraint::Choice),
            ConstraintName::Grammar => Some(LabelConstraint::Grammar),
            ConstraintName::Regex => Some(LabelConstraint::Regex),
            ConstraintName::None => Some(LabelConstraint::None),
        },
        template: judge.prompt.as_deref().map(load_prompt).transpose()?,
        asks_span: judge.span == SpanFrom::Ask,
        turns_per_request: judge.turns_per_request,
        window: shown_window(judge),
        takes_answers_elsewhere: true,
        context: judge.context,
        counter: match &judge.tokenizer {
            None => TokenCounter::default(),
            Some(path) => TokenCounter::from_file(path).map_err(|why| ConfigError::new(why.to_string()))?,
        },
        max_tokens: judge.max_tokens,
        pace: Pace {
            max_in_flight: judge.max_in_flight,
            requests_per_minute: judge.requests_per_minute,
            tokens_per_minute: judge.tokens_per_minute,
            timeout: Duration::from_secs(judge.timeout_seconds),
            patience: Duration::from_secs(judge.patience_seconds),
            max_retries: judge.max_retries,
        },
        price: price(&judge.price),
    })
}

fn price(price: &PriceSection) -> Price {
    Price {
        input: price.input.unwrap_or(0.0),
        cached_input: price.cached_input,
        output: price.output.unwrap_or(0.0),
        gpu_input: price.gpu_seconds_input.unwrap_or(0.0),
        gpu_output: price.gpu_seconds_output.unwrap_or(0.0),
    }
}

/// A shipped prompt, or that of a file.
fn load_prompt(name: &str) -> Result<PromptTemplate, ConfigError> {
    if let Some(template) = PromptTemplate::shipped(name) {
        return Ok(template);
    }
    let shipped: Vec<&str> = PromptTemplate::shipped_names().collect();
    let text = std::fs::read_to_string(name).map_err(|e| {
        let help = did_you_mean(name, &shipped);
        ConfigError::new(format!(
            "[judge] prompt = \"{name}\" is neither a shipped prompt ({help}) nor a file: {e}"
        ))
    })?;
    PromptTemplate::parse(&text).map_err(|error| {
        let source = SourceText { name, text: &text };
        ConfigError::new(source.diagnostic("P001", error.span, &error.message, "").to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_that_is_silent_asks_as_the_client_does_by_itself() {
        let section = JudgeSection::default();
        let JudgeConfig { turns_per_request, max_tokens, pace, window, .. } = JudgeConfig::new("", "");
        let configured = settings(&section).unwrap();
        assert_eq!(
            (configured.turns_per_request, configured.max_tokens, configured.pace, configured.window),
            (turns_per_request, max_tokens, pace, window)
        );
        assert_eq!(kept_window(&section), DialogueWindow::default());
        let old = JudgeSection { window_messages: Some(2), ..section };
        assert_eq!((shown_window(&old), kept_window(&old).messages), (None, 2));
    }
}
