//! One worker thread's use of the plugins, and what happens when one fails.

use std::ops::Range;
use std::sync::{Arc, PoisonError};

use rejoinder_core::Vote;

use crate::batch::EarlierVotes;
use crate::child::Child;
use crate::child_failure::ChildFailure;
use crate::output::Columns;
use crate::registry::{self, PluginCode};
use crate::state::State;
use crate::{Batch, Fault, HostError, LoadedPlugin, Registry};

/// A worker's access to the plugins: states or children of its own, and reused buffers.
#[derive(Debug)]
pub struct Session<'r> {
    plugins: &'r [LoadedPlugin],
    own: Vec<SessionInstance>,
    output: Columns,
    earlier: EarlierVotes,
    /// What plugins noted, a text a vote; `None` where nobody wants to know.
    notes: Option<Vec<String>>,
}

/// What a session has of a plugin; `None` in it where it must be made anew.
#[derive(Debug)]
enum SessionInstance {
    /// Nothing: all sessions share one state.
    Shared,
    State(Option<State>),
    Child(Option<Child>),
}

/// A call did not work.
enum CallError {
    /// The plugin failed on what it was given.
    Fault(String),
    /// Nothing more can be asked of it.
    Stop(HostError),
}

impl Registry {
    /// A session for one worker thread.
    ///
    /// # Errors
    /// A plugin does not start once more.
    pub fn session(&self) -> Result<Session<'_>, HostError> {
        let own = |plugin: &LoadedPlugin| match &plugin.code {
            PluginCode::Shared(..) => Ok(SessionInstance::Shared),
            PluginCode::Here(starter) => {
                let state = starter.start().map_err(|reason| plugin.no_restart(reason))?;
                Ok(SessionInstance::State(Some(state)))
            }
            PluginCode::Child(_, waiting) => {
                let waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
                Ok(SessionInstance::Child(Some(match waiting {
                    Some(child) => child,
                    None => new_child(plugin)?,
                })))
            }
        };
        Ok(Session {
            plugins: self.plugins(),
            own: self.plugins().iter().map(own).collect::<Result<_, _>>()?,
            output: Columns::default(),
            earlier: EarlierVotes::default(),
            notes: None,
        })
    }
}

/// # Errors
/// The child or its plugin does not start.
fn new_child(plugin: &LoadedPlugin) -> Result<Child, HostError> {
    let PluginCode::Child(launch, _) = &plugin.code else {
        unreachable!("only isolated plugins have children")
    };
    let started = launch.spawn().and_then(|(mut child, _)| launch.start(&mut child).map(|()| child));
    started.map_err(|failure| plugin.no_restart(failure.reason()))
}

impl Session<'_> {
    /// From now on plugins are asked for notes.
    pub fn want_notes(&mut self) {
        self.notes = Some(Vec::new());
    }

    /// What plugins noted in the last call of [`Self::classify`], a text a vote; empty where nobody wanted to know.
    pub fn notes(&self) -> &[String] {
        self.notes.as_deref().unwrap_or_default()
    }

    /// Asks all plugins in their order; each sees what those before it said. `votes` becomes a row a
    /// candidate, in the batch's order, of one vote a plugin.
    ///
    /// A call that fails is repeated on the halves of its batch, until the candidates that cause it are found: their
    /// vote is [`Vote::FAULT`], and they are added to `faults`. All others are classified normally.
    ///
    /// # Errors
    /// Faults that must stop the run, or a plugin that does not start again after a fault. `votes` is of no use then;
    /// `faults` has all up to the one that stopped.
    pub fn classify(
        &mut self,
        batch: &Batch,
        votes: &mut Vec<Vote>,
        faults: &mut Vec<Fault>,
    ) -> Result<(), HostError> {
        let stride = self.plugins.len();
        votes.clear();
        votes.resize(batch.len() * stride, Vote::default());
        if let Some(notes) = &mut self.notes {
            notes.clear();
            notes.resize(votes.len(), String::new());
        }
        self.output.resize(batch.len());
        for plugin in 0..stride {
            self.earlier.refill(votes, stride, plugin);
            self.run(plugin, batch, votes, faults)?;
        }
        Ok(())
    }

    fn run(
        &mut self,
        plugin: usize,
        batch: &Batch,
        votes: &mut [Vote],
        faults: &mut Vec<Fault>,
    ) -> Result<(), HostError> {
        let (loaded, stride) = (&self.plugins[plugin], self.plugins.len());
        let mut fault = |candidate: usize, message| {
            let fault = Fault { plugin: loaded.name().into(), candidate, id: batch.id(candidate), message };
            let counted = loaded.count(&fault);
            faults.push(fault);
            counted.map(|()| Vote::FAULT)
        };
        // A stack of ranges, so that candidates are settled in their order.
        let mut ranges: Vec<Range<usize>> = std::iter::once(0..batch.len()).collect();
        while let Some(range) = ranges.pop() {
            if range.is_empty() {
                continue;
            }
            match self.call(plugin, batch, &range) {
                Ok(()) => {
                    let reasons = loaded.description().reasons.len();
                    for candidate in range {
                        votes[candidate * stride + plugin] = self
                            .output
                            .vote(candidate, reasons)
                            .or_else(|error| fault(candidate, error.to_string()))?;
                    }
                }
                Err(CallError::Fault(message)) if range.len() == 1 => {
                    votes[range.start * stride + plugin] = fault(range.start, message)?;
                }
                Err(CallError::Fault(_)) => {
                    let middle = range.start.midpoint(range.end);
                    ranges.push(middle..range.end);
                    ranges.push(range.start..middle);
                }
                Err(CallError::Stop(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// One call on the candidates in `range`. A state that failed is replaced: it may be half-changed.
    fn call(&mut self, plugin: usize, batch: &Batch, range: &Range<usize>) -> Result<(), CallError> {
        let loaded = &self.plugins[plugin];
        let wants_notes = self.notes.is_some();
        let mut output = self.output.prefilled(range, wants_notes);
        let stop = |reason| CallError::Stop(loaded.no_restart(reason));
        let notes = match (&mut self.own[plugin], &loaded.code) {
            (SessionInstance::Shared, PluginCode::Shared(starter, shared)) => {
                let state = Arc::clone(&shared.lock().unwrap_or_else(PoisonError::into_inner));
                let columns = batch.columns(range, &self.earlier);
                // SAFETY: `Batch` keeps the header's guarantees, and `prefilled` gave columns of the range's length.
                if let Err(message) = unsafe { state.classify(&columns, &mut output) } {
                    registry::replace(starter, shared, &state).map_err(stop)?;
                    return Err(CallError::Fault(message));
                }
                self.output.take_notes()
            }
            (SessionInstance::State(own), PluginCode::Here(starter)) => {
                let state = match own {
                    Some(state) => state,
                    None => own.insert(starter.start().map_err(stop)?),
                };
                let columns = batch.columns(range, &self.earlier);
                // SAFETY: as above.
                if let Err(message) = unsafe { state.classify(&columns, &mut output) } {
                    *own = None;
                    return Err(CallError::Fault(message));
                }
                self.output.take_notes()
            }
            (SessionInstance::Child(own), PluginCode::Child(..)) => {
                let child = match own {
                    Some(child) => child,
                    None => own.insert(new_child(loaded).map_err(CallError::Stop)?),
                };
                match child.classify(batch, range, &self.earlier, wants_notes, &mut self.output) {
                    Ok(notes) => notes,
                    Err(ChildFailure::Failed(message)) => return Err(CallError::Fault(message)),
                    Err(ChildFailure::Dead(message) | ChildFailure::Late(message)) => {
                        *own = None;
                        return Err(CallError::Fault(message));
                    }
                    Err(ChildFailure::Stuck(message)) => return Err(stop(message)),
                }
            }
            _ => unreachable!("a session is made for where each plugin runs"),
        };
        if let Some(kept) = &mut self.notes {
            let stride = self.plugins.len();
            for (index, text) in notes {
                // A plugin may say any number.
                if let Some(candidate) = range.clone().nth(index as usize) {
                    kept[candidate * stride + plugin] += &text;
                }
            }
        }
        Ok(())
    }
}
