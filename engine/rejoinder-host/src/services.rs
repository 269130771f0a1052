//! What the host does for plugins: names of rules, and lines on standard error.

use std::ffi::c_void;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};

use rejoinder_core::printable;

use crate::abi::{self, Host, Str, log_level};

struct Context {
    rule_ids: Vec<String>,
}

/// Services over the rules in force. They live until the process ends, because plugins may keep the pointer.
pub fn start(rule_ids: Vec<String>) -> &'static Host {
    let context: *mut Context = Box::leak(Box::new(Context { rule_ids }));
    Box::leak(Box::new(Host {
        struct_size: size_of::<Host>() as u32,
        abi_major: abi::MAJOR,
        abi_minor: abi::MINOR,
        ctx: context.cast::<c_void>(),
        log,
        rule_name,
    }))
}

unsafe extern "C" fn log(_: *mut c_void, level: i32, message: Str) {
    // SAFETY: the plugin lends the message for this call.
    if let Some(message) = unsafe { message.get() } {
        print(level, message);
    }
}

unsafe extern "C" fn rule_name(ctx: *mut c_void, rule: u32) -> Str {
    // SAFETY: `ctx` is the context that `start` leaked; nobody changes it.
    let context = unsafe { ctx.cast::<Context>().as_ref() };
    Str::borrowed(context.and_then(|c| c.rule_ids.get(rule as usize)).map_or("", String::as_str))
}

/// Writes a plugin's message to standard error. One that repeats the last is dropped: when a batch is halved to find
/// the candidate that fails, the plugin fails over and over with the same words.
pub fn print(level: i32, message: &str) {
    static LAST: Mutex<String> = Mutex::new(String::new());
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if *last == message {
        return;
    }
    message.clone_into(&mut last);
    let level = match level {
        log_level::ERROR => "error",
        log_level::WARN => "warning",
        log_level::INFO => "info",
        _ => "debug",
    };
    write_line(&format!("plugin {level}: {message}"));
}

/// Writes a line about a plugin to standard error. It may quote chat text.
pub fn write_line(line: &str) {
    // On a terminal, a line of progress may be drawn there, which is drawn again.
    let is_live =
        std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
    eprintln!("{}{}", if is_live { "\r\x1b[K" } else { "" }, printable(line));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_rules_have_no_name() {
        let host = start(vec!["en.a".into(), "en.b".into()]);
        // SAFETY: the services live on, and their strings with them.
        let name = |rule| unsafe { (host.rule_name)(host.ctx, rule).get() };
        assert_eq!((name(1), name(2)), (Some("en.b"), Some("")));
    }
}
