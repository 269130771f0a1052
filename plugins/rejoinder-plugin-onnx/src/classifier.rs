//! The glue between a candidate and the model.

use std::fmt::Write;

use rejoinder_plugin::{
    BoxError, Candidate, Category, Classifier, Fact, FactValues, Purpose, ScoreDeclaration, Verdict,
};

use crate::config::{Config, SCHEMA, Terms};
use crate::labels::Subject;
use crate::runtime::Network;
use crate::template::Template;

/// The name of a fact.
const VALUE: &str = "value";
/// The name of a fact.
const LABEL: &str = "label";

const ACCEPTED: &str = "the model is sure of the category";
const REJECTED: &str = "the model is sure that it is no feedback";
const ESCALATED: &str = "the model holds it for possible feedback";

/// Classifies candidates by a model.
#[derive(Debug)]
pub struct Onnx {
    network: Network,
    terms: Terms,
    config: Config,
}

impl Classifier for Onnx {
    const NAME: &'static str = "onnx";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "classifies turns by an ONNX model that the configuration names";
    const CONFIG_SCHEMA: &'static str = SCHEMA;
    const REASONS: &'static [&'static str] = &[ACCEPTED, REJECTED, ESCALATED];
    const SCORES: Option<ScoreDeclaration> = Some(ScoreDeclaration::for_every_purpose());
    const FACTS: &'static [Fact] = &[
        Fact::number(
            VALUE,
            "what the configuration's key `value` makes of the labels' probabilities",
            -1e9..=1e9,
        ),
        Fact::number(
            LABEL,
            "the place of the likeliest label in the configuration's `labels`, from 0",
            0.0..=1023.0,
        ),
    ];
    type Config = Config;

    fn new(config: Config) -> Result<Self, BoxError> {
        let terms = config.terms()?;
        let network =
            Network::load(&config.model, &config.tokenizer, config.output.as_deref(), config.max_tokens)?;
        let classifier = Self { network, terms, config };
        // A model that does not fit the labels is told before the run, not on every turn of it.
        classifier.probabilities("a", Some("b")).map_err(|why| {
            format!("the model `{}`, at a first try: {why}", classifier.config.model.display())
        })?;
        Ok(classifier)
    }

    /// # Panics
    /// If the model fails on the turn.
    fn classify(&self, candidate: Candidate<'_>) -> Verdict {
        let subject = self.terms.labels.subject();
        if subject == Subject::Anything {
            return Verdict::abstain();
        }
        let probabilities = self.read(candidate).unwrap_or_else(|why| panic!("{why}"));
        candidate.note(|| self.described(&probabilities));
        if subject == Subject::Feedback {
            let feedback = self.terms.labels.feedback(&probabilities);
            return self.decided(1.0 - feedback, feedback, None).with_score(feedback);
        }
        let outcomes = self.terms.labels.outcomes(&probabilities);
        let likeliest = Purpose::ALL.likeliest(&outcomes);
        let best = Some((likeliest, outcomes[likeliest as usize]));
        let feedback = Purpose::ALL.probability(&outcomes);
        let score = self.config.purpose.probability(&outcomes);
        self.decided(outcomes[0], feedback, best).with_score(score).with_probs(outcomes)
    }

    /// # Panics
    /// If the model fails on the turn.
    fn facts(&self, candidate: Candidate<'_>, facts: &mut FactValues<'_>) {
        let probabilities = self.read(candidate).unwrap_or_else(|why| panic!("{why}"));
        if let Some(weights) = &self.terms.weights {
            let parts = weights.iter().zip(&probabilities);
            facts.number(VALUE, parts.map(|(weight, p)| f64::from(*weight) * f64::from(*p)).sum());
        }
        let likeliest =
            (0..probabilities.len()).rev().max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]));
        if let Some(place) = likeliest {
            facts.number(LABEL, place as f64);
        }
    }
}

impl Onnx {
    /// The probabilities of the labels for a candidate.
    fn read(&self, candidate: Candidate<'_>) -> Result<Vec<f32>, String> {
        let fill = |template: &Template| template.fill(candidate, self.config.max_tokens);
        let (text, pair) = (fill(&self.terms.text), self.terms.pair.as_ref().map(fill));
        self.probabilities(&text, pair.as_deref())
    }

    /// The probabilities of the labels for a text; `pair` counts for a model of pairs.
    fn probabilities(&self, text: &str, pair: Option<&str>) -> Result<Vec<f32>, String> {
        let pair = pair.filter(|_| self.terms.pair.is_some());
        self.terms.labels.probabilities(self.network.run(text, pair)?)
    }

    /// What the configured thresholds make of probabilities.
    fn decided(&self, none: f32, feedback: f32, best: Option<(Category, f32)>) -> Verdict {
        let reaches = |probability: f32, at: Option<f32>| at.is_some_and(|at| probability >= at);
        match best {
            Some((category, probability)) if reaches(probability, self.config.accept_at) => {
                Verdict::accept(category).because(ACCEPTED)
            }
            _ if reaches(none, self.config.reject_at) => Verdict::reject().because(REJECTED),
            _ if reaches(feedback, self.config.escalate_at) => Verdict::escalate().because(ESCALATED),
            _ => Verdict::abstain(),
        }
    }

    /// The probabilities of all labels, for people.
    fn described(&self, probabilities: &[f32]) -> String {
        let mut text = String::new();
        for (name, probability) in self.terms.labels.names().iter().zip(probabilities) {
            let comma = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{comma}{name} {probability:.3}");
        }
        text
    }
}
