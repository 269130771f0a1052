//! What the operating system tells a running command: to stop, or that a file may grow no further.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rejoinder_scan::StopFlag;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::failure::{Exit, Failure};

/// From now on, the first SIGINT or SIGTERM asks what looks at the flag to stop, and the second one ends the process.
pub(super) fn stop_on_interrupt(stop: &StopFlag) -> Result<(), Failure> {
    let stop = stop.flag();
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag unset.
        flag::register_conditional_shutdown(signal, Exit::Interrupted as i32, Arc::clone(&stop))
            .and_then(|_| flag::register(signal, Arc::clone(&stop)))
            .map_err(|e| Failure::io("cannot listen to signals", &e))?;
    }
    Ok(())
}

/// A write beyond the limit on file sizes (`ulimit -f`) fails and is told, like one to a full disk, instead of killing
/// the process.
pub(super) fn survive_file_size_limits() {
    #[cfg(unix)]
    {
        // Where this is refused, the signal kills as it always did.
        let _ = flag::register(signal_hook::consts::SIGXFSZ, Arc::new(AtomicBool::new(false)));
    }
}
