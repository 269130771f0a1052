//! A plugin's state: made, called and destroyed by the rules of the header.

use crate::abi::{self, Host, Str, status};
use crate::handshake::Functions;
use crate::panics::in_plugin;

/// Room for a plugin's error message, in bytes.
const MESSAGE: usize = 1024;

/// Where a plugin writes what is wanted of it.
#[derive(Debug)]
pub enum AnswerRoom {
    /// Verdicts and probabilities.
    Votes(abi::Output),
    /// Values of facts, a row a candidate.
    Facts(*mut f64),
}

/// A live state; dropping it destroys it.
#[derive(Debug)]
pub struct State {
    plugin: Functions,
    pointer: *mut abi::State,
}

// SAFETY: the header lets a state move between threads as long as one uses it at a time, as `&mut` and `Drop` do.
unsafe impl Send for State {}

/// The state of a plugin that classifies on many threads at once.
#[derive(Debug)]
pub struct SharedState(State);

// SAFETY: `new` demands the flag by which the plugin allows calls on many threads at once.
unsafe impl Sync for SharedState {}

impl State {
    /// Creates a state from a configuration, a JSON object.
    ///
    /// # Errors
    /// The plugin's reason.
    pub fn create(plugin: Functions, host: &'static Host, config: &str) -> Result<Self, String> {
        let mut pointer = std::ptr::null_mut();
        call(|error| {
            // SAFETY: the services live until the process ends; the other arguments outlive the call.
            unsafe { (plugin.create)(host, Str::borrowed(config), &raw mut pointer, error) }
        })?;
        if pointer.is_null() {
            return Err("it reported success and made no state".into());
        }
        Ok(Self { plugin, pointer })
    }

    /// Runs a batch.
    ///
    /// # Errors
    /// The plugin's reason; there is nothing of use in the room then.
    ///
    /// # Safety
    /// The batch keeps the header's guarantees, and there is room for its candidates.
    pub unsafe fn answer(&mut self, batch: &abi::Batch, room: &mut AnswerRoom) -> Result<(), String> {
        // SAFETY: the caller's promise; `&mut` keeps other threads off this state.
        unsafe { self.run(batch, room) }
    }

    /// # Safety
    /// As [`State::answer`], and either nobody else runs this state, or its plugin is concurrent.
    unsafe fn run(&self, batch: &abi::Batch, room: &mut AnswerRoom) -> Result<(), String> {
        call(|error| {
            match (room, self.plugin.classify_batch, self.plugin.facts_batch) {
                (AnswerRoom::Votes(output), Some(classify), _) => {
                    // SAFETY: the state is alive until `drop`; the caller promises the rest.
                    unsafe { classify(self.pointer, batch, output, error) }
                }
                (AnswerRoom::Facts(values), _, Some(facts)) => {
                    // SAFETY: as above.
                    unsafe { facts(self.pointer, batch, *values, error) }
                }
                _ => unreachable!("a plugin is asked for what it gives"),
            }
        })
    }
}

impl SharedState {
    /// Wraps the state of a concurrent plugin.
    ///
    /// # Errors
    /// Gives back that of any other.
    pub fn new(state: State) -> Result<Self, State> {
        if state.plugin.concurrent { Ok(Self(state)) } else { Err(state) }
    }

    /// Runs a batch, on as many threads at once as like.
    ///
    /// # Errors
    /// As [`State::answer`].
    ///
    /// # Safety
    /// As [`State::answer`].
    pub unsafe fn answer(&self, batch: &abi::Batch, room: &mut AnswerRoom) -> Result<(), String> {
        // SAFETY: the caller's promise; `new` demanded a concurrent plugin.
        unsafe { self.0.run(batch, room) }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // SAFETY: the state came from this plugin's `create` and is used no more.
        in_plugin(|| unsafe { (self.plugin.destroy)(self.pointer) });
    }
}

fn call(function: impl FnOnce(*mut abi::Error) -> abi::Status) -> Result<(), String> {
    let mut buffer = [0; MESSAGE];
    let mut error = abi::Error::over(&mut buffer);
    let status = in_plugin(|| function(&raw mut error));
    if status == status::OK {
        return Ok(());
    }
    let len = (error.len as usize).min(MESSAGE);
    if len > 0 {
        return Err(String::from_utf8_lossy(&buffer[..len]).into_owned());
    }
    Err(match status {
        status::INVALID_CONFIG => "it does not accept its configuration and does not say why".into(),
        status::INCOMPATIBLE => "it does not support this engine".into(),
        status => format!("it failed with status {status} and does not say why"),
    })
}
