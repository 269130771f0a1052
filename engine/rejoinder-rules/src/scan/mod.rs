//! The prefilter: marks one later turn with the hits of all rules.
//!
//! A pass of an automaton over the folded turn finds phrases and opens the gates of regexes; regexes run only behind open
//! gates; conditions on the dialogue are worked out only for rules that matched, and at most once a turn.

mod built;
mod finder;
mod matches;
mod scanner;
mod sentence;
mod trials;

pub use scanner::Scanner;

#[cfg(test)]
mod built_tests;
#[cfg(test)]
mod tests;
