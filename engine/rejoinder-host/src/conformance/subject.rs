//! The plugin under examination, loaded and asked without the protection that a run has.

use std::path::Path;

use rejoinder_core::case::Cases;
use rejoinder_core::{Verdict, Vote};
use serde_json::Value;

use super::{Outcome, Setting};
use crate::abi::{self, Host};
use crate::batch::Earlier;
use crate::handshake::{Description, Functions};
use crate::output::{Columns, Notes};
use crate::state::State;
use crate::{Batch, LoadCause, PluginSpec, Surroundings, locate, panics, services};

/// A plugin and what it is started with.
#[derive(Debug)]
pub struct Subject {
    pub(super) functions: Functions,
    pub(super) description: Description,
    pub(super) host: &'static Host,
    /// The configuration, as JSON.
    pub(super) config: String,
    /// The rules in force: two of the kit's, and those of the cases.
    pub(super) rules: Vec<String>,
}

impl Subject {
    /// Loads a library.
    ///
    /// # Errors
    /// Why it cannot be loaded.
    pub(super) fn load(library: &Path, setting: &Setting) -> Result<Self, String> {
        panics::install();
        let mut rules = vec!["en.rule.one".to_owned(), "en.rule.two".to_owned()];
        rules.extend(setting.cases.iter().flat_map(Cases::rules));
        let host = services::start(rules.clone());
        let checked = locate::locate(&PluginSpec::at(library), &Surroundings::default())
            .and_then(|located| located.open(host))
            .map_err(LoadCause::reason)?;
        let config = Value::Object(setting.config()).to_string();
        Ok(Self { functions: checked.functions, description: checked.description, host, config, rules })
    }

    /// A state of its own.
    ///
    /// # Errors
    /// What the plugin says.
    pub(super) fn state(&self) -> Result<State, String> {
        State::create(self.functions, self.host, &self.config)
            .map_err(|why| format!("it does not start: {why}"))
    }

    /// What a state says of a whole batch.
    ///
    /// # Errors
    /// The call failed.
    pub(super) fn ask(&self, state: &mut State, batch: &Batch) -> Result<Vec<Vote>, String> {
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
    ) -> Result<(Vec<Vote>, Notes), String> {
        let mut answers = self.answers_of(state, batch, wants_notes)?;
        let notes = answers.take_notes();
        Ok((self.read(&answers, batch.len()), notes))
    }

    /// As [`Self::ask`], where all answers must be allowed.
    ///
    /// # Errors
    /// The call failed (the outer one), or the first answer that is not allowed.
    pub(super) fn ask_strictly(
        &self,
        state: &mut State,
        batch: &Batch,
    ) -> Result<Result<Vec<Vote>, String>, String> {
        let answers = self.answers_of(state, batch, false)?;
        let reasons = self.description.reasons.len();
        let read = |i| answers.vote(i, reasons).map_err(|why| format!("candidate {i}: {why}"));
        Ok((0..batch.len()).map(read).collect())
    }

    /// Reads answers as a run does: one that is not allowed is a fault. Only the check that is about allowed answers fails
    /// on it.
    pub(super) fn read(&self, answers: &Columns, n: usize) -> Vec<Vote> {
        let fault = Vote { verdict: Verdict::Escalate, faulted: true, ..Vote::default() };
        (0..n).map(|i| answers.vote(i, self.description.reasons.len()).unwrap_or(fault)).collect()
    }

    fn answers_of(&self, state: &mut State, batch: &Batch, wants_notes: bool) -> Result<Columns, String> {
        self.answers(batch, wants_notes, |columns, output| {
            // SAFETY: `Batch` keeps the header's guarantees, and the output has its length.
            unsafe { state.classify(columns, output) }
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
        call: impl FnOnce(&abi::Batch, &mut abi::Output) -> Result<(), String>,
    ) -> Result<Columns, String> {
        let (range, earlier) = (0..batch.len(), earlier(batch.len()));
        let mut answers = Columns::default();
        answers.resize(batch.len());
        let mut output = answers.prefilled(&range, wants_notes);
        call(&batch.columns(&range, &earlier), &mut output)
            .map_err(|why| format!("the call failed: {why}"))?;
        Ok(answers)
    }
}

/// Votes of two plugins before this one.
pub(super) fn earlier(n: usize) -> Earlier {
    let mut earlier = Earlier::default();
    let votes: Vec<Vote> =
        (0..n * 2).map(|i| Vote { score: (i % 3 == 0).then_some(0.5), ..Vote::default() }).collect();
    earlier.refill(&votes, 2, 2);
    earlier
}
