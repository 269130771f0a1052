//! The plugin under examination, loaded and asked without the protection that a run has.

use std::path::Path;

use rejoinder_core::Vote;
use serde_json::Value;

use super::Setting;
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
}

impl Subject {
    /// Loads a library.
    ///
    /// # Errors
    /// Why it cannot be loaded.
    pub(super) fn load(library: &Path, setting: &Setting) -> Result<Self, String> {
        panics::install();
        let host = services::start(vec!["en.rule.one".into(), "en.rule.two".into()]);
        let checked = locate::locate(&PluginSpec::at(library), &Surroundings::default())
            .and_then(|located| located.open(host))
            .map_err(LoadCause::reason)?;
        let config = Value::Object(setting.config.clone()).to_string();
        Ok(Self { functions: checked.functions, description: checked.description, host, config })
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
    /// The call failed, or an answer is not allowed.
    pub(super) fn ask(&self, state: &mut State, batch: &Batch) -> Result<Vec<Vote>, String> {
        self.ask_noting(state, batch, false).map(|(votes, _)| votes)
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
        self.answers(batch, wants_notes, |columns, output| {
            // SAFETY: `Batch` keeps the header's guarantees, and the output has its length.
            unsafe { state.classify(columns, output) }
        })
    }

    /// What a call says of a whole batch, whose columns it gets, and room for the answers.
    ///
    /// # Errors
    /// The call failed, or an answer is not allowed.
    pub(super) fn answers(
        &self,
        batch: &Batch,
        wants_notes: bool,
        call: impl FnOnce(&abi::Batch, &mut abi::Output) -> Result<(), String>,
    ) -> Result<(Vec<Vote>, Notes), String> {
        let (range, earlier) = (0..batch.len(), earlier(batch.len()));
        let mut columns = Columns::default();
        columns.resize(batch.len());
        let mut output = columns.prefilled(&range, wants_notes);
        call(&batch.columns(&range, &earlier), &mut output)
            .map_err(|why| format!("the call failed: {why}"))?;
        let notes = columns.take_notes();
        Ok((self.read(&columns, batch.len())?, notes))
    }

    /// Reads answers, of which all must be allowed.
    ///
    /// # Errors
    /// The first that is not.
    pub(super) fn read(&self, columns: &Columns, n: usize) -> Result<Vec<Vote>, String> {
        let reasons = self.description.reasons.len();
        (0..n).map(|i| columns.vote(i, reasons).map_err(|why| format!("candidate {i}: {why}"))).collect()
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
