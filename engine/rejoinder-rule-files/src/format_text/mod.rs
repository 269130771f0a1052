//! One style for rule files: the same text whoever writes it, with every comment and the meaning kept.

mod array;
mod comments;
mod document;
mod entries;
mod place;
mod string;
mod value;

pub use document::format_text;
pub(crate) use string::toml_list;
pub use string::toml_string;

#[cfg(test)]
mod tests;
