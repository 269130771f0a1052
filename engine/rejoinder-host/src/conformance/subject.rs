//! The plugin under examination, loaded and asked without the protection that a run has.

use std::path::Path;

use rejoinder_core::case::Cases;
use rejoinder_core::{Category, Vote};
use serde_json::{Map, Value};

use super::Setting;
use super::outcome::{Breach, Outcome};
use crate::abi::{self, Host};
use crate::earlier_votes::EarlierVotes;
use crate::handshake::{Description, Functions};
use crate::output::{Columns, Notes};
use crate::state::{AnswerRoom, State};
use crate::{
    Batch, LoadContext, PluginSpec, RuleReference, RuleRoute, ScoreDeclaration, locate, panics, scores,
    services,
};

/// A plugin and what it is started with.
#[derive(Debug)]
pub struct Subject {
    pub(super) functions: Functions,
    pub(super) description: Description,
    pub(super) host: &'static Host,
    /// The plugin's own model, where it scores and that has the engine's format.
    pub(super) model: &'static [u8],
    /// The configuration; a plugin that scores is told what for.
    pub(super) config: Value,
    /// The rules in force: two of the kit's, and those of the cases.
    pub(super) rules: Vec<String>,
}

impl Subject {
    /// Loads a library.
    ///
    /// # Errors
    /// Why it cannot be loaded.
    pub(super) fn load(library: &Path, setting: &Setting) -> Result<Self, Breach> {
        panics::install();
        let mut rules = vec!["en.rule.one".to_owned(), "en.rule.two".to_owned()];
        rules.extend(setting.cases.iter().flat_map(Cases::rules));
        let host = services::start(rules.iter().map(|id| rule(id)).collect());
        let checked = locate::locate(&PluginSpec::at(library), &LoadContext::default())
            .and_then(|located| located.open(host))
            .map_err(|cause| Breach(cause.reason()))?;
        let config = completed(setting.config(), checked.description.scores.as_ref());
        Ok(Self {
            functions: checked.functions,
            description: checked.description,
            model: checked.model,
            host,
            config,
            rules,
        })
    }

    /// A state with the configuration of the author's cases.
    ///
    /// # Errors
    /// What the plugin says.
    pub(super) fn state_of_cases(&self, cases: &Cases) -> Result<State, Breach> {
        let config = completed(cases.config.clone(), self.description.scores.as_ref());
        State::create(self.functions, self.host, &config.to_string())
            .map_err(|why| format!("it does not start with the cases' config: {why}").into())
    }

    /// A state of its own.
    ///
    /// # Errors
    /// What the plugin says.
    pub(super) fn state(&self) -> Result<State, Breach> {
        self.state_with(&self.config)
    }

    /// A state with another configuration.
    ///
    /// # Errors
    /// What the plugin says.
    pub(super) fn state_with(&self, config: &Value) -> Result<State, Breach> {
        State::create(self.functions, self.host, &config.to_string())
            .map_err(|why| format!("it does not start: {why}").into())
    }

    /// What a state says of a whole batch.
    ///
    /// # Errors
    /// The call failed.
    pub(super) fn ask(&self, state: &mut State, batch: &Batch) -> Result<Vec<Vote>, Breach> {
        self.ask_noting(state, batch, false).map(|(votes, _)| votes)
    }

    /// As [`Self::ask`], for checks that compare: a plugin whose answers change where nothing does fails the check that is
    /// about that, and no other.
    ///
    /// # Errors
    /// The call failed, or the answers change.
    pub(super) fn ask_twice(&self, state: &mut State, batch: &Batch) -> Result<Vec<Vote>, Outcome> {
        let first = self.ask(state, batch)?;
        if self.ask(state, batch)? == first {
            Ok(first)
        } else {
            Err(Outcome::Skipped("its answers change where nothing does (see the check `repeats`)".into()))
        }
    }

    /// As [`Self::ask`], and the notes.
    ///
    /// # Errors
    /// As there.
    pub(super) fn ask_noting(
        &self,
        state: &mut State,
        batch: &Batch,
        wants_notes: bool,
    ) -> Result<(Vec<Vote>, Notes), Breach> {
        let mut answers = self.answers_of(state, batch, wants_notes)?;
        let notes = answers.take_notes();
        Ok((self.read(&answers, batch.len()), notes))
    }

    /// As [`Self::ask`], where all answers must be allowed.
    ///
    /// # Errors
    /// The call failed, or an answer is not allowed: the first one is told.
    pub(super) fn ask_strictly(&self, state: &mut State, batch: &Batch) -> Result<Vec<Vote>, AskError> {
        let answers = self.answers_of(state, batch, false).map_err(AskError::CallFailed)?;
        let read = |i| {
            answers
                .vote(i, &self.description)
                .map_err(|why| AskError::NotAllowed(format!("candidate {i}: {why}").into()))
        };
        (0..batch.len()).map(read).collect()
    }

    /// Reads answers as a run does: one that is not allowed is a fault. Only the check that is about allowed answers fails
    /// on it.
    pub(super) fn read(&self, answers: &Columns, n: usize) -> Vec<Vote> {
        (0..n).map(|i| answers.vote(i, &self.description).unwrap_or(Vote::FAULT)).collect()
    }

    fn answers_of(&self, state: &mut State, batch: &Batch, wants_notes: bool) -> Result<Columns, Breach> {
        self.answers(batch, wants_notes, |columns, output| {
            // SAFETY: `Batch` keeps the header's guarantees, and the output has its length.
            unsafe { state.answer(columns, output) }
        })
    }

    /// What a call says of a whole batch, whose columns it gets, and room for the answers.
    ///
    /// # Errors
    /// The call failed.
    pub(super) fn answers(
        &self,
        batch: &Batch,
        wants_notes: bool,
        call: impl FnOnce(&abi::Batch, &mut AnswerRoom) -> Result<(), String>,
    ) -> Result<Columns, Breach> {
        let (range, earlier) = (0..batch.len(), earlier(batch.len()));
        let mut answers = Columns::default();
        answers.resize(batch.len());
        let mut output = AnswerRoom::Votes(answers.prefilled(&range, wants_notes));
        call(&batch.columns(&range, &earlier), &mut output)
            .map_err(|why| format!("the call failed: {why}"))?;
        Ok(answers)
    }
}

/// A rule of the kit, as plugins see it.
fn rule(id: &str) -> RuleReference {
    RuleReference { id: id.to_owned(), category: Some(Category::Ur5), route: RuleRoute::Escalate }
}

/// A configuration as a run would give it: a plugin that scores is told what for.
fn completed(config: Map<String, Value>, declaration: Option<&ScoreDeclaration>) -> Value {
    let mut config = Value::Object(config);
    if let Some(declaration) = declaration {
        let purpose = declaration.purposes.first().copied().unwrap_or_default();
        scores::complete(&mut config, declaration, purpose, None);
    }
    config
}

/// Why a plugin gave no answers that can be compared.
#[derive(Debug)]
pub(super) enum AskError {
    /// The call failed.
    CallFailed(Breach),
    /// An answer is not allowed.
    NotAllowed(Breach),
}

impl AskError {
    /// The rule that is broken.
    pub(super) fn into_breach(self) -> Breach {
        match self {
            Self::CallFailed(breach) | Self::NotAllowed(breach) => breach,
        }
    }
}

/// Votes of two plugins before this one.
pub(super) fn earlier(n: usize) -> EarlierVotes {
    let mut earlier = EarlierVotes::default();
    let votes: Vec<Vote> =
        (0..n * 2).map(|i| Vote { score: (i % 3 == 0).then_some(0.5), ..Vote::default() }).collect();
    earlier.refill(&votes, 2, 2, 0..n);
    earlier
}
