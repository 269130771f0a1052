//! Plugins that are linked in, loaded and kept apart. One program holds the tests, so that it is linked once.

mod asking;
mod common;
mod facts;
mod faults;
#[cfg(unix)]
mod isolation;
#[cfg(unix)]
mod languages;
mod libraries;
#[cfg(unix)]
mod loading;
#[cfg(unix)]
mod marks;
mod onnx;
mod passing;
#[cfg(unix)]
mod python;
mod rephrase;
#[cfg(unix)]
mod scores;
#[cfg(unix)]
#[path = "../../examples/thanks.rs"]
mod thanks;
#[cfg(unix)]
mod versions;
