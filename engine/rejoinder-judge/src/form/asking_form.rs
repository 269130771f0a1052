//! The forms of a request, and what each costs a turn.

use std::fmt;

use rejoinder_ledger::TokenUsage;

use crate::config::JudgeConfig;
use crate::probe::ServerCapabilities;
use crate::prompt::{AnswerFormat, PromptTemplate};
use crate::question::QuestionUnit;
use crate::request::LabelConstraint;

/// The form of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AskingForm {
    /// One letter about one turn.
    Single,
    /// One letter for each of several turns.
    Grouped {
        /// The most turns of a request.
        turns: usize,
    },
    /// An object for each of several turns.
    Json {
        /// The most turns of a request.
        turns: usize,
    },
    /// The paper's objects about a whole conversation.
    Conversation,
}

impl AskingForm {
    /// The form of a config with this form of answer.
    pub(super) fn of(config: &JudgeConfig, answer: AnswerFormat) -> Self {
        let turns = config.turns_per_request.max(1);
        match (config.unit, answer) {
            (QuestionUnit::Conversation, _) => Self::Conversation,
            (QuestionUnit::Turn, AnswerFormat::Label) => Self::Single,
            (QuestionUnit::Turn, AnswerFormat::Letters) => Self::Grouped { turns },
            (QuestionUnit::Turn, AnswerFormat::Json | AnswerFormat::Span) => Self::Json { turns },
        }
    }

    /// The form of the answer.
    pub const fn answer(self) -> AnswerFormat {
        match self {
            Self::Single => AnswerFormat::Label,
            Self::Grouped { .. } => AnswerFormat::Letters,
            Self::Json { .. } | Self::Conversation => AnswerFormat::Json,
        }
    }

    /// The most turns of a request; 1 for a whole conversation, which is one question.
    pub const fn turns(self) -> usize {
        match self {
            Self::Single | Self::Conversation => 1,
            Self::Grouped { turns } | Self::Json { turns } => turns,
        }
    }

    /// The name in figures.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Grouped { .. } => "grouped",
            Self::Json { .. } => "json",
            Self::Conversation => "conversation",
        }
    }
}

impl fmt::Display for AskingForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single => f.write_str("one letter a request"),
            Self::Grouped { turns } => write!(f, "letters of up to {turns} turns a request"),
            Self::Json { turns } => write!(f, "JSON, up to {turns} turns a request"),
            Self::Conversation => f.write_str("JSON, a whole conversation a request"),
        }
    }
}

/// What bills are compared by: the first of these that the config says anything about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BillUnit {
    /// Money, by the configured prices.
    Money,
    /// GPU-seconds, by the configured or measured rates.
    GpuSeconds,
    /// Minutes, by the limits of requests and tokens a minute.
    Minutes,
    /// Tokens of input and output, without those of a prefix that the server reuses.
    Tokens,
}

impl BillUnit {
    /// What the bills of a judge are compared by.
    pub fn of(config: &JudgeConfig) -> Self {
        let (price, pace) = (&config.price, &config.pace);
        match () {
            () if price.has_money() => Self::Money,
            () if price.has_gpu() => Self::GpuSeconds,
            () if pace.requests_per_minute.is_some() || pace.tokens_per_minute.is_some() => Self::Minutes,
            () => Self::Tokens,
        }
    }

    /// The name in sentences.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Money => "money",
            Self::GpuSeconds => "GPU-seconds",
            Self::Minutes => "time, by the limits a minute",
            Self::Tokens => "tokens",
        }
    }
}

/// What asking about many turns in one form costs a turn, beside the turn's own words, which cost the same in all forms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FormBill {
    /// The form.
    pub form: AskingForm,
    /// What the bill counts.
    pub unit: BillUnit,
    /// The amount a turn, in that unit.
    pub amount: f64,
}

/// So many turns are reckoned with, so that shares of a request are whole numbers.
const TURNS: u64 = 840;
/// The tokens that a turn shows with the usual window, about.
const SHOWN: u64 = 180;
/// The tokens of the fences around a dialogue, and of the mark of a turn, about.
const FENCE: u64 = 8;
const MARK: u64 = 6;
/// The output tokens of an object of the paper's form, about.
const OBJECT: u64 = 45;

impl FormBill {
    /// The cheapest form that the config leaves open and the server can do, and its bill.
    ///
    /// Where the config asks for the long window of old or for spans by a second request, one letter a request comes first, as
    /// always, and JSON where the server gives no letter.
    pub fn cheapest(config: &JudgeConfig, capabilities: &ServerCapabilities) -> (AskingForm, Self) {
        let bills = Self::all(config, capabilities);
        let is_usual = config.window.is_some() && !config.asks_span;
        let cheapest = match is_usual {
            true => bills.iter().min_by(|a, b| a.amount.total_cmp(&b.amount)),
            false => bills.iter().find(|bill| !matches!(bill.form, AskingForm::Grouped { .. })),
        };
        let bill = cheapest.copied().unwrap_or(bills[bills.len() - 1]);
        (bill.form, bill)
    }

    /// The bills of all forms that the server can do, in the order of preference where they cost the same.
    pub fn all(config: &JudgeConfig, capabilities: &ServerCapabilities) -> Vec<Self> {
        let of = |answer| AskingForm::of(config, answer);
        let constraint = config.constraint.unwrap_or(capabilities.constraint);
        let mut forms = Vec::new();
        if config.unit == QuestionUnit::Turn {
            if constraint != LabelConstraint::None {
                forms.push((AskingForm::Single, 1));
            }
            if let Some(letters) = capabilities.letters.filter(|_| config.turns_per_request > 1) {
                let form = of(AnswerFormat::Letters);
                forms.push((form, letters.tokens(form.turns())));
            }
        }
        let json = of(AnswerFormat::Json);
        forms.push((json, OBJECT * json.turns() as u64));
        let bill = |(form, output): (AskingForm, u64)| Self::of(config, capabilities, form, output);
        forms.into_iter().map(bill).collect()
    }

    fn of(config: &JudgeConfig, capabilities: &ServerCapabilities, form: AskingForm, output: u64) -> Self {
        let template = PromptTemplate::for_answer(config.unit, form.answer());
        let requests = TURNS / form.turns().min(TURNS as usize) as u64;
        let count = |text: &str| config.counter.count(text);
        let prefix = requests * count(&template.instructions);
        let rest = requests * count(&template.question)
            + TURNS * (SHOWN + FENCE + if form.turns() > 1 { MARK } else { 0 });
        let cached = if capabilities.reuses_prefix { prefix } else { 0 };
        let usage = TokenUsage {
            prompt_tokens: prefix + rest,
            cached_tokens: cached,
            completion_tokens: requests * output,
        };
        let unit = BillUnit::of(config);
        let spent = config.price.of(usage);
        let pace = &config.pace;
        let all = match unit {
            BillUnit::Money => spent.money as f64 / crate::price::NANOS_PER_UNIT,
            BillUnit::GpuSeconds => spent.gpu as f64 / crate::price::NANOS_PER_UNIT,
            BillUnit::Minutes => {
                let tokens = (usage.prompt_tokens + usage.completion_tokens) as f64;
                let by_requests = pace.requests_per_minute.map_or(0.0, |limit| requests as f64 / limit);
                by_requests.max(pace.tokens_per_minute.map_or(0.0, |limit| tokens / limit))
            }
            BillUnit::Tokens => (usage.prompt_tokens - cached + usage.completion_tokens) as f64,
        };
        Self { form, unit, amount: all / TURNS as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Pace;
    use crate::price::Price;

    fn cheapest(change: impl FnOnce(&mut JudgeConfig, &mut ServerCapabilities)) -> AskingForm {
        let mut config = JudgeConfig::new("http://127.0.0.1:1/v1", "m");
        let mut capabilities = ServerCapabilities::common(&config);
        change(&mut config, &mut capabilities);
        FormBill::cheapest(&config, &capabilities).0
    }

    #[test]
    fn the_form_is_chosen_by_its_bill() {
        let grouped = AskingForm::Grouped { turns: 4 };
        assert_eq!(cheapest(|_, _| {}), grouped);
        assert_eq!(cheapest(|_, able| able.reuses_prefix = true), grouped);
        assert_eq!(cheapest(|_, able| able.letters = None), AskingForm::Json { turns: 4 });
        assert_eq!(cheapest(|config, _| config.turns_per_request = 1), AskingForm::Single);
        // A server that computes the instructions once pays for steps of output, and one letter has the fewest.
        let gpu = Price { gpu_input: 40.0, gpu_output: 900.0, ..Price::default() };
        assert_eq!(
            cheapest(|config, able| (config.price, able.reuses_prefix) = (gpu, true)),
            AskingForm::Single
        );
        assert_eq!(cheapest(|config, _| config.price = gpu), grouped);
        let few_requests = Pace { requests_per_minute: Some(60.0), ..Pace::default() };
        assert_eq!(
            cheapest(|config, able| (config.pace, able.letters) = (few_requests, None)),
            AskingForm::Json { turns: 4 }
        );
    }

    #[test]
    fn the_window_of_old_and_spans_by_request_keep_the_choice_of_old() {
        assert_eq!(cheapest(|config, _| config.window = None), AskingForm::Single);
        assert_eq!(cheapest(|config, _| config.asks_span = true), AskingForm::Single);
        let unable = |config: &mut JudgeConfig, able: &mut ServerCapabilities| {
            (config.window, able.constraint) = (None, LabelConstraint::None);
        };
        assert_eq!(cheapest(unable), AskingForm::Json { turns: 4 });
        assert_eq!(cheapest(|config, _| config.unit = QuestionUnit::Conversation), AskingForm::Conversation);
    }
}
