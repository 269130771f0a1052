//! What languages of one script are told apart by: letters that not all of them have, and their most frequent words,
//! with those that turns of thanks and objection are made of.
//!
//! A word stands in the list of every language that it is frequent in, so that it tells nothing between these. Words
//! of one letter are left out: code is full of them. A script's first language is the one of its lists, names and code.

mod latin;
mod list;
mod other_scripts;

pub(super) use latin::LATIN;
pub(super) use list::Vocabulary;
pub(super) use other_scripts::{ARABIC, CYRILLIC, DEVANAGARI};
