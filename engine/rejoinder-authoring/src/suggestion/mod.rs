//! Which rule should be written next: candidate rules out of labelled turns.
//!
//! [`Corpus`] holds labelled turns as words, conditions that hold, and rules that hit. [`suggest`] searches it and does no I/O.
//!
//! # What is promised, and why it holds
//!
//! The conversations are split into two halves by a hash of their numbers. Rules are searched for in each half, and each rule is
//! confirmed in the half that its search has not seen, by one hit of each conversation, drawn by the seed: conversations are
//! independent, turns of one are not. Only hits that the rule would decide otherwise count: what is settled so already says
//! nothing about them. Given the half that was searched, the rule is fixed, so its hits in the other half are a
//! sample like any other, and the exact bound of Clopper and Pearson holds for each rule with the error δ/2m, where m rules of that
//! half were put to the test. By the union bound, all printed bounds of both halves hold together with probability 1 − δ
//! (family-wise). What is chosen among the confirmed rules afterwards is a part of them, and does not matter.
//!
//! *Turns that nobody judged* are no sample of those that were judged: a run's judge answers about turns that waited. So hits
//! are counted in two strata. In the judged one all hits have answers, and the bound above holds. Of the other one only the turns that
//! an audit drew uniformly count, and where none of the hits was drawn, all are taken for wrong. The bound of a rule is the mean of
//! the strata's bounds, weighted by their conversations. So a rule that is right where somebody looked, and hits mostly where
//! nobody did, is not suggested.

mod bits;
mod choices;
mod confirm;
mod corpus;
mod cover;
mod effect;
mod gather;
mod invented;
mod phrases;
mod rule_search;
mod rule_text;
mod suggest;

pub use choices::{condition_choices, probe_file};
pub use corpus::{BaseRule, Corpus, TurnEvidence, TurnState};
pub use effect::{Effect, RightAndWrong};
pub use gather::{Gathered, each_turn, gather};
pub use rule_search::Place;
pub use rule_text::{TODO, file_head, invented_tests, rule_keys, verify};
pub use suggest::{Found, Outcome, SearchTerms, Shortfall, SuggestedRule, suggest};

#[cfg(test)]
mod tests;
