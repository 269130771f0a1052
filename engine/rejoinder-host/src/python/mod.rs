//! Plugins in Python: a file that an interpreter runs, in a process of its own, where it is asked over the frames of any child.
//!
//! The interpreter is given a runner, which is part of this program and needs no package. It takes the plugin's source from the
//! greeting: what runs is what was hashed. What the source imports is not hashed.

mod interpreter;
mod source;
#[cfg(unix)]
mod table;

pub use interpreter::Interpreter;
pub use source::{Source, is_python};
#[cfg(unix)]
pub use table::{behind_functions, left_behind};
