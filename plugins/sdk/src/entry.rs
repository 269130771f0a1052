//! How a library that is loaded at run time hands its table to the host.

use std::panic::set_hook;
use std::sync::Once;

use rejoinder_plugin_abi::{self as abi, Str, log_level};

use crate::trampoline::panic_text;

/// Makes a library out of a crate: exports the classifier under the crate's name, and as `PLUGIN` for programs that
/// link the crate in. The crate's `Cargo.toml` needs `crate-type = ["rlib", "cdylib"]` under `[lib]`.
#[macro_export]
macro_rules! export_classifier {
    ($classifier:ty) => {
        /// The plugin, for programs that link it in.
        pub static PLUGIN: $crate::abi::Plugin = $crate::vtable::<$classifier>();

        const _: () = {
            #[unsafe(export_name = env!("CARGO_CRATE_NAME"))]
            unsafe extern "C" fn entry(host: *const $crate::abi::Host) -> *const $crate::abi::Plugin {
                // SAFETY: the host that calls an entry passes its services, which live until the process ends.
                unsafe { $crate::enter(host, &PLUGIN) }
            }
        };
    };
}

/// What the exported entry does: from here on the library's panics are logged by the host. The library has its own
/// copy of Rust's runtime, so the hook is its own, too; a plugin that is linked in never comes here.
///
/// # Safety
/// `host` is null, or points to services that live until the process ends.
#[doc(hidden)]
pub unsafe fn enter(host: *const abi::Host, plugin: &'static abi::Plugin) -> *const abi::Plugin {
    static HOOK: Once = Once::new();
    // SAFETY: the caller's promise.
    let Some(host) = (unsafe { host.as_ref() }) else { return std::ptr::null() };
    HOOK.call_once(|| {
        set_hook(Box::new(|panic| {
            let place = panic.location().map(|l| format!(" at {l}")).unwrap_or_default();
            let message = format!("panicked{place}: {}", panic_text(panic.payload()));
            // SAFETY: the host's functions may be called from any thread with its context.
            unsafe { (host.log)(host.ctx, log_level::ERROR, Str::borrowed(&message)) };
        }));
    });
    plugin
}
