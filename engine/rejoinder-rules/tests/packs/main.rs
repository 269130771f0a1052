//! Rule files, those that ship and any other. One program holds the tests, so that it is linked once.

mod any_text;
mod many_rules;
mod shipped;
