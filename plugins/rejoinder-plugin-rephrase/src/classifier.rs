//! The classifier: signs, weighed, against a threshold.

use std::cell::RefCell;

use rejoinder_plugin::{BoxError, Candidate, Category, Classifier, Message, Role, Verdict};
use serde::Deserialize;

use crate::model;
use crate::requests::{EarlierRequests, Request};
use crate::signs::{self, RequestChange, Signs};

/// The plugin's configuration.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Accept UR1 from this probability up, in [0.5, 1]; below it the plugin abstains and gives a score.
    pub threshold: f32,
}

impl Default for Config {
    fn default() -> Self {
        Self { threshold: 0.8 }
    }
}

/// Accepts UR1 where a turn is sure to repeat or rephrase an earlier request.
#[derive(Clone, Copy, Debug)]
pub struct Rephrase {
    config: Config,
}

thread_local! {
    /// The conversation that a thread reads, whichever classifier asks.
    static STATE: RefCell<ConversationState> = RefCell::default();
}

/// A conversation as far as it was read.
#[derive(Debug, Default)]
struct ConversationState {
    /// Number of messages that were read.
    messages: usize,
    /// The user's requests among them.
    earlier: EarlierRequests,
}

impl ConversationState {
    /// Reads on, up to the candidate's turn, and then that turn's signs.
    fn signs(&mut self, candidate: Candidate<'_>) -> Option<Signs> {
        let last = candidate.messages().len() - 1;
        // From the end: what was read is not passed over once more.
        let unread = candidate.messages().rev().skip(1).take(last - self.messages);
        let of_user: Vec<&str> = unread.filter(|m| m.role() == Role::User).map(Message::text).collect();
        of_user.into_iter().rev().for_each(|turn| self.earlier.push(Request::new(turn)));
        let request = Request::new(candidate.target().text());
        let signs = signs::of(&request, &self.earlier, candidate.previous_answer());
        self.earlier.push(request);
        self.messages = last + 1;
        signs
    }
}

impl Classifier for Rephrase {
    const NAME: &'static str = "rephrase";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "accepts turns that repeat or rephrase an earlier request (UR1)";
    const CONFIG_SCHEMA: &'static str = r#"{"type": "object", "additionalProperties": false, "properties": {"threshold": {"type": "number", "minimum": 0.5, "maximum": 1, "default": 0.8, "description": "accept UR1 from this probability up"}}}"#;
    const REASONS: &'static [&'static str] = &[
        RequestChange::Refused.reason(),
        RequestChange::CutOff.reason(),
        RequestChange::Same.reason(),
        RequestChange::OtherData.reason(),
        RequestChange::Grew.reason(),
        RequestChange::Reworded.reason(),
    ];
    type Config = Config;

    fn new(config: Config) -> Result<Self, BoxError> {
        if !(0.5..=1.0).contains(&config.threshold) {
            return Err(
                format!("`threshold` is a probability from 0.5 to 1, not {}", config.threshold).into()
            );
        }
        Ok(Self { config })
    }

    fn classify(&self, candidate: Candidate<'_>) -> Verdict {
        let signs = STATE.with_borrow_mut(|state| {
            if !candidate.goes_on() {
                *state = ConversationState::default();
            }
            state.signs(candidate)
        });
        let Some(signs) = signs else { return Verdict::abstain() };
        let estimate = model::estimate(&signs.values);
        candidate.note(|| model::describe(&signs.values));
        let verdict = if estimate.rephrase >= self.config.threshold {
            Verdict::accept(Category::Ur1)
        } else {
            Verdict::abstain()
        };
        verdict.with_score((estimate.rephrase + estimate.other).min(1.0)).because(signs.change.reason())
    }
}
