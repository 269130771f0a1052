//! What several tests need: conversations, specs, and plugins made of a function.

use rejoinder_core::{Conversation, Message, Role};
use rejoinder_host::{OnFault, PluginSpec, Registry, SearchPath, abi};

/// A conversation of alternating user and assistant messages, the user's first.
pub fn dialogue<'a>(texts: &[&'a str]) -> Conversation<'a> {
    let roles = [Role::User, Role::Assistant].into_iter().cycle();
    Conversation {
        id: "c".into(),
        messages: texts.iter().zip(roles).map(|(text, role)| Message::new(role, *text)).collect(),
    }
}

/// A plugin as most runs configure it.
pub fn spec(name: &str) -> PluginSpec {
    PluginSpec {
        name: name.into(),
        path: None,
        config: serde_json::json!({}),
        on_fault: OnFault::Escalate,
        max_faults: 16,
    }
}

/// A registry of built-in plugins alone.
pub fn registry(specs: &[PluginSpec], built_in: &[&'static abi::Plugin]) -> Registry {
    Registry::load(specs, &SearchPath::default(), built_in, vec!["en.one".into()]).unwrap()
}
