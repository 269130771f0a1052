//! Features of one later turn, given its conversation up to it and what rules found.
//!
//! Sparse ones are hashed n-grams, for the linear model; dense ones are measured, for the trees. Texts are read at their
//! ends only, so that a turn costs microseconds however long it is. Nothing after the turn is ever looked at.

mod answer;
mod course;
mod evidence;
mod extractor;
mod grams;
pub(crate) mod hash;
pub(crate) mod hindsight;
pub(crate) mod idf;
mod lexicon;
mod likeness;
mod novelty;
mod rarity;
mod runs;
mod shape;
mod vector;
mod words;

pub use evidence::Evidence;
pub(crate) use evidence::VOTES;
pub use extractor::Extractor;
pub(crate) use grams::Buckets;
pub use idf::Idf;
pub use novelty::{KnownWords, WordReader};
pub use rarity::Rarity;
pub use vector::{DENSE, Features, VERSION, dense_names};
pub(crate) use vector::{FIRST_EVIDENCE, usual};

/// How much of a turn's beginning and end is read, in bytes.
const TURN: (usize, usize) = (300, 120);
/// The same of an answer.
const ANSWER: (usize, usize) = (400, 200);
