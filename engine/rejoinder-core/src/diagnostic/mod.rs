//! What is wrong in a file that a person wrote (rules, config, prompts), where, and what to do.

mod finding;
mod source;
mod suggestion;

pub use finding::{Diagnostic, Severity};
pub use source::SourceText;
pub use suggestion::{did_you_mean, quoted_list};

#[cfg(test)]
mod tests;
