//! What a session has of a plugin, and one call of it.

use std::sync::{Arc, PoisonError};

use crate::child::Child;
use crate::child_failure::ChildFailure;
use crate::earlier_votes::EarlierVotes;
use crate::facts::FactValues;
use crate::output::{Columns, Notes};
use crate::registry::{self, PluginCode};
use crate::state::{AnswerRoom, State};
use crate::{Batch, HostError, LoadedPlugin};

/// What a session has of a plugin; `None` in it where it must be made anew.
#[derive(Debug)]
pub enum SessionInstance {
    /// Nothing: all sessions share one state.
    Shared,
    State(Option<State>),
    Child(Option<Child>),
}

/// What a plugin answered last.
#[derive(Debug, Default)]
pub struct Answers {
    pub votes: Columns,
    pub facts: FactValues,
}

/// What is wanted of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Votes,
    Facts,
}

/// What a plugin is asked: about all candidates of a batch, with what the plugins before it said of them.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    pub batch: &'q Batch,
    pub earlier: &'q EarlierVotes,
    pub wanted: Wanted,
}

/// A call did not work.
pub enum CallError {
    /// The plugin failed on what it was given.
    Fault(String),
    /// The plugin did not answer in time, and its process was ended.
    Late(String),
    /// Nothing more can be asked of it.
    Stop(HostError),
}

impl SessionInstance {
    /// A child of a plugin that runs in processes of its own.
    ///
    /// # Errors
    /// The child or its plugin does not start.
    pub fn new_child(plugin: &LoadedPlugin) -> Result<Child, HostError> {
        let PluginCode::Child(launch, _) = &plugin.code else {
            unreachable!("only isolated plugins have children")
        };
        let started = launch.spawn().and_then(|(mut child, _)| launch.start(&mut child).map(|()| child));
        started.map_err(|failure| plugin.no_restart(failure.reason()))
    }

    /// One call, whose answers go into `answers`. Returns what the plugin noted. A state that failed is replaced: it may be
    /// half-changed.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn call(
        &mut self,
        loaded: &LoadedPlugin,
        question: Question<'_>,
        wants_notes: bool,
        answers: &mut Answers,
    ) -> Result<Notes, CallError> {
        let Question { batch, earlier, wanted } = question;
        let all = 0..batch.len();
        // What a call noted that failed is of no candidate.
        answers.votes.take_notes();
        let mut room = match wanted {
            Wanted::Votes => {
                answers.votes.resize(batch.len());
                AnswerRoom::Votes(answers.votes.prefilled(&all, wants_notes))
            }
            Wanted::Facts => {
                answers.facts.resize(batch.len(), loaded.description().facts.len());
                AnswerRoom::Facts(answers.facts.prefilled(&all))
            }
        };
        let stop = |reason| CallError::Stop(loaded.no_restart(reason));
        match (self, &loaded.code) {
            (Self::Shared, PluginCode::Shared(starter, shared)) => {
                let state = Arc::clone(&shared.lock().unwrap_or_else(PoisonError::into_inner));
                let columns = batch.columns(&all, earlier);
                // SAFETY: `Batch` keeps the header's guarantees, and `prefilled` gave room for all candidates.
                if let Err(message) = unsafe { state.answer(&columns, &mut room) } {
                    registry::replace(starter, shared, &state).map_err(stop)?;
                    return Err(CallError::Fault(message));
                }
                Ok(answers.votes.take_notes())
            }
            (Self::State(own), PluginCode::Here(starter)) => {
                let state = match own {
                    Some(state) => state,
                    None => own.insert(starter.start().map_err(stop)?),
                };
                let columns = batch.columns(&all, earlier);
                // SAFETY: as above.
                if let Err(message) = unsafe { state.answer(&columns, &mut room) } {
                    *own = None;
                    return Err(CallError::Fault(message));
                }
                Ok(answers.votes.take_notes())
            }
            (Self::Child(own), PluginCode::Child(..)) => {
                let child = match own {
                    Some(child) => child,
                    None => own.insert(Self::new_child(loaded).map_err(CallError::Stop)?),
                };
                let answered = match wanted {
                    Wanted::Votes => child.classify(batch, &all, earlier, wants_notes, &mut answers.votes),
                    Wanted::Facts => child.facts(batch, &all, &mut answers.facts).map(|()| Vec::new()),
                };
                answered.map_err(|failure| match failure {
                    ChildFailure::Failed(message) => CallError::Fault(message),
                    ChildFailure::Dead(message) => {
                        *own = None;
                        CallError::Fault(message)
                    }
                    ChildFailure::Late(message) => {
                        *own = None;
                        CallError::Late(message)
                    }
                    ChildFailure::Stuck(message) | ChildFailure::Interpreter(message) => stop(message),
                })
            }
            _ => unreachable!("a session is made for where each plugin runs"),
        }
    }
}
