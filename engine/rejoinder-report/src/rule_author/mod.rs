//! What rule authors read: what a rule does, and which rule to write next.

pub mod suggestions;
