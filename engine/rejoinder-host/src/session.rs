//! One worker thread's use of the plugins, and what happens when one fails.

use std::ops::Range;

use rejoinder_core::{Verdict, Vote};

use crate::abi;
use crate::batch::Earlier;
use crate::output::Columns;
use crate::state::State;
use crate::{Batch, Fault, HostError, LoadedPlugin, Registry};

/// A worker's access to the plugins: states of its own where plugins are not concurrent, and reused buffers.
#[derive(Debug)]
pub struct Session<'r> {
    plugins: &'r [LoadedPlugin],
    /// Own states by plugin; `None` where all sessions share one.
    own: Vec<Option<State>>,
    output: Columns,
    earlier: Earlier,
}

impl Registry {
    /// A session for one worker thread.
    ///
    /// # Errors
    /// A plugin that is not concurrent does not start once more.
    pub fn session(&self) -> Result<Session<'_>, HostError> {
        let own = |plugin: &LoadedPlugin| {
            if plugin.checked.concurrent { Ok(None) } else { plugin.new_state().map(Some) }
        };
        Ok(Session {
            plugins: self.plugins(),
            own: self.plugins().iter().map(own).collect::<Result<_, _>>()?,
            output: Columns::default(),
            earlier: Earlier::default(),
        })
    }
}

impl Session<'_> {
    /// Asks all plugins in their order, each of which sees what those before it said. `votes` becomes a row a
    /// candidate, in the batch's order, of one vote a plugin.
    ///
    /// A call that fails is repeated on the halves of its batch, until the candidates that cause it are found: their
    /// vote is [`Verdict::Escalate`], with `faulted` set, and they are returned. All others are classified normally.
    ///
    /// # Errors
    /// Faults that must stop the run, or a plugin that does not start again after a fault. `votes` is of no use then.
    pub fn classify(&mut self, batch: &Batch, votes: &mut Vec<Vote>) -> Result<Vec<Fault>, HostError> {
        let stride = self.plugins.len();
        let mut faults = Vec::new();
        votes.clear();
        votes.resize(batch.len() * stride, Vote::default());
        self.output.resize(batch.len());
        for plugin in 0..stride {
            self.earlier.refill(votes, stride, plugin);
            self.run(plugin, batch, votes, &mut faults)?;
        }
        Ok(faults)
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
            counted.map(|()| Vote { verdict: Verdict::Escalate, faulted: true, ..Vote::default() })
        };
        // A stack of ranges, so that candidates are settled in their order.
        let mut ranges: Vec<Range<usize>> = std::iter::once(0..batch.len()).collect();
        while let Some(range) = ranges.pop() {
            if range.is_empty() {
                continue;
            }
            match self.call(plugin, batch, &range)? {
                Ok(()) => {
                    for candidate in range {
                        votes[candidate * stride + plugin] =
                            self.output.vote(candidate).or_else(|message| fault(candidate, message))?;
                    }
                }
                Err(message) if range.len() == 1 => {
                    votes[range.start * stride + plugin] = fault(range.start, message)?;
                }
                Err(_) => {
                    let middle = range.start.midpoint(range.end);
                    ranges.push(middle..range.end);
                    ranges.push(range.start..middle);
                }
            }
        }
        Ok(())
    }

    /// One call on the candidates in `range`. A state that failed is replaced: it may be half-changed.
    fn call(
        &mut self,
        plugin: usize,
        batch: &Batch,
        range: &Range<usize>,
    ) -> Result<Result<(), String>, HostError> {
        let columns: abi::Batch = batch.columns(range, &self.earlier);
        let mut output = self.output.prefilled(range);
        let loaded = &self.plugins[plugin];
        if let Some(state) = loaded.shared() {
            // SAFETY: `Batch` keeps the header's guarantees, and `prefilled` gave columns of the range's length.
            let result = unsafe { state.classify(&columns, &mut output) };
            if result.is_err() {
                loaded.replace_shared(&state)?;
            }
            return Ok(result);
        }
        let own = &mut self.own[plugin];
        let state = match own {
            Some(state) => state,
            None => own.insert(loaded.new_state()?),
        };
        // SAFETY: as above.
        let result = unsafe { state.classify(&columns, &mut output) };
        if result.is_err() {
            *own = None;
        }
        Ok(result)
    }
}
