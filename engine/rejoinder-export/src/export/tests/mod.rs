//! What holds of every training file, whatever the conversation was.

mod examples;
mod rows;
mod support;
mod tools;
