//! Reads lists and dicts as Python's `repr()` and numpy's `str()` and `repr()` print them: a table of texts holds such prints
//! where a list was written into it.

mod brackets;
mod literal;
mod names;
mod number;
mod reader;
#[cfg(test)]
mod tests;

pub(crate) use reader::{PrintError, parsed};
