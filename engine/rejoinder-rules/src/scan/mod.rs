//! The prefilter: marks one later turn with the hits of all rules.
//!
//! A pass of an automaton over the folded turn finds phrases and opens the gates of regexes; regexes run only behind open
//! gates; conditions on the dialogue are worked out only for rules that matched, and at most once a turn.

mod finder;
mod matches;
mod scanner;
mod sentence;

pub use scanner::Scanner;

#[cfg(test)]
mod tests;
