//! Keeps a linked-in plugin's panic from looking like the program's.
//!
//! Such a plugin shares the program's panic hook, which would write a report for every call in which it fails.

use std::cell::Cell;
use std::panic::{set_hook, take_hook};
use std::sync::Once;

use crate::abi::log_level;
use crate::services::print;

thread_local! {
    static IN_PLUGIN: Cell<bool> = const { Cell::new(false) };
}

/// From here on a panic inside of [`in_plugin`] is one line of that plugin's log; all others are reported as before.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |panic| {
            if IN_PLUGIN.get() {
                let place = panic.location().map(|l| format!(" at {l}")).unwrap_or_default();
                let payload = panic.payload();
                let message = payload
                    .downcast_ref::<&str>()
                    .copied()
                    .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
                    .unwrap_or("(no message)");
                print(log_level::ERROR, &format!("panicked{place}: {message}"));
            } else {
                others(panic);
            }
        }));
    });
}

/// Marks the thread as running a plugin's code while `call` runs.
pub fn in_plugin<T>(call: impl FnOnce() -> T) -> T {
    let before = IN_PLUGIN.replace(true);
    #[cfg(unix)]
    let result = crate::forks::without_copies(call);
    #[cfg(not(unix))]
    let result = call();
    IN_PLUGIN.set(before);
    result
}
