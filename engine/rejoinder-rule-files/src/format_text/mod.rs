//! One style for rule files: the same text whoever writes it, with every comment and the meaning kept.

mod array;
mod comments;
mod document;
mod entries;
mod place;
mod string;
mod value;

pub use document::format_text;

#[cfg(test)]
mod tests;
