//! One request to the server: its body, the key of its reply, and the most that the request can cost.

use rejoinder_ledger::{Spending, TokenUsage};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answer::{LETTERS, PATTERN, TEXT, TURN};
use crate::client::Refusal;
use crate::config::JudgeConfig;
use crate::prompt::{AnswerFormat, PromptTemplate};
use crate::question::QuestionUnit;
use crate::tokens::PromptTokens;

/// How a server is made to answer with one of a few labels. Servers differ, and some ignore what they do not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelConstraint {
    /// The request holds `structured_outputs.choice` (vLLM).
    Choice,
    /// The request holds a `grammar` in GBNF (llama.cpp).
    Grammar,
    /// The request holds a `regex` (SGLang).
    Regex,
    /// The server is not constrained.
    None,
}

impl LabelConstraint {
    /// All that constrain a server.
    pub const ALL: [Self; 3] = [Self::Choice, Self::Grammar, Self::Regex];

    pub(crate) fn apply(self, body: &mut Value, labels: &[&str]) {
        match self {
            Self::Choice => body["structured_outputs"] = json!({ "choice": labels }),
            Self::Grammar => {
                let choices: Vec<String> = labels.iter().map(|l| format!("\"{l}\"")).collect();
                body["grammar"] = format!("root ::= {}", choices.join(" | ")).into();
            }
            Self::Regex => body["regex"] = format!("({})", labels.join("|")).into(),
            Self::None => {}
        }
    }
}

/// How a server is made to answer with labels in a row, one for each of several turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LettersConstraint {
    /// The request holds `structured_outputs.regex` (vLLM).
    StructuredRegex,
    /// The request holds a `grammar` in GBNF (llama.cpp).
    Grammar,
    /// The request holds a `regex` (SGLang).
    Regex,
    /// The request holds a JSON schema with an array of a fixed length (hosted servers).
    Schema,
}

impl LettersConstraint {
    /// All constraints.
    pub const ALL: [Self; 4] = [Self::StructuredRegex, Self::Grammar, Self::Regex, Self::Schema];

    /// The constraint that a server obeys which obeys `single` for one label.
    pub(crate) const fn beside(single: LabelConstraint) -> Self {
        match single {
            LabelConstraint::Choice => Self::StructuredRegex,
            LabelConstraint::Grammar => Self::Grammar,
            LabelConstraint::Regex => Self::Regex,
            LabelConstraint::None => Self::Schema,
        }
    }

    pub(crate) fn apply(self, body: &mut Value, labels: &[&str], turns: usize, separator: char) {
        let one = labels.concat();
        let more = turns.saturating_sub(1);
        let pattern = || format!("[{one}]({}[{one}]){{{more}}}", escaped(separator));
        match self {
            Self::StructuredRegex => body["structured_outputs"] = json!({ "regex": pattern() }),
            Self::Grammar => {
                let separator = escaped(separator);
                let rest = format!(" \"{separator}\" label").repeat(more);
                body["grammar"] = format!("root ::= label{rest}\nlabel ::= [{one}]").into();
            }
            Self::Regex => body["regex"] = pattern().into(),
            Self::Schema => {
                let label = json!({ "type": "string", "enum": labels });
                let list = json!({ "type": "array", "items": label, "minItems": turns, "maxItems": turns });
                let schema = json!({ "type": "object", "properties": { LETTERS: list }, "required": [LETTERS], "additionalProperties": false });
                body["response_format"] = json_schema("letters", &schema);
            }
        }
    }

    /// The most output tokens of an answer about so many turns: a token for each label and each separator, and some to spare for a
    /// tokenizer that needs more.
    pub(crate) const fn max_tokens(self, turns: usize) -> u32 {
        let turns = turns as u32;
        match self {
            Self::Schema => 6 * turns + 24,
            _ => 2 * turns + 4,
        }
    }
}

/// The separator as regexes and grammars write it.
fn escaped(separator: char) -> String {
    separator.escape_default().to_string()
}

/// The response format that asks for an answer by a JSON schema.
fn json_schema(name: &str, schema: &Value) -> Value {
    json!({ "type": "json_schema", "json_schema": { "name": name, "strict": true, "schema": schema } })
}

/// A request, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgeRequest {
    /// The key of the reply.
    pub key: String,
    /// The body, as JSON.
    pub body: String,
    /// The input tokens: a number that is hardly too high, the expected number, and a number that is hardly too low.
    pub input_tokens: (u64, u64, u64),
    /// The most that the request can cost.
    pub most: Spending,
    /// The output tokens that the answer may have.
    pub max_tokens: u32,
}

impl JudgeRequest {
    /// The words of the request, without the settings around them: all of them are in one user message.
    pub fn prompt(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["messages"][0]["content"].as_str().unwrap_or_default().to_owned()
    }
}

/// The number of alternatives to a token that are asked for: as many as servers commonly give.
const ALTERNATIVES: u32 = 20;
/// The number of alternatives that every server gives that gives any.
const FEW_ALTERNATIVES: u32 = 5;

/// The body of a request: greedy decoding, everything in one user message (some chat templates refuse a system message,
/// others move it behind the shared prefix).
pub(crate) fn body(
    model: &str,
    prompt: impl Into<String>,
    max_tokens: u32,
    parameters: RequestParameters,
) -> Value {
    let messages = json!([{ "role": "user", "content": prompt.into() }]);
    body_with(model, &messages, max_tokens, parameters)
}

/// The body of a request with these messages: greedy decoding.
pub(crate) fn body_with(
    model: &str,
    messages: &impl Serialize,
    max_tokens: u32,
    parameters: RequestParameters,
) -> Value {
    let mut body = json!({ "model": model, "messages": messages });
    let limit = if parameters.max_completion_tokens { "max_completion_tokens" } else { "max_tokens" };
    body[limit] = max_tokens.into();
    if !parameters.default_temperature {
        body["temperature"] = 0.into();
    }
    body
}

/// What a server takes in place of the usual parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RequestParameters {
    /// Whether the server takes `max_completion_tokens` instead of `max_tokens`.
    pub max_completion_tokens: bool,
    /// Whether the server takes no `temperature`: it knows its own only, so that answers may differ from one time to the next.
    pub default_temperature: bool,
    /// The most `top_logprobs` that the server gives, where these are fewer than are commonly asked for.
    pub top_logprobs: Option<u32>,
}

impl RequestParameters {
    /// What to send instead after a server refused a request; `None` where the server blames no parameter that could be replaced.
    pub(crate) fn after(self, refusal: &Refusal) -> Option<Self> {
        let next = Self {
            max_completion_tokens: self.max_completion_tokens || refusal.blames("max_tokens"),
            default_temperature: self.default_temperature || refusal.blames("temperature"),
            ..self
        };
        (next != self).then_some(next)
    }

    /// The same with fewer alternatives, after a server refused as many: the most that the server's words name, else as few as
    /// every server gives.
    pub(crate) fn with_fewer_alternatives(self, refusal: &Refusal) -> Option<Self> {
        let asked = self.alternatives();
        let named = |text: &str| text.to_lowercase().contains("logprobs");
        if !named(&refusal.words) && !refusal.parameter.as_deref().is_some_and(named) {
            return None;
        }
        let numbers = refusal.words.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok());
        let allowed = numbers.filter(|n| (1..asked).contains(n)).max();
        let fewest = (refusal.blames("top_logprobs") && asked > FEW_ALTERNATIVES).then_some(FEW_ALTERNATIVES);
        allowed.or(fewest).map(|n| Self { top_logprobs: Some(n), ..self })
    }

    fn alternatives(self) -> u32 {
        self.top_logprobs.unwrap_or(ALTERNATIVES)
    }

    /// Asks for the log-probabilities of the answer's tokens.
    pub(crate) fn ask_alternatives(self, body: &mut Value) {
        body["logprobs"] = true.into();
        body["top_logprobs"] = self.alternatives().into();
    }
}

impl JudgeRequest {
    /// A request under its key: blake3 of endpoint, revision and the whole body (model, decoding, constraint or schema,
    /// prompt). `serde_json` sorts the body's keys, so equal requests are equal bytes.
    pub(crate) fn new(
        config: &JudgeConfig,
        endpoint: &str,
        body: &Value,
        tokens: PromptTokens,
        max_tokens: u32,
    ) -> Self {
        let body = body.to_string();
        let mut hasher = blake3::Hasher::new();
        for part in [endpoint, config.revision.as_deref().unwrap_or_default(), &body] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
        let most = TokenUsage {
            prompt_tokens: tokens.bound,
            cached_tokens: 0,
            completion_tokens: u64::from(max_tokens),
        };
        Self {
            key: hasher.finalize().to_hex().to_string(),
            body,
            input_tokens: tokens.range,
            most: config.price.of(most),
            max_tokens,
        }
    }
}

/// The longest span that a schema allows, in characters.
const MAX_SPAN: u32 = 600;

/// The schema of an answer about `turns` turns. The paper's own form has no schema, for an answer may hold any number of objects.
pub(crate) fn response_format(template: &PromptTemplate, turns: usize) -> Option<Value> {
    let text = json!({ "type": "string", "maxLength": MAX_SPAN });
    let pattern = json!({ "type": "string", "enum": ["UR1", "UR2", "UR3", "UR4", "UR5", "No Feedback"] });
    let object = |properties: Value, required: &[&str]| json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
    let schema = match (template.unit, template.answer) {
        (QuestionUnit::Turn, AnswerFormat::Span) => {
            object(json!({ PATTERN: pattern, TEXT: text }), &[PATTERN, TEXT])
        }
        (QuestionUnit::Turn, AnswerFormat::Json) => {
            let numbers: Vec<usize> = (1..=turns).collect();
            let turn = json!({ "type": "integer", "enum": numbers });
            let answer = object(json!({ TURN: turn, PATTERN: pattern, TEXT: text }), &[TURN, PATTERN, TEXT]);
            let answers = json!({ "type": "array", "items": answer, "minItems": turns, "maxItems": turns });
            object(json!({ "Answers": answers }), &["Answers"])
        }
        _ => return None,
    };
    Some(json_schema("user-response", &schema))
}
