//! A plugin that forks inside of a call leaves two processes that both go on from there. The copy is ended: it would answer for the
//! plugin, or work on the same run, a second time.

use std::fmt::Write as _;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::activity::Slot;
use crate::descriptor::Descriptor;

/// How often a process that this one is a copy of was copied.
static FORKS: AtomicU64 = AtomicU64::new(0);

extern "C" fn count() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// Does what a plugin is called for. A copy of the process that the plugin makes meanwhile, and that comes back from the call, is ended.
pub fn without_copies<T>(call: impl FnOnce() -> T) -> T {
    static ONCE: Once = Once::new();
    // SAFETY: the function may run in a copy of a process with threads, and lives as long as the process.
    ONCE.call_once(|| _ = unsafe { libc::pthread_atfork(None, None, Some(count)) });
    let before = FORKS.load(Ordering::Relaxed);
    let result = call();
    if FORKS.load(Ordering::Relaxed) != before {
        end();
    }
    result
}

#[cold]
fn end() -> ! {
    let plugin = Slot::plugin_of_this_thread().map_or("?", |plugin| plugin.name.as_str());
    // What cannot be written reaches nobody.
    let _ = writeln!(
        Descriptor(libc::STDERR_FILENO),
        "plugin warning: `{plugin}` has forked inside of a call; the copy of the process was ended"
    );
    // SAFETY: it may be called anywhere; what the process does at its end is for the original to do.
    unsafe { libc::_exit(0) }
}
