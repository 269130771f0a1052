//! What a server can do, as runs remember it.

use serde::{Deserialize, Serialize};

use crate::config::JudgeConfig;
use crate::form::FormBill;
use crate::prompt::AnswerFormat;
use crate::question::QuestionUnit;
use crate::request::{LabelConstraint, LettersConstraint, RequestParameters};

/// How a server answers with one letter for each of several turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LettersCapability {
    /// How the server is made to answer so.
    pub constraint: LettersConstraint,
    /// What stands between two letters, so that each letter is a token of its own.
    pub separator: char,
    /// Whether the server gives the probabilities of each letter's alternatives.
    pub alternatives: bool,
    /// The output tokens of an answer about [`Self::TRIED`] turns.
    pub tokens_of_tried: u32,
}

impl LettersCapability {
    /// The number of letters that the server is asked for when it is tried.
    pub const TRIED: usize = 3;

    /// What is expected of a server that obeys a constraint: a space between the letters, which is a token of its own.
    pub const fn usual(constraint: LettersConstraint) -> Self {
        Self { constraint, separator: ' ', alternatives: true, tokens_of_tried: 2 * Self::TRIED as u32 - 1 }
    }

    /// The output tokens of an answer about so many turns.
    pub fn tokens(&self, turns: usize) -> u64 {
        (turns as u64 * u64::from(self.tokens_of_tried)).div_ceil(Self::TRIED as u64)
    }
}

impl Default for LettersCapability {
    fn default() -> Self {
        Self::usual(LettersConstraint::StructuredRegex)
    }
}

/// What a server was asked to do when it was tried: of the rest nothing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TriedAbilities {
    /// A label alone.
    pub label: bool,
    /// A letter for each of several turns.
    pub letters: bool,
    /// An answer by a JSON schema.
    pub json_schema: bool,
}

impl TriedAbilities {
    /// All of them.
    pub const ALL: Self = Self { label: true, letters: true, json_schema: true };

    /// What has to be tried before the judge of a config can be asked, whose server was found to be able to do so much.
    pub(super) fn needed(config: &JudgeConfig, findings: &ServerCapabilities) -> Self {
        let is_turn = config.unit == QuestionUnit::Turn;
        let answer = findings.answer_for(config);
        Self {
            label: is_turn && config.names_answer() != Some(AnswerFormat::Json),
            letters: is_turn && config.is_open_to_letters(),
            json_schema: is_turn && (answer == AnswerFormat::Json || config.asks_span),
        }
    }

    const fn cover(self, other: Self) -> bool {
        (self.label || !other.label)
            && (self.letters || !other.letters)
            && (self.json_schema || !other.json_schema)
    }
}

/// What a server can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServerCapabilities {
    /// The endpoint, as the keys of replies name it.
    pub endpoint: String,
    /// The model that was asked for.
    pub model: String,
    /// How the server is made to answer in one of a few labels.
    pub constraint: LabelConstraint,
    /// Whether the server gives the probabilities of the first token's alternatives.
    pub logprobs: bool,
    /// How the server gives one letter for each of several turns; `None` where it does not, or was not tried.
    #[serde(default)]
    pub letters: Option<LettersCapability>,
    /// Whether the server was seen to compute the beginning that prompts share only once.
    #[serde(default)]
    pub reuses_prefix: bool,
    /// Whether the server makes an answer follow a JSON schema.
    pub json_schema: bool,
    /// The tokens of input and output together, if the server says.
    pub context: Option<u64>,
    /// What the server takes in place of the usual parameters.
    #[serde(default)]
    pub parameters: RequestParameters,
    /// What the server was tried at; `None` where an earlier version tried it, which knew of no letters for several turns.
    #[serde(default)]
    pub tried: Option<TriedAbilities>,
    /// The form of the answer that the bill chose for a run whose config leaves the form open: a run keeps to it, or what it has paid
    /// for would be asked again in another form.
    #[serde(default)]
    pub chosen: Option<AnswerFormat>,
}

impl ServerCapabilities {
    /// What is assumed of a server that was not asked: what the config says, and that the server honours JSON schemas, as batch
    /// services do. Several letters a request are assumed only where the config names that form.
    pub fn assumed(config: &JudgeConfig) -> Self {
        let constraint = config.constraint.unwrap_or(LabelConstraint::None);
        Self {
            endpoint: config.endpoint(),
            model: config.model.clone(),
            constraint,
            logprobs: constraint != LabelConstraint::None,
            letters: config
                .names_letters()
                .then(|| LettersCapability::usual(LettersConstraint::beside(constraint))),
            // Servers that obey such a constraint also keep what prompts begin with.
            reuses_prefix: constraint != LabelConstraint::None,
            json_schema: true,
            context: config.context,
            parameters: RequestParameters::default(),
            tried: Some(TriedAbilities::ALL),
            chosen: None,
        }
    }

    /// What plans expect of a server that has not been asked yet: that it obeys a constraint, as most servers do.
    pub fn common(config: &JudgeConfig) -> Self {
        let constraint = config.constraint.unwrap_or(LabelConstraint::Choice);
        let letters = Some(LettersCapability::usual(LettersConstraint::beside(constraint)));
        Self { constraint, logprobs: true, letters, ..Self::assumed(config) }
    }

    /// The form of the answer for this config: the one that the config names, else the one that was chosen, else the cheapest one.
    pub fn answer_for(&self, config: &JudgeConfig) -> AnswerFormat {
        let is_possible = |answer: &AnswerFormat| {
            let is_usual = config.window.is_some() && !config.asks_span;
            is_usual && FormBill::all(config, self).iter().any(|bill| bill.form.answer() == *answer)
        };
        let cheapest = || FormBill::cheapest(config, self).0.answer();
        config.names_answer().or_else(|| self.chosen.filter(is_possible)).unwrap_or_else(cheapest)
    }

    /// The same, with the form chosen for a config that leaves it open.
    #[must_use]
    pub fn choosing_for(self, config: &JudgeConfig) -> Self {
        let chosen = match config.names_answer() {
            None => Some(self.answer_for(config)),
            Some(_) => self.chosen,
        };
        Self { chosen, ..self }
    }

    /// Whether these are the capabilities of the judge of this config, and all that it has to be tried at is among them.
    pub fn are_about(&self, config: &JudgeConfig) -> bool {
        let needed = TriedAbilities::needed(config, self);
        (self.endpoint.as_str(), &self.model) == (&config.endpoint(), &config.model)
            && (!needed.label || config.constraint.is_none_or(|c| c == self.constraint))
            && self.tried.map_or(!needed.letters, |tried| tried.cover(needed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::Price;

    #[test]
    fn findings_hold_for_a_config_that_needs_nothing_that_was_not_tried() {
        let usual = JudgeConfig::new("http://127.0.0.1:1/v1", "m");
        let with = |answer| JudgeConfig { answer: Some(answer), ..usual.clone() };
        let [label, letters, json] =
            [AnswerFormat::Label, AnswerFormat::Letters, AnswerFormat::Json].map(with);
        let old_window = JudgeConfig { window: None, ..usual.clone() };
        let tried = |tried| ServerCapabilities { letters: None, tried, ..ServerCapabilities::common(&usual) };
        let only_label = tried(Some(TriedAbilities { label: true, letters: false, json_schema: false }));
        let only_json = tried(Some(TriedAbilities { label: false, letters: false, json_schema: true }));
        let by_earlier = tried(None);
        let holding = |findings: &ServerCapabilities| {
            [&usual, &label, &letters, &json, &old_window].map(|config| findings.are_about(config))
        };
        assert_eq!(holding(&tried(Some(TriedAbilities::ALL))), [true; 5]);
        assert_eq!(holding(&only_label), [false, true, false, false, true]);
        assert_eq!(holding(&only_json), [false, false, false, true, false]);
        assert_eq!(holding(&by_earlier), [false, true, false, true, true]);
        let constrained = JudgeConfig { constraint: Some(LabelConstraint::Grammar), ..json };
        assert!(only_json.are_about(&constrained), "no label is asked for");
        let other = JudgeConfig { model: "n".to_owned(), ..label.clone() };
        assert!(!only_label.are_about(&other));
    }

    #[test]
    fn a_form_that_was_chosen_stays_whatever_it_comes_to_cost() {
        let usual = JudgeConfig::new("http://127.0.0.1:1/v1", "m");
        let gpu = Price { gpu_input: 40.0, gpu_output: 900.0, ..Price::default() };
        let dear = JudgeConfig { price: gpu, ..usual.clone() };
        let able = ServerCapabilities { reuses_prefix: true, ..ServerCapabilities::common(&usual) };
        assert_eq!(able.answer_for(&dear), AnswerFormat::Label);
        let chosen = able.choosing_for(&usual);
        assert_eq!(chosen.chosen, Some(AnswerFormat::Letters));
        assert_eq!(chosen.answer_for(&dear), AnswerFormat::Letters);
        let named = JudgeConfig { answer: Some(AnswerFormat::Json), ..dear.clone() };
        assert_eq!(chosen.answer_for(&named), AnswerFormat::Json);
        assert_eq!(chosen.clone().choosing_for(&named).chosen, chosen.chosen);
        let one = JudgeConfig { turns_per_request: 1, ..dear.clone() };
        assert_eq!(chosen.answer_for(&one), AnswerFormat::Label, "there are no groups of one");
        let old = JudgeConfig { window: None, ..usual };
        assert_eq!(chosen.answer_for(&old), AnswerFormat::Label, "as ever");
    }
}
