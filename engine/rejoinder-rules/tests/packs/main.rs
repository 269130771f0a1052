//! Rule files, those that ship and any other. One program holds the tests, so that it is linked once.

mod any_text;
mod codes;
mod many_rules;
mod other_texts;
mod shipped;
mod written_text;
