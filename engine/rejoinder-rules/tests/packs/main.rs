//! Rule files, those that ship and any other. One program holds the tests, so that it is linked once.

mod any_text;
mod codes;
mod shipped;
