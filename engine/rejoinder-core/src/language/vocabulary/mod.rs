//! The letters and words that tell languages of one script apart: letters that not all of the languages have, their most
//! frequent words, and the words that turns of thanks and objection are made of.
//!
//! A word stands in the list of every language in which it is frequent, so that it does not favour one of these. Words of one
//! letter are left out: code is full of them. A script's first language is the language of its lists, names and code.

mod latin;
mod list;
mod other_scripts;

pub(super) use latin::LATIN;
pub(super) use list::Vocabulary;
pub(super) use other_scripts::{ARABIC, CYRILLIC, DEVANAGARI};
