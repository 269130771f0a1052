//! The plugin's configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rejoinder_plugin::Purpose;
use serde::Deserialize;

use crate::labels::{Labels, Subject};
use crate::template::Template;

/// A JSON Schema of [`Config`]; the host completes the paths.
pub const SCHEMA: &str = include_str!("config_schema.json");

/// What makes probabilities of the values of a model's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// The labels exclude each other.
    Softmax,
    /// Each label has a probability of its own.
    Sigmoid,
    /// The model has one in its graph, or its values are no probabilities.
    None,
}

/// What the fact `value` is: the sum of the labels' probabilities, each times a weight.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// The probability of one label.
    Label(String),
    /// Labels with their weights.
    Weights(BTreeMap<String, f32>),
}

/// The plugin's configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The model, an ONNX file that holds its weights itself.
    pub model: PathBuf,
    /// The model's tokenizer, a `tokenizer.json`.
    pub tokenizer: PathBuf,
    /// What the model reads.
    #[serde(default = "turn")]
    pub text: String,
    /// The second text, for a model of pairs.
    pub pair: Option<String>,
    /// How many tokens the model reads.
    #[serde(default = "max_tokens")]
    pub max_tokens: usize,
    /// The output that counts, where the model has several.
    pub output: Option<String>,
    /// What the values of the output are the probabilities of.
    pub labels: Vec<String>,
    /// What makes probabilities of the values.
    pub activation: Option<Activation>,
    /// Accept the likeliest category from this probability up.
    pub accept_at: Option<f32>,
    /// Reject from this probability of `none` up.
    pub reject_at: Option<f32>,
    /// Escalate from this probability of feedback up.
    pub escalate_at: Option<f32>,
    /// The purposes for which the probabilities are calibrated, with blanks between them.
    pub calibrated_for: Option<String>,
    /// What the fact `value` is.
    pub value: Option<Value>,
    /// What the score is the probability of; the engine says it.
    #[serde(default, rename = "for")]
    pub purpose: Purpose,
}

fn turn() -> String {
    "{turn}".into()
}

const fn max_tokens() -> usize {
    128
}

/// A configuration that makes sense, but for the files.
#[derive(Debug)]
pub struct Terms {
    pub text: Template,
    pub pair: Option<Template>,
    pub labels: Labels,
    /// A weight for each label, which make the fact `value`.
    pub weights: Option<Vec<f32>>,
}

impl Config {
    /// What the configuration says.
    ///
    /// # Errors
    /// A value that makes no sense, or none beside another one; the text names the key.
    pub fn terms(&self) -> Result<Terms, String> {
        let template = |key: &str, text: &str| Template::parse(text).map_err(|why| format!("`{key}`: {why}"));
        let text = template("text", &self.text)?;
        let pair = self.pair.as_deref().map(|pair| template("pair", pair)).transpose()?;
        if !text.has_turn() && !pair.as_ref().is_some_and(Template::has_turn) {
            return Err("`text`: the model is to read the turn, so {turn} must be in it, or in `pair`".into());
        }
        let labels =
            Labels::new(self.labels.clone(), self.activation).map_err(|why| format!("`labels`: {why}"))?;
        self.check_keys(labels.subject())?;
        let weights = self.value.as_ref().map(|value| weights(value, labels.names())).transpose()?;
        Ok(Terms { text, pair, labels, weights })
    }

    /// Whether the keys that decide and score fit what the probabilities are about.
    fn check_keys(&self, subject: Subject) -> Result<(), String> {
        let needs_categories = [
            ("accept-at", self.accept_at.is_some(), "says of what category a turn is"),
            ("calibrated-for", self.calibrated_for.is_some(), "promises probabilities of all outcomes"),
        ];
        for (key, is_there, what) in needs_categories {
            if is_there && subject != Subject::Categories {
                return Err(format!("`{key}` {what}: it needs the labels none and UR1 to UR5"));
            }
        }
        for (key, at) in [("reject-at", self.reject_at), ("escalate-at", self.escalate_at)] {
            if at.is_some() && subject == Subject::Anything {
                return Err(format!("`{key}` needs the labels none and feedback, or none and UR1 to UR5"));
            }
        }
        Ok(())
    }
}

fn weights(value: &Value, names: &[String]) -> Result<Vec<f32>, String> {
    let known = |label: &String| match names.contains(label) {
        true => Ok(()),
        false => Err(format!("`value`: `{label}` is none of the labels {}", names.join(", "))),
    };
    match value {
        Value::Label(label) => {
            known(label)?;
            Ok(names.iter().map(|name| f32::from(u8::from(name == label))).collect())
        }
        Value::Weights(weights) => {
            weights.keys().try_for_each(known)?;
            Ok(names.iter().map(|name| weights.get(name).copied().unwrap_or(0.0)).collect())
        }
    }
}
