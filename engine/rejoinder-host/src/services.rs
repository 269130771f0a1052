//! What the host does for plugins: what rules there are, and lines on standard error.

use std::ffi::c_void;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};

use rejoinder_core::printable;

use crate::RuleReference;
use crate::abi::{self, Host, Str, log_level};

struct Context {
    rules: Vec<RuleReference>,
}

/// Services over the rules in force. They live until the process ends, because plugins may keep the pointer.
pub fn start(rules: Vec<RuleReference>) -> &'static Host {
    let context: *mut Context = Box::leak(Box::new(Context { rules }));
    Box::leak(Box::new(Host {
        struct_size: size_of::<Host>() as u32,
        abi_major: abi::MAJOR,
        abi_minor: abi::MINOR,
        ctx: context.cast::<c_void>(),
        log,
        rule_name,
        rule_category,
        rule_route,
    }))
}

unsafe extern "C" fn log(_: *mut c_void, level: i32, message: Str) {
    // SAFETY: the plugin lends the message for this call.
    if let Some(message) = unsafe { message.get() } {
        print(level, message);
    }
}

/// # Safety
/// The context is the one that `start` leaked.
unsafe fn rule(ctx: *mut c_void, rule: u32) -> Option<&'static RuleReference> {
    // SAFETY: the caller's promise; nobody changes the context.
    unsafe { ctx.cast::<Context>().as_ref() }?.rules.get(rule as usize)
}

unsafe extern "C" fn rule_name(ctx: *mut c_void, number: u32) -> Str {
    // SAFETY: the plugin passes the context that it was given.
    Str::borrowed(unsafe { rule(ctx, number) }.map_or("", |rule| &rule.id))
}

unsafe extern "C" fn rule_category(ctx: *mut c_void, number: u32) -> u8 {
    // SAFETY: as above.
    unsafe { rule(ctx, number) }.and_then(|rule| rule.category).map_or(0, |category| category as u8)
}

unsafe extern "C" fn rule_route(ctx: *mut c_void, number: u32) -> u8 {
    // SAFETY: as above.
    unsafe { rule(ctx, number) }.map_or(0, |rule| rule.route as u8)
}

/// Writes a plugin's message to standard error. One that repeats the last is dropped: when the turns of a batch are asked about one
/// by one to find the candidate that fails, the plugin fails over and over with the same words.
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
        std::io::stderr().is_terminal() && std::env::var_os("TERM").is_some_and(|term| term != "dumb");
    eprintln!("{}{}", if is_live { "\r\x1b[K" } else { "" }, printable(line));
}

#[cfg(test)]
mod tests {
    use rejoinder_core::Category;

    use super::*;
    use crate::RuleRoute;

    #[test]
    fn a_rule_has_its_id_category_and_route_and_an_unknown_rule_has_none() {
        let rule = |id: &str, category, route| RuleReference { id: id.into(), category, route };
        let host = start(vec![
            rule("en.a", None, RuleRoute::Escalate),
            rule("en.b", Some(Category::Ur5), RuleRoute::Accept),
        ]);
        // SAFETY: the services live on, and their strings with them.
        let shown = |rule| unsafe {
            let name = (host.rule_name)(host.ctx, rule).get();
            (name.unwrap(), (host.rule_category)(host.ctx, rule), (host.rule_route)(host.ctx, rule))
        };
        assert_eq!([0, 1, 2].map(shown), [("en.a", 0, 3), ("en.b", 5, 1), ("", 0, 0)]);
    }
}
