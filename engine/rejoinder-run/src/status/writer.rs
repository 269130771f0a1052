//! Writes the status of a run while a verb works on it.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::crash::PluginCrash;
use super::figures::BusyPluginFigures;
use super::file::{EndOfWork, RunStatus, now};
use super::meter::ProgressMeter;
use crate::watch::Watch;

/// The time between two looks at the watch.
const TICK: Duration = Duration::from_secs(1);

/// Says in a run's folder how far the work on the run is. Dropped without [`Self::end`], the writer leaves its last words there, which
/// then stand without a process.
pub struct StatusWriter {
    run: PathBuf,
    thread: Option<(Sender<()>, JoinHandle<RunStatus>)>,
}

impl StatusWriter {
    /// Begins to say how far the work of a verb is, as the watch shows it. The run's lock must be held.
    pub fn begin(run: &Path, verb: &str, watch: &Watch) -> Self {
        let (watch, folder) = (watch.clone(), run.to_owned());
        let mut status = RunStatus::of_this_process(verb);
        // What became of an earlier process is over.
        PluginCrash::forget(run);
        let begun = Instant::now();
        let mut meter = ProgressMeter::default();
        let mut say = move |status: &mut RunStatus| {
            status.figures = meter.measure(&watch.stage(), begun.elapsed());
            status.figures.busy_plugins = BusyPluginFigures::now();
            status.stopping = watch.stop.is_raised();
            status.written = now();
            status.write(&folder);
        };
        // Before the work begins, which a plugin may end at once, and the process with it.
        say(&mut status);
        let (hang_up, hung_up) = channel();
        let thread = std::thread::spawn(move || {
            while hung_up.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                say(&mut status);
            }
            say(&mut status);
            status
        });
        Self { run: run.to_owned(), thread: Some((hang_up, thread)) }
    }

    /// Says how the work has ended.
    pub fn end(mut self, end: EndOfWork) {
        if let Some(mut status) = self.stop() {
            status.written = now();
            status.stopping = false;
            status.figures.seconds_left = None;
            status.ended = Some(end);
            status.write(&self.run);
        }
    }

    /// Ends the thread; returns what it said last.
    fn stop(&mut self) -> Option<RunStatus> {
        let (hang_up, thread) = self.thread.take()?;
        drop(hang_up);
        thread.join().ok()
    }
}

impl Drop for StatusWriter {
    fn drop(&mut self) {
        self.stop();
    }
}
