//! The language that a text is written in: a condition of rules whose words mean something else in other languages
//! ("no", "gift", "chat").

mod detect;
mod neighbours;
mod script;
mod vocabulary;

pub use detect::{Language, UnknownLanguage};

#[cfg(test)]
mod tests;
