//! E-mail addresses.

use std::ops::Range;

use linkify::{LinkFinder, LinkKind};

/// Mailboxes that belong to no person, but are how repositories are named.
const OF_NOBODY: [&str; 2] = ["git@", "hg@"];

/// The places of the addresses of mailboxes in a text.
pub(super) fn find(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Email]);
    let found: Vec<Range<usize>> = finder
        .links(text)
        .filter(|link| is_mailbox(link.as_str()))
        .map(|link| link.start()..link.end())
        .collect();
    found.into_iter()
}

fn is_mailbox(address: &str) -> bool {
    let name = address.split('@').next().unwrap_or_default();
    name.contains(char::is_alphanumeric) && !OF_NOBODY.iter().any(|nobody| address.starts_with(nobody))
}
