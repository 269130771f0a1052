//! What several tests need: conversations, specs, and plugins made of a function.

use rejoinder_core::{Conversation, Message, Role, Vote};
use rejoinder_host::{Batch, Fault, HostError, PluginSpec, Registry, Surroundings, abi};

/// A conversation of alternating user and assistant messages, the user's first.
pub fn dialogue<'a>(texts: &[&'a str]) -> Conversation<'a> {
    let roles = [Role::User, Role::Assistant].into_iter().cycle();
    Conversation {
        id: "c".into(),
        messages: texts.iter().zip(roles).map(|(text, role)| Message::new(role, *text)).collect(),
    }
}

/// A registry of built-in plugins alone.
pub fn registry(specs: &[PluginSpec], built_in: &[&'static abi::Plugin]) -> Registry {
    let rule_ids = vec!["en.one".into()];
    Registry::load(specs, &Surroundings { built_in, rule_ids, ..Surroundings::default() }).unwrap()
}

/// One session's votes on a batch, and the faults in it.
pub fn classify(registry: &Registry, batch: &Batch) -> Result<(Vec<Fault>, Vec<Vote>), HostError> {
    let (mut votes, mut faults) = (Vec::new(), Vec::new());
    registry.session()?.classify(batch, &mut votes, &mut faults)?;
    Ok((faults, votes))
}
